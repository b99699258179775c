#!/bin/sh
# Bring the shells that the tests of `shell-init` use, where that is allowed; else say what is missing and fail.
set -eu
missing=
for shell in zsh fish; do
    command -v "$shell" >/dev/null 2>&1 || missing="$missing $shell"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null && exit 0
fi
echo "The tests of shell-init need$missing: install them with your system's package manager." >&2
exit 1
