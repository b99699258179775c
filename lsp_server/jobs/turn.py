"""A turn in the queue for a command of somebody else: what `pyproject-lsp exec` waits for, holds and gives back."""

import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from lsp_server.adapters import uvcommand
from lsp_server.adapters.exits import Cancel
from lsp_server.adapters.lockwaits import LockWait
from lsp_server.adapters.processes import is_alive
from lsp_server.adapters.uvcommand import Writes
from lsp_server.core.operation import HOLDS_QUEUE, Blocked, Failure, Operation, Origin, State, advance
from lsp_server.jobs.blocking import inside, lock_timeout, manifest_holder, queued_behind, waits
from lsp_server.jobs.place import Place, now
from lsp_server.jobs.quiet import Quiet
from lsp_server.locks import holder
from lsp_server.locks.lock import FileMutex
from lsp_server.locks.rank import Rank

LOOK_SECONDS = 1.0
"""The longest time without a look at who is waited for: a person sees for how long already."""
RUNNING = "running"

INHERITED = "PYPROJECT_LSP_TURN"
"""Tells a command that runs in a turn who holds it, so that it does not wait for its own parent."""


@dataclass(frozen=True, slots=True)
class NoTurn:
    """The turn did not come in time."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Another process asked that this one leaves the queue."""


class Turn:
    """One command's place in the queue of a project."""

    def __init__(self, place: Place, client: str, command: Sequence[str], writes: Writes) -> None:
        self._place = place
        self._writes = writes
        self._since = time.monotonic()
        self._wake = threading.Event()
        self._quiet = Quiet(place, self._wake)
        self._mutex = FileMutex(place.manifest_lock, Rank.MANIFEST, uvcommand.shown(command))
        self._operation = place.journal.add(_operation(place, client, command))
        self._watches: list[Cancel] = []

    def wait(self, timeout: float, say: Callable[[Blocked], None]) -> NoTurn | Cancelled | None:
        """Wait for the turn and until the project is quiet, and take it; `say` is told on whom, at every look.

        Args:
            timeout: seconds; 0 is for ever.
            say: shows it to a person.

        Raises:
            sqlite3.Error: the journal cannot be used.
            OSError: the state folder cannot be used.

        """
        said: tuple[str, int | None] | None = None
        while True:
            self._wake.clear()
            blocked = self._blocker()
            if blocked is None and self._mutex.try_acquire():
                self._move("planning")
                self._move("waiting")
                self._move("committing", message=RUNNING)
                return None
            if self._operation.id in self._place.journal.to_cancel(self._place.key):
                self._move("cancelled", message="cancelled before its turn")
                return Cancelled()
            if timeout and time.monotonic() - self._since > timeout:
                failure = lock_timeout(self._operation, timeout)
                self._move("failed", failure=failure, message=failure.message)
                return NoTurn(failure)
            if blocked is not None and (blocked.lock, blocked.pid) != said:
                said = (blocked.lock, blocked.pid)
                self._move("queued", blocked=blocked, message=waits(blocked))
            if blocked is not None:
                say(blocked)
            if not self._watches:
                # Most turns come at once and never get here. What ended before this is seen by looking once more.
                self._watch()
                continue
            self._quiet.arm()
            self._wake.wait(min(timeout, LOOK_SECONDS) if timeout else LOOK_SECONDS)

    @property
    def inheritance(self) -> dict[str, str]:
        """The environment variable for a command that runs in this turn."""
        return {INHERITED: f"{self._place.key}={os.getpid()}"}

    def say_inside(self, wait: LockWait | None) -> Blocked | None:
        """Say on whom the command itself waits, or something that it started; None when that is over."""
        blocked = None if wait is None else inside(self._place, wait)
        with suppress(sqlite3.Error):
            self._move("committing", blocked=blocked, message=RUNNING if blocked is None else f"{RUNNING}, {waits(blocked)}")
        return blocked

    def end(self, code: int) -> None:
        """Give the turn back and write how the command ended, if it can be written: nothing is taken from the command."""
        with suppress(sqlite3.Error):
            if code == 0:
                self._move("done", message="exit code 0")
            else:
                failure = Failure("uv-failed", f"exit code {code}")
                self._move("failed", failure=failure, message=failure.message)
        self._mutex.release()

    def give_up(self) -> None:
        """Leave the queue, or end an interrupted turn."""
        if not self._operation.finished:
            if self._operation.state == "committing":
                self.end(130)
            else:
                with suppress(sqlite3.Error):
                    self._move("cancelled", message="interrupted before its turn")

    def close(self) -> None:
        """Stop watching; gives the turn back if it is still held."""
        self.give_up()
        self._mutex.release()
        for cancel in self._watches:
            cancel()
        self._quiet.close()

    def _blocker(self) -> Blocked | None:
        lock = self._place.manifest_lock
        for operation, owner in self._place.journal.unfinished_with_owner(self._place.key):
            if operation.ticket < self._operation.ticket and operation.state in HOLDS_QUEUE and is_alive(owner):
                return queued_behind(lock, operation)
        if self._quiet.is_held(lock):
            return manifest_holder(lock)
        # What it would wait for inside, in silence, is waited for here.
        return self._quiet.blocker() if Writes.ENVIRONMENT in self._writes else self._quiet.writing()

    def _watch(self) -> None:
        place = self._place
        self._watches = [
            place.watch_journal(lambda _path: self._wake.set()),
            place.watch.lock_file(place.manifest_lock, lambda _path: self._wake.set()),
        ]

    def _move(self, state: State, **changes: object) -> None:
        self._operation = advance(self._operation, state, now(), **changes)
        self._place.journal.save(self._operation)


@contextmanager
def turn(place: Place, client: str, command: Sequence[str], writes: Writes = Writes.ALL) -> Iterator[Turn]:
    """Queue a command; whatever happens, its place in the queue is given back.

    Args:
        place: the project.
        client: who asks.
        command: what is to be run.
        writes: what of the project it may write, as far as that is known.

    """
    taken = Turn(place, client, command, writes)
    try:
        yield taken
    finally:
        taken.close()


def inherited(place: Place, environ: Mapping[str, str]) -> int | None:
    """Return the ancestor that holds a turn of the same project, in which this process runs; None if there is none."""
    key, _, pid = environ.get(INHERITED, "").rpartition("=")
    found = holder.read(place.manifest_lock)
    return found.pid if key == place.key and found is not None and str(found.pid) == pid else None


def _operation(place: Place, client: str, command: Sequence[str]) -> Operation:
    return Operation(
        id=uuid.uuid4().hex,
        ticket=0,
        project=place.key,
        uri=place.project.uri,
        command="exec",
        argument={"command": uvcommand.shown(command)},
        kind="exec",
        title=uvcommand.shown(command),
        state="queued",
        origin=Origin(client, os.getpid()),
        created_at=now(),
    )
