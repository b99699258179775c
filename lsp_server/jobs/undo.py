"""Undo: the texts with one operation's change taken back, and all later edits kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_server.core import commandline, diff, facts, intent
from lsp_server.core.operation import CANCELLABLE, Failure, Operation
from lsp_server.core.text import split_lines
from lsp_server.jobs.journal import Change, Journal, Texts


@dataclass(frozen=True, slots=True)
class Undone:
    """The texts without what an operation did, once uv has also run `commands`, each for its manifest."""

    texts: Texts
    commands: tuple[tuple[Path, tuple[str, ...]], ...] = ()


def undoable(journal: Journal, project: str, finished: Sequence[Operation]) -> list[str]:
    """Return the ids of those that can be undone, in the order given: they changed files, and still do."""
    changed = journal.changed(project)
    undone = {o.argument.get("id") for o in finished if o.kind == "undo" and (o.state == "done" or o.id in changed)}
    return [o.id for o in finished if o.kind != "undo" and o.id in changed and o.id not in undone]


def waiting(journal: Journal, undoing: Operation) -> tuple[Operation, ...]:
    """Return the edits of a project that were asked for before an undo and are not made yet: it does not take them back."""
    return tuple(
        each
        for each in journal.unfinished(undoing.project)
        if each.ticket < undoing.ticket and each.kind not in {"exec", "undo"} and each.state in CANCELLABLE
    )


def about(undoing: Operation, waiting: Sequence[Operation]) -> str:
    """Name what an undo takes back, and what it does not since it is not made yet."""
    titles = ", ".join(f"'{each.title}'" for each in waiting)
    return f"{undoing.title} takes back what was made last; {titles} still waits and is not made yet: cancel that if you mean it"


def apply(journal: Journal, wanted: intent.Undo, texts: Texts) -> Undone | Failure:
    """Return the texts without what an operation did, by a reverse three-way merge.

    Where later edits stand in the same lines, uv takes back what the operation stated, if that still stands.

    Args:
        journal: holds the texts before and after the operation.
        wanted: names the operation; its id has been filled in when the undo was queued.
        texts: the files as they are now.

    """
    change = journal.change_of(wanted.id) if wanted.id else None
    operation = journal.get(wanted.id) if wanted.id else None
    if change is None or operation is None:
        return Failure("not-found", f"operation {wanted.id} changed no file, or its texts are no longer kept")
    asked = intent.from_argument(operation.command, operation.argument)
    result: dict[Path, bytes | None] = dict(texts)
    commands: list[tuple[Path, tuple[str, ...]]] = []
    for path, after in change.after.items():
        before = change.before[path]
        now = texts.get(path)
        if path.name.endswith(".lock"):
            # uv makes the lock file from the manifest; the old one is only kept where it still can be, for its versions.
            merged = _merged(after, now, before)
            result[path] = now if isinstance(merged, diff.Conflict) else merged
            continue
        target = _without(change, asked, path)
        merged = _merged(after, now, target)
        if isinstance(merged, diff.Conflict):
            steps = _steps(path, after, target, now)
            if steps is not None:
                commands += ((path, step) for step in steps)
                continue
            return Failure(
                "conflict",
                f"{path.name} was changed since in the same place, so '{operation.title}' cannot be taken back by itself; "
                "nothing was changed",
                _regions(merged),
            )
        result[path] = merged
    return Undone(result, tuple(commands))


def _steps(path: Path, after: bytes | None, target: bytes | None, now: bytes | None) -> tuple[tuple[str, ...], ...] | None:
    """Return the uv commands that take back what a change stated; None if that was changed again meanwhile."""
    if path.suffix != ".toml" or after is None or target is None or now is None:
        return None
    stated, before, present = (facts.of(path.name, text.decode("utf-8")) for text in (after, target, now))
    keys = sorted(facts.changed(stated, before))
    if not keys or any(present.get(key) != stated.get(key) for key in keys):
        return None
    steps = [commandline.restoring(key, before.get(key)) for key in keys]
    return tuple(step for step in steps if step) if all(steps) else None


def _without(change: Change, asked: intent.Intent | intent.BadArgument, path: Path) -> bytes | None:
    """Return the text after a change with the part of one of its operations taken back."""
    before, after = change.before[path], change.after[path]
    if len(change.operations) == 1 or before is None or after is None or isinstance(asked, intent.BadArgument):
        return before
    text = after.decode("utf-8")
    stated = facts.of(path.name, text)
    for edit in reversed(_by_line(text, before.decode("utf-8"))):
        trial = diff.apply(text, (edit,))
        keys = facts.changed(stated, facts.of(path.name, trial))
        if keys and all(asked.concerns(key) for key in keys):
            text = trial
            stated = facts.of(path.name, text)
    return text.encode("utf-8")


def _by_line(old: str, new: str) -> tuple[diff.Edit, ...]:
    """Return the edits from old to new, those that only take lines away or put lines in one line at a time."""
    found: list[diff.Edit] = []
    for edit in diff.edits(old, new):
        removed = old[edit.start : edit.end]
        if edit.text and removed:
            found.append(edit)
        elif removed:
            start = edit.start
            for line in split_lines(removed):
                found.append(diff.Edit(start, start + len(line), ""))
                start += len(line)
        else:
            found += [diff.Edit(edit.start, edit.start, line) for line in split_lines(edit.text)]
    return tuple(found)


def _merged(base: bytes | None, ours: bytes | None, theirs: bytes | None) -> bytes | diff.Conflict | None:
    if ours == base:
        return theirs
    if theirs in (base, ours):
        return ours
    if base is None or ours is None or theirs is None:
        return ours
    merged = diff.merge(base.decode("utf-8"), ours.decode("utf-8"), theirs.decode("utf-8"))
    return merged if isinstance(merged, diff.Conflict) else merged.text.encode("utf-8")


def _regions(conflict: diff.Conflict) -> str:
    return "\n".join(str(region) for region in conflict.regions)
