;;; drive.el --- Eglot edits a file through the real program  -*- lexical-binding: t; -*-

;; Run with: emacs -q --batch -l drive.el SETTINGS CONNECT FILE SNIPPET TITLE.  Loads SETTINGS, visits FILE, runs the
;; command CONNECT, pastes SNIPPET at the end, marks it and takes the code action TITLE.  Prints as JSON the text
;; after it, whether one undo brings back the text before it, and the titles that were offered.

(require 'json)
(package-initialize)
(setq user-emacs-directory (make-temp-file "emacs" t)
      eglot-connect-timeout 60
      eglot-sync-connect 60
      eglot-autoreconnect nil)

(pcase-let ((`(,settings ,connect ,file ,snippet ,title) command-line-args-left))
  (setq command-line-args-left nil)
  (load settings nil t)
  (find-file file)
  (buffer-enable-undo)
  (call-interactively (intern connect))
  (let ((pasted (with-temp-buffer (insert-file-contents snippet) (buffer-string)))
        before offered)
    (goto-char (point-max))
    (let ((start (point)))
      (insert pasted)
      (undo-boundary)
      (setq before (buffer-string))
      (set-mark start)
      (activate-mark)
      (cl-letf (((symbol-function 'completing-read)
                 (lambda (_prompt items &rest _) (setq offered (mapcar #'car items)) title))
                ;; Asked where the merge takes longer than a list of actions can wait: the server then makes the edit.
                ((symbol-function 'y-or-n-p) #'always))
        (let ((last-nonmenu-event t) (transient-mark-mode t))
          (eglot-code-actions start (point-max) nil t))))
    (let ((after (buffer-string)))
      (undo-boundary)
      (deactivate-mark)
      (undo)
      (princ (json-encode `((after . ,after)
                            (undone . ,(if (equal (buffer-string) before) t :json-false))
                            (offered . ,(vconcat offered))))))
    (set-buffer-modified-p nil)
    (eglot-shutdown (eglot-current-server))))
