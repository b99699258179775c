"""Status to the client: `pyproject/status` and `experimental/serverStatus`, at most 20 times a second for a project."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from lsp_server import protocol
from lsp_server.client.connection import ERROR, Connection, say
from lsp_server.client.progress import Progress
from lsp_server.jobs.place import now

INTERVAL_SECONDS = 0.05
LATER_SECONDS = 0.01
Status = dict[str, Any]


@dataclass(slots=True)
class StatusFeed:
    """Sends each project's status when it has changed; the last one always, however fast they come."""

    connection: Connection
    loop: asyncio.AbstractEventLoop
    build: Callable[[str], Awaitable[Status]]
    progress: Progress
    _since: str = field(default_factory=now)
    _stale: set[str] = field(default_factory=set)
    _sending: set[str] = field(default_factory=set)
    _sent: dict[str, Status] = field(default_factory=dict)
    _health: Status | None = None
    _announced: set[tuple[str, str]] = field(default_factory=set)

    def changed(self, project: str) -> None:
        """Something changed in a project; may be called from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it the connection
            self.loop.call_soon_threadsafe(self._schedule, project)

    def _schedule(self, project: str) -> None:
        self._stale.add(project)
        if project not in self._sending:
            self._sending.add(project)
            self.connection.later(protocol.STATUS, self._send(project))

    async def _send(self, project: str) -> None:
        try:
            while project in self._stale:
                # What follows an event at once (the commit after a release) goes first and is shown with it.
                await asyncio.sleep(LATER_SECONDS)
                self._stale.discard(project)
                status = await self.build(project)
                if status != self._sent.get(project):
                    self._publish(project, status)
                await asyncio.sleep(INTERVAL_SECONDS)
        finally:
            self._sending.discard(project)

    def _publish(self, project: str, status: Status) -> None:
        self._sent[project] = status
        self.connection.tell(protocol.STATUS, status)
        self._publish_health()
        self.progress.missing(project, {operation["id"] for operation in status["operations"]})
        client = self.connection.session.client
        for operation in status["operations"]:
            if operation["origin"]["pid"] == status["pid"]:
                if client.progress:
                    self.progress.show(project, operation)
                if not client.shows_failures:
                    self._announce(operation)

    def _publish_health(self) -> None:
        health = protocol.server_status(self._sent)
        if self.connection.session.client.server_status and health != self._health:
            self._health = health
            self.connection.tell(protocol.SERVER_STATUS, health)

    def _announce(self, operation: Status) -> None:
        """Show a failure, once. Success needs no message; a failure that nobody sees is a lost edit to who asked."""
        ended = operation["finishedAt"]
        if operation["state"] != "failed" or ended < self._since or (operation["id"], ended) in self._announced:
            return
        self._announced.add((operation["id"], ended))
        say(self.connection, ERROR, f"{operation['title']}: {operation['message']}")
