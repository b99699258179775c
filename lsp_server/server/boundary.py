"""The one boundary around each function of the server's tables: arguments are checked, errors become answers."""

import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError, JsonRpcInvalidParams

from lsp_server.client.capabilities import plain
from lsp_server.core import shown
from lsp_server.core.intent import CHANGING_COMMANDS, BadArgument, not_unicode
from lsp_server.core.operation import Failure
from lsp_server.index.lookups import Lookups
from lsp_server.jobs.office import Office
from lsp_server.server import commands

_log = logging.getLogger(__name__)
OWN_ACTS = CHANGING_COMMANDS | {
    "pyproject.retry",
    "pyproject.preview",
    "pyproject.checkUpgrades",
    "pyproject.audit",
    "pyproject.searchPackages",
}
"""The commands by which a person asks for something in a project; a status is asked for by the editor itself."""


class Host(Protocol):
    """What a command runs in; the server is one."""

    @property
    def lookups(self) -> Lookups:
        """What indexes say of packages."""

    async def office(self) -> Office:
        """Return the office; the first to ask opens it."""


def bound(server: Host, method: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a handler its server, and put the one boundary around it."""

    def at_once(params: Any = None) -> Any:  # noqa: ANN401  as LSP has it
        try:
            return shown.json(function(server, params))
        except Exception as error:  # noqa: BLE001  the boundary: it becomes an answer, and is logged
            raise _internal(method, error) from None

    return at_once


def command(
    server: Host, name: str, run_command: Callable[[Any, Office, Mapping[str, Any]], Awaitable[Any]]
) -> Callable[..., Any]:
    """Return what answers `workspace/executeCommand` for one command: its argument is one object."""

    async def run(*arguments: Any) -> Any:  # noqa: ANN401  JSON
        argument = plain(arguments[0]) if arguments else {}
        if not isinstance(argument, Mapping) or len(arguments) > 1:
            given = argument if len(arguments) == 1 else plain(list(arguments))
            raise JsonRpcInvalidParams(message=BadArgument("arguments", given, "must be a list with one object").message)
        unreadable = not_unicode(argument)
        if unreadable is not None:
            raise JsonRpcInvalidParams(message=unreadable.message)
        if name in OWN_ACTS:
            server.lookups.acted(argument.get("uri"), anew=name == "pyproject.checkUpgrades")
        try:
            answer = await run_command(server, await server.office(), argument)
        except JsonRpcException:
            raise
        except sqlite3.Error as error:
            raise JsonRpcInternalError(message=commands.cannot_write(error)) from None
        except Exception as error:  # noqa: BLE001  the boundary: it becomes an answer, and is logged
            raise _internal("workspace/executeCommand", error) from None
        if isinstance(answer, BadArgument):
            raise JsonRpcInvalidParams(message=shown.line(answer.message))
        if isinstance(answer, Failure):
            data = {"code": answer.code, "detail": shown.text(answer.detail)}
            raise JsonRpcException(message=shown.line(answer.message), code=types.LSPErrorCodes.RequestFailed.value, data=data)
        return shown.json(answer)

    return run


def _internal(method: str, error: Exception) -> JsonRpcException:
    _log.exception("%s failed", method)
    return JsonRpcInternalError(message=shown.line(f"{method} failed: {error}; the server's log has more"))
