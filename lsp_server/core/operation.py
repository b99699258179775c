"""The life of one operation: a state, an event, the next state. Nothing here waits or writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from lsp_server.core import masking

State = Literal["queued", "planning", "waiting", "needsSave", "committing", "syncing", "done", "failed", "cancelled"]
LockName = Literal["manifest", "project", "environment", "process"]
Request = Literal["cancel", "retry", "undo"]
FINISHED: frozenset[State] = frozenset({"done", "failed", "cancelled"})

# States in which an operation stands in the queue of its project: whoever comes later waits for it.
# A needsSave waits for a person; one that is being committed has the manifest lock, and keeps nobody up afterwards, while
# its edit is watched; a syncing one has made its edit.
HOLDS_QUEUE: frozenset[State] = frozenset({"queued", "planning", "waiting"})

# Cancelling is possible until the two files are being replaced, and again while uv installs.
CANCELLABLE: frozenset[State] = frozenset({"queued", "planning", "waiting", "needsSave", "syncing"})

RETRYABLE: frozenset[State] = frozenset({"failed", "cancelled"})

_NEXT: Mapping[State, frozenset[State]] = {
    "queued": frozenset({"planning", "syncing", "failed", "cancelled"}),
    "planning": frozenset({"queued", "waiting", "needsSave", "done", "failed", "cancelled"}),
    "waiting": frozenset({"queued", "planning", "committing", "needsSave", "failed", "cancelled"}),
    "needsSave": frozenset({"queued", "done", "failed", "cancelled"}),
    "committing": frozenset({"queued", "planning", "needsSave", "syncing", "done", "failed"}),
    "syncing": frozenset({"queued", "done", "failed", "cancelled"}),
    "failed": frozenset({"queued"}),
    "done": frozenset(),
    "cancelled": frozenset({"queued"}),
}


class IllegalTransition(RuntimeError):  # noqa: N818  the name says what happened
    """A programming error: an operation was moved where it cannot go."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asked: the client's name and the process id of the server or command line that took it."""

    client: str
    pid: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """What an operation waits for. `since` is ISO 8601 in UTC; pid and command are None where unknown."""

    lock: LockName
    pid: int | None
    command: str | None
    since: str
    path: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an operation failed: a code of docs/protocol.md, one sentence, and the tool's own words."""

    code: str
    message: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """A package whose locked version changed; None where it is new or gone."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement that changed: a requirement as it was written, or a version; None where there was none or is none.

    `file` is a URI. `table` is "dependencies", "group:NAME", "extra:NAME", "version", or the path of a list such as
    "build-system.requires".
    """

    file: str
    table: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a commit changed in the manifests or the script, and in the lock file, which it may have made or removed."""

    statements: tuple[Statement, ...] = ()
    locked: tuple[Moved, ...] = ()
    lockfile: Literal["", "made", "removed"] = ""


NO_CHANGES = Changes()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as editors see it. Times are ISO 8601 in UTC; `ticket` orders the queue of a machine."""

    id: str
    ticket: int
    project: str
    uri: str
    command: str
    argument: Mapping[str, Any] = field(hash=False)
    kind: str
    title: str
    state: State
    origin: Origin
    created_at: str
    started_at: str | None = None
    finished_at: str | None = None
    attempts: int = 0
    message: str = ""
    blocked: Blocked | None = None
    failure: Failure | None = None
    in_buffer: bool = False
    changes: Changes = NO_CHANGES

    @property
    def finished(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state in FINISHED


def requests(operation: Operation, *, undoable: bool) -> list[Request]:
    """Return what may be asked of an operation now.

    Args:
        operation: the operation.
        undoable: it is finished and its change can be taken back (`jobs/undo.py`).

    """
    asked: list[tuple[Request, bool]] = [
        ("cancel", operation.state in CANCELLABLE),
        ("retry", operation.state in RETRYABLE and operation.kind != "exec" and not masking.is_masked(operation.argument)),
        ("undo", undoable),
    ]
    return [request for request, may in asked if may]


def advance(operation: Operation, state: State, now: str, **changes: Any) -> Operation:  # noqa: ANN401  field values
    """Return the operation in its next state.

    Args:
        operation: the operation as it is.
        state: where it goes; its own state is allowed, for a change of message or of what blocks it.
        now: the time, ISO 8601 in UTC.
        changes: further fields to set.

    Raises:
        IllegalTransition: the life of an operation has no such step.

    """
    if state != operation.state and state not in _NEXT[operation.state]:
        raise IllegalTransition(f"operation {operation.id} cannot go from {operation.state} to {state}")
    changes.setdefault("blocked", None)
    if state == "planning":
        changes.setdefault("started_at", operation.started_at or now)
    if state in FINISHED:
        changes.setdefault("finished_at", now)
    if state == "queued":
        changes.setdefault("finished_at", None)
        changes.setdefault("failure", None)
    return replace(operation, state=state, **changes)


def asked_again(operation: Operation, now: str) -> Operation:
    """Return a finished operation as the new wish that it becomes when it is asked for again at this time."""
    fresh = replace(operation, state="queued", created_at=now, started_at=None, finished_at=None, attempts=0, in_buffer=False)
    return replace(fresh, failure=None, message="", blocked=None)
