"""Status to the client: `pyproject/status`, `$/progress` and `experimental/serverStatus`, at most 20 times a second."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from lsp_server import protocol
from lsp_server.core.operation import FINISHED
from lsp_server.session import Session

_log = logging.getLogger(__name__)

INTERVAL_SECONDS = 0.05
_ERROR = 1
Status = dict[str, Any]


@dataclass(slots=True)
class StatusFeed:
    """Sends each project's status when it has changed; the last one always, however fast they come."""

    session: Session
    loop: asyncio.AbstractEventLoop
    build: Callable[[str], Awaitable[Status]]
    notify: Callable[[str, Any], None]
    request: Callable[[str, Any], Awaitable[Any]]
    _stale: set[str] = field(default_factory=set)
    _sending: set[str] = field(default_factory=set)
    _sent: dict[str, Status] = field(default_factory=dict)
    _progress: set[str] = field(default_factory=set)

    def changed(self, project: str) -> None:
        """Something changed in a project; may be called from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it the connection
            self.loop.call_soon_threadsafe(self._schedule, project)

    def _schedule(self, project: str) -> None:
        self._stale.add(project)
        if project not in self._sending:
            self._sending.add(project)
            task = self.loop.create_task(self._send(project))
            task.add_done_callback(_report)

    async def _send(self, project: str) -> None:
        try:
            while project in self._stale:
                self._stale.discard(project)
                status = await self.build(project)
                if status != self._sent.get(project):
                    await self._publish(project, status)
                await asyncio.sleep(INTERVAL_SECONDS)
        finally:
            self._sending.discard(project)

    async def _publish(self, project: str, status: Status) -> None:
        before = self._sent.get(project, {"operations": []})
        self._sent[project] = status
        self.notify(protocol.STATUS, status)
        if self.session.client.server_status:
            self.notify(protocol.SERVER_STATUS, protocol.server_status(self._sent))
        known = {operation["id"]: operation["state"] for operation in before["operations"]}
        for operation in status["operations"]:
            await self._show(operation, known.get(operation["id"]))

    async def _show(self, operation: Status, before: str | None) -> None:
        token, state = operation["id"], operation["state"]
        if not self._is_ours(operation):
            return
        if state not in FINISHED:
            if token not in self._progress and self.session.client.progress:
                self._progress.add(token)
                await self.request("window/workDoneProgress/create", {"token": token})
                begin = {"kind": "begin", "title": operation["title"], "cancellable": True}
                self.notify("$/progress", {"token": token, "value": begin})
            if token in self._progress:
                value = {
                    "kind": "report",
                    "message": operation["message"] or state,
                    "cancellable": state != "committing",
                }
                self.notify("$/progress", {"token": token, "value": value})
            return
        if token in self._progress:
            self._progress.discard(token)
            end = {"kind": "end", "message": operation["message"] or state}
            self.notify("$/progress", {"token": token, "value": end})
        if state == "failed" and before is not None and before not in FINISHED:
            # Success needs no message; a failure that nobody sees is a lost edit for the one who asked.
            self.notify(
                "window/showMessage", {"type": _ERROR, "message": f"{operation['title']}: {operation['message']}"}
            )

    def _is_ours(self, operation: Status) -> bool:
        return bool(operation["origin"]["client"] == self.session.client.name)


def _report(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and task.exception() is not None:
        _log.error("a status could not be sent", exc_info=task.exception())
