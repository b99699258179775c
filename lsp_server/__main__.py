"""The command line: each command's module is imported when it is asked for, so that none waits for another's imports."""

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

from lsp_server import __version__

_OPERATIONS = ("add", "remove", "upgrade", "bump", "move", "lock", "sync", "undo")
MODULES: Mapping[str, str] = {
    "serve": "lsp_server.cli.serve",
    "demo": "lsp_server.demo.run",
    "status": "lsp_server.cli.status",
    "exec": "lsp_server.cli.execute",
    **dict.fromkeys(_OPERATIONS, "lsp_server.cli.operate"),
    "doctor": "lsp_server.cli.doctor",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code of docs/protocol.md."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or (words[0].startswith("--") and words[0] not in {"--help", "--version"}):
        words = ["serve", *words]
    options = _parser(words[0]).parse_args(words)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # At INFO pygls logs every outgoing body, and it logs a refused request with a traceback.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    # watchdog calls it an error that an event comes while it is being closed.
    logging.getLogger("watchdog").setLevel(logging.CRITICAL)
    return int(options.run(options))


def _parser(command: str) -> argparse.ArgumentParser:
    """Return the parser for one command, or with all of them for what names none (`--help`, a misspelt one)."""
    parser = argparse.ArgumentParser(prog="pyproject-lsp", description="A language server for pyproject.toml, and its queue.")
    parser.add_argument("--version", action="version", version=f"pyproject-lsp {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    modules = [MODULES[command]] if command in MODULES else dict.fromkeys(MODULES.values())
    for module in modules:
        import_module(module).add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
