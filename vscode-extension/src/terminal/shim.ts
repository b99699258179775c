import type { CommandLine } from "../server/install";

/** Commands of uv that change a manifest, a lock file or an environment; all others go straight to the real uv. */
const changing = ["add", "remove", "version", "upgrade", "lock", "sync"];

/** Options that only look: with one of these even a changing command does not need its turn. */
const looking = ["--help", "-h", "--dry-run", "--check"];

/** Options before the command that take a value of their own (tests/contract/uv-options.json). */
const valued = [
  "--allow-insecure-host",
  "--cache-dir",
  "--color",
  "--config-file",
  "--directory",
  "--preview-features",
  "--project",
  "--python-fetch",
  "--python-preference",
  "--trusted-host",
];

/**
 * A `uv` for POSIX shells. It finds the next uv on PATH, and hands a changing command to `pyproject-lsp exec`, which
 * waits its turn; `exec` in the shell's sense keeps pid, signals, terminal and exit code what they are without us.
 * A uv started from within such a command goes straight on: it would wait for its own grandparent.
 */
export function posixShim(folder: string, server: CommandLine): string {
  const words = [server.command, ...server.args].map(quote).join(" ");
  return `#!/bin/sh
# Written by the pyproject extension (setting pyproject.terminal.intercept).
here=${quote(folder)}
real=
rest=$PATH:
while [ -n "$rest" ]; do
  entry=\${rest%%:*}
  rest=\${rest#*:}
  if [ -n "$entry" ] && [ "$entry" != "$here" ] && [ -x "$entry/uv" ] && [ ! -d "$entry/uv" ]; then
    real=$entry/uv
    break
  fi
done
if [ -z "$real" ]; then
  echo "uv: command not found" >&2
  exit 127
fi
turn=
value=
for word do
  if [ -n "$value" ]; then value=; continue; fi
  case $word in
    ${valued.join("|")}) [ -n "$turn" ] || value=1 ;;
    ${looking.join("|")}) turn=no; break ;;
    --) break ;;
    -*) ;;
    ${changing.join("|")}) [ -n "$turn" ] || turn=yes ;;
    *) [ -n "$turn" ] || turn=no ;;
  esac
done
if [ "$turn" = yes ] && [ -z "$PYPROJECT_LSP_TURN" ] && [ -x ${quote(server.command)} ]; then
  PYPROJECT_LSP_TURN=1
  export PYPROJECT_LSP_TURN
  exec ${words} exec -- "$real" "$@"
fi
exec "$real" "$@"
`;
}

/**
 * The same for Windows' own shells, where a batch file is what can stand in front of uv.exe. It looks on PATH alone, with
 * the system's own `where`: in the current folder a workspace could have either.
 */
export function windowsShim(folder: string, server: CommandLine): string {
  const words = [server.command, ...server.args].map((word) => `"${word}"`).join(" ");
  const changes = changing.map((word) => `if /i "%~1"=="${word}" set "turn=yes"`).join("\r\n");
  const looks = looking.map((word) => `if "%%~w"=="${word}" set "turn="`).join("\r\n  ");
  return `@echo off\r
rem Written by the pyproject extension (setting pyproject.terminal.intercept).\r
setlocal\r
set "NoDefaultCurrentDirectoryInExePath=1"\r
set "real="\r
for /f "delims=" %%u in ('%SystemRoot%\\System32\\where.exe $PATH:uv.exe 2^>nul') do if not defined real if /i not "%%~dpu"=="${folder}\\" set "real=%%u"\r
if not defined real (echo uv: command not found 1>&2 & exit /b 127)\r
set "turn="\r
${changes}\r
for %%w in (%*) do (\r
  ${looks}\r
)\r
if defined PYPROJECT_LSP_TURN set "turn="\r
if not defined turn ("%real%" %* & exit /b)\r
set "PYPROJECT_LSP_TURN=1"\r
${words} exec -- "%real%" %*\r
`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
