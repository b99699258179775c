"""The other processes that have operations in our projects: when one ends, however it went, we look again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from lsp_server.adapters.exits import on_exit
from lsp_server.adapters.processes import ProcessId
from lsp_server.jobs.inherit import others
from lsp_server.jobs.place import Place


@dataclass(slots=True)
class Neighbours:
    """Calls `changed` with a project's URI when a process has ended that had operations there; nobody else would tell."""

    changed: Callable[[str], None]
    _watched: set[tuple[ProcessId, str]] = field(default_factory=set)

    def watch(self, place: Place) -> None:
        """Watch those that have operations in a project now."""
        for owner in others(place):
            key = (owner, place.project.uri)
            if key not in self._watched:
                self._watched.add(key)
                on_exit(owner, partial(self._ended, key))

    def _ended(self, key: tuple[ProcessId, str]) -> None:
        self._watched.discard(key)
        self.changed(key[1])
