"""The end of a server whose client is gone: LSP 3.17, "InitializeParams.processId"."""

import logging
import os
from collections.abc import Callable

from lsp_server.adapters import processes
from lsp_server.adapters.exits import on_exit

_log = logging.getLogger(__name__)


def end_with(client_pid: int, close: Callable[[], None]) -> None:
    """End this process when the client has ended, however it went: its end of our stdin may live on in a child of its own.

    A pid that is unknown here may be one of another container, so it says nothing.
    """
    client = processes.of(client_pid)
    if client is None:
        return

    def end() -> None:
        _log.warning("the client (pid %s) is gone", client_pid)
        try:
            close()
        finally:
            os._exit(1)

    on_exit(client, end)
