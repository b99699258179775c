#!/bin/sh
# Bring what the tests on a real screen need beside Neovim, which comes with the development dependencies.
set -eu
command -v tmux >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends tmux >/dev/null && exit 0
fi
echo "The tests of Neovim's screen need tmux: install it with your system's package manager." >&2
exit 1
