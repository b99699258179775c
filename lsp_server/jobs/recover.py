"""After a crash: finish or give up what the journal shows as begun, and offer the rest again."""

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from lsp_server.adapters import files
from lsp_server.adapters import project as projects
from lsp_server.adapters.processes import ProcessId, is_alive
from lsp_server.core import facts, intent
from lsp_server.core.operation import Failure, Operation, State, advance
from lsp_server.jobs import standing
from lsp_server.jobs.journal import Change, Journal
from lsp_server.jobs.place import Place, now


def settle_changes(place: Place) -> None:
    """Make a matching pair of the files of each change that a dead process had begun.

    The caller holds the manifest lock. Files that all show the old text were not begun; where one shows the new text
    the others follow if they still show the old one. A file with a third text was written by somebody since and is
    left alone.
    """
    dead = [c for c in place.journal.prepared(place.key) if c.owner == place.journal.owner or not is_alive(c.owner)]
    for change in dead:
        _give_back(place, change)
    files.remove_staged(place.staging)
    for path in projects.files_of(place.project):
        files.remove_leftovers(path)
    for change in dead:
        present = {path: files.read(path) for path in change.after}
        begun = any(present[path] == after != change.before[path] for path, after in change.after.items())
        if not begun:
            place.journal.mark(change.id, "abandoned")
            continue
        for path, after in change.after.items():
            if present[path] == change.before[path] != after:
                files.replace(path, after)
        place.journal.mark(change.id, "committed")


def _give_back(place: Place, change: Change) -> None:
    """Put back what somebody saved in the moment of the exchange, if we were killed before we could look at it.

    The old file of an exchange lies where the new one was staged. A text there that is neither of the change's own
    was written by somebody else, and the change is taken back for it.
    """
    for path, after in change.after.items():
        own = (after, change.before[path])
        found = [text for text in files.staged(place.staging, path) if text not in own]
        if path.name.endswith(".lock") or not found or after is None or files.read(path) != after:
            continue
        files.replace(path, found[0])
        for other, text in change.before.items():
            if other != path and files.read(other) == change.after[other]:
                files.replace(other, text)


def interrupted(journal: Journal, project: str, *, apart_from: Collection[ProcessId] = ()) -> tuple[Operation, ...]:
    """Mark the unfinished operations of dead processes: done if their change was committed, else to be retried."""
    found: list[Operation] = []
    for operation, owner in journal.unfinished_with_owner(project):
        # One whose edit its person has saved goes on with the next server (`saved_edits`), and nobody is asked.
        if owner not in apart_from and not is_alive(owner) and standing.saved(journal, operation) is None:
            ended = left_by(journal, operation, owner)
            journal.save(ended)
            found.append(ended)
    return tuple(found)


def unfinished(journal: Journal, project: str) -> tuple[Operation, ...]:
    """Return the unfinished operations of a project for who only looks: those of dead processes as they have ended."""
    rows = journal.unfinished_with_owner(project)
    return tuple(operation if is_alive(owner) else left_by(journal, operation, owner) for operation, owner in rows)


def left_by(journal: Journal, operation: Operation, owner: ProcessId) -> Operation:
    """Return how an operation has ended whose process is dead: done if its change was committed, else to be retried."""
    if _stands(journal, operation):
        return _ended(operation, "done", message="committed, but the server ended before the sync: run Sync")
    unchanged = "" if operation.kind in {"exec", "sync"} else "; nothing was changed"
    remedy = "run it again" if operation.kind == "exec" else "retry it"
    failure = Failure(
        "interrupted",
        f"the process that had taken it (pid {owner.pid}) ended before it was done{unchanged}: {remedy}",
    )
    return _ended(operation, "failed", failure=failure, message=failure.message)


def saved_edits(journal: Journal, project: str) -> Iterator[tuple[Operation, ProcessId, standing.Made]]:
    """Yield the operations of dead processes whose edit their person has saved, as they go on: uv.lock is to be made."""
    for operation, owner in journal.unfinished_with_owner(project):
        made = None if owner == journal.owner or is_alive(owner) else standing.saved(journal, operation)
        if made is not None:
            queued = replace(operation, state="queued", blocked=None, message="saved", in_buffer=False)
            yield queued, owner, made


def _stands(journal: Journal, operation: Operation) -> bool:
    """Tell whether an operation was committed, and a stale text has not taken it back since.

    What a sync that was asked for is about is the environment, which no change in the journal tells of.
    """
    change = journal.change_of(operation.id)
    if change is None or operation.kind == "sync":
        return False
    wanted = intent.from_argument(operation.command, operation.argument)
    for path, after in change.after.items():
        if not isinstance(wanted, intent.BadArgument) and not path.name.endswith(".lock"):
            texts = (change.before[path], after, files.read(path))
            before, made, present = (facts.of_file(path.name, text) for text in texts)
            if any(wanted.concerns(key) for key in facts.dropped(before, made, present)):
                return False
    return True


def _ended(operation: Operation, state: State, **changes: Any) -> Operation:  # noqa: ANN401  field values
    if state == "done" and operation.state in {"queued", "planning", "waiting"}:
        operation = _through_commit(operation)
    return advance(operation, state, now(), **changes)


def _through_commit(operation: Operation) -> Operation:
    steps: tuple[State, ...] = ("planning", "waiting", "committing")
    for step in steps:
        if operation.state != "committing":
            with contextlib.suppress(RuntimeError):
                operation = advance(operation, step, now())
    return operation
