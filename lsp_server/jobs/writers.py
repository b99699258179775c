"""The uvs that write manifests of a project: who they are, when they began, and when they ended."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsp_server.adapters.exits import Cancel, on_exit
from lsp_server.adapters.live import UvProcess, working_in
from lsp_server.adapters.processes import clock, is_alive
from lsp_server.core.rebase import Uv
from lsp_server.jobs import remembered

# A uv that has ended is remembered: on a busy machine a text, or a save, is heard of later than the disk shows it.
LATE_SECONDS = 30.0


@dataclass(slots=True)
class Writers:
    """Keeps who may have written. Safe from any thread; `ended` is called when one has ended, on a thread of its own.

    Args:
        root: the project's.
        at_work: looks which uv processes are at work in it.
        ended: wakes whoever waits for that.

    """

    root: Path
    at_work: Callable[[], Sequence[UvProcess]]
    ended: Callable[[], None]
    _known: dict[str, tuple[UvProcess, Uv, float]] = field(default_factory=dict)
    _awaited: dict[str, Cancel] = field(default_factory=dict)
    _mutex: threading.RLock = field(default_factory=threading.RLock)

    def look(self, others: Sequence[UvProcess] = ()) -> None:
        """Look who is at work now; `others` were seen a moment ago, of any project."""
        present = clock()
        for each in (*working_in(self.root, others), *self.at_work()):
            if each.writes_manifest:
                self.remember(each, remembered.uv(each), present)

    def remember(self, process: UvProcess, uv: Uv, seen: float) -> None:
        """Remember a uv, and when it ends."""
        with self._mutex:
            known = self._known.get(uv.name)
            self._known[uv.name] = (process, known[1] if known else uv, seen)
            is_new = uv.name not in self._awaited
            self._awaited.setdefault(uv.name, lambda: None)
        if is_new:
            self._awaited[uv.name] = on_exit(process, lambda: self._has_ended(uv.name))

    def _has_ended(self, name: str) -> None:
        with self._mutex:
            if name in self._known:
                process, uv, seen = self._known[name]
                self._known[name] = (process, replace(uv, ended=clock()), seen)
        self.ended()

    def known(self) -> tuple[Uv, ...]:
        """Return all that are at work, or were lately."""
        with self._mutex:
            return tuple(uv for _, uv, _ in self._known.values())

    def living(self) -> tuple[Uv, ...]:
        """Return those that live."""
        with self._mutex:
            return tuple(uv for process, uv, _ in self._known.values() if uv.ended is None and is_alive(process))

    def title(self, names: Sequence[str]) -> str:
        """Say who the first of these is that is known."""
        with self._mutex:
            return next((self._known[each][1].title for each in names if each in self._known), "another program")

    def forget(self) -> None:
        """Forget those that ended long ago."""
        with self._mutex:
            late = [
                name for name, (_, uv, _) in self._known.items() if uv.ended is not None and clock() - uv.ended > LATE_SECONDS
            ]
            for name in late:
                del self._known[name]
                self._awaited.pop(name)()

    def close(self) -> None:
        """Wait for nobody's end any more."""
        with self._mutex:
            cancels = list(self._awaited.values())
        for cancel in cancels:
            cancel()
