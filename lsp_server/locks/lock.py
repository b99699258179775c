"""Exclusion between processes: one mutex for a lock file, and several taken together.

Nothing here waits. A lock is had now or not at all; waiting is the caller's business, with no lock in hand and
with somebody to name. The lock is flock(2) on Unix and LockFileEx on Windows (through filelock), the same as uv's,
so that uv and we exclude each other. The system frees it when the holder dies, however it dies.
"""

import os
from pathlib import Path

from filelock import FileLock, Timeout

from lsp_server.adapters.private import FILE, folder
from lsp_server.locks import holder
from lsp_server.locks.rank import Rank, enter, leave


class FileMutex:
    """An exclusive lock on one file, taken and given back by the same thread.

    The file is left in place when the lock is given back: removing it would part those who wait for the old file
    from those who open a new one.

    Args:
        path: the lock file. Its folder is created only for a manifest lock; the folders of uv's locks are uv's.
        rank: where the lock stands in the one order of all locks.
        title: for a manifest lock, what the holder does, shown to those who wait (default: the command line).
    """

    def __init__(self, path: Path, rank: Rank, title: str | None = None) -> None:
        self.path = path
        self.rank = rank
        self._title = title
        self._descriptor = -1
        self._lock = FileLock(
            path,
            # As uv does: another user's uv must be able to open its locks. Ours stand in the state folder.
            mode=FILE if rank is Rank.MANIFEST else 0o666,
            thread_local=False,
            blocking=False,
            is_singleton=False,
            fallback_to_soft=False,  # a lock by existence would not exclude uv
            preserve_lock_file=True,  # Windows would unlink it
            on_acquired=self._keep_descriptor,
        )

    @property
    def is_held(self) -> bool:
        """Whether this object holds its lock."""
        return self._lock.is_locked

    def try_acquire(self) -> bool:
        """Takes the lock now or not at all.

        Returns:
            False when somebody else holds it, when the folder of one of uv's locks does not exist (any more), or when
            the environment was replaced in this moment: `uv venv --clear` deletes the file under its holder.

        Raises:
            LockOrderError: this thread holds the same or a later rank.
            OSError: the file cannot be opened or locked, such as on a file system without locks.
        """
        enter(self.rank)
        taken = False
        try:
            taken = self._take()
        finally:
            if not taken:
                leave(self.rank)
        if taken and self.rank is Rank.MANIFEST:
            holder.announce(self.path, self._title)
        return taken

    def release(self) -> None:
        """Gives the lock back; does nothing when it is not held.

        Raises:
            LockOrderError: another thread took it.
        """
        if not self.is_held:
            return
        leave(self.rank)
        if self.rank is Rank.MANIFEST:
            holder.withdraw(self.path)
        self._lock.release()

    def _take(self) -> bool:
        # filelock would create a missing folder; half a `.venv` made by us would be in uv's way.
        if self.rank is Rank.MANIFEST:
            folder(self.path.parent)
        elif not self.path.parent.is_dir():
            return False
        try:
            self._lock.acquire()
        except Timeout:
            return False
        if self.rank is Rank.ENVIRONMENT and not self._guards_its_name():
            self._lock.release()
            return False
        return True

    def _keep_descriptor(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def _guards_its_name(self) -> bool:
        # Numbers of deleted files are given out again at once, so the link count is looked at first.
        ours = os.fstat(self._descriptor)
        try:
            named = self.path.stat()
        except FileNotFoundError:
            return False
        return ours.st_nlink > 0 and os.path.samestat(ours, named)


def acquire_all(*mutexes: FileMutex) -> bool:
    """Takes all of `mutexes` in the order of their ranks, or none of them, without waiting.

    Raises:
        LockOrderError: two have the same rank, or this thread holds the same or a later rank.
        OSError: as `FileMutex.try_acquire`; none is held then.
    """
    taken: list[FileMutex] = []
    complete = False
    try:
        for mutex in sorted(mutexes, key=lambda each: each.rank):
            if not mutex.try_acquire():
                return False
            taken.append(mutex)
        complete = True
    finally:
        if not complete:
            release_all(*taken)
    return True


def release_all(*mutexes: FileMutex) -> None:
    """Gives back those of `mutexes` that are held, the last rank first."""
    for mutex in sorted(mutexes, key=lambda each: each.rank, reverse=True):
        mutex.release()
