"""The command line."""

import argparse
import logging
import sys
from collections.abc import Sequence

import lsp_server.demo.run as demo
from lsp_server import __version__
from lsp_server.cli import doctor, execute, operate, status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code of docs/protocol.md."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or (words[0].startswith("--") and words[0] not in {"--help", "--version"}):
        words = ["serve", *words]
    parser = _parser()
    options = parser.parse_args(words)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # At INFO pygls logs every outgoing body, and it logs a refused request with a traceback.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    # watchdog calls it an error that an event comes while it is being closed.
    logging.getLogger("watchdog").setLevel(logging.CRITICAL)
    return int(options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pyproject-lsp", description=__doc__)
    parser.add_argument("--version", action="version", version=f"pyproject-lsp {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="the language server (the default)")
    where = serve.add_mutually_exclusive_group()
    where.add_argument("--stdio", action="store_true", help="over standard input and output (the default)")
    where.add_argument("--tcp", metavar="HOST:PORT", help="wait for one client on a TCP port")
    serve.set_defaults(run=_serve)
    for command in (demo, status, execute, operate, doctor):
        command.add(commands)
    return parser


def _serve(options: argparse.Namespace) -> int:
    from lsp_server.server import build  # noqa: PLC0415  the other commands start without pygls

    # A worker that is woken by the release of a lock must not wait the default 5 ms for a thread that makes a status.
    sys.setswitchinterval(0.0005)
    server = build()
    try:
        if options.tcp:
            host, _, port = options.tcp.rpartition(":")
            server.start_tcp(host or "127.0.0.1", int(port))
        else:
            server.start_io()
    finally:
        server.close()
    return server.exit_code


if __name__ == "__main__":
    sys.exit(main())
