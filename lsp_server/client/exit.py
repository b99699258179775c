"""The end of a server whose client is gone: LSP 3.17, "InitializeParams.processId", and the end of its standard input.

However it goes, the process ends within two seconds, whatever its threads do: one may wait for a disk or read a tree of
somebody who meant it badly. What a killed process leaves is settled by the next one (`jobs/recover.py`).
"""

import logging
import os
import select
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

import psutil

from lsp_server.adapters import processes
from lsp_server.adapters.exits import on_exit

_log = logging.getLogger(__name__)

SECONDS = 1.6
"""So long the work may be ended in order. A uv that is interrupted has 1.2 s of it to roll back."""
_UNASKED = 1


def end_with(client_pid: int, close: Callable[[], None]) -> None:
    """End this process when the client has ended, however it went: its end of our stdin may live on in a child of its own.

    A pid that is unknown here may be one of another container, so it says nothing.
    """
    client = processes.of(client_pid)
    if client is None:
        return

    def end() -> None:
        end_soon(lambda: _UNASKED)
        _log.warning("the client (pid %s) is gone", client_pid)
        try:
            close()
        finally:
            os._exit(_UNASKED)

    on_exit(client, end)


def end_soon(code: Callable[[], int]) -> None:
    """End this process and all that it started after `SECONDS`, unless it has ended in order by then.

    Args:
        code: the exit code.

    """

    def end() -> None:
        _log.warning("not ended in order within %s s", SECONDS)
        with suppress(psutil.Error):
            for child in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    child.kill()
        os._exit(code())

    timer = threading.Timer(SECONDS, end)
    timer.daemon = True
    timer.start()


def end_with_input(code: Callable[[], int], descriptor: int = 0) -> None:
    """End this process soon after the other end of a pipe or socket was closed, even if nobody reads it any more.

    Nothing is read here. On Windows a pipe cannot be watched so, and the client's process alone tells.
    """
    if sys.platform != "win32":

        def wait() -> None:
            poll = select.poll()
            poll.register(descriptor, select.POLLHUP | getattr(select, "POLLRDHUP", 0))
            with suppress(OSError):
                poll.poll()
                end_soon(code)

        threading.Thread(target=wait, name="end-of-input", daemon=True).start()
