"""Which process stands before a lock, and who has it: told by Linux's table of locks, and by nothing elsewhere.

uv waits in silence, for its own locks and for those in its cache: the first build of a source has one, and whoever needs
the same build waits for it.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from lsp_server.adapters import proclocks

_log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""How often it is looked: a wait that is shorter needs no word."""


@dataclass(frozen=True, slots=True)
class LockWait:
    """One wait. `holder` and `path` are None where they cannot be told."""

    waiter: int
    holder: int | None
    path: Path | None


def of(pids: Iterable[int]) -> LockWait | None:
    """Return on what the first of some processes that stands before a lock waits; None where none does, or nobody tells."""
    if not proclocks.is_available():
        return None
    among = set(pids)
    entries = tuple(proclocks.entries())
    waiting = next((entry for entry in entries if entry.is_waiter and entry.pid in among), None)
    if waiting is None:
        return None
    file = (waiting.device, waiting.inode)
    holder = next((each.pid for each in entries if not each.is_waiter and (each.device, each.inode) == file), None)
    return LockWait(waiting.pid, holder, _path(waiting.pid, waiting.inode))


def of_family(pid: int) -> LockWait | None:
    """Return on what a process waits, or one below it."""
    try:
        below = psutil.Process(pid).children(recursive=True)
    except (psutil.Error, OSError):
        return None
    return of([pid, *(child.pid for child in below)])


def follow(look: Callable[[], LockWait | None], tell: Callable[[LockWait | None], None]) -> Callable[[], None]:
    """Look again and again, and tell what is news, on a thread of its own; return what ends that.

    `tell` is called with None when a wait that was told is over, and never again after the end. Nothing is done where
    nobody tells.
    """
    if not proclocks.is_available():
        return lambda: None
    ended = threading.Event()

    def run() -> None:
        known: LockWait | None = None
        while not ended.wait(LOOK_SECONDS):
            try:
                present = look()
                if present != known:
                    known = present
                    tell(present)
            except Exception:  # noqa: BLE001  the boundary of this thread: it only tells
                _log.exception("who is waited for could not be told")

    thread = threading.Thread(target=run, name="lock waits", daemon=True)
    thread.start()

    def end() -> None:
        ended.set()
        thread.join()

    return end


def _path(pid: int, inode: int) -> Path | None:
    """Return the file of that number that a process has open."""
    with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
        for descriptor in descriptors:
            with suppress(OSError):
                if os.stat(descriptor.path).st_ino == inode:  # noqa: PTH116  as all that looks at many descriptors
                    return Path(os.readlink(descriptor.path))  # noqa: PTH115  as above
    return None
