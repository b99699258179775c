"""Linux's table of held locks, `/proc/locks`: who holds and who waits, without touching any lock.

The first reader after a pause waits several milliseconds for the kernel, later ones about 50 us. It shows the processes
of our own pid namespace only: a uv in another container that shares the folder is seen as a busy lock without a holder.
Elsewhere, and where the table is not filled (some sandboxes), there is none, which `is_available` finds out by experiment.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_TABLE = Path("/proc/locks")
# Devices without a disk of their own (btrfs, overlayfs, NFS, tmpfs) have this major number; only there may the table
# name another device than stat() does.
_ANONYMOUS_MAJOR = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One flock: who, on which file.

    Attributes:
        pid: the process that took the lock or waits for it.
        is_waiter: it waits for the lock.
        is_exclusive: nobody else may hold it at the same time.
        device: major and minor number, as the table names them.
        inode: the file's number on that device.
    """

    pid: int
    is_waiter: bool
    is_exclusive: bool
    device: tuple[int, int]
    inode: int


@dataclass(frozen=True, slots=True)
class LockUsers:
    """The processes at one lock file.

    Attributes:
        holders: who holds it (several for a shared lock).
        waiters: who is blocked in waiting for it.
    """

    holders: tuple[int, ...] = ()
    waiters: tuple[int, ...] = ()


@cache
def is_available() -> bool:
    """Whether this system has the table and fills it: takes a lock on a file in memory and looks for it."""
    if sys.platform != "linux" or not _TABLE.exists():
        return False
    else:  # noqa: RET505  the checker of types then leaves out what Linux alone has
        descriptor = os.memfd_create("pyproject-lsp-probe")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            number = os.fstat(descriptor).st_ino
            return any(entry.pid == os.getpid() and entry.inode == number for entry in entries())
        except OSError:
            return False
        finally:
            os.close(descriptor)


def entries() -> Iterator[Entry]:
    """All flocks in the table now; lines of other kinds (POSIX locks, leases) are left out.

    Raises:
        OSError: there is no such table.
    """
    for line in _TABLE.read_text("ascii").splitlines():
        words = line.split()
        is_waiter = words[1] == "->"
        kind, _, mode, pid, file = words[1 + is_waiter : 6 + is_waiter]
        if kind == "FLOCK":
            major, minor, inode = file.split(":")
            yield Entry(int(pid), is_waiter, mode == "WRITE", (int(major, 16), int(minor, 16)), int(inode))


def lock_users(path: Path) -> LockUsers | None:
    """Who holds `path` and who waits for it, or None where the system does not tell.

    A file that does not exist has no users. On btrfs and overlayfs the table may name another device than `stat`
    does; an entry with the right inode on a wrong device counts if that process has the very file open.
    """
    if not is_available():
        return None
    try:
        status = path.stat()
    except OSError:
        return LockUsers()
    users = [entry for entry in entries() if entry.inode == status.st_ino and _is_same(entry, status)]
    return LockUsers(
        holders=tuple(entry.pid for entry in users if not entry.is_waiter),
        waiters=tuple(entry.pid for entry in users if entry.is_waiter),
    )


def _is_same(entry: Entry, status: os.stat_result) -> bool:
    device = _device(status)
    if entry.device == device:
        return True
    return device[0] == _ANONYMOUS_MAJOR and has_open(entry.pid, status)


def _device(status: os.stat_result) -> tuple[int, int]:
    if sys.platform == "win32":
        return (-1, -1)  # there is no table to compare with
    else:  # noqa: RET505  as above
        return (os.major(status.st_dev), os.minor(status.st_dev))


def has_open(pid: int, status: os.stat_result) -> bool:
    """Whether process `pid` has the file of `status` open; False when we may not look."""
    try:
        descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
    return any(_is_file(descriptor, status) for descriptor in descriptors)


def _is_file(descriptor: Path, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(descriptor.stat(), status)
    except OSError:
        return False
