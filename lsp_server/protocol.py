"""What we add to LSP, as docs/protocol.md says: names, and the shapes of what goes over the wire."""

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from lsp_server.core import bounds, masking
from lsp_server.core.intent import CHANGING_COMMANDS
from lsp_server.core.operation import HOLDS_QUEUE, Blocked, Changes, Failure, Moved, Operation, Statement, requests

NAME = "pyproject-lsp"
SECTION = "pyproject"
STATUS = "pyproject/status"
SAVE = "pyproject/save"
RESTORED = "pyproject/restored"
SERVER_STATUS = "experimental/serverStatus"
ANSWERING_COMMANDS = (
    "pyproject.retry",
    "pyproject.cancel",
    "pyproject.status",
    "pyproject.preview",
    "pyproject.checkUpgrades",
    "pyproject.audit",
    "pyproject.searchPackages",
)
COMMANDS = (*sorted(CHANGING_COMMANDS), *ANSWERING_COMMANDS)
INVALID_PARAMS = -32602


def status(
    project: str, operations: Sequence[Operation], undoable: Collection[str], *, environment: str, lock: str
) -> dict[str, Any]:
    """Return the object of `pyproject/status` and of the command `pyproject.status`.

    Args:
        project: the project's URI.
        operations: all unfinished ones in the order of the queue, then the finished ones, the newest first.
        undoable: the ids of those that can be undone.
        environment: "in-sync", "stale", "syncing", "missing" or "unknown".
        lock: "up-to-date", "stale", "missing" or "unknown".

    """
    active = [each for each in operations if not each.finished]
    queue = [each.id for each in active if each.state in HOLDS_QUEUE]
    return {
        "project": project,
        "pid": os.getpid(),
        "state": _state(operations),
        "operations": [operation(o, queue.index(o.id) if o.id in queue else 0, undoable=o.id in undoable) for o in operations],
        "environment": environment,
        "lock": lock,
        "message": _message(operations),
    }


def _state(operations: Sequence[Operation]) -> str:
    active = [each for each in operations if not each.finished]
    if any(each.blocked is not None for each in active) and not any(each.state in {"planning", "committing"} for each in active):
        return "blocked"
    if active:
        return "busy"
    return "error" if operations and operations[0].state == "failed" else "idle"


def _message(operations: Sequence[Operation]) -> str:
    active = [each for each in operations if not each.finished]
    if not active:
        last = operations[0] if operations else None
        return f"{last.title}: {last.message}" if last is not None and last.state == "failed" else ""
    blocked = next((each for each in active if each.blocked is not None), None)
    edits = f"{len(active)} edit{'s' if len(active) != 1 else ''} queued"
    if blocked is not None:
        return f"{blocked.message}, {edits}"
    waiting = next((each for each in active if each.state == "needsSave"), None)
    if waiting is not None and len(active) == 1:
        return waiting.message
    first = active[0]
    return f"{first.title}: {first.message or first.state}"


def operation(operation: Operation, position: int, *, undoable: bool) -> dict[str, Any]:
    """Return one operation as every client of this process sees it; `position` counts from 0 in the queue."""
    return {
        "id": operation.id,
        "kind": operation.kind,
        "title": operation.title,
        "state": operation.state,
        "position": position,
        "origin": {"client": operation.origin.client, "pid": operation.origin.pid},
        "blockedBy": _blocked(operation.blocked),
        "createdAt": operation.created_at,
        "startedAt": operation.started_at,
        "finishedAt": operation.finished_at,
        "attempts": operation.attempts,
        "message": operation.message,
        "error": failure(operation.failure),
        "can": requests(operation, undoable=undoable),
        "changes": [_change(one) for one in operation.changes.statements],
        "lockChanges": moved(operation.changes.locked),
    }


def _change(change: Statement) -> dict[str, str | None]:
    before, after = (None if text is None else masking.text(text) for text in (change.before, change.after))
    return {"file": change.file, "table": change.table, "name": change.name, "from": before, "to": after}


def preview(changes: Changes, direct: Collection[str], notes: Sequence[str]) -> dict[str, Any]:
    """Return what an operation would change, apart from the edits.

    Args:
        changes: what it would change.
        direct: the packages that a manifest names.
        notes: what is to be told besides.

    """
    return {
        "changes": [_change(one) for one in changes.statements],
        "lock": moved(changes.locked),
        "direct": [one.name for one in changes.locked if one.name in direct],
        "major": [one.name for one in changes.locked if bounds.is_major(one.before, one.after)],
        "notes": list(notes),
    }


def moved(packages: Sequence[Moved]) -> list[dict[str, str | None]]:
    """Return the packages whose locked version changed."""
    return [{"name": one.name, "from": one.before, "to": one.after} for one in packages]


def _blocked(blocked: Blocked | None) -> dict[str, Any] | None:
    if blocked is None:
        return None
    return {
        "lock": blocked.lock,
        "pid": blocked.pid,
        "command": blocked.command,
        "since": blocked.since,
        "path": blocked.path,
    }


def failure(failure: Failure | None) -> dict[str, str] | None:
    """Return why an operation failed."""
    return None if failure is None else {"code": failure.code, "message": failure.message, "detail": failure.detail}


def server_status(statuses: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return rust-analyzer's `experimental/serverStatus` for all projects together."""
    states = {one["state"] for one in statuses.values()}
    message = next((str(one["message"]) for one in statuses.values() if one["message"]), "")
    return {
        "health": "error" if "error" in states else "warning" if "blocked" in states else "ok",
        "quiescent": states <= {"idle", "error"},
        "message": message,
    }


def restored(uri: str, message: str, before: str, after: str) -> dict[str, str]:
    """Return the object of `pyproject/restored`: the text that had erased the user's, and the one with it."""
    return {"uri": uri, "message": message, "before": before, "after": after}
