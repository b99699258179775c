"""`pyproject-lsp serve`: the language server, over stdio or for one client on a TCP port."""

import argparse
import sys

from lsp_server.cli import shared


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser("serve", help="the language server (the default)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--stdio", action="store_true", help="over standard input and output (the default)")
    where.add_argument("--tcp", metavar="HOST:PORT", help="wait for one client on a TCP port")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until the client is gone."""
    from lsp_server.server import build  # noqa: PLC0415  `--help` needs none of it

    host, _, port = (options.tcp or "").rpartition(":")
    if options.tcp and not port.isdigit():
        shared.complain(f"--tcp takes HOST:PORT, such as 127.0.0.1:4040, not '{options.tcp}'")
        return shared.USAGE
    # A worker that is woken by the release of a lock must not wait the default 5 ms for a thread that makes a status.
    sys.setswitchinterval(0.0005)
    server = build()
    try:
        if options.tcp:
            server.start_tcp(host or "127.0.0.1", int(port))
        else:
            server.start_io()
    finally:
        server.close()
    return server.exit_code
