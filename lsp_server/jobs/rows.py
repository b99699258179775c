"""An operation as a row of the journal, and back; other versions of this package write there, too.

**Invariant:** whatever stands in a row, reading it fails no reader: a field that is not known here is left out, one that
is missing has its default, and a row that is no operation to this version is passed over.
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from lsp_server.adapters.processes import ProcessId
from lsp_server.core import masking
from lsp_server.core.operation import Blocked, Changes, Failure, Moved, Operation, Origin, State, Statement

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_log = logging.getLogger(__name__)
_STATES = frozenset(get_args(State))
_TIMES = ("created_at", "started_at", "finished_at")
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "pid": int,
    "attempts": int,
    "ticket": int,
    "in_buffer": bool,
    "argument": dict,
    "origin": Origin,
    "blocked": (Blocked, type(None)),
    "failure": (Failure, type(None)),
    "changes": Changes,
    "started_at": (str, type(None)),
    "finished_at": (str, type(None)),
}
"""What a field has to be; what is not named here is a text. Those of a `Blocked` that may be unknown are below."""
_ENDS = ("before", "after")
_MAY_BE_UNKNOWN = {(Blocked, "pid"), (Blocked, "command"), *((kind, end) for kind in (Statement, Moved) for end in _ENDS)}
T = TypeVar("T", bound="DataclassInstance")


def dump(operation: Operation) -> str:
    """Return an operation as it is kept: no secret of its requirement, of its words or of uv's is."""
    return json.dumps({**masking.value(asdict(operation)), "uri": operation.uri})


def load(data: str | bytes, ticket: int) -> Operation | None:
    """Return the operation of a row; None for what is none to this version."""
    try:
        found = json.loads(data)
        parts = {name: made(found[name]) for name, made in _PARTS.items() if found.get(name) is not None}
        operation = _value(Operation, {**found, **parts, "ticket": ticket})
        _assert_usable(operation)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        _log.debug("row %s of the journal is no operation to this version: %s", ticket, error)
        return None
    return operation


def names(data: str | bytes) -> tuple[str, ...]:
    """Return the operations that a change names."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return ()
    return tuple(name for name in found if isinstance(name, str)) if isinstance(found, list) else ()


def _changes(found: Mapping[str, Any]) -> Changes:
    statements = tuple(_value(Statement, one) for one in found.get("statements", ()))
    there = found.get("lockfile", "")
    locked = tuple(_value(Moved, one) for one in found.get("locked", ()))
    return Changes(statements, locked, there if there in {"made", "removed"} else "")


_PARTS: Mapping[str, Callable[[Any], object]] = {
    "origin": lambda found: _value(Origin, found),
    "blocked": lambda found: _value(Blocked, found),
    "failure": lambda found: _value(Failure, found),
    "changes": _changes,
}


def _value(kind: type[T], found: Mapping[str, Any]) -> T:
    known: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in found:
            value, name = found[field.name], field.name
            unknown = value is None and (kind, name) in _MAY_BE_UNKNOWN
            if not unknown and not isinstance(value, _TYPES.get(name, str)):
                raise TypeError(f"{name} is {value!r:.80}")
            known[name] = value
    return kind(**known)


def _assert_usable(operation: Operation) -> None:
    if operation.state not in _STATES:
        raise ValueError(f"its state is {operation.state!r:.80}")
    for name in _TIMES:
        datetime.fromisoformat(getattr(operation, name) or "2000-01-01")


def insert(database: sqlite3.Connection, operation: Operation, owner: ProcessId) -> int:
    """Write a new operation, and return its ticket."""
    cursor = database.execute(
        "INSERT INTO operation (id, project, state, pid, pid_started, data) VALUES (?, ?, ?, ?, ?, ?)",
        (operation.id, operation.project, operation.state, owner.pid, owner.started, dump(operation)),
    )
    return cursor.lastrowid or 0
