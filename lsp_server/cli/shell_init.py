"""`pyproject-lsp shell-init`: a shell's `uv` that takes its turn in the queue, and completion of our own commands.

What is printed defines a function `uv`. It hands the commands that change a project to `pyproject-lsp exec`, which waits
its turn and says on whom; all others go straight to the real uv. The words and options are those of the VS Code
extension's terminal (tests/contract/uv-options.json).
"""

import argparse
import sys
from collections.abc import Mapping, Sequence

from lsp_server.cli import shared

CHANGING = ("add", "remove", "version", "upgrade", "lock", "sync")
"""Commands of uv that write a manifest, a lock file or an environment in a moment, and are run by hand."""

LOOKING = ("--help", "-h", "--dry-run", "--check")
"""With one of these even a changing command only looks."""

VALUED = (
    *("--allow-insecure-host", "--cache-dir", "--color", "--config-file", "--directory", "--preview-features"),
    *("--project", "--python-fetch", "--python-preference", "--trusted-host"),
)
"""Options before uv's command that take a value of their own."""

_BASH_AND_ZSH = """\
# pyproject-lsp: `uv` takes its turn in the project's queue, in this shell.
uv() {
  local word turn= value=
  for word in "$@"; do
    if [ -n "$value" ]; then value=; continue; fi
    case $word in
      {valued}) [ -n "$turn" ] || value=1 ;;
      {looking}) turn=no; break ;;
      --) break ;;
      -*) ;;
      {changing}) [ -n "$turn" ] || turn=yes ;;
      *) [ -n "$turn" ] || turn=no ;;
    esac
  done
  if [ "$turn" = yes ] && [ -z "$PYPROJECT_LSP_TURN" ]; then
    PYPROJECT_LSP_TURN=1 {program} exec -- uv "$@"
  else
    command uv "$@"
  fi
}
"""

_BASH_COMPLETION = """\
_pyproject_lsp() {
  local current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{commands}" -- "$current"))
    return
  fi
  case $command in
{cases}
  esac
}
complete -o default -F _pyproject_lsp pyproject-lsp
"""

_ZSH_COMPLETION = """\
_pyproject_lsp() {
  if (( CURRENT == 2 )); then
    compadd -- {commands}
    return
  fi
  if [[ $words[CURRENT] != -* ]]; then _files; return; fi
  case $words[2] in
{cases}
  esac
}
(( $+functions[compdef] )) && compdef _pyproject_lsp pyproject-lsp
"""

_FISH = """\
# pyproject-lsp: `uv` takes its turn in the project's queue, in this shell.
function uv --wraps uv
    set -l turn
    set -l value
    for word in $argv
        if test -n "$value"
            set value
            continue
        end
        switch $word
            case {valued}
                test -n "$turn"; or set value 1
            case {looking}
                set turn no
                break
            case --
                break
            case '-*'
            case {changing}
                test -n "$turn"; or set turn yes
            case '*'
                test -n "$turn"; or set turn no
        end
    end
    if test "$turn" = yes; and test -z "$PYPROJECT_LSP_TURN"
        PYPROJECT_LSP_TURN=1 {program} exec -- uv $argv
    else
        command uv $argv
    end
end
complete -c pyproject-lsp -n __fish_use_subcommand -f -a '{commands}'
"""

_POWERSHELL = """\
# pyproject-lsp: uv takes its turn in the project's queue, in this shell.
function uv {
    $turn = $null
    $value = $false
    foreach ($word in $args) {
        if ($value) { $value = $false; continue }
        if ($word -cin {valued}) { if ($null -eq $turn) { $value = $true } }
        elseif ($word -cin {looking}) { $turn = $false; break }
        elseif ($word -eq '--') { break }
        elseif ("$word".StartsWith('-')) { }
        elseif ($word -cin {changing}) { if ($null -eq $turn) { $turn = $true } }
        elseif ($null -eq $turn) { $turn = $false }
    }
    if ($turn -and -not $env:PYPROJECT_LSP_TURN) {
        $env:PYPROJECT_LSP_TURN = '1'
        try { & {program} exec '--' uv @args } finally { Remove-Item Env:PYPROJECT_LSP_TURN }
    } else {
        & (Get-Command uv -CommandType Application | Select-Object -First 1) @args
    }
}
Register-ArgumentCompleter -Native -CommandName pyproject-lsp -ScriptBlock {
    param($word)
    {commands} | Where-Object { $_ -like "$word*" }
}
"""

_HOW = {
    "bash": '~/.bashrc:  eval "$(pyproject-lsp shell-init bash)"',
    "zsh": '~/.zshrc, after compinit:  eval "$(pyproject-lsp shell-init zsh)"',
    "fish": "~/.config/fish/config.fish:  pyproject-lsp shell-init fish | source",
    "powershell": "$PROFILE:  pyproject-lsp shell-init powershell | Out-String | Invoke-Expression",
}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    epilog = "\n".join(["put into your shell's start-up file:", *(f"  {line}" for line in _HOW.values())])
    parser = commands.add_parser(
        "shell-init",
        help="print what makes a shell's uv take its turn in the queue",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=sorted(_HOW), help="the shell that reads it")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the start-up lines for one shell."""
    from lsp_server.__main__ import parser_of_all  # noqa: PLC0415  it imports this module

    sys.stdout.write(lines(options.shell, commands_of(parser_of_all())))
    return shared.DONE


def commands_of(parser: argparse.ArgumentParser) -> Mapping[str, Sequence[str]]:
    """Return the options of each command of a parser, in the parser's order."""
    found = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))  # noqa: SLF001  argparse shows them no other way
    return {name: sorted(each._option_string_actions) for name, each in found.choices.items()}  # noqa: SLF001  as above


def lines(shell: str, commands: Mapping[str, Sequence[str]], program: str = "pyproject-lsp") -> str:
    """Return the start-up lines of a shell: bash, zsh, fish or powershell."""
    names = " ".join(commands)
    match shell:
        case "fish":
            words = _words(" ", program)
            return _filled(_FISH, {**words, "commands": names})
        case "powershell":
            listed = ", ".join(f"'{name}'" for name in commands)
            return _filled(_POWERSHELL, {**_listed(), "program": program, "commands": listed})
        case "zsh":
            cases = "\n".join(f"    {name}) compadd -- {' '.join(options)} ;;" for name, options in commands.items())
            return _filled(_BASH_AND_ZSH + _ZSH_COMPLETION, {**_words("|", program), "commands": names, "cases": cases})
        case _:
            reply = 'COMPREPLY=($(compgen -W "{}" -- "$current"))'
            cases = "\n".join(f"    {name}) {reply.format(' '.join(options))} ;;" for name, options in commands.items())
            return _filled(_BASH_AND_ZSH + _BASH_COMPLETION, {**_words("|", program), "commands": names, "cases": cases})


def _words(between: str, program: str) -> dict[str, str]:
    return {
        "changing": between.join(CHANGING),
        "looking": between.join(LOOKING),
        "valued": between.join(VALUED),
        "program": program,
    }


def _listed() -> dict[str, str]:
    """Return the same as PowerShell's lists."""
    parts = {"changing": CHANGING, "looking": LOOKING, "valued": VALUED}
    return {name: "@(" + ", ".join(f"'{word}'" for word in words) + ")" for name, words in parts.items()}


def _filled(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    return template
