"""Is a lock file locked? Asked without making file events, so that watching a lock and probing it do not feed back."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lsp_server.adapters import files

if sys.platform != "win32":
    import fcntl


class LockProbe:
    """Looks at one lock file through a descriptor that stays open: about 2 us, and no event, since nothing is closed.

    The look is a shared lock that is given back at once. In those microseconds somebody else's attempt to take the
    lock without waiting fails, and no event will tell them that it is free again; they look again after a while. The
    kernel's table of locks would touch nothing, but its first reader after a pause waits several milliseconds.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def is_held(self) -> bool:
        """Whether somebody holds the lock exclusively; False for a file that does not exist.

        Raises:
            OSError: the file system has no locks, or no descriptor is left.
        """
        if sys.platform == "win32":
            return held_by_trying(self.path)
        else:  # noqa: RET505  the checker of types then leaves out what Windows does not have
            self._follow()
            if self._descriptor is None:
                return False
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            return False

    @contextmanager
    def shared(self) -> Iterator[bool]:
        """Holds the lock shared while something it guards is read; says whether it could be had, and never waits.

        A uv that wants the lock in these milliseconds waits that long. True where there is no lock file: nobody
        installs there. Without flock (Windows) it is only looked at.
        """
        if sys.platform == "win32":
            yield not held_by_trying(self.path)
        else:
            self._follow()
            if self._descriptor is None:
                yield True
                return
            descriptor = self._descriptor
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            try:
                yield True
            finally:
                fcntl.flock(descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Closes the descriptor; a later look opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _follow(self) -> None:
        """Opens the file anew if its name leads to another file than the one we have open."""
        try:
            named = self.path.stat()
        except OSError:  # not there, or not to be reached: by no uv of ours either
            self.close()
            return
        # The open descriptor keeps the old file's number from being given to a new file.
        if self._descriptor is not None and os.path.samestat(os.fstat(self._descriptor), named):
            return
        self.close()
        # uv locks a named pipe as it does a file. Where it cannot open what is there, it goes without a lock: nobody has it.
        with suppress(FileNotFoundError, PermissionError, files.Unfit):
            self._descriptor = files.open_to_look(self.path, pipes=True)


def can_be_taken(path: Path) -> bool:
    """Whether a lock file can be opened to be locked, or be made; False for what a neighbour put there to be in the way.

    A link is none either: in a folder that others may write to, it leads where they want.
    """
    try:
        mode = path.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)) and os.access(path, os.R_OK | os.W_OK)


def held_by_trying(path: Path) -> bool:
    """Whether `path` is locked, found by taking and giving back the exclusive lock; for systems without flock.

    Unlike a `LockProbe` it opens and closes the file each time.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415  for systems without flock only

    if not path.exists():
        return False
    lock = FileLock(path, mode=0o666, blocking=False, fallback_to_soft=False, preserve_lock_file=True)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False
