"""The files of one project, watched as they come: a workspace gets members while the server runs."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lsp_server.adapters import project as projects
from lsp_server.jobs.place import Place


@dataclass(slots=True)
class FilesWatch:
    """Watches every manifest and the lock file. Safe from any thread; `told` is called on the watch's own."""

    place: Place
    told: Callable[[Path], None]
    _cancels: dict[Path, Callable[[], None]] = field(default_factory=dict)
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def look(self) -> None:
        """Watch what is not watched yet, and tell of it once."""
        with self._mutex:
            new = [path for path in projects.files_of(self.place.project) if path not in self._cancels]
            self._cancels |= {path: self.place.watch_file(path, self.told) for path in new}
        for path in new:
            self.told(path)

    def has(self, path: Path) -> bool:
        """Tell whether a file is one of the project's, also one that has just become so."""
        if path not in self._cancels:
            self.look()
        return path in self._cancels

    def close(self) -> None:
        """Watch nothing any more."""
        with self._mutex:
            for cancel in self._cancels.values():
                cancel()
            self._cancels.clear()
