;;; dh-sidecar-tests.el --- The commands on a real engine  -*- lexical-binding: t; -*-

;;; Commentary:

;; Against the real binary and a real engine; DH_TEST_IMAGE is its image.

;;; Code:

(require 'ert)
(require 'dh-sidecar)
(require 'dh-sidecar-transcripts)

(defconst dh-test-image (getenv "DH_TEST_IMAGE"))
(defvar dh-test-said nil "What was said in the echo area.")

(defun dh-test-listen (format &rest args)
  "Keep what FORMAT with ARGS says."
  (when format (push (apply #'format-message format args) dh-test-said)))
(advice-add 'message :before #'dh-test-listen)

(defun dh-test-said-p (part)
  "Whether PART was said; its last line, then."
  (cl-find-if (lambda (line) (string-match-p (regexp-quote part) line)) dh-test-said))

(defmacro dh-test-eventually (condition)
  "Wait for CONDITION, and fail where it does not come; its value."
  `(let ((value nil))
     (dh-test-until (setq value ,condition))
     (unless value
       (ert-fail (list ',condition (buffer-string) dh-test-said)))
     value))

(defun dh-test-shows (part) "Whether the buffer has PART."
       (string-match-p (regexp-quote part) (buffer-string)))

(defmacro dh-test-with-run (&rest body)
  "Do BODY in the buffer of the run that comes to be shown."
  `(let ((buffer (dh-test-eventually
                  (cl-find-if (lambda (buffer)
                                (string-prefix-p "*dh run " (buffer-name buffer)))
                              (buffer-list)))))
     (unwind-protect (with-current-buffer buffer ,@body)
       (kill-buffer buffer))))

(defun dh-test-function (name command)
  "Create the function NAME with COMMAND."
  (setq dh-test-said nil)
  (dh-sidecar-create (list :name name :image dh-test-image :command command))
  (dh-test-eventually (dh-test-said-p (format "function %s " name))))

(defun dh-test-script (script)
  "Run SCRIPT as a job."
  (setq dh-test-said nil)
  (dh-sidecar-run (list :function "sh" :action "job" :args (vector "-c" script))))

(ert-deftest dh-10-job ()
  "A job is created, run, and shown to its end."
  (dh-test-function "sh" "/bin/sh")
  (dh-test-script "echo hällo; printf 'nul\\0\\n'; sleep 0.5; echo bye >&2; exit 3")
  (dh-test-with-run
   (dh-test-eventually (dh-test-shows "state: RUNNING"))
   (dh-test-eventually (dh-test-shows "exit code: 3"))
   (should (dh-test-shows "state: ERROR"))
   (should (dh-test-shows "hällo\nnul␀\nbye\n"))
   (goto-char (point-min))
   (should (looking-at "job [0-9a-f]+ of sh$"))
   (should buffer-read-only)))

(ert-deftest dh-11-goes-on ()
  "A run is followed again, stopped and deleted, from its buffer."
  (dh-test-script "echo begun; sleep 60")
  (let (id)
    (dh-test-with-run
     (dh-test-eventually (dh-test-shows "begun"))
     (setq id dh-sidecar-view-id))
    (dh-sidecar-follow id)
    (dh-test-with-run
     (dh-test-eventually (dh-test-shows "begun"))
     (should (dh-test-shows "state: RUNNING"))
     (call-interactively (key-binding "s"))
     (dh-test-eventually (dh-test-shows "state: STOPPED"))
     (dh-test-eventually (dh-test-said-p (concat id " STOPPED")))
     (call-interactively #'dh-sidecar-delete)
     (dh-test-eventually (dh-test-said-p (concat id " DELETED"))))))

(ert-deftest dh-12-list ()
  "The list of the runs, and the run at point."
  (dh-sidecar-runs (list :function "sh" :state "ERROR"))
  (with-current-buffer (dh-test-eventually (get-buffer "*dh runs*"))
    (dh-test-eventually (dh-test-shows "ERROR"))
    (goto-char (point-min))
    (should (looking-at "[0-9a-f]\\{32\\} sh +job +ERROR"))
    (let ((id (tabulated-list-get-id)))
      (call-interactively (key-binding (kbd "RET")))
      (dh-test-with-run
       (dh-test-eventually (dh-test-shows "hällo"))
       (should (equal dh-sidecar-view-id id))))
    (should (functionp revert-buffer-function))))

(ert-deftest dh-13-service ()
  "A service shows its URL."
  (dh-test-function "web" "httpd")
  (let* ((server (make-network-process :name "free" :server t :service t
                                       :host "127.0.0.1"))
         (port (process-contact server :service)))
    (delete-process server)
    (dh-sidecar-run
     (list :function "web" :action "serve"
           :args (vector "-f" "-p" (number-to-string port))
           :service_ports (vector (list :port port))))
    (dh-test-with-run
     (dh-test-eventually (dh-test-shows (format "url: http://127.0.0.1:%d" port)))
     (call-interactively #'dh-sidecar-delete)
     (dh-test-eventually (dh-test-shows "state: DELETED")))))

(ert-deftest dh-14-faults ()
  "Faults name the parameters."
  (setq dh-test-said nil)
  (dh-sidecar-run (list :function "sh" :imge "x"))
  (dh-test-eventually (dh-test-said-p "/imge: There is no parameter `imge`. (Did you mean `image`?)")))

(ert-deftest dh-15-params ()
  "Parameters are read with what the schemas say."
  (let* ((answers (list "sh" "serve" "replicas" "2" "service_ports" "[{\"port\": 80}]" ""))
         asked)
    (cl-letf (((symbol-function 'completing-read)
               (lambda (_prompt choices &rest _)
                 (push (mapcar (lambda (c) (if (consp c) (car c) c)) choices) asked)
                 (pop answers))))
      (should (equal (dh-sidecar-read-params 'run "function" "action")
                     '(:function "sh" :action "serve" :replicas 2
                                 :service_ports [(:port 80)]))))
    (setq asked (nreverse asked))
    (should (equal (nth 0 asked) '("web" "sh")))
    (should (equal (nth 1 asked) '("job" "serve" "build" "deploy")))
    (should (member "service_ports" (nth 2 asked)))
    (should-not (member "function" (nth 2 asked)))))

(ert-deftest dh-16-any-method ()
  "Any method's result is JSON."
  (dh-sidecar-call-method 'getCapabilities nil)
  (with-current-buffer (dh-test-eventually (get-buffer "*dh getCapabilities*"))
    (should (dh-test-shows "\"platform\": \"local\""))))

(defmacro dh-test-with-file (suffix text &rest body)
  "Visit a file named with SUFFIX that holds TEXT and do BODY."
  `(let ((path (make-temp-file "dh" nil ,suffix ,text)))
     (dh-sidecar-global-mode 1)
     (with-current-buffer (find-file-noselect path)
       (unwind-protect (progn ,@body)
         (dh-sidecar-global-mode -1)
         (set-buffer-modified-p nil)
         (kill-buffer)))))

(ert-deftest dh-17-flymake ()
  "The faults of a container file are diagnostics."
  (dh-test-with-file
   ".container.yaml"
   "function:\n  name: f\n  kind: container\n  imag: x\nruns:\n  a: {action: jog}\n"
   (should dh-sidecar-file-mode)
   (let (found)
     (dh-sidecar-flymake (lambda (diagnostics &rest _) (setq found diagnostics)))
     (dh-test-eventually found)
     (should (= (length found) 2))
     (let ((first (car (sort found (lambda (a b) (< (flymake-diagnostic-beg a)
                                                    (flymake-diagnostic-beg b)))))))
       (should (string-match-p "imag" (flymake-diagnostic-text first)))
       (should (equal (buffer-substring (flymake-diagnostic-beg first)
                                        (flymake-diagnostic-end first))
                      "imag: x"))))))

(ert-deftest dh-18-apply ()
  "A container file is applied from its buffer and from disk, and is the same."
  ;; A run's id comes from the text, and the engine is shared.
  (dh-test-with-file
   ".container.yaml"
   (format (concat "function: {name: emacs_%s, kind: container, image: \"%s\","
                   " command: /bin/sh}\nruns:\n  hello: {action: job,"
                   " args: [-c, echo applied]}\n")
           (format-time-string "%s%N") dh-test-image)
   (setq dh-test-said nil)
   (dh-sidecar-apply)
   (let* ((said (dh-test-eventually (dh-test-said-p "run hello ")))
          (id (and (string-match "run hello \\([0-9a-f]+\\)" said)
                   (match-string 1 said))))
     (setq dh-test-said nil)
     (dh-sidecar-apply path)
     (dh-test-eventually (dh-test-said-p (concat "run hello " id)))
     (dh-sidecar-follow id)
     (dh-test-with-run (dh-test-eventually (dh-test-shows "applied"))))))

(ert-deftest dh-19-not-there ()
  "A binary that is not there."
  (let* ((dh-sidecar-program "/nothing/here")
         (text (cadr (should-error (dh-sidecar-start) :type 'user-error))))
    (should (string-match-p "/nothing/here.*quickstart" text))))

(ert-deftest dh-20-killed ()
  "A process that is killed is told, and the next command starts another."
  (let ((client (dh-sidecar-client-now)) failure)
    (dh-sidecar-request-sync client 'getCapabilities nil)
    (dh-sidecar-request client 'waitRun (list :id (make-string 32 ?f))
                        (lambda (err _) (setq failure err)))
    (dh-test-eventually failure)
    (should (equal (plist-get (plist-get failure :data) :code) "run_not_found"))
    (signal-process (jsonrpc--process client) 9)
    (dh-test-until (dh-sidecar-client-failure client))
    (should-not (jsonrpc-running-p client))
    (should (eq (plist-get (dh-sidecar-client-failure client) :kind) 'lost))
    (should-not (eq (dh-sidecar-client-now) client))
    (dh-sidecar-request-sync (dh-sidecar-client-now) 'getCapabilities nil)))

(ert-deftest dh-21-nul-across-reads ()
  "An escape of the character 0 that is cut in two is still one."
  (let* ((process (make-pipe-process :name "pipe" :noquery t)) (seen ""))
    (cl-letf (((symbol-function 'jsonrpc--process-filter)
               (lambda (_ text) (setq seen (concat seen text)))))
      (mapc (lambda (text) (dh-sidecar--filter process text))
            '("a\\u0000b\\" "u00" "00c\\\\u0000 \\\\" "\\u0000e" "u0}")))
    (delete-process process)
    (should (equal seen "a\\u2400b\\u2400c\\\\u0000 \\\\\\u2400eu0}"))))

(ert-deftest dh-22-leaves-with-emacs ()
  "The process leaves with the editor."
  (let ((pid (string-to-number
              (with-temp-buffer
                (call-process
                 (expand-file-name invocation-name invocation-directory) nil '(t nil) nil
                 "-Q" "--batch" "-L" (file-name-directory (locate-library "dh-sidecar"))
                 "-l" "dh-sidecar" "--eval"
                 (concat "(let ((c (dh-sidecar-start)))"
                         " (dh-sidecar-request-sync c 'getCapabilities nil)"
                         " (princ (process-id (jsonrpc--process c))))"))
                (buffer-string)))))
    (should (> pid 0))
    (dh-test-until (not (process-attributes pid)))
    (should-not (process-attributes pid))))

(ert-deftest dh-23-readme ()
  "README's block works as printed."
  (setq dh-test-said nil)
  (with-temp-buffer
    (insert-file-contents
     (expand-file-name "../README.md" (file-name-directory
                                       (locate-library "dh-sidecar-tests"))))
    (search-forward "<!-- example: elisp -->\n```elisp\n")
    (delete-region (point-min) (point))
    (search-forward "\n```")
    (delete-region (match-beginning 0) (point-max))
    (goto-char (point-min))
    (search-forward "busybox")
    (replace-match dh-test-image)
    (goto-char (point-min))
    (eval (read (current-buffer)) t)
    (dh-test-eventually (dh-test-said-p "function hello "))
    (eval (read (current-buffer)) t))
  (dh-test-with-run
   (dh-test-eventually (dh-test-shows "state: COMPLETED"))
   (should (dh-test-shows "Hello from a container"))))

(ert-deftest dh-24-clean ()
  "Everything byte-compiles without a warning, and checkdoc has no complaint."
  (dolist (file '("dh-sidecar-client.el" "dh-sidecar-view.el" "dh-sidecar.el"))
    (let ((path (locate-file file load-path)))
      (with-temp-buffer
        (should (zerop (call-process
                        (expand-file-name invocation-name invocation-directory)
                        nil t nil "-Q" "--batch"
                        "-L" (file-name-directory path) "--eval"
                        (format "(progn (require 'checkdoc)
                                  (setq byte-compile-error-on-warn t
                                        byte-compile-dest-file-function (lambda (_) %S))
                                  (unless (byte-compile-file %S) (kill-emacs 1)) (checkdoc-file %S))"
                                (make-temp-file "dh" nil ".elc") path path))))
        (should (equal (buffer-string) ""))))))

(provide 'dh-sidecar-tests)
;;; dh-sidecar-tests.el ends here
