;;; dh-sidecar-client.el --- A connection with dh-sidecar  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; One dh-sidecar process, spoken to through the built-in jsonrpc.el.
;;
;; What ends a call badly is a plist with :kind, which is `error' (as the
;; process answered it, with :code, :message and :data), `cancelled',
;; `timed-out', `lost' (with :exit-code or :signal, and :stderr), `closed',
;; or `refused' (with :message).  `dh-sidecar-error-message' puts it into
;; words.

;;; Code:

(require 'cl-lib)
(require 'jsonrpc)
(require 'subr-x)

(defgroup dh-sidecar nil
  "Container functions and their runs."
  :group 'tools
  :prefix "dh-sidecar-")

(defcustom dh-sidecar-program nil
  "The program dh-sidecar; nil is DH_SIDECAR_BIN, then dh-sidecar on PATH."
  :type '(choice (const :tag "DH_SIDECAR_BIN, then PATH" nil) file))

(defcustom dh-sidecar-arguments nil
  "What follows the program, such as \"--platform\" and \"local\"."
  :type '(repeat string))

(defconst dh-sidecar-protocol-version "1"
  "The version of the protocol that is spoken here.")

(defvar dh-sidecar--count 0
  "How many clients there were: each has buffers of its own name.")

(defclass dh-sidecar-client (jsonrpc-process-connection)
  ((program :initarg :program :accessor dh-sidecar-client-program)
   (sent-id :initform nil :accessor dh-sidecar-client-sent-id)
   (ready :initform nil :accessor dh-sidecar-client-ready)
   (failure :initform nil :accessor dh-sidecar-client-failure)
   (waiting :initform nil :accessor dh-sidecar-client-waiting)
   (pending :initform nil :accessor dh-sidecar-client-pending)
   (progress :initform (make-hash-table :test #'equal)
             :accessor dh-sidecar-client-progress)
   (subscriptions :initform (make-hash-table :test #'equal)
                  :accessor dh-sidecar-client-subscriptions))
  :documentation "A connection with one dh-sidecar process.")

(cl-defstruct (dh-sidecar-call (:constructor dh-sidecar-call--make))
  "A call that was made: CLIENT, its ID on the wire, whether it is DONE."
  client id done callback token timer)

(cl-defstruct (dh-sidecar-subscription
               (:constructor dh-sidecar-subscription--make))
  "The events of a run: CLIENT, its ID, whether it is DONE."
  client id done on-event on-over)

(cl-defmethod jsonrpc-connection-send :before
  ((client dh-sidecar-client) &rest args &key id &allow-other-keys)
  "Keep the ID under which CLIENT sends a call, among ARGS: a cancel names it."
  (ignore args)
  (when id (setf (dh-sidecar-client-sent-id client) id)))

(defun dh-sidecar-find-program ()
  "Return the path of dh-sidecar, or signal where it was looked for."
  (let* ((name (or dh-sidecar-program (getenv "DH_SIDECAR_BIN") "dh-sidecar"))
         (path (executable-find name)))
    (or path
        (user-error "Could not find dh-sidecar: looked for %s%s.  %s" name
                    (if (equal name "dh-sidecar") " on PATH" "")
                    (concat "clients/shell/quickstart builds it; name it with"
                            " dh-sidecar-program or DH_SIDECAR_BIN,"
                            " or put its folder into PATH")))))

(defun dh-sidecar-error-message (err)
  "Put ERR into words, in a line or several."
  (pcase (plist-get err :kind)
    ('error
     (let* ((data (plist-get err :data))
            (errors (plist-get data :errors)))
       (string-join
        (cons (plist-get err :message)
              (if errors
                  (mapcar (lambda (fault)
                            (format "  %s: %s%s" (plist-get fault :pointer)
                                    (plist-get fault :message)
                                    (if-let ((hint (plist-get fault :hint)))
                                        (format " (%s)" hint)
                                      "")))
                          errors)
                (when-let ((hint (plist-get data :hint)))
                  (list (concat "  " hint)))))
        "\n")))
    ('lost
     (format "dh-sidecar ended %s%s"
             (if-let ((signal (plist-get err :signal)))
                 (format "by signal %s" signal)
               (format "with exit code %s" (plist-get err :exit-code)))
             (if (string-empty-p (plist-get err :stderr)) ""
               (concat "\n" (plist-get err :stderr)))))
    ('closed "The connection with dh-sidecar is closed")
    ('timed-out "No answer in time; the call was cancelled")
    ('cancelled "The call was cancelled")
    (_ (plist-get err :message))))

(defun dh-sidecar-start ()
  "Start a process and its client.
A call made before the handshake is answered waits for it."
  (let* ((program (dh-sidecar-find-program))
         (name (format "dh-sidecar %d" (cl-incf dh-sidecar--count)))
         (client
          (make-instance
           'dh-sidecar-client
           :name name :program program :events-buffer-scrollback-size 0
           :notification-dispatcher #'dh-sidecar--notified
           :on-shutdown #'dh-sidecar--ended
           :process
           (lambda ()
             (make-process
              :name name :command (cons program dh-sidecar-arguments)
              :connection-type 'pipe :coding 'utf-8-emacs-unix :noquery t
              :stderr (get-buffer-create (format "*%s stderr*" name)))))))
    (set-process-filter (jsonrpc--process client) #'dh-sidecar--filter)
    (dh-sidecar--handshake client)
    client))

(defun dh-sidecar--filter (process text)
  "Take TEXT from PROCESS.
Emacs's JSON parser refuses the character 0, so that an answer with one
would be lost: it becomes U+2400, whose escape is as long."
  (let ((text (concat (process-get process 'dh-sidecar-rest) text))
        (start 0))
    ;; An escape that is cut in two waits for what follows.
    (string-match "\\\\*\\(?:u0?0?0?\\)?\\'" text)
    (let ((end (match-beginning 0)))
      (unless (eq (aref (concat text " ") end) ?\\) (setq end (length text)))
      (process-put process 'dh-sidecar-rest (substring text end))
      (setq text (substring text 0 end)))
    (while (string-match "\\\\+u0000" text start)
      (setq start (match-end 0))
      ;; Of an even number of backslashes each two are a backslash.
      (when (cl-evenp (- (match-end 0) (match-beginning 0)))
        (setq text (concat (substring text 0 (- start 4)) "2400"
                           (substring text start)))))
    (jsonrpc--process-filter process text)))

(defun dh-sidecar--handshake (client)
  "Ask CLIENT's process who it is, then begin what waits."
  (dh-sidecar--send
   client 'initialize
   (list :processId (emacs-pid) :clientInfo (list :name "dh-sidecar.el"))
   (lambda (err result)
     (let ((server (plist-get result :serverInfo)))
       (cond
        ((eq (plist-get err :kind) 'lost)
         (setf (dh-sidecar-client-failure client) err))
        ((and (equal (plist-get server :name) "dh-sidecar")
              (equal (format "%s" (plist-get result :protocol_version))
                     dh-sidecar-protocol-version))
         (setf (dh-sidecar-client-ready client) t))
        (t
         (setf (dh-sidecar-client-failure client)
               (list
                :kind 'refused
                :message
                (format
                 (concat "%s is %s %s, protocol version %s; this package"
                         " speaks with dh-sidecar, protocol version %s."
                         "  Install both from one release")
                 (dh-sidecar-client-program client)
                 (or (plist-get server :name) "something else")
                 (or (plist-get server :version) "")
                 (or (plist-get result :protocol_version)
                     (format "unknown: %s" (plist-get err :message)))
                 dh-sidecar-protocol-version)))))
       (let ((waiting (nreverse (dh-sidecar-client-waiting client))))
         (setf (dh-sidecar-client-waiting client) nil)
         (mapc #'funcall waiting))))))

(defun dh-sidecar--send (client method params callback)
  "Make the call METHOD with PARAMS on CLIENT's wire; return its id.
CALLBACK is called with the error and the result."
  (condition-case nil
      (progn
        (jsonrpc-async-request
         client method params :timeout nil
         :success-fn (lambda (result) (funcall callback nil result))
         :error-fn
         (lambda (err)
           (funcall callback
                    (if (jsonrpc-running-p client)
                        (append (list :kind 'error) err)
                      (dh-sidecar--lost client))
                    nil)))
        (dh-sidecar-client-sent-id client))
    ;; The process is gone, and its end is being told.
    (error (funcall callback (dh-sidecar--lost client) nil) nil)))

(defun dh-sidecar--lost (client)
  "How CLIENT's process ended, with the last lines of its stderr."
  (or (dh-sidecar-client-failure client)
      (let* ((process (jsonrpc--process client))
             (buffer (jsonrpc-stderr-buffer client))
             (stderr (get-buffer-process buffer))
             (code (process-exit-status process)))
        (when stderr
          (let ((tries 0))
            (while (and (process-live-p stderr) (< tries 20))
              (accept-process-output stderr 0.05)
              (cl-incf tries))))
        (setf (dh-sidecar-client-failure client)
              (list :kind 'lost
                    (if (eq (process-status process) 'signal) :signal :exit-code)
                    code
                    :stderr
                    (with-current-buffer buffer
                      (string-trim
                       (replace-regexp-in-string
                        "\n?Process .* stderr finished\n?" ""
                        (buffer-substring-no-properties
                         (save-excursion
                           (goto-char (point-max))
                           (forward-line -20)
                           (max (point) (- (point-max) 65536)))
                         (point-max))))))))))

(defun dh-sidecar--finish (call err result)
  "End CALL with ERR or RESULT, once."
  (unless (dh-sidecar-call-done call)
    (let ((client (dh-sidecar-call-client call)))
      (setf (dh-sidecar-call-done call) t)
      (setf (dh-sidecar-client-pending client)
            (delq call (dh-sidecar-client-pending client)))
      (when (dh-sidecar-call-timer call)
        (cancel-timer (dh-sidecar-call-timer call)))
      (remhash (dh-sidecar-call-token call)
               (dh-sidecar-client-progress client))
      (funcall (dh-sidecar-call-callback call) err result))))

(cl-defun dh-sidecar-request (client method params callback
                                     &key timeout progress)
  "Call METHOD of CLIENT with the plist PARAMS; return the call.
CALLBACK is called once, with the error (nil where there is none) and
the result.  After TIMEOUT seconds the call is cancelled.  PROGRESS is
called with each report of progress."
  (let ((call (dh-sidecar-call--make :client client :callback callback))
        begin)
    (push call (dh-sidecar-client-pending client))
    (when progress
      (setf (dh-sidecar-call-token call) (format "%s" (gensym "dh-")))
      (puthash (dh-sidecar-call-token call) progress
               (dh-sidecar-client-progress client))
      (setq params (append (list :progress_token (dh-sidecar-call-token call))
                           params)))
    (setq begin
          (lambda ()
            (cond
             ((dh-sidecar-call-done call))
             ((dh-sidecar-client-failure client)
              (dh-sidecar--finish call (dh-sidecar-client-failure client) nil))
             (t
              (setf (dh-sidecar-call-id call)
                    (dh-sidecar--send client method params
                                      (lambda (err result)
                                        (dh-sidecar--finish call err result))))))))
    (if (or (dh-sidecar-client-ready client) (dh-sidecar-client-failure client))
        (funcall begin)
      (push begin (dh-sidecar-client-waiting client)))
    (when (and timeout (not (dh-sidecar-call-done call)))
      (setf (dh-sidecar-call-timer call)
            (run-with-timer timeout nil #'dh-sidecar-cancel call 'timed-out)))
    call))

(defun dh-sidecar-cancel (call &optional kind)
  "Cancel CALL, which is then over, as KIND (`cancelled' by default)."
  (unless (dh-sidecar-call-done call)
    (when (dh-sidecar-call-id call)
      (jsonrpc-notify (dh-sidecar-call-client call) '$/cancelRequest
                      (list :id (dh-sidecar-call-id call))))
    (dh-sidecar--finish call (list :kind (or kind 'cancelled)) nil)))

(defun dh-sidecar-request-sync (client method params &optional timeout)
  "The result of METHOD of CLIENT with PARAMS, within TIMEOUT (10) seconds.
Its failure is an error.  Quitting cancels the call."
  (let* (done failure answer
              (call (dh-sidecar-request
                     client method params
                     (lambda (err result)
                       (setq done t failure err answer result))
                     :timeout (or timeout 10))))
    (unwind-protect
        (while (not done) (accept-process-output nil 0.05))
      (dh-sidecar-cancel call))
    (when failure (error "%s" (dh-sidecar-error-message failure)))
    answer))

(defun dh-sidecar--over (subscription err &optional run)
  "End SUBSCRIPTION with ERR, or with RUN as it then is, once."
  (unless (dh-sidecar-subscription-done subscription)
    (setf (dh-sidecar-subscription-done subscription) t)
    (remhash (dh-sidecar-subscription-id subscription)
             (dh-sidecar-client-subscriptions
              (dh-sidecar-subscription-client subscription)))
    (funcall (dh-sidecar-subscription-on-over subscription) err run)))

(defun dh-sidecar-subscribe (client params on-event on-over)
  "Subscribe CLIENT to the events of the run in PARAMS; return the subscription.
ON-EVENT is called with each event, the first being (:type
\"subscribed\" :run RUN), the last the end; then ON-OVER, once, with the
error and the run, also where subscribing fails."
  (let ((subscription (dh-sidecar-subscription--make
                       :client client :on-event on-event :on-over on-over)))
    (dh-sidecar-request
     client 'subscribeRun params
     (lambda (err result)
       (let ((id (plist-get result :subscription)))
         (cond
          (err (dh-sidecar--over subscription err))
          ((dh-sidecar-subscription-done subscription)
           (dh-sidecar-request client 'unsubscribe (list :subscription id)
                               #'ignore))
          (t
           (setf (dh-sidecar-subscription-id subscription) id)
           (puthash id subscription (dh-sidecar-client-subscriptions client))
           (funcall on-event (list :type "subscribed"
                                   :run (plist-get result :run))))))))
    subscription))

(defun dh-sidecar-unsubscribe (subscription &optional callback)
  "Give SUBSCRIPTION up; CALLBACK is called with the error, or nil, then.
Its end may come before the answer or after it; nothing is told any more."
  (let ((id (dh-sidecar-subscription-id subscription))
        (done (dh-sidecar-subscription-done subscription))
        (client (dh-sidecar-subscription-client subscription)))
    (dh-sidecar--over subscription nil)
    (if (or done (not id))
        (when callback (funcall callback nil))
      (dh-sidecar-request client 'unsubscribe (list :subscription id)
                          (lambda (err _)
                            (when callback (funcall callback err)))))))

(defun dh-sidecar--notified (client method params)
  "Take METHOD with PARAMS, a notification of CLIENT's process."
  (pcase method
    ('$/progress
     (when-let ((progress (gethash (plist-get params :token)
                                   (dh-sidecar-client-progress client))))
       (funcall progress (plist-get params :value))))
    ('run/event
     (when-let ((subscription
                 (gethash (plist-get params :subscription)
                          (dh-sidecar-client-subscriptions client))))
       (let ((end (equal (plist-get params :type) "end")))
         (if (and end (equal (plist-get params :reason) "failed"))
             (dh-sidecar--over subscription
                               (append (list :kind 'error)
                                       (plist-get params :error)))
           (funcall (dh-sidecar-subscription-on-event subscription) params)
           (when end
             (dh-sidecar--over subscription nil (plist-get params :run)))))))))

(defun dh-sidecar--end-all (client err)
  "End what waits on CLIENT with ERR."
  (mapc (lambda (call) (dh-sidecar--finish call err nil))
        (copy-sequence (dh-sidecar-client-pending client)))
  (mapc (lambda (subscription) (dh-sidecar--over subscription err))
        (hash-table-values (dh-sidecar-client-subscriptions client))))

(defun dh-sidecar--ended (client)
  "CLIENT's process has ended."
  (dh-sidecar--end-all client (dh-sidecar--lost client))
  (kill-buffer (process-buffer (jsonrpc--process client)))
  (kill-buffer (jsonrpc-stderr-buffer client))
  ;; The connection's class makes it where it notes the end.
  (when (buffer-live-p (jsonrpc--events-buffer client))
    (kill-buffer (jsonrpc--events-buffer client))))

(defun dh-sidecar-close (client)
  "Close CLIENT: what waits ends as closed; every run continues.
A second time it does nothing."
  (unless (memq (plist-get (dh-sidecar-client-failure client) :kind)
                '(closed lost))
    (setf (dh-sidecar-client-failure client) (list :kind 'closed))
    (dh-sidecar--end-all client (dh-sidecar-client-failure client))
    (when (jsonrpc-running-p client)
      (ignore-errors (process-send-eof (jsonrpc--process client))))))

(provide 'dh-sidecar-client)
;;; dh-sidecar-client.el ends here
