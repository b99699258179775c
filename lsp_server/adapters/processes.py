"""Which process is meant, and whether it still lives: a number is given to another process later, so it is no name.

The name adds when the process started. Linux counts that in ticks since the boot, which no step of the clock moves;
the boot has an id. Elsewhere psutil says it as a time of the clock, which may differ a little from look to look.
"""

import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

# A process id is not given out again within two seconds of its last use on any system we know.
_CLOCK_SECONDS = 2.0
_ENDED = frozenset({b"Z", b"X", b"x"})
# Fields 3 and 22 of proc_pid_stat(5), counted from behind the name, which may hold blanks and brackets.
_STATE, _START = 0, 19


class Process(Protocol):
    """Whatever names one process for ever."""

    @property
    def pid(self) -> int:
        """The process id."""

    @property
    def started(self) -> str:
        """When it started, as `ProcessId.started` says it."""


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process that cannot be mistaken for a later one.

    Attributes:
        pid: its process id.
        started: when it started, to be compared by `is_alive` only. Of two processes of one boot the later one's sorts
            behind the earlier one's.
    """

    pid: int
    started: str


def of(pid: int) -> ProcessId | None:
    """The living process that has this number now; None where there is none, or we may not look."""
    try:
        started = _started(pid)
    except OSError:
        return None
    return None if started is None else ProcessId(pid, started)


def this_process() -> ProcessId:
    """This process, named for ever."""
    return ProcessId(os.getpid(), _started(os.getpid()) or "")


def is_alive(process: Process) -> bool:
    """Whether a process still runs; one that only waits to be reaped has ended.

    True for one of that number that we may not, or cannot now, look at (no descriptor is left): nothing is then taken from it.
    """
    try:
        started = _started(process.pid)
    except OSError:
        return True
    return started is not None and _is_same(started, process.started)


def is_seen_from_here(process: Process) -> bool:
    """Whether its number means anything here: of an earlier boot or of another container it may be somebody else's."""
    return process.started.rpartition(":")[0] == this_process().started.rpartition(":")[0]


def clock() -> float:
    """The seconds of the clock that starts of processes are counted by, also while the machine sleeps."""
    if sys.platform == "linux" and _boot() is not None:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time()


def began(process: Process) -> float:
    """When a process started, in seconds of `clock`; on Linux the end of that tick, a hundredth of a second.

    Not the tick's begin: a program needs as long as that before it reads its first file.
    """
    count = float(process.started.rpartition(":")[2] or 0)
    if sys.platform == "linux" and _boot() is not None:
        return (count + 1) / os.sysconf("SC_CLK_TCK")
    return count


def _is_same(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return abs(float(one) - float(other)) <= _CLOCK_SECONDS
    except ValueError:  # counted from a boot: there is no about
        return False


def _started(pid: int) -> str | None:
    boot = _boot()
    return _by_clock(pid) if boot is None else _by_ticks(pid, boot)


@cache
def _boot() -> str | None:
    """The id of this boot and of what numbers its processes (a container has its own), None where none is counted from."""
    if sys.platform == "linux":
        with suppress(OSError):
            boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
            return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    return None


def _by_ticks(pid: int, boot: str) -> str | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[_STATE] in _ENDED else f"{boot}:{int(fields[_START]):020}"


def _by_clock(pid: int) -> str | None:
    import psutil  # noqa: PLC0415  on Linux it is not needed

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():020.6f}"
    except psutil.AccessDenied as error:
        raise PermissionError(str(error)) from error
    except (psutil.Error, ValueError, OverflowError):
        return None
