"""Which folders the observer watches, and for which events: one watch for each folder, never two.

watchdog keeps one set of wanted events for each folder and system watch, and a second watch of the same folder with
other events replaces the first one's set without a word. So all that is wanted of a folder goes into one watch.

For a folder that only holds a lock, moves are left out: watchdog holds back everything behind an unmatched move for
0.5 s, which would be 0.5 s between a release and its event.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileClosedNoWriteEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver, ObservedWatch

Interest = frozenset[type[FileSystemEvent]]

LOCK: Interest = frozenset({FileClosedEvent, FileClosedNoWriteEvent, FileDeletedEvent})
"""A descriptor was closed, which gives its lock back; or the lock file was deleted."""

FILE: Interest = frozenset({FileModifiedEvent, FileClosedEvent, FileCreatedEvent, FileDeletedEvent, FileMovedEvent})
"""A file has other content, or another file has its name. Opening and closing without writing are left out."""

ANCHOR: Interest = frozenset(
    {DirCreatedEvent, DirDeletedEvent, DirMovedEvent, FileCreatedEvent, FileDeletedEvent, FileMovedEvent}
)
"""A name leads to another folder now (a symbolic link counts as a file)."""

_ATTEMPTS = 20


class UnwatchableError(OSError):
    """The system refuses to watch a folder, or any more of them."""

    def __init__(self, folder: Path, reason: OSError) -> None:
        super().__init__(reason.errno, reason.strerror, str(folder))
        self.folder = folder


class Folders:
    """The watches of one observer, which it starts and ends."""

    def __init__(self, observer: BaseObserver, handler: Callable[[Path], FileSystemEventHandler]) -> None:
        self._observer = observer
        self._handler = handler
        self._watches: dict[Path, tuple[Interest, ObservedWatch]] = {}
        observer.start()

    def keep(self, needs: Callable[[], dict[Path, Interest]], stale: frozenset[Path]) -> None:
        """Watches exactly what `needs` says, again and again until what exists no longer changes underneath.

        Args:
            needs: what is wanted of which canonical folder; asked again after each change.
            stale: folders that may be other folders now under the same name; their watches are made anew.

        Raises:
            UnwatchableError: the system's limit of watches is reached, or a folder may not be watched.
        """
        for folder in stale & self._watches.keys():
            self._drop(folder)
        for _ in range(_ATTEMPTS):
            wanted = needs()
            if wanted == {folder: interest for folder, (interest, _) in self._watches.items()}:
                return
            for folder, interest in wanted.items():
                self._watch(folder, interest)
            for folder in self._watches.keys() - wanted.keys():
                self._drop(folder)

    def close(self) -> None:
        """Ends the observer and its threads."""
        self._watches.clear()
        self._observer.stop()
        self._observer.join()

    def _watch(self, folder: Path, interest: Interest) -> None:
        before = self._watches.get(folder)
        if before is not None and before[0] == interest:
            return
        with suppress(FileNotFoundError, NotADirectoryError):  # it went meanwhile; `keep` asks again
            # The new watch first: for a moment there are both, and no moment is without.
            handler = self._handler(folder)
            try:
                watch = self._observer.schedule(handler, str(folder), event_filter=list(interest))
            except OSError as error:
                if isinstance(error, FileNotFoundError | NotADirectoryError):
                    raise
                raise UnwatchableError(folder, error) from error
            self._watches[folder] = (interest, watch)
            if before is not None:
                self._forget(before[1])

    def _drop(self, folder: Path) -> None:
        self._forget(self._watches.pop(folder)[1])

    def _forget(self, watch: ObservedWatch) -> None:
        with suppress(KeyError):
            self._observer.unschedule(watch)


def paths_of(event: FileSystemEvent) -> frozenset[Path]:
    """The one or two paths an event is about."""
    return frozenset(Path(_text(path)) for path in (event.src_path, event.dest_path) if path)


def _text(path: bytes | str) -> str:
    return path if isinstance(path, str) else path.decode("utf-8", "surrogateescape")
