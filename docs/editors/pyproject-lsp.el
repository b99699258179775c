;;; pyproject-lsp.el --- pyproject-lsp for eglot  -*- lexical-binding: t; -*-

;; Needs Emacs 28.1 with eglot 1.9, or Emacs 29 and later, which have eglot.
;; Load this file from your init file; nothing else is needed.

;;; Code:

(require 'eglot)
(require 'cl-lib)

(defgroup pyproject-lsp nil
  "Safe edits of pyproject.toml."
  :group 'tools)

(defcustom pyproject-lsp-command '("pyproject-lsp")
  "The command line that starts the server."
  :type '(repeat string))

(defvar pyproject-lsp-status ""
  "What the server last said, for the mode line.")
(put 'pyproject-lsp-status 'risky-local-variable t)

(defvar pyproject-lsp-status-functions nil
  "Functions called with each status of the server, a property list.")

(defclass pyproject-lsp-server (eglot-lsp-server) ()
  :documentation "Our server; what is below concerns it and no other.")

(add-to-list 'eglot-server-programs
             `((toml-ts-mode (conf-toml-mode :language-id "toml"))
               . ,(lambda (&rest _) (cons 'pyproject-lsp-server pyproject-lsp-command))))

;; Emacs has one server a buffer. In Python files it is ours only where nobody has chosen another one.
(defcustom pyproject-lsp-python nil
  "Whether eglot starts this server in Python files, for missing imports and scripts."
  :type 'boolean)

(when (boundp 'eglot-server-programs)
  (add-to-list 'eglot-server-programs
               `((python-mode python-ts-mode)
                 . ,(lambda (&rest _)
                      (if pyproject-lsp-python
                          (cons 'pyproject-lsp-server pyproject-lsp-command)
                        (or (pyproject-lsp--other-python)
                            (cons 'pyproject-lsp-server pyproject-lsp-command)))))))

(defun pyproject-lsp--other-python ()
  "The command line of another Python server that is installed, or nil."
  (seq-some (lambda (words) (and (executable-find (car words)) words))
            '(("pylsp") ("pyright-langserver" "--stdio") ("jedi-language-server") ("ruff" "server"))))

(defun pyproject-lsp-ensure ()
  "Start the server if this buffer shows a pyproject.toml, or a Python file where that is wanted."
  (when (and buffer-file-name
             (or (string= (file-name-nondirectory buffer-file-name) "pyproject.toml")
                 (and pyproject-lsp-python (derived-mode-p 'python-mode 'python-ts-mode))))
    (eglot-ensure)))

(add-hook 'conf-toml-mode-hook #'pyproject-lsp-ensure)
(add-hook 'toml-ts-mode-hook #'pyproject-lsp-ensure)
(add-hook 'python-mode-hook #'pyproject-lsp-ensure)
(add-hook 'python-ts-mode-hook #'pyproject-lsp-ensure)
(add-to-list 'mode-line-misc-info '(:eval (pyproject-lsp--mode-line)) t)

(defun pyproject-lsp--mode-line ()
  "The status, in buffers that the server looks after."
  (if (and (eglot-current-server) (not (string= pyproject-lsp-status "")))
      (concat " [" (replace-regexp-in-string "%" "%%" pyproject-lsp-status) "]")
    ""))

(defun pyproject-lsp-revert ()
  "Read again what a commit has changed on disk.
Modified buffers are left alone: they wait for their user."
  (dolist (buffer (buffer-list))
    (with-current-buffer buffer
      (when (and buffer-file-name
                 (or (member (file-name-nondirectory buffer-file-name) '("pyproject.toml" "uv.lock"))
                     (string-suffix-p ".py" buffer-file-name))
                 (not (buffer-modified-p))
                 (file-readable-p buffer-file-name)
                 (not (verify-visited-file-modtime buffer)))
        (revert-buffer t t t)))))

(cl-defmethod eglot-handle-notification
  ((_server pyproject-lsp-server) (_method (eql 'pyproject/status)) &rest status &key message &allow-other-keys)
  "Show the status and read changed files."
  (setq pyproject-lsp-status (or message ""))
  (pyproject-lsp-revert)
  (run-hook-with-args 'pyproject-lsp-status-functions status)
  (force-mode-line-update t))

(cl-defmethod eglot-handle-request :around
  ((_server pyproject-lsp-server) (_method (eql 'workspace/applyEdit)) &rest _)
  "Make the edit that the user asked for without asking again, and tell it at once.
The server believes an edit when it sees it; eglot would wait until Emacs is idle."
  (cl-progv (list (if (boundp 'eglot-confirm-server-edits) 'eglot-confirm-server-edits
                    'eglot-confirm-server-initiated-edits))
      '(nil)
    (cl-call-next-method))
  (dolist (buffer (buffer-list))
    (with-current-buffer buffer
      (when (eglot-managed-p)
        (eglot--signal-textDocument/didChange))))
  '(:applied t))

(defun pyproject-lsp--run (command &rest arguments)
  "Ask the server for COMMAND with ARGUMENTS, a property list."
  (eglot--signal-textDocument/didChange) ; the server must know what is not saved
  (let ((argument (append (list :uri (eglot--path-to-uri buffer-file-name)) arguments)))
    (jsonrpc-request (eglot--current-server-or-lose) :workspace/executeCommand
                     (list :command (concat "pyproject." command)
                           :arguments (vector argument)))))

(defun pyproject-lsp-add (requirement)
  "Add REQUIREMENT, for example \"httpx>=0.27\", to the dependencies."
  (interactive "sAdd requirement: ")
  (pyproject-lsp--run "add" :requirements (vector requirement)))

(defun pyproject-lsp-remove (package)
  "Remove PACKAGE from the dependencies."
  (interactive "sRemove package: ")
  (pyproject-lsp--run "remove" :packages (vector package)))

(defun pyproject-lsp-upgrade (package)
  "Raise the bounds of PACKAGE, or of all dependencies when it is empty."
  (interactive "sUpgrade package (empty: all): ")
  (if (string= package "")
      (pyproject-lsp--run "upgrade" :all t)
    (pyproject-lsp--run "upgrade" :packages (vector package))))

(defun pyproject-lsp-move (package from to)
  "Move PACKAGE between tables; FROM and TO are \"\", \"group NAME\" or \"extra NAME\"."
  (interactive "sMove package: \nsFrom (empty: dependencies, group NAME, extra NAME): \nsTo: ")
  (pyproject-lsp--run "move" :package package
                      :from (pyproject-lsp--table from) :to (pyproject-lsp--table to)))

(defun pyproject-lsp--table (words)
  "The table that WORDS name, as the server wants it."
  (pcase (split-string words)
    (`("group" ,name) (list :group name))
    (`("extra" ,name) (list :extra name))
    (_ eglot--{})))

(defun pyproject-lsp-lock ()
  "Bring uv.lock up to date with the manifest."
  (interactive)
  (pyproject-lsp--run "lock"))

(defun pyproject-lsp-bump (part)
  "Raise PART of the version."
  (interactive (list (completing-read "Bump: " '("major" "minor" "patch" "stable" "alpha" "beta"
                                                 "rc" "post" "dev")
                                      nil t)))
  (pyproject-lsp--run "bumpVersion" :bump part))

(defun pyproject-lsp-sync ()
  "Bring the environment in line with the lock file."
  (interactive)
  (pyproject-lsp--run "sync"))

(defun pyproject-lsp-undo ()
  "Take back the last finished operation."
  (interactive)
  (pyproject-lsp--run "undo"))

(defun pyproject-lsp--operation (request)
  "The id of the first operation that can be asked for REQUEST, those of this Emacs before others'."
  (let* ((status (pyproject-lsp--run "status"))
         (found (seq-filter (lambda (operation) (seq-contains-p (plist-get operation :can) request))
                            (plist-get status :operations)))
         (own (seq-filter (lambda (operation)
                            (= (plist-get (plist-get operation :origin) :pid) (plist-get status :pid)))
                          found)))
    (or (plist-get (car (append own found nil)) :id)
        (user-error "No operation can be asked for that: %s" request))))

(defun pyproject-lsp-retry (id)
  "Try the failed operation ID again; interactively, the last one."
  (interactive (list (pyproject-lsp--operation "retry")))
  (pyproject-lsp--run "retry" :id id))

(defun pyproject-lsp-queue ()
  "Show the operations of this project: their state, title, and on whom they wait."
  (interactive)
  (let ((status (pyproject-lsp--run "status")))
    (with-current-buffer (get-buffer-create "*pyproject queue*")
      (let ((inhibit-read-only t))
        (erase-buffer)
        (seq-doseq (operation (plist-get status :operations))
          (insert (format "%-10s %s%s\n" (plist-get operation :state) (plist-get operation :title)
                          (let ((blocked (plist-get operation :blockedBy)))
                            (if blocked (format "  waiting for %s" (or (plist-get blocked :command)
                                                                      (plist-get blocked :lock)))
                              "")))))
        (when (= (point-min) (point-max)) (insert "No operations yet.\n"))
        (goto-char (point-min)))
      (special-mode)
      (display-buffer (current-buffer)))))

(defun pyproject-lsp-cancel (id)
  "Cancel the operation ID; interactively, the first that can be, those of this Emacs before others'."
  (interactive (list (pyproject-lsp--operation "cancel")))
  (pyproject-lsp--run "cancel" :id id))

(provide 'pyproject-lsp)
;;; pyproject-lsp.el ends here
