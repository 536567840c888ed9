;;; dh-sidecar-view.el --- Buffers that show runs  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; One run while it goes on, the list of them, and any answer as JSON.

;;; Code:

(require 'dh-sidecar-client)
(require 'json)

(declare-function dh-sidecar-follow "dh-sidecar")
(declare-function dh-sidecar-stop "dh-sidecar")
(declare-function dh-sidecar-delete "dh-sidecar")
(declare-function dh-sidecar-runs "dh-sidecar")

(defvar-local dh-sidecar-view-id nil "The id of the run that is shown.")
(defvar-local dh-sidecar-view-project nil "The project of what is shown.")
(defvar-local dh-sidecar-view--run nil "The run as it was last told.")
(defvar-local dh-sidecar-view--subscription nil "Where the events come from.")
(defvar-local dh-sidecar-view--log nil "Where the log begins.")
(defvar-local dh-sidecar-view--params nil "What the list was asked for with.")

(defun dh-sidecar-run-here ()
  "The id of the run at point or in this buffer, or nil."
  (or dh-sidecar-view-id
      (and (derived-mode-p 'dh-sidecar-runs-mode) (tabulated-list-get-id))))

(defun dh-sidecar-view--function (run)
  "The name of RUN's function."
  (replace-regexp-in-string
   "\\`.*/\\|:[0-9a-f]+\\'" ""
   (or (plist-get (plist-get run :spec) :function) "")))

(defun dh-sidecar-view--url (run)
  "RUN's URL, or nil."
  (let ((service (plist-get (plist-get run :status) :service)))
    (or (plist-get service :url)
        (let ((urls (plist-get service :urls)))
          (and (> (length urls) 0) (aref urls 0))))))

(defvar dh-sidecar-run-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map "s" #'dh-sidecar-stop)
    (define-key map "d" #'dh-sidecar-delete)
    map)
  "Keys where a run is shown.")

(define-derived-mode dh-sidecar-run-mode special-mode "dh-run"
  "Show a run live; closing the buffer leaves the run alone."
  (setq dh-sidecar-view--log (copy-marker (point-min)))
  (add-hook 'kill-buffer-hook #'dh-sidecar-view--leave nil t))

(defun dh-sidecar-view--leave ()
  "Give the events up."
  (when dh-sidecar-view--subscription
    (dh-sidecar-unsubscribe dh-sidecar-view--subscription)))

(defun dh-sidecar-view--head (run state text)
  "Write what is known of RUN above its log; STATE and TEXT are later news."
  (let ((inhibit-read-only t)
        (status (plist-get run :status)))
    (save-excursion
      (delete-region (point-min) dh-sidecar-view--log)
      (goto-char (point-min))
      ;; The log stays behind what is inserted here.
      (set-marker-insertion-type dh-sidecar-view--log t)
      (insert (format "%s %s of %s\nstate: %s%s\n"
                      (or (plist-get (plist-get run :spec) :action) "run")
                      (plist-get run :id) (dh-sidecar-view--function run)
                      (or state (plist-get status :state) "?")
                      (if text (concat "  " text) "")))
      (when (plist-get status :exit_code)
        (insert (format "exit code: %s\n" (plist-get status :exit_code))))
      (when-let ((url (dh-sidecar-view--url run)))
        (insert "url: ")
        (insert-text-button url 'action (lambda (_) (browse-url url)))
        (insert "\n"))
      (insert (make-string 40 ?-) "\n")
      (set-marker dh-sidecar-view--log (point))
      (set-marker-insertion-type dh-sidecar-view--log nil))))

(defun dh-sidecar-view--append (text)
  "Put TEXT behind the log, and keep the end in sight where it is."
  (let* ((inhibit-read-only t)
         (at-end (eobp))
         (windows (seq-filter (lambda (window)
                                (= (window-point window) (point-max)))
                              (get-buffer-window-list nil nil t))))
    (save-excursion
      (goto-char (point-max))
      (insert text (if (string-suffix-p "\n" text) "" "\n")))
    (when at-end (goto-char (point-max)))
    (dolist (window windows) (set-window-point window (point-max)))))

(defun dh-sidecar-view--event (client event)
  "Show EVENT, which came from CLIENT, in this buffer."
  (pcase (plist-get event :type)
    ("subscribed"
     (setq dh-sidecar-view--run (plist-get event :run))
     (dh-sidecar-view--head dh-sidecar-view--run nil nil))
    ("state"
     (dh-sidecar-view--head dh-sidecar-view--run (plist-get event :state)
                            (plist-get event :message))
     (when (and (equal (plist-get event :state) "RUNNING")
                (not (equal (plist-get (plist-get dh-sidecar-view--run :spec)
                                       :action)
                            "job")))
       (let ((buffer (current-buffer)))
         (dh-sidecar-request
          client 'getRun (list :id dh-sidecar-view-id
                               :project (plist-get dh-sidecar-view--run :project))
          (lambda (_ run)
            (when (and run (buffer-live-p buffer))
              (with-current-buffer buffer
                (setq dh-sidecar-view--run run)
                (dh-sidecar-view--head run nil nil))))))))
    ("log" (dh-sidecar-view--append (plist-get event :text)))
    ("end"
     (setq dh-sidecar-view--run (or (plist-get event :run) dh-sidecar-view--run))
     (dh-sidecar-view--head
      dh-sidecar-view--run
      (and (equal (plist-get event :reason) "deleted") "DELETED")
      (plist-get (plist-get dh-sidecar-view--run :status) :message)))))

(defun dh-sidecar-view-run (client params)
  "Show live the run that PARAMS name, told by CLIENT."
  (let ((buffer (get-buffer-create
                 (format "*dh run %s*" (plist-get params :id)))))
    (with-current-buffer buffer
      (dh-sidecar-view--leave)
      (let ((inhibit-read-only t)) (erase-buffer))
      (dh-sidecar-run-mode)
      (setq dh-sidecar-view-id (plist-get params :id)
            dh-sidecar-view-project (plist-get params :project)
            dh-sidecar-view--run (list :id dh-sidecar-view-id)
            dh-sidecar-view--subscription
            (dh-sidecar-subscribe
             client params
             (lambda (event)
               (when (buffer-live-p buffer)
                 (with-current-buffer buffer
                   (dh-sidecar-view--event client event))))
             (lambda (err _run)
               (when (and err (buffer-live-p buffer))
                 (with-current-buffer buffer
                   (dh-sidecar-view--append
                    (concat "-- " (dh-sidecar-error-message err)))))))))
    (pop-to-buffer buffer)))

(defvar dh-sidecar-runs-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'dh-sidecar-view-follow-here)
    (define-key map "s" #'dh-sidecar-stop)
    (define-key map "d" #'dh-sidecar-delete)
    map)
  "Keys where the runs are listed.")

(define-derived-mode dh-sidecar-runs-mode tabulated-list-mode "dh-runs"
  "List of runs: RET follows, s stops, d deletes, g renews."
  (setq tabulated-list-format
        [("ID" 32 nil) ("FUNCTION" 20 t) ("ACTION" 7 t) ("STATE" 10 t)
         ("CREATED" 19 t) ("URL OR MESSAGE" 40 nil)])
  (setq-local revert-buffer-function
              (lambda (&rest _) (dh-sidecar-runs dh-sidecar-view--params)))
  (tabulated-list-init-header))

(defun dh-sidecar-view-follow-here ()
  "Follow the run at point."
  (interactive)
  (when-let ((id (tabulated-list-get-id)))
    (dh-sidecar-follow id dh-sidecar-view-project)))

(defun dh-sidecar-view-runs (entries params)
  "Show the list ENTRIES, which was asked for with PARAMS."
  (with-current-buffer (get-buffer-create "*dh runs*")
    (dh-sidecar-runs-mode)
    (setq dh-sidecar-view--params params
          dh-sidecar-view-project (plist-get params :project)
          tabulated-list-entries
          (mapcar
           (lambda (run)
             (let ((status (plist-get run :status)))
               (list
                (plist-get run :id)
                (vector
                 (plist-get run :id) (dh-sidecar-view--function run)
                 (or (plist-get (plist-get run :spec) :action) "")
                 (or (plist-get status :state) "")
                 (replace-regexp-in-string
                  "T" " " (truncate-string-to-width
                           (or (plist-get (plist-get run :metadata) :created) "")
                           19))
                 (replace-regexp-in-string
                  "[[:cntrl:]]+" " " (or (dh-sidecar-view--url run)
                                         (plist-get status :message) ""))))))
           entries))
    (tabulated-list-print t)
    (pop-to-buffer (current-buffer))))

(defun dh-sidecar-view-value (name value)
  "Show VALUE as JSON in a buffer called after NAME."
  (with-current-buffer (get-buffer-create (format "*dh %s*" name))
    (let ((inhibit-read-only t))
      (erase-buffer)
      (insert (json-serialize value :null-object nil :false-object :json-false))
      (json-pretty-print-buffer))
    (special-mode)
    (goto-char (point-min))
    (pop-to-buffer (current-buffer))))

(provide 'dh-sidecar-view)
;;; dh-sidecar-view.el ends here
