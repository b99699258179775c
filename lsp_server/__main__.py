"""The command line: each command's module is imported when it is asked for, so that none waits for another's imports."""

import io
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_server import __version__
from lsp_server.core import shown

if TYPE_CHECKING:
    import argparse

_OPERATIONS = ("add", "remove", "upgrade", "bump", "move", "lock", "sync", "undo", "resolve-conflict")
MODULES: Mapping[str, str] = {
    "serve": "lsp_server.cli.serve",
    # The demonstration is no part of what is installed: it stands beside this package in a checkout only.
    **({"demo": "demo.run"} if (Path(__file__).parents[1] / "demo" / "run.py").is_file() else {}),
    "status": "lsp_server.cli.status",
    "exec": "lsp_server.cli.execute",
    **dict.fromkeys((*_OPERATIONS, "preview", "retry", "cancel"), "lsp_server.cli.operate"),
    **dict.fromkeys(("outdated", "search"), "lsp_server.cli.look"),
    "doctor": "lsp_server.cli.doctor",
    "shell-init": "lsp_server.cli.shell_init",
    "merge-driver": "lsp_server.cli.merge_driver",
    "forget": "lsp_server.cli.forget",
}
USAGE = 2


_LOG = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _Shown(logging.Formatter):
    """A log is read in a terminal or an editor's panel, and tells what strangers wrote."""

    def format(self, record: logging.LogRecord) -> str:
        return shown.text(super().format(record))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code of docs/protocol.md. What the system refuses is said in one sentence."""
    try:
        code = _main(arguments)
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()
    except Exception as error:
        from lsp_server.cli.failures import explanation  # noqa: PLC0415  most runs need none

        said = explanation(error)
        if said is None:
            raise
        sys.stderr.write(f"pyproject-lsp: {shown.line(said)}\n")
        return 1
    return code


def _is_somewhere() -> bool:
    """Tell whether the current folder is still there. Without one CPython 3.13.0 fails to import, and says no reason."""
    try:
        os.getcwd()  # noqa: PTH109  only whether it is there
    except OSError:
        return False
    return True


def _main(arguments: Sequence[str] | None) -> int:
    # Windows looks for programs in the current folder first, which is a workspace's as often as not; its switch against that.
    os.environ.setdefault("NoDefaultCurrentDirectoryInExePath", "1")
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] != ["exec"] and not _is_somewhere():  # `exec` runs a person's command wherever it is asked to
        sys.stderr.write("pyproject-lsp: the current folder does not exist any more; go to another one\n")
        return 1
    if not words and _is_terminal():
        # A person, not an editor: the server would only wait for a client that never speaks.
        parser_of_all().print_help(sys.stderr)
        return USAGE
    if not words or (words[0].startswith("--") and words[0] not in {"--help", "--version"}):
        words = ["serve", *words]
    if words[0] == "preview" and words[1:2] and words[1] in _OPERATIONS:
        words = [words[1], "--dry-run", *words[2:]]
    _write_anything()
    options = None if words[:2] == ["exec", "--"] else _parser(words[0]).parse_args(words)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    logging.getLogger().handlers[0].setFormatter(_Shown(_LOG))
    # At INFO pygls logs every outgoing body, and it logs a refused request with a traceback.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    # watchdog calls it an error that an event comes while it is being closed.
    logging.getLogger("watchdog").setLevel(logging.CRITICAL)
    if options is None:
        # As the terminal's `uv` calls it: every millisecond here is added to a person's command.
        from lsp_server.cli.execute import in_queue  # noqa: PLC0415  as all the others

        return in_queue(words[2:])
    return int(options.run(options))


def _write_anything() -> None:
    """Let stdout and stderr show each character, whatever their encoding: an edit that is made must not end in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=shown.IN_ASCII)


def _is_terminal() -> bool:
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


def parser_of_all() -> "argparse.ArgumentParser":
    """Return the parser with every command."""
    return _parser("")


def _parser(command: str) -> "argparse.ArgumentParser":
    """Return the parser for one command, or with all of them for what names none (`--help`, a misspelt one)."""
    from lsp_server.cli.parser import Parser  # noqa: PLC0415  `exec --` goes without

    parser = Parser(prog="pyproject-lsp", description="A language server for pyproject.toml, and its queue.")
    parser.add_argument("--version", action="version", version=f"pyproject-lsp {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    modules = [MODULES[command]] if command in MODULES else dict.fromkeys(MODULES.values())
    for module in modules:
        import_module(module).add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
