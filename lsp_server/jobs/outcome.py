"""What the worker tells people: one sentence for each thing that can happen to an operation."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from lsp_server.core import facts, lockfile
from lsp_server.core.operation import Failure, Operation
from lsp_server.core.text import decoded
from lsp_server.jobs.journal import Texts
from lsp_server.jobs.selection import Asked

CLOSED = "the file was closed without saving; nothing was changed"
MOST_NAMED = 5
"""So many packages are named in a line; the rest is counted."""


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


def committed(one: Asked, base: Texts, result: Texts) -> str:
    """Say what an operation changed: in the manifest, or for a lock or a sync in the lock file."""
    if not one.intent.changes_manifest:
        return _locked(base, result)
    before, after = (facts.of_file(one.manifest.name, texts.get(one.manifest)) for texts in (base, result))
    keys = sorted(key for key in facts.changed(before, after) if one.intent.concerns(key))
    said = one.intent.said(before, after)
    return said or "; ".join(_statement(key, before.get(key), after.get(key)) for key in keys) or "nothing to change"


def synced(said: str) -> str:
    """Say that the environment has what an operation committed."""
    return f"{said}; environment synced"


def _statement(key: facts.Key, before: str | None, after: str | None) -> str:
    name = key[0] if key[0] == "version" else key[-1]
    if key[0] == "dependency" and before is None:
        return f"added {after}"
    if key[0] == "dependency" and after is None:
        return f"removed {before}"
    return f"{name}: {before or 'none'} → {after or 'none'}"


def _locked(base: Texts, result: Texts) -> str:
    lock = next((path for path in result if path.name.endswith(".lock")), None)
    if lock is None:
        return "nothing to change"
    moved = lockfile.difference(decoded(base.get(lock)), decoded(result.get(lock)))
    said = [f"{one.name} {one.before or 'none'} → {one.after or 'none'}" for one in moved[:MOST_NAMED]]
    more = f" and {len(moved) - MOST_NAMED} more" if len(moved) > MOST_NAMED else ""
    return f"{lock.name}: {', '.join(said)}{more}" if said else f"{lock.name} is up to date"


def lost(operation: Operation, culprits: Sequence[int]) -> Failure:
    """Say that an edit was overwritten again and again."""
    by = f" by pid {', '.join(map(str, culprits))}" if culprits else ""
    return Failure(
        "lost-after-retries",
        f"'{operation.title}' was committed {operation.attempts + 1} times and overwritten each time{by}; "
        "both texts are kept in the journal: end the other process, then retry",
    )


def unexpected(error: Exception) -> Failure:
    """Say that something happened that is a bug or the operating system's refusal."""
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return Failure("uv-failed", f"{error.strerror or error}{where}; nothing was changed, retry when that is mended")
    if isinstance(error, sqlite3.Error):
        return Failure("uv-failed", f"the journal cannot be used ({error}); nothing was changed, retry when it can be written")
    return Failure("uv-failed", fault(error))


def fault(error: Exception) -> str:
    """Say that there is a bug."""
    return f"a fault of pyproject-lsp stopped this ({error!r}); please report it with the server's log"
