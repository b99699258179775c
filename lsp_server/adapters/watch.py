"""File events: a lock that may have been given back, a manifest that somebody wrote.

Every call is a hint to look again, never a statement: events are merged, doubled, and sometimes come without reason.
All calls come one after the other on one thread of the watch, never on the caller's. A callback must be short: it
hands its work to its own thread or loop, and merges what comes in a burst.

Register first, then look, then wait: whatever happens after the registration brings a call.
"""

import errno
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from lsp_server.adapters.exits import Cancel
from lsp_server.adapters.folders import ANCHOR, FILE, LOCK, Folders, Interest, UnwatchableError, paths_of
from lsp_server.adapters.lockprobe import LockProbe

_log = logging.getLogger(__name__)

Kind = Literal["inotify", "native", "polling"]
"""How changes are seen: inotify (files and locks), another system's events (files only), or by looking (all)."""

POLL_SECONDS = 0.05
"""How often a lock is looked at where no event tells that it was given back."""
# The same while it is free. On Windows a look takes the lock, and a uv that comes in that moment says that it waits.
_FREE_POLL_SECONDS = 0.5 if sys.platform == "win32" else POLL_SECONDS
_FILE_POLL_SECONDS = 0.25
_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.ENOSYS})


@dataclass(eq=False, slots=True)
class _Subscription:
    folder: Path
    names: frozenset[str]
    interest: Interest
    callback: Callable[[Path], None]
    probe: LockProbe | None = None
    # What the last look saw; before the first one it counts as held, so that the first one tells that it is free.
    is_held: bool = True
    # Where the folder really is now, and the names that lead to it: when one of those changes, the folder is another
    # one, or none, even if nothing in it changed.
    place: Path | None = None
    leads: frozenset[Path] = field(default=frozenset())

    def arm(self) -> Iterator[tuple[Path, Interest]]:
        """What must be watched now, given what exists now."""
        existing = next(each for each in (self.folder, *self.folder.parents) if each.is_dir())
        if existing == self.folder:
            self.place = existing.resolve()
            yield self.place, self.interest
            anchor, name = self.folder.parent.resolve(), self.folder.name
        else:
            self.place = None
            anchor, name = existing.resolve(), self.folder.relative_to(existing).parts[0]
        self.leads = frozenset({anchor, anchor / name})
        yield anchor, ANCHOR


class Watch:
    """All file watching of the process: one observer, and one thread that makes the calls.

    Args:
        kind: how to see changes; default is the best of this system. It falls back to "polling" by itself when the
            system's limit of watches is reached, which `kind` then says.
    """

    def __init__(self, kind: Kind | None = None) -> None:
        self.kind: Kind = kind or ("inotify" if sys.platform == "linux" else "native")
        self._lock = threading.Lock()
        self._subscriptions: list[_Subscription] = []
        self._events: queue.SimpleQueue[tuple[Path, FileSystemEvent] | None] = queue.SimpleQueue()
        self._is_open = True
        self._folders = self._observe()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def lock_file(self, path: Path, callback: Callable[[Path], None]) -> Cancel:
        """Calls `callback(path)` whenever the lock on `path` may have been given back, also by a killed holder.

        inotify: when a descriptor of the file is closed or the file is deleted. Elsewhere: when it is free at the first
        look, and when it is free where the look before saw it held; what is held for less than `POLL_SECONDS` may go
        unseen. Neither the file nor its folder need exist.
        """
        return self._subscribe(_Subscription(path.parent.absolute(), frozenset({path.name}), LOCK, callback))

    def files(self, folder: Path, names: set[str], callback: Callable[[Path], None]) -> Cancel:
        """Calls `callback(folder / name)` when one of `names` in `folder` was written, created, replaced or deleted.

        Not for what happens in folders below, and not for mere reading. Survives that the folder is deleted, moved or
        replaced, or deleted together with folders above it, and then calls for each of the names. That a folder
        further up was *moved* is not seen. A folder that cannot be looked at (a dead mount) is not watched any more.
        """
        return self._subscribe(_Subscription(folder.absolute(), frozenset(names), FILE, callback))

    def close(self) -> None:
        """Ends all subscriptions and threads; no call begins afterwards."""
        with self._lock:
            if not self._is_open:
                return
            self._is_open = False
            for subscription in self._subscriptions:
                _close_probe(subscription)
            self._subscriptions.clear()
        self._events.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._folders.close()

    def _subscribe(self, subscription: _Subscription) -> Cancel:
        with self._lock:
            self._subscriptions.append(subscription)
            self._arm(frozenset())
        self._wake()

        def cancel() -> None:
            with self._lock:
                if subscription in self._subscriptions:
                    self._subscriptions.remove(subscription)
                    _close_probe(subscription)
                    self._arm(frozenset())

        return cancel

    def _observe(self) -> Folders:
        try:
            observer: BaseObserver = PollingObserver(timeout=_FILE_POLL_SECONDS) if self.kind == "polling" else Observer()
        except OSError as error:
            if error.errno not in _LIMITS:
                raise
            _log.warning("file events are not available (%s), looking at files instead", error)
            self.kind = "polling"
            observer = PollingObserver(timeout=_FILE_POLL_SECONDS)
        return Folders(observer, self._forward)

    def _forward(self, folder: Path) -> FileSystemEventHandler:
        return _Forward(folder, self._events)

    def _wake(self) -> None:
        """Lets the thread look at its subscriptions again: a lock may have to be polled from now on."""
        self._events.put((Path(), FileSystemEvent("")))

    def _arm(self, stale: frozenset[Path]) -> None:
        """Makes the observer watch what the subscriptions need now; `stale` folders are watched anew in any case."""
        while True:
            try:
                self._folders.keep(self._needs, stale)
            except UnwatchableError as error:
                if error.errno in _LIMITS and self.kind != "polling":
                    _log.warning("no more file events (%s), looking at files instead", error)
                    self.kind = "polling"
                    self._folders.close()
                    self._folders = self._observe()
                    continue
                blamed = [each for each in self._subscriptions if error.folder == each.place or error.folder in each.leads]
                if not blamed:
                    raise  # nobody's: asking again would change nothing
                for subscription in blamed:
                    self._take_away(subscription, error)
            else:
                return

    def _take_away(self, subscription: _Subscription, error: OSError) -> None:
        """Ends one subscription, so that the others go on."""
        _log.warning("%s is not watched any more: %s", subscription.folder, error)
        self._subscriptions.remove(subscription)
        _close_probe(subscription)

    def _needs(self) -> dict[Path, Interest]:
        needs: dict[Path, Interest] = {}
        for subscription in tuple(self._subscriptions):
            if subscription.interest is LOCK and self.kind != "inotify":
                subscription.probe = subscription.probe or LockProbe(_only_path(subscription))
                continue
            try:
                wanted = tuple(subscription.arm())
            except OSError as error:
                self._take_away(subscription, error)
                continue
            for folder, interest in wanted:
                needs[folder] = needs.get(folder, frozenset()) | interest
        return needs

    def _run(self) -> None:
        last_look = 0.0
        while self._is_open:
            try:
                last_look = self._step(last_look)
            except Exception:  # noqa: BLE001  the boundary of this thread: without it nothing would be seen any more
                _log.exception("an event could not be handled; everybody looks again")
                last_look = time.monotonic()
                for subscription in tuple(self._subscriptions):
                    self._call(subscription, subscription.names)

    def _step(self, last_look: float) -> float:
        """Handle the next event, or look at the locks when that is due; return when they were looked at last."""
        polled = [each for each in tuple(self._subscriptions) if each.probe is not None]
        pause = POLL_SECONDS if any(each.is_held for each in polled) else _FREE_POLL_SECONDS
        patience = max(0.0, last_look + pause - time.monotonic()) if polled else None
        try:
            item = self._events.get(timeout=patience)
        except queue.Empty:
            self._look_at_locks(polled)
            return time.monotonic()
        if item is not None:
            self._handle(*item)
        return last_look

    def _look_at_locks(self, polled: list[_Subscription]) -> None:
        for subscription in polled:
            with self._lock:
                probe = subscription.probe if subscription in self._subscriptions else None
                was_held = probe is not None and subscription.is_held
                subscription.is_held = probe is not None and _is_held(probe)
            if was_held and not subscription.is_held:
                self._call(subscription, subscription.names)

    def _handle(self, folder: Path, event: FileSystemEvent) -> None:
        paths = paths_of(event)
        may_be_another_folder = isinstance(event, tuple(ANCHOR))
        present = tuple(self._subscriptions)
        led = [each for each in present if may_be_another_folder and each.leads & paths]
        # The watch of a deleted folder is dead even when a new folder has its name: all of them are made anew. What happens
        # in these folders meanwhile is not seen, so whoever watches one of them for something else has to look as well.
        stale = frozenset[Path]().union(*(each.leads | {each.place or each.folder} for each in led))
        unseen = [each for each in present if each in led or each.place in stale]
        if stale:
            with self._lock:
                self._arm(stale)
        for subscription in present:
            if subscription in unseen:
                self._call(subscription, subscription.names)
            elif folder == subscription.place and isinstance(event, tuple(subscription.interest)):
                self._call(subscription, subscription.names & {path.name for path in paths if path.parent == folder})

    def _call(self, subscription: _Subscription, names: frozenset[str]) -> None:
        for name in sorted(names):
            if subscription not in self._subscriptions:
                return
            try:
                subscription.callback(subscription.folder / name)
            except Exception:  # noqa: BLE001 (one broken callback must not end all watching)
                _log.exception("the callback for %s failed", subscription.folder / name)


class _Forward(FileSystemEventHandler):
    """Runs on the observer's thread under the observer's lock, so it does no more than pass the event on."""

    def __init__(self, folder: Path, events: "queue.SimpleQueue[tuple[Path, FileSystemEvent] | None]") -> None:
        self._folder = folder
        self._events = events

    def dispatch(self, event: FileSystemEvent) -> None:
        self._events.put((self._folder, event))


def _only_path(subscription: _Subscription) -> Path:
    return subscription.folder / next(iter(subscription.names))


def _is_held(probe: LockProbe) -> bool:
    try:
        return probe.is_held()
    except OSError:
        return False  # whoever tries to take it will learn the reason


def _close_probe(subscription: _Subscription) -> None:
    if subscription.probe is not None:
        subscription.probe.close()
