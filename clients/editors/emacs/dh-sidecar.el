;;; dh-sidecar.el --- Container functions and their runs  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: tools, processes

;;; Commentary:

;; Creates container functions with dh-sidecar, runs them, follows and stops
;; their runs: `dh-sidecar-create', `dh-sidecar-run', `dh-sidecar-follow',
;; `dh-sidecar-runs', `dh-sidecar-apply'.  Container files are checked as
;; they are typed with `dh-sidecar-file-mode'.

;;; Code:

(require 'dh-sidecar-client)
(require 'dh-sidecar-view)
(require 'flymake)

(defvar dh-sidecar--client nil "The client that the commands use.")
(defvar dh-sidecar--schemas nil "Properties of methods, by their name.")

(defun dh-sidecar-client-now ()
  "The client, started where there is none or the one before has ended."
  (unless (and dh-sidecar--client
               (not (dh-sidecar-client-failure dh-sidecar--client)))
    (setq dh-sidecar--schemas nil
          dh-sidecar--client (dh-sidecar-start)))
  dh-sidecar--client)

(defun dh-sidecar-quit ()
  "Close the connection; every run continues."
  (interactive)
  (when dh-sidecar--client (dh-sidecar-close dh-sidecar--client)))

(defun dh-sidecar--call (method params done)
  "Call METHOD with PARAMS; DONE takes the result, a failure is a message."
  (dh-sidecar-request
   (dh-sidecar-client-now) method params
   (lambda (err result)
     (if err
         (message "dh: %s" (dh-sidecar-error-message err))
       (mapc (lambda (warning)
               (message "dh: warning: %s" (plist-get warning :message)))
             (or (plist-get (plist-get result :status) :warnings)
                 (plist-get result :warnings)))
       (funcall done result)))))

;;; Parameters, read with completion from the schemas

(defun dh-sidecar--properties (method)
  "The properties of METHOD's params: an alist of names and schemas.
Where the schema is a choice, a constant becomes one of the choices."
  (or (alist-get method dh-sidecar--schemas)
      (let* ((schema (dh-sidecar-request-sync
                      (dh-sidecar-client-now) 'getSchema
                      (list :name (format "methods/%s" method))))
             found)
        (mapc
         (lambda (variant)
           (cl-loop
            for (key property) on (plist-get variant :properties) by #'cddr
            for name = (substring (symbol-name key) 1)
            for const = (plist-get property :const)
            for known = (assoc name found)
            do (cond
                ((and known const)
                 (let ((enum (plist-get (cdr known) :enum)))
                   (setcdr known (plist-put (cdr known) :enum
                                            (vconcat enum (list const))))))
                ((not known)
                 (push (cons name (if const
                                      (append (list :enum (vector const)) property)
                                    property))
                       found)))))
         (or (plist-get schema :oneOf) (list schema)))
        (setf (alist-get method dh-sidecar--schemas) (nreverse found)))))

(defun dh-sidecar-value (text property)
  "TEXT as the value that the schema PROPERTY wants.
Text where it is text, otherwise JSON where it reads as JSON."
  (if (or (equal (plist-get property :type) "string")
          (and (plist-get property :enum) (not (plist-get property :type))))
      text
    (condition-case nil
        (json-parse-string text :object-type 'plist :null-object nil
                           :false-object :json-false)
      (error text))))

(defun dh-sidecar--existing (name)
  "What there is by now for the parameter NAME."
  (let ((list (assoc name '(("function" . listFunctions) ("id" . listRuns)
                            ("project" . listProjects)))))
    (when list
      (mapcar (lambda (item)
                (plist-get item (if (equal name "id") :id :name)))
              (plist-get (dh-sidecar-request-sync (dh-sidecar-client-now)
                                                  (cdr list) nil)
                         :items)))))

(defun dh-sidecar-choices (method name)
  "What completes the value of the parameter NAME of METHOD."
  (let ((property (cdr (assoc name (dh-sidecar--properties method)))))
    (cond ((plist-get property :enum) (append (plist-get property :enum) nil))
          ((equal (plist-get property :type) "boolean") '("true" "false"))
          (t (dh-sidecar--existing name)))))

(defun dh-sidecar--read-value (method name)
  "Read the value of the parameter NAME of METHOD."
  (let ((property (cdr (assoc name (dh-sidecar--properties method)))))
    (dh-sidecar-value
     (completing-read (format "%s: " (or (plist-get property :title) name))
                      (dh-sidecar-choices method name))
     property)))

(defun dh-sidecar-read-params (method &rest required)
  "Read METHOD's params: those REQUIRED, then others until none is named."
  (let* ((properties (dh-sidecar--properties method))
         (completion-extra-properties
          (list :annotation-function
                (lambda (name)
                  (concat "  " (plist-get (cdr (assoc name properties))
                                          :description)))))
         (params (cl-loop for name in required
                          append (list (intern (concat ":" name))
                                       (dh-sidecar--read-value method name))))
         name)
    (while (not (string-empty-p
                 (setq name (completing-read
                             "Further parameter (none: go): "
                             (cl-remove-if
                              (lambda (entry)
                                (or (plist-get (cdr entry) :deprecated)
                                    (plist-member params
                                                  (intern (concat ":" (car entry))))))
                              properties)))))
      (setq params (plist-put params (intern (concat ":" name))
                              (dh-sidecar--read-value method name))))
    params))

(defun dh-sidecar--read-run ()
  "The id of the run at point or in this buffer, else read."
  (or (dh-sidecar-run-here)
      (completing-read "Run: " (dh-sidecar--existing "id") nil nil)))

;;; Commands

;;;###autoload
(defun dh-sidecar-create (params)
  "Create a function from the plist PARAMS, or a new version of it."
  (interactive (list (dh-sidecar-read-params 'createFunction "name" "image")))
  (dh-sidecar--call
   'createFunction (append params (unless (plist-get params :kind)
                                    (list :kind "container")))
   (lambda (function)
     (message "dh: function %s %s" (plist-get function :name)
              (plist-get function :id)))))

;;;###autoload
(defun dh-sidecar-run (params)
  "Run a function as the plist PARAMS say, and show the run."
  (interactive (list (dh-sidecar-read-params 'run "function" "action")))
  (dh-sidecar--call
   'run (append params (unless (plist-get params :action) (list :action "job")))
   (lambda (run)
     (dh-sidecar-follow (plist-get run :id) (plist-get run :project)))))

;;;###autoload
(defun dh-sidecar-follow (id &optional project)
  "Show the run ID of PROJECT live: its state, its URL, its log."
  (interactive (list (dh-sidecar--read-run)))
  (dh-sidecar-view-run (dh-sidecar-client-now)
                       (append (list :id id)
                               (when project (list :project project)))))

(defun dh-sidecar--change (method id)
  "Call METHOD for the run ID, and say its state."
  (dh-sidecar--call
   method (append (list :id id)
                  (when dh-sidecar-view-project
                    (list :project dh-sidecar-view-project)))
   (lambda (run)
     (message "dh: run %s %s" (plist-get run :id)
              (plist-get (plist-get run :status) :state)))))

;;;###autoload
(defun dh-sidecar-stop (id)
  "Stop the run ID; it is kept, with its log."
  (interactive (list (dh-sidecar--read-run)))
  (dh-sidecar--change 'stopRun id))

;;;###autoload
(defun dh-sidecar-resume (id)
  "Bring the stopped run ID back."
  (interactive (list (dh-sidecar--read-run)))
  (dh-sidecar--change 'resumeRun id))

;;;###autoload
(defun dh-sidecar-delete (id)
  "Delete the run ID."
  (interactive (list (dh-sidecar--read-run)))
  (dh-sidecar--change 'deleteRun id))

;;;###autoload
(defun dh-sidecar-runs (&optional params)
  "Show the list, newest first.
The plist PARAMS narrows them, as listRuns takes it.  Interactively,
a prefix argument asks for it."
  (interactive (list (when current-prefix-arg
                       (dh-sidecar-read-params 'listRuns))))
  (dh-sidecar--call
   'listRuns params
   (lambda (answer)
     (dh-sidecar-view-runs (plist-get answer :items) params)
     (when (plist-get answer :next_cursor)
       (message "dh: %d of %s runs are shown; limit shows more"
                (length (plist-get answer :items))
                (plist-get answer :total))))))

;;;###autoload
(defun dh-sidecar-call-method (method params)
  "Call METHOD with the plist PARAMS and show its result as JSON."
  (interactive
   (let ((method
          (intern
           (completing-read
            "Method: "
            (mapcar (lambda (declared) (plist-get declared :name))
                    (plist-get (dh-sidecar-request-sync
                                (dh-sidecar-client-now) 'rpc.discover nil)
                               :methods))
            nil t))))
     (list method (dh-sidecar-read-params method))))
  (dh-sidecar--call method params
                    (lambda (result) (dh-sidecar-view-value method result))))

;;;###autoload
(defun dh-sidecar-apply (&optional file)
  "Make what the container FILE describes, or else this buffer as it is."
  (interactive)
  (dh-sidecar--call
   'apply (if file (list :path (expand-file-name file))
            (list :text (buffer-substring-no-properties (point-min) (point-max))))
   (lambda (result)
     (message "dh: function %s%s" (plist-get (plist-get result :function) :name)
              (cl-loop for (name run) on (plist-get result :runs) by #'cddr
                       concat (format ", run %s %s"
                                      (substring (symbol-name name) 1)
                                      (plist-get run :id)))))))

;;; Container files

(defun dh-sidecar--region (fault)
  "Where FAULT's line and column are in this buffer: (BEGIN . END)."
  (save-excursion
    (save-restriction
      (widen)
      (goto-char (point-min))
      (forward-line (1- (max 1 (or (plist-get fault :line) 1))))
      (let* ((end (line-end-position))
             (begin (min (+ (point) (1- (max 1 (or (plist-get fault :column) 1))))
                         end)))
        (cons (if (= begin end) (line-beginning-position) begin) end)))))

(defun dh-sidecar-flymake (report &rest _)
  "Have this buffer checked as a container file; REPORT takes the diagnostics."
  (let ((buffer (current-buffer))
        (text (buffer-substring-no-properties (point-min) (point-max))))
    (dh-sidecar-request
     (dh-sidecar-client-now) 'validate
     (list :method "apply" :params (list :text text))
     (lambda (err result)
       (when (buffer-live-p buffer)
         (with-current-buffer buffer
           (if err
               (funcall report :panic :explanation (dh-sidecar-error-message err))
             (funcall
              report
              (cl-loop
               for (key . type) in '((:errors . :error) (:warnings . :warning))
               append (mapcar
                       (lambda (fault)
                         (let ((region (dh-sidecar--region fault))
                               (hint (plist-get fault :hint)))
                           (flymake-make-diagnostic
                            buffer (car region) (cdr region) type
                            (concat (plist-get fault :message)
                                    (when hint (concat " " hint))))))
                       (plist-get result key))))))))
     :timeout 10)))

;;;###autoload
(define-minor-mode dh-sidecar-file-mode
  "Check this buffer as a container file while it is typed."
  :lighter " dh"
  (if dh-sidecar-file-mode
      (progn
        (add-hook 'flymake-diagnostic-functions #'dh-sidecar-flymake nil t)
        (flymake-mode 1))
    (remove-hook 'flymake-diagnostic-functions #'dh-sidecar-flymake t)
    (flymake-mode -1)))

(defun dh-sidecar--file-maybe ()
  "Turn `dh-sidecar-file-mode' on where this is a container file."
  (when (and buffer-file-name
             (string-match-p "\\.container\\.\\(ya?ml\\|json\\)\\'"
                             buffer-file-name))
    (dh-sidecar-file-mode 1)))

;;;###autoload
(define-minor-mode dh-sidecar-global-mode
  "Check all *.container.yaml and *.container.json while they are typed."
  :global t
  :group 'dh-sidecar
  (if dh-sidecar-global-mode
      (add-hook 'find-file-hook #'dh-sidecar--file-maybe)
    (remove-hook 'find-file-hook #'dh-sidecar--file-maybe)))

(provide 'dh-sidecar)
;;; dh-sidecar.el ends here
