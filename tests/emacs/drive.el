;;; drive.el --- plays a user of Emacs  -*- lexical-binding: t; -*-

;; The configuration that docs/editors ships is loaded as a user loads it. Each scenario is a
;; function; Python names one, gives the server's command line, and looks at the files afterwards.

(let ((default-directory "/usr/share/emacs/site-lisp/elpa/"))
  (when (file-directory-p default-directory)
    (normal-top-level-add-subdirs-to-load-path)))

(setq eglot-sync-connect 30
      eglot-autoshutdown t
      make-backup-files nil
      create-lockfiles nil)

(load (getenv "DRIVE_CONFIGURATION") nil t)
(setq pyproject-lsp-command (split-string-and-unquote (getenv "DRIVE_SERVER")))

(defvar drive-statuses nil "All statuses, the newest first.")
(add-hook 'pyproject-lsp-status-functions (lambda (status) (push status drive-statuses)))

(defun drive-until (what condition)
  "Let Emacs do its work until CONDITION holds; fail with WHAT after 40 seconds."
  (with-timeout (40 (error "Not in time: %s; last status %S" what (car drive-statuses)))
    (while (not (funcall condition))
      (accept-process-output nil 1))))

(defun drive-wait-operation (id state)
  "Wait until the operation ID was in STATE."
  (drive-until
   (format "%s in %s" id state)
   (lambda ()
     (cl-some (lambda (status)
                (cl-some (lambda (operation)
                           (and (equal (plist-get operation :id) id)
                                (equal (plist-get operation :state) state)))
                         (plist-get status :operations)))
              drive-statuses))))

(defun drive-text () (buffer-substring-no-properties (point-min) (point-max)))

(defun drive-disk ()
  (with-temp-buffer
    (insert-file-contents (getenv "DRIVE_MANIFEST"))
    (drive-text)))

(defmacro drive-check (form)
  "Fail with FORM's text if it is nil."
  `(unless ,form (error "Not so: %S\nbuffer: %s" ',form (drive-text))))

(defun drive-open ()
  (find-file (getenv "DRIVE_MANIFEST"))
  (unless (eglot-current-server) (call-interactively #'eglot))
  (drive-until "a status" (lambda () drive-statuses)))

(defun drive-add ()
  "A clean buffer shows the commit, unmodified, without a question."
  (let ((id (plist-get (pyproject-lsp-add "alpha") :id)))
    (drive-wait-operation id "done")
    (drive-until "the text" (lambda () (string-match-p "\"alpha" (drive-text))))
    (drive-check (not (buffer-modified-p)))
    (drive-check (equal (drive-text) (drive-disk)))))

(defun drive-unsaved ()
  "A modified buffer gets the edit, is not saved, and goes on after its user's save."
  (goto-char (point-max))
  (insert "# mine\n")
  (let ((id (plist-get (pyproject-lsp-add "alpha") :id)))
    (drive-wait-operation id "needsSave")
    (drive-until "the edit" (lambda () (string-match-p "\"alpha" (drive-text))))
    (drive-check (buffer-modified-p))
    (drive-check (not (string-match-p "alpha" (drive-disk))))
    (save-buffer)
    (drive-wait-operation id "done")
    (drive-check (string-match-p "# mine" (drive-disk)))
    (drive-check (string-match-p "\"alpha" (drive-disk)))))

(defun drive-action ()
  "A code action of the version, as `M-x eglot-code-actions' offers it."
  (goto-char (point-min))
  (search-forward "0.1.0")
  (backward-char 2)
  (let* ((actions (eglot-code-actions (point)))
         (bump (cl-find-if (lambda (action) (string-match-p "0\\.2\\.0" (plist-get action :title)))
                           actions))
         (command (plist-get bump :command)))
    (drive-check bump)
    (eglot-execute-command (eglot-current-server) (intern (plist-get command :command))
                           (plist-get command :arguments))
    (drive-until "the new version"
                 (lambda () (string-match-p "version = \"0\\.2\\.0\"" (drive-text))))
    (drive-check (not (buffer-modified-p)))))

(defun drive-failure ()
  "A failure is a message, and the text is as it was."
  (let ((before (drive-text))
        (id (plist-get (pyproject-lsp-add "no-such-package-here") :id)))
    (drive-wait-operation id "failed")
    (drive-until "the message"
                 (lambda ()
                   (with-current-buffer (messages-buffer)
                     (string-match-p "no-such-package-here" (drive-text)))))
    (drive-check (equal before (drive-text)))))

(defun drive-cancel ()
  "What waits for a sync is named in the mode line, and can be cancelled."
  (let ((id (plist-get (pyproject-lsp-add "alpha") :id)))
    (drive-wait-operation id "waiting")
    (drive-until "the pid in the mode line"
                 (lambda () (string-match-p (regexp-quote (getenv "DRIVE_PID"))
                                            (pyproject-lsp--mode-line))))
    (call-interactively #'pyproject-lsp-cancel)
    (drive-wait-operation id "cancelled")
    (drive-check (not (string-match-p "\"alpha" (drive-disk))))))

(defun drive-cancel-own ()
  "What another editor has comes first in the queue, and is left alone."
  (let ((id (plist-get (pyproject-lsp-add "alpha") :id)))
    (drive-wait-operation id "queued")
    (call-interactively #'pyproject-lsp-cancel)
    (drive-wait-operation id "cancelled")))

(defun drive-names ()
  "Each command by its name, one after the other; the queue shows them."
  (drive-wait-operation (plist-get (pyproject-lsp-add "alpha") :id) "done")
  (drive-wait-operation (plist-get (pyproject-lsp-move "alpha" "" "group dev") :id) "done")
  (drive-until "the move" (lambda () (string-match-p "dev = \\[" (drive-text))))
  (drive-wait-operation (plist-get (pyproject-lsp-upgrade "") :id) "done")
  (drive-wait-operation (plist-get (pyproject-lsp-lock) :id) "done")
  (pyproject-lsp-queue)
  (with-current-buffer "*pyproject queue*"
    (drive-check (string-match-p "^done +Move alpha" (drive-text)))))

(defun drive-retry ()
  "A failed operation is tried again by its command."
  (let ((id (plist-get (pyproject-lsp-add "no-such-package-here") :id)))
    (drive-wait-operation id "failed")
    (drive-check (equal (plist-get (call-interactively #'pyproject-lsp-retry) :state) "queued"))
    (drive-wait-operation id "failed")))

(drive-open)
(funcall (intern (concat "drive-" (getenv "DRIVE_SCENARIO"))))
(set-buffer-modified-p nil)
(eglot-shutdown (eglot-current-server))
(princ "scenario passed\n")
