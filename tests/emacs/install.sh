#!/bin/sh
# Makes sure that an Emacs with eglot is here: installs Debian's packages where that is allowed, else says what is
# missing and fails.
set -eu

has_eglot() {
    command -v emacs >/dev/null 2>&1 && emacs -Q --batch --eval "
        (let ((default-directory \"/usr/share/emacs/site-lisp/elpa/\"))
          (when (file-directory-p default-directory) (normal-top-level-add-subdirs-to-load-path))
          (kill-emacs (if (locate-library \"eglot\") 0 1)))" >/dev/null 2>&1
}

has_eglot && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends emacs-nox elpa-eglot >/dev/null
    has_eglot && exit 0
fi
echo "Emacs with eglot is missing: install Emacs 29 or newer, or Emacs 28 and the package eglot" >&2
exit 1
