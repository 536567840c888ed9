;;; dh-sidecar-transcripts.el --- Replays the transcripts  -*- lexical-binding: t; -*-

;;; Commentary:

;; The client's side of clients/transcripts (its README.md has the format),
;; one test for each but those that the README of this package leaves out.

;;; Code:

(require 'ert)
(require 'dh-sidecar-client)

(defconst dh-test-folder
  (expand-file-name
   "../../../transcripts/"
   (file-name-directory (or load-file-name buffer-file-name))))

(defvar dh-test-left-out nil "Names of transcripts that are not replayed.")

(defmacro dh-test-until (condition)
  "Wait until CONDITION, for at most 30 seconds."
  `(let ((end (+ (float-time) 30)))
     (while (and (not ,condition) (< (float-time) end))
       (accept-process-output nil 0.01))))

(defun dh-test-expanded (value)
  "VALUE with the texts that are written as $repeat."
  (cond
   ((and (consp value) (plist-get value :$repeat))
    (let ((text (plist-get value :$repeat)))
      (mapconcat #'identity (make-list (plist-get value :times) text) "")))
   ((consp value)
    (cl-loop for (key item) on value by #'cddr
             append (list key (dh-test-expanded item))))
   ((vectorp value) (vconcat (mapcar #'dh-test-expanded value)))
   (t value)))

(defun dh-test-matches (got wanted)
  "Whether GOT matches WANTED, as the transcripts' README says."
  (cond
   ((and (consp wanted) (keywordp (car wanted)))
    (cl-loop for (key item) on wanted by #'cddr
             always (dh-test-matches (plist-get got key) item)))
   ((vectorp wanted)
    (and (vectorp got) (= (length got) (length wanted))
         (cl-every #'dh-test-matches got wanted)))
   (t (equal got wanted))))

(defun dh-test-check (condition what &optional got)
  "Fail where CONDITION is nil, with WHAT and GOT."
  (unless condition
    (let ((print-length 20))
      (ert-fail (list what (truncate-string-to-width (format "%S" got) 1500))))))

(defun dh-test-outcome (step err result)
  "Check ERR and RESULT against the outcome of STEP."
  (let ((kind (plist-get err :kind)))
    (cond
     ((plist-get step :error)
      (dh-test-check (eq kind 'error) step err)
      (dh-test-check (dh-test-matches err (plist-get step :error)) step err))
     ((plist-get step :cancelled) (dh-test-check (eq kind 'cancelled) step err))
     ((plist-get step :timed_out) (dh-test-check (eq kind 'timed-out) step err))
     ((plist-get step :closed) (dh-test-check (eq kind 'closed) step err))
     ((plist-get step :lost)
      (let ((lost (plist-get step :lost)))
        (dh-test-check (eq kind 'lost) step err)
        (when (plist-get lost :exit_code)
          (dh-test-check (or (eql (plist-get err :exit-code)
                                  (plist-get lost :exit_code)))
                         step err))
        (when (plist-get lost :signal)
          (dh-test-check (eql (plist-get err :signal) 9) step err))
        (dh-test-check (string-match-p
                        (regexp-quote (or (plist-get lost :stderr) ""))
                        (dh-sidecar-error-message err))
                       step err)))
     (t
      (dh-test-check (null err) (plist-get step :call) err)
      (dh-test-check (dh-test-matches result
                                      (dh-test-expanded (plist-get step :result)))
                     (plist-get step :call) result)))))

(defun dh-test-call (client step)
  "Begin the call of STEP on CLIENT; its state, a plist in a list."
  (let* ((state (list nil))
         (progress (list nil))
         (call (dh-sidecar-request
                client (intern (plist-get step :call))
                (dh-test-expanded (plist-get step :params))
                (lambda (err result)
                  (setcar state (list :done t :err err :result result)))
                :timeout (when-let ((limit (plist-get step :timeout_ms)))
                           (/ limit 1000.0))
                :progress (when (eq (plist-get step :progress) t)
                            (lambda (value) (push value (car progress)))))))
    (dh-test-until (or (dh-sidecar-call-id call) (dh-sidecar-call-done call)))
    (list :state state :call call :progress progress)))

(defun dh-test-wait (step began)
  "Wait for the outcome that STEP has of what BEGAN."
  (let ((state (plist-get began :state)))
    (dh-test-until (car state))
    (dh-test-check (car state) (list "no outcome" step))
    (dh-test-outcome step (plist-get (car state) :err)
                     (plist-get (car state) :result))))

(cl-defstruct dh-test-events subscription seen subscribed over err)

(defun dh-test-subscribe (client step)
  "Subscribe CLIENT as STEP says."
  (let* ((events (make-dh-test-events)))
    (setf (dh-test-events-subscription events)
          (dh-sidecar-subscribe
           client (plist-get step :params)
           (lambda (event)
             (if (equal (plist-get event :type) "subscribed")
                 (setf (dh-test-events-subscribed events) t)
               (setf (dh-test-events-seen events)
                     (nconc (dh-test-events-seen events) (list event)))))
           (lambda (err _run)
             (setf (dh-test-events-over events) t
                   (dh-test-events-err events) err))))
    (dh-test-until (or (dh-test-events-subscribed events)
                       (dh-test-events-over events)))
    (if (plist-get step :error)
        (dh-test-outcome step (dh-test-events-err events) nil)
      (dh-test-check (dh-test-events-subscribed events) step
                     (dh-test-events-err events)))
    events))

(defun dh-test-event (events)
  "The next of EVENTS."
  (dh-test-until (or (dh-test-events-seen events) (dh-test-events-over events)))
  (dh-test-check (dh-test-events-seen events) "no further event"
                 (dh-test-events-err events))
  (pop (dh-test-events-seen events)))

(defun dh-test-play (client step calls iterations)
  "Do STEP with CLIENT; CALLS and ITERATIONS are what has begun, by name."
  (let ((named (lambda (key table) (gethash (plist-get step key) table))))
    (cond
     ((plist-get step :call)
      (let ((began (dh-test-call client step)))
        (if (plist-get step :as)
            (puthash (plist-get step :as) began calls)
          (dh-test-wait step began))))
     ((plist-get step :of) (dh-test-wait step (funcall named :of calls)))
     ((plist-get step :calls)
      (mapc (lambda (pair) (dh-test-wait (list :result (car pair)) (cdr pair)))
            (cl-loop
             for number below (plist-get step :count)
             for params = (list :project "p" :id (number-to-string number))
             for state = (list nil)
             do (let ((state state))
                  (dh-sidecar-request
                   client (intern (plist-get step :calls)) params
                   (lambda (err result)
                     (setcar state (list :done t :err err :result result)))))
             collect (cons params (list :state state)))))
     ((stringp (plist-get step :progress))
      (let ((seen (vconcat (reverse (car (plist-get (funcall named :progress calls)
                                                    :progress))))))
        (dh-test-check (dh-test-matches seen (plist-get step :are)) step seen)))
     ((plist-get step :cancel)
      (dh-sidecar-cancel (plist-get (funcall named :cancel calls) :call)))
     ((plist-get step :events)
      (puthash (plist-get step :events) (dh-test-subscribe client step) iterations))
     ((plist-get step :event)
      (let ((event (dh-test-event (funcall named :event iterations))))
        (dh-test-check (dh-test-matches event (plist-get step :is)) step event)))
     ((plist-get step :flood)
      (let ((events (funcall named :flood iterations)))
        (dotimes (index (plist-get step :count))
          (let ((event (dh-test-event events)))
            (dh-test-check (eql (plist-get event :seq) (1+ index)) step event)))
        (dh-test-check (equal (plist-get (dh-test-event events) :type) "end") step)))
     ((plist-get step :over)
      (let ((events (funcall named :over iterations)))
        (dh-test-until (dh-test-events-over events))
        (dh-test-check (and (dh-test-events-over events)
                            (null (dh-test-events-err events))
                            (null (dh-test-events-seen events)))
                       step events)))
     ((plist-get step :broken)
      (let ((events (funcall named :broken iterations)))
        (dh-test-until (dh-test-events-over events))
        (dh-test-outcome step (dh-test-events-err events) nil)))
     ((plist-get step :unsubscribe)
      (let ((answered (list nil)))
        (dh-sidecar-unsubscribe
         (dh-test-events-subscription (funcall named :unsubscribe iterations))
         (lambda (err) (setcar answered (list err))))
        (dh-test-until (car answered))
        (dh-test-check (equal (car answered) '(nil)) step (car answered))))
     ((plist-get step :start)
      (let ((state (list nil)))
        (dh-sidecar-request client 'getCapabilities nil
                            (lambda (err _) (setcar state (list :err err))))
        (dh-test-until (car state))
        (if (equal (plist-get step :start) "refused")
            (dh-test-check (eq (plist-get (plist-get (car state) :err) :kind)
                               'refused)
                           step state)
          (dh-test-outcome (plist-get step :start)
                           (plist-get (car state) :err) nil))))
     ((plist-get step :close) (dh-sidecar-close client))
     (t (ert-fail (list "a step that is none" step))))))

(defun dh-test-replay (path)
  "Replay the transcript at PATH.
Emacs can't read the character 0 in JSON, so it stands as U+2400 here."
  (setq path
        (with-temp-buffer
          (insert-file-contents path)
          (while (search-forward "\\u0000" nil t) (replace-match "\\u2400" t t))
          (let ((copy (make-temp-file "dh-transcript" nil ".json")))
            (write-region nil nil copy nil 'quiet)
            copy)))
  (let* ((transcript (with-temp-buffer
                       (insert-file-contents path)
                       (json-parse-buffer :object-type 'plist :null-object nil
                                          :false-object :json-false)))
         (report (make-temp-file "dh-report"))
         (process-environment
          (append (list (concat "DH_TRANSCRIPT=" path)
                        (concat "DH_TRANSCRIPT_REPORT=" report))
                  process-environment))
         (dh-sidecar-program (concat dh-test-folder "replay"))
         (client (dh-sidecar-start))
         (calls (make-hash-table :test #'equal))
         (iterations (make-hash-table :test #'equal)))
    ;; A time limit is the call's; it begins here when the process is there.
    (dh-test-until (or (dh-sidecar-client-ready client)
                       (dh-sidecar-client-failure client)))
    (mapc (lambda (step) (dh-test-play client step calls iterations))
          (plist-get transcript :client))
    (dh-sidecar-close client)
    (dh-test-until (not (jsonrpc-running-p client)))
    (with-temp-buffer
      (insert-file-contents report)
      (dh-test-check (equal (buffer-string) "ok\n") "report" (buffer-string)))
    (delete-file report)))

(dolist (path (directory-files dh-test-folder t "\\.json\\'"))
  (let ((name (file-name-base path)))
    (unless (member name dh-test-left-out)
      (eval `(ert-deftest ,(intern (concat "dh-transcript-" name)) ()
               (dh-test-replay ,path))
            t))))

(ert-deftest dh-transcript-that-is-not-kept-to ()
  "A client that does something else is noticed."
  (let ((path (make-temp-file "dh-transcript")))
    (with-temp-file path
      (insert "{\"server\": [{\"expect\": \"getRun\"}],"
              " \"client\": [{\"call\": \"getTask\", \"as\": \"a\"}]}"))
    (should-error (dh-test-replay path) :type 'ert-test-failed)))

(provide 'dh-sidecar-transcripts)
;;; dh-sidecar-transcripts.el ends here
