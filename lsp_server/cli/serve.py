"""`pyproject-lsp serve`: the language server, over stdio or for one client on a TCP port."""

import argparse
import os
import signal
import sys
from contextlib import ExitStack, suppress
from typing import BinaryIO, cast

from lsp_server.cli import shared, tcp

_LAST_PORT = 65535
_INTERRUPTED = 130


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser("serve", help="the language server (the default)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--stdio", action="store_true", help="over standard input and output (the default)")
    where.add_argument("--tcp", metavar="HOST:PORT", help="wait for one client on a TCP port, who has to send the printed token")
    parser.add_argument("--allow-remote", action="store_true", help="with --tcp, also on an address that other machines reach")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until the client is gone."""
    from lsp_server.client.exit import end_soon, end_with_input  # noqa: PLC0415  `--help` needs none of it
    from lsp_server.client.wire import Frames  # noqa: PLC0415  nor this
    from lsp_server.server.app import build  # noqa: PLC0415  nor this

    host, _, port = (options.tcp or "").rpartition(":")
    if options.tcp and not (port.isascii() and port.isdecimal() and int(port) <= _LAST_PORT):
        shared.complain(f"--tcp takes HOST:PORT, such as 127.0.0.1:4040, with a port up to {_LAST_PORT}, not '{options.tcp}'")
        return shared.USAGE
    host = host.strip("[]") or tcp.LOOPBACK
    if options.tcp and not options.allow_remote and not tcp.is_loopback(host):
        shared.complain(
            f"--tcp {options.tcp} would let other machines in, without encryption; use 127.0.0.1, or say --allow-remote too"
        )
        return shared.USAGE
    # A worker that is woken by the release of a lock must not wait the default 5 ms for a thread that makes a status.
    sys.setswitchinterval(0.0005)
    _let_uv_hear_interrupts()
    if not options.tcp and sys.stdin is not None and sys.stdin.isatty():
        _end_with_an_interrupt()
    server = build()
    # A client that is lost is the end of its file.
    with ExitStack() as stack, suppress(ConnectionError):
        stack.callback(server.close)
        stack.callback(end_soon, lambda: server.exit_code)
        if options.tcp:
            try:
                reader, writer = tcp.one_client(host, int(port))
            except OSError as error:
                shared.complain(f"cannot listen on {options.tcp}: {error.strerror or error}; choose another address or port")
                return shared.USAGE
            stack.callback(reader.close)
            server.start_io(cast("BinaryIO", Frames(cast("BinaryIO", reader))), writer)
        else:
            end_with_input(lambda: server.exit_code)
            server.start_io(cast("BinaryIO", Frames(sys.stdin.buffer)))
    return server.exit_code


def _end_with_an_interrupt() -> None:
    """Tell a person at a terminal what happens, and end with their Ctrl-C: no editor is there that would end us."""
    signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(_INTERRUPTED))
    shared.complain("this is the language server: it waits for an editor on standard input. Ctrl-C ends it.")


def _let_uv_hear_interrupts() -> None:
    """Let a uv that we interrupt hear it and roll back, also where we ourselves are to ignore interrupts.

    What a script starts by `&` ignores them, an editor and its server too, and so would all that it starts; a handler is
    not inherited (POSIX, `exec`). Ours goes on ignoring them.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda _number, _frame: None)
