"""The order in which locks are taken, checked for each thread at the moment of taking.

A cycle of waiting needs two holders that take the same locks in different orders. One order for everybody
makes that impossible, so taking a lock out of order is a programming error that raises at once instead of a
deadlock that shows itself once a month. The table of ranks stands in ARCHITECTURE.md, 'Locks and their order'.
"""

import threading
from enum import IntEnum


class Rank(IntEnum):
    """Locks are taken in ascending rank, at most one of each rank in a thread."""

    MANIFEST = 1
    """Ours: one for a whole uv workspace, or for one PEP 723 script."""
    PROJECT = 2
    """uv's: ``$TMPDIR/uv-<digest>.lock``."""
    ENVIRONMENT = 3
    """uv's: ``<venv>/.lock``."""


class LockOrderError(RuntimeError):
    """A lock was taken, kept or given back out of order: a bug in the calling code, never a condition to handle."""


class _Held(threading.local):
    def __init__(self) -> None:
        self.ranks: list[Rank] = []


_held = _Held()


def enter(rank: Rank) -> None:
    """Records that this thread is about to take a lock of `rank`.

    Called before the lock is tried, so that a wrong order shows even when the lock happens to be busy.

    Raises:
        LockOrderError: this thread already holds `rank` or a later one.
    """
    if _held.ranks and rank <= _held.ranks[-1]:
        raise LockOrderError(f"cannot take {rank.name} while holding {', '.join(r.name for r in _held.ranks)}")
    _held.ranks.append(rank)


def leave(rank: Rank) -> None:
    """Records that this thread gave its lock of `rank` back; the order of giving back is free.

    Raises:
        LockOrderError: this thread does not hold `rank` (another thread took it, or nobody did).
    """
    if rank not in _held.ranks:
        raise LockOrderError(f"this thread does not hold {rank.name}: a lock is given back by the thread that took it")
    _held.ranks.remove(rank)


def held() -> tuple[Rank, ...]:
    """The ranks this thread holds, ascending."""
    return tuple(_held.ranks)


def assert_may_start_uv() -> None:
    """Checks that a uv started now would not wait for its own parent.

    uv waits up to `UV_LOCK_TIMEOUT` (300 s) for its project and environment locks and then goes on *without* them,
    so starting it under one of them is first a hang and then a race.

    Raises:
        LockOrderError: this thread holds PROJECT or ENVIRONMENT.
    """
    if any(rank >= Rank.PROJECT for rank in _held.ranks):
        raise LockOrderError(f"uv must not be started while holding {', '.join(r.name for r in _held.ranks)}")
