"""The operations of this process for one project: where each is in its life, mirrored in the journal."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

from lsp_server.adapters.lockwaits import LockWait
from lsp_server.adapters.processes import ProcessId, is_alive
from lsp_server.core.operation import CANCELLABLE, FINISHED, HOLDS_QUEUE, Blocked, Failure, Operation, State, advance
from lsp_server.jobs import blocking, refusals
from lsp_server.jobs.place import Place, now

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Ledger:
    """Keeps operations and moves them along. Safe from any thread; `on_change` is called after each move.

    `ancestor` is the process in whose turn this one runs (`jobs/turn.py`): its place in the queue is ours too; `arrived`
    is when the last operation came (seconds of the monotonic clock).
    """

    place: Place
    on_change: Callable[[], None] = lambda: None
    ancestor: int | None = None
    arrived: float = 0.0
    _operations: dict[str, Operation] = field(default_factory=dict)
    _since: dict[str, float] = field(default_factory=dict)
    _unwritten: dict[str, Operation] = field(default_factory=dict)
    _mutex: threading.RLock = field(default_factory=threading.RLock)

    def add(self, operation: Operation) -> Operation:
        """Write a new operation to the journal; only then is it ours and may be acknowledged.

        Raises:
            sqlite3.Error: the journal cannot be written; the operation does not exist.

        """
        written = self.place.journal.add(self._behind_a_plan(operation))
        with self._mutex:
            self._operations[written.id] = written
            self.arrived = self._since[written.id] = time.monotonic()
        self.on_change()
        return written

    def adopt(self, operation: Operation) -> Operation | None:
        """Take over an operation that has failed or was cancelled; None if it is no such one any more.

        Raises:
            sqlite3.Error: the journal cannot be written; the operation stays as it was.

        """
        with self._mutex:
            adopted = self.place.journal.adopt(self._behind_a_plan(operation))
            if adopted is None:
                return None
            self._operations[adopted.id] = adopted
            self._since[adopted.id] = time.monotonic()
        self.on_change()
        return adopted

    def take(self, operation: Operation, former: ProcessId) -> bool:
        """Go on with an operation of a process that has ended; false if somebody else does."""
        with self._mutex:
            if not self.place.journal.take(operation, former):
                return False
            self._operations[operation.id] = operation
            self._since[operation.id] = time.monotonic()
        self.on_change()
        return True

    def _behind_a_plan(self, operation: Operation) -> Operation:
        """Say on which plan a new operation waits: the worker looks at it only when uv has made that, perhaps in minutes."""
        planned = next(iter(self.within({"planning"})), None)
        if planned is None:
            return operation
        blocked = blocking.queued_behind(self.place.manifest_lock, planned)
        return replace(operation, blocked=blocked, message=blocking.waits(blocked))

    def say_planned(self) -> None:
        """Say of what is queued on which plan it waits: some came after the group was made, and before its plan was begun."""
        for operation in self.within({"queued"}):
            waiting = self._behind_a_plan(operation)
            if waiting.blocked is not None:
                self.block([operation.id], "queued", waiting.blocked, waiting.message)

    def get(self, operation: str) -> Operation | None:
        """Return one operation of this process."""
        with self._mutex:
            return self._operations.get(operation)

    def within(self, states: Collection[State]) -> tuple[Operation, ...]:
        """Return this process's operations in any of these states, in the order of their tickets."""
        with self._mutex:
            found = [operation for operation in self._operations.values() if operation.state in states]
        return tuple(sorted(found, key=lambda operation: operation.ticket))

    def move(self, operation: str, state: State, *, persist: bool = True, **changes: Any) -> Operation | None:  # noqa: ANN401  field values
        """Move an operation on; None if it was cancelled meanwhile, also if it has been asked for again since."""
        with self._mutex:
            present = self._operations.get(operation)
            if present is None or present.state in FINISHED:
                return None
            if present.state == "queued" and state in {"waiting", "needsSave"}:
                return None  # what was planned is the former try
            moved = advance(present, state, now(), **changes)
            if moved == present:
                return moved
            self._operations[operation] = moved
            if persist:
                self._persist(moved)
            if moved.finished:
                del self._operations[operation], self._since[operation]
        self.on_change()
        return moved

    def claim(self, operations: Collection[str]) -> bool:
        """Move all of these from waiting to committing at once, or none if one of them was cancelled.

        Nothing is written: the journal has the change itself, and this stands between a lock and a rename.
        """
        with self._mutex:
            if any(one not in self._operations or self._operations[one].state != "waiting" for one in operations):
                return False
            for one in operations:
                self._operations[one] = advance(self._operations[one], "committing", now(), message="committing")
            return True

    def persist(self, operations: Collection[str]) -> None:
        """Write the present state of operations that were moved without writing."""
        with self._mutex:
            for one in operations:
                if one in self._operations:
                    self._persist(self._operations[one])

    def fail(self, operation: str, failure: Failure) -> None:
        """End an operation with the reason."""
        writes = (self.place.state, self.place.project.folder, self.place.environment)
        named = refusals.named(failure, writes, self.place.environ)
        self.move(operation, "failed", failure=named, message=named.message)

    def time_out(self, operations: Collection[Operation], limit: float) -> bool:
        """Fail those that have waited for longer than `limit` seconds, 0 for ever; tell whether there were any."""
        before = time.monotonic() - limit
        late = [o for o in operations if limit and o.state in {"queued", "waiting"} and self._since[o.id] < before]
        for operation in late:
            self.fail(operation.id, blocking.lock_timeout(operation, limit))
        return bool(late)

    def cancel(self, operation: str, message: str) -> State | None:
        """Cancel an operation if it can be; return the state it was in, or None."""
        with self._mutex:
            present = self._operations.get(operation)
            if present is None or present.state not in CANCELLABLE:
                return None
            self.move(operation, "cancelled", message=message)
            return present.state

    def ahead(self) -> tuple[Operation, ...]:
        """Return the operations of other live processes that come before our first one in the queue."""
        waiting = self.within(HOLDS_QUEUE)
        if not waiting:
            return ()
        return tuple(operation for operation in self._foreign() if operation.ticket < waiting[0].ticket)

    def behind(self) -> tuple[tuple[Operation, Operation], ...]:
        """Return our operations that other live processes' come before, each with the nearest of those."""
        foreign = self._foreign()
        found = []
        for operation in self.within({"queued"}):
            before = [each for each in foreign if each.ticket < operation.ticket]
            if before:
                found.append((operation, max(before, key=lambda each: each.ticket)))
        return tuple(found)

    def group(self) -> tuple[Operation, ...]:
        """Return our operations at the head of the queue: those that no other live process's operation comes before."""
        foreign = [operation.ticket for operation in self._foreign()]
        limit = min(foreign, default=None)
        return tuple(o for o in self.within(HOLDS_QUEUE) if limit is None or o.ticket < limit)

    def block(self, operations: Collection[str], state: State, blocked: Blocked, message: str) -> None:
        """Say what operations wait for, if that is news."""
        for one in operations:
            present = self.get(one)
            if present is not None and (present.state, present.blocked, present.message) != (state, blocked, message):
                self.move(one, state, blocked=blocked, message=message)

    def say_inside(self, operations: Collection[str], state: State, wait: LockWait | None) -> None:
        """Say on what our own uv waits, which works for operations in a state; None when that is over."""
        blocked = None if wait is None else blocking.inside(self.place, wait)
        said = "planning" if state == "planning" else "syncing the environment"
        message = said if blocked is None else f"{said}, {blocking.waits(blocked)}"
        for one in operations:
            present = self.get(one)
            if present is not None and present.state == state:
                self.move(one, state, blocked=blocked, message=message)

    def _foreign(self) -> tuple[Operation, ...]:
        owner = self.place.journal.owner
        try:
            rows = self.place.journal.unfinished_with_owner(self.place.key)
        except sqlite3.Error:
            _log.exception("the journal cannot be read")
            return ()
        return tuple(
            o for o, pid in rows if pid != owner and pid.pid != self.ancestor and o.state in HOLDS_QUEUE and is_alive(pid)
        )

    def write_again(self) -> None:
        """Write what could not be written: others wait for an operation of ours as long as it does not look finished."""
        with self._mutex:
            late = tuple(self._unwritten.values())
            for operation in late:
                self._persist(operation)
            written = len(self._unwritten) < len(late)
        if written:
            self.on_change()

    @property
    def is_behind(self) -> bool:
        """Whether something is to be written again."""
        return bool(self._unwritten)

    def _persist(self, operation: Operation) -> None:
        try:
            self.place.journal.save(operation)
        except sqlite3.Error as error:
            # The edit itself goes on; its trace for others and for a restart comes later.
            if not self._unwritten:
                _log.warning("%s", refusals.of_journal(error, self.place.state))
            self._unwritten[operation.id] = operation
        else:
            self._unwritten.pop(operation.id, None)
