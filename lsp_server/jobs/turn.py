"""A turn in the queue for a command of somebody else: what `pyproject-lsp exec` waits for, holds and gives back."""

import os
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from lsp_server.adapters import uvcommand
from lsp_server.adapters.exits import Cancel
from lsp_server.adapters.processes import is_alive
from lsp_server.core.operation import HOLDS_QUEUE, Blocked, Failure, Operation, Origin, State, advance
from lsp_server.jobs.blocking import age, lock_timeout, manifest_holder, queued_behind, waits
from lsp_server.jobs.place import Place, now
from lsp_server.jobs.quiet import SAFETY_SECONDS, Quiet
from lsp_server.locks import holder
from lsp_server.locks.lock import FileMutex
from lsp_server.locks.rank import Rank

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

    def __init__(self, place: Place, client: str, command: Sequence[str]) -> None:
        self._place = place
        self._wake = threading.Event()
        self._quiet = Quiet(place, self._wake)
        self._mutex = FileMutex(place.manifest_lock, Rank.MANIFEST, uvcommand.shown(command))
        self._operation = place.journal.add(_operation(place, client, command))
        self._watches: list[Cancel] = []

    def wait(self, timeout: float, say: Callable[[Blocked], None]) -> NoTurn | Cancelled | None:
        """Wait for the turn and take it; `say` is told on whom, each time that this is news.

        Args:
            timeout: seconds; 0 is for ever.
            say: shows it to a person.

        """
        said: tuple[str, int | None] | None = None
        while True:
            self._wake.clear()
            blocked = self._blocker()
            if blocked is None and self._mutex.try_acquire():
                self._move("planning")
                self._move("waiting")
                self._move("committing", message="running")
                return None
            if self._operation.id in self._place.journal.to_cancel(self._place.key):
                self._move("cancelled", message="cancelled before its turn")
                return Cancelled()
            if timeout and age(self._operation) > timeout:
                failure = lock_timeout(self._operation, timeout)
                self._move("failed", failure=failure, message=failure.message)
                return NoTurn(failure)
            if blocked is not None and (blocked.lock, blocked.pid) != said:
                said = (blocked.lock, blocked.pid)
                self._move("queued", blocked=blocked, message=waits(blocked))
                say(blocked)
            if not self._watches:
                # Most turns come at once and never get here. What ended before this is seen by looking once more.
                self._watch()
                continue
            self._quiet.arm()
            self._wake.wait(min(timeout, SAFETY_SECONDS) if timeout else SAFETY_SECONDS)

    def end(self, code: int) -> None:
        """Give the turn back and write how the command ended."""
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
        return manifest_holder(lock) if self._quiet.is_held(lock) else self._quiet.writing()

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
def turn(place: Place, client: str, command: Sequence[str]) -> Iterator[Turn]:
    """Queue a command; whatever happens, its place in the queue is given back."""
    taken = Turn(place, client, command)
    try:
        yield taken
    finally:
        taken.close()


def inherited(place: Place, environ: Mapping[str, str]) -> int | None:
    """Return the ancestor that holds a turn of the same project, in which this process runs; None if there is none."""
    key, _, pid = environ.get(INHERITED, "").rpartition("=")
    found = holder.read(place.manifest_lock)
    return found.pid if key == place.key and found is not None and str(found.pid) == pid else None


def inheritance(place: Place) -> dict[str, str]:
    """Return the environment variable for a command that runs in this process's turn."""
    return {INHERITED: f"{place.key}={os.getpid()}"}


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
