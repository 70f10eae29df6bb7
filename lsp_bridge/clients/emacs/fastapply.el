;;; fastapply.el --- Merge a coding model's lazy edits -*- lexical-binding: t; -*-

;; Package-Requires: ((emacs "28.1") (eglot "1.9"))

;;; Commentary:

;; In your init file: (load "/path/to/fastapply.el")
;;
;; M-x eglot then starts FastApply in files of every mode that no other server is known for.  In other files
;; M-x fastapply-connect does: eglot knows one server a buffer, so it takes the place of that of the language until
;; you say M-x eglot again.
;;
;; Paste a lazy edit into the file that it is for, mark it, and M-x eglot-code-actions.  Undo takes the merge back.

;;; Code:

(require 'eglot)

(defgroup fastapply nil
  "Merge a coding model's lazy edits into files."
  :group 'eglot)

(defcustom fastapply-command '("fastapply" "lsp")
  "The program that merges, and what it is started with."
  :type '(repeat string))

;; Appended: what is known of a language comes first.
(add-to-list 'eglot-server-programs
             (cons '(prog-mode text-mode conf-mode) (lambda (_) fastapply-command))
             t)

;;;###autoload
(defun fastapply-connect ()
  "Let FastApply be the server of this buffer and its like in the project."
  (interactive)
  (let ((current (eglot-current-server))
        (eglot-server-programs (list (cons major-mode fastapply-command))))
    (when current (eglot-shutdown current))
    (call-interactively #'eglot)))

(provide 'fastapply)

;;; fastapply.el ends here
