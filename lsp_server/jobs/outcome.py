"""What the worker tells people: one sentence for each thing that can happen to an operation."""

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_server.adapters.project import LOCKFILE, MANIFEST
from lsp_server.core.operation import Changes, Failure, Operation, Statement
from lsp_server.jobs import refusals
from lsp_server.jobs.selection import Asked

_log = logging.getLogger(__name__)

CLOSED = "the file was closed without saving; nothing was changed"
MOST_NAMED = 5
"""So many packages are named in a line; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell the user at once.

    `before` is the text that erased the user's, `after` the one with it; `lost` is a file with the text that could
    not be put back, to be opened.
    """

    message: str
    path: Path
    before: str
    after: str
    lost: Path | None = None


def needs_save(path: Path, *, applied: bool) -> str:
    """Say what the user has to do with a document that they left unsaved."""
    if applied:
        return f"the edit is in {path.name}, which has unsaved changes of yours: save it to go on"
    return f"{path.name} has unsaved changes of yours: save it, then the edit is made"


def unsaved_elsewhere(path: Path) -> Failure:
    """Refuse a change that reaches into another document with unsaved changes of the user's."""
    return Failure("conflict", f"{path} would change, too, and has unsaved changes of yours; save it, then retry")


def cancelled(operation: Operation, *, saved: bool) -> str:
    """Say what stays of an operation that is cancelled.

    Args:
        operation: it.
        saved: whether the user has saved its edit, which then is theirs.

    """
    if operation.state == "syncing":
        return "the sync was cancelled; the edit stays (undo takes it back)"
    if operation.state == "needsSave" and operation.in_buffer:
        return "cancelled; the edit stays in the unsaved document: undo it there if you do not want it"
    if saved:
        return "cancelled; the edit that you saved stays, uv.lock was not updated"
    return "cancelled; nothing was changed"


def committed(one: Asked, made: Changes, notes: Sequence[str] = ()) -> str:
    """Say what an operation changed: in the manifests or the script, else in the lock file; then what is to be told besides."""
    said = one.intent.done() or "; ".join(dict.fromkeys(map(_statement, made.statements)))
    return "; ".join([said if made.statements else _locked(one, made), *notes])


def synced(said: str) -> str:
    """Say that the environment has what an operation committed."""
    return f"{said}; environment synced"


def not_synced(said: str, reason: str) -> str:
    """Say that an edit is made and its packages could not be installed, and what to do."""
    return f"{said}, and that stays, but the environment was not synced: {reason}; sync again, or undo the edit"


def _statement(change: Statement) -> str:
    is_dependency = change.table == "dependencies" or change.table.startswith(("group:", "extra:"))
    if is_dependency and change.before is None:
        return f"added {change.after}"
    if is_dependency and change.after is None:
        return f"removed {change.before}"
    name = f"{change.name} version" if change.table == "version" else change.name
    return f"{name}: {change.before or 'none'} → {change.after or 'none'}"


def _locked(one: Asked, made: Changes) -> str:
    name = LOCKFILE if one.manifest.name == MANIFEST else f"{one.manifest.name}.lock"
    moved = [f"{each.name} {each.before or 'none'} → {each.after or 'none'}" for each in made.locked[:MOST_NAMED]]
    more = f" and {len(made.locked) - MOST_NAMED} more" if len(made.locked) > MOST_NAMED else ""
    there = [f"{name} {made.lockfile}"] if made.lockfile else []
    if there or moved:
        return "; ".join([*there, *([f"{name}: {', '.join(moved)}{more}"] if moved and made.lockfile != "removed" else [])])
    return "nothing to change" if one.intent.changes_manifest else f"{name} is up to date"


def lost(operation: Operation, culprits: Sequence[int]) -> Failure:
    """Say that an edit was overwritten again and again."""
    by = f" by pid {', '.join(map(str, culprits))}" if culprits else ""
    return Failure(
        "lost-after-retries",
        f"'{operation.title}' was committed {operation.attempts + 1} times and overwritten each time{by}; "
        "both texts are kept in the journal: end the other process, then retry",
    )


def unexpected(error: Exception, place: Path) -> Failure:
    """Say that something happened that is a bug or the operating system's refusal; `place` is where that was."""
    return refusals.failure(error, place) or Failure("uv-failed", fault(error))


def log(error: Exception, what: str) -> None:
    """Log what happened: with a traceback only where it is a bug, since of a refusal the user is told all there is."""
    refused = isinstance(error, OSError | sqlite3.Error)
    _log.error("%s: %s", what, error, exc_info=None if refused else error)


def fault(error: Exception) -> str:
    """Say that there is a bug."""
    return f"a fault of pyproject-lsp stopped this ({error!r}); please report it with the server's log"
