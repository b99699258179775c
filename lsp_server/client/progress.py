"""`$/progress` for the operations of this server: what a client shows that knows nothing of ours."""

from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass, field
from typing import Any

from lsp_server.core.operation import FINISHED

Operation = dict[str, Any]


@dataclass(slots=True)
class _Bar:
    """One token: asked for, then begun once the client has agreed, then ended."""

    project: str
    title: str
    begun: bool = False
    latest: dict[str, Any] | None = None
    sent: dict[str, Any] | None = None
    end: dict[str, Any] | None = None


@dataclass(slots=True)
class Progress:
    """Shows operations; a client that is slow to agree, refuses or never answers holds up nothing."""

    notify: Callable[[str, Any], None]
    request: Callable[[str, Any], Awaitable[Any]]
    later: Callable[[str, Coroutine[Any, Any, Any]], None]
    _bars: dict[str, _Bar] = field(default_factory=dict)

    def show(self, project: str, operation: Operation) -> None:
        """Show an operation as it is now."""
        token, state = operation["id"], operation["state"]
        bar = self._bars.get(token)
        if state in FINISHED:
            if bar is not None:
                del self._bars[token]
                bar.end = {"kind": "end", "message": operation["message"] or state}
                self._send(token, bar)
            return
        if bar is None:
            bar = self._bars[token] = _Bar(project, operation["title"])
            self.later("window/workDoneProgress/create", self._create(token, bar))
        message = operation["message"] or state
        bar.latest = {"kind": "report", "message": message, "cancellable": state != "committing"}
        self._send(token, bar)

    def missing(self, project: str, tokens: Collection[str]) -> None:
        """End what is shown of operations that a status does not name any more: more of them finished than it holds."""
        gone = [token for token, bar in self._bars.items() if bar.project == project and token not in tokens]
        for token in gone:
            bar = self._bars.pop(token)
            bar.end = {"kind": "end", "message": "finished"}
            self._send(token, bar)

    async def _create(self, token: str, bar: _Bar) -> None:
        await self.request("window/workDoneProgress/create", {"token": token})
        bar.begun = True
        self._tell(token, {"kind": "begin", "title": bar.title, "cancellable": True})
        self._send(token, bar)

    def _send(self, token: str, bar: _Bar) -> None:
        if not bar.begun:
            return
        if bar.latest is not None and bar.latest != bar.sent:
            bar.sent = bar.latest
            self._tell(token, bar.latest)
        if bar.end is not None:
            self._tell(token, bar.end)

    def _tell(self, token: str, value: dict[str, Any]) -> None:
        self.notify("$/progress", {"token": token, "value": value})
