"""Undo: the texts with one operation's change taken back, and all later edits kept."""

from collections.abc import Mapping
from pathlib import Path

from lsp_server.core import diff, facts, intent
from lsp_server.core.operation import Failure
from lsp_server.core.text import split_lines
from lsp_server.jobs.journal import Change, Journal, Texts


def apply(journal: Journal, wanted: intent.Undo, texts: Texts) -> Texts | Failure:
    """Return the texts without what an operation did, by a reverse three-way merge.

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
            return Failure(
                "conflict",
                f"{path.name} was changed since in the same place, so '{operation.title}' cannot be taken back by itself; "
                "nothing was changed",
                _regions(merged),
            )
        result[path] = merged
    return result


def _without(change: Change, asked: intent.Intent | intent.BadArgument, path: Path) -> bytes | None:
    """Return the text after a change with the part of one of its operations taken back."""
    before, after = change.before[path], change.after[path]
    if len(change.operations) == 1 or before is None or after is None or isinstance(asked, intent.BadArgument):
        return before
    text = after.decode("utf-8")
    stated = _facts(path, text)
    for edit in reversed(_by_line(text, before.decode("utf-8"))):
        trial = diff.apply(text, (edit,))
        keys = facts.changed(stated, _facts(path, trial))
        if keys and all(facts.concerns(asked, key) for key in keys):
            text = trial
            stated = _facts(path, text)
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


def _merged(base: bytes | None, ours: bytes | None, theirs: bytes | None) -> bytes | None | diff.Conflict:
    if ours == base:
        return theirs
    if theirs == base or ours == theirs:
        return ours
    if base is None or ours is None or theirs is None:
        return ours
    merged = diff.merge(base.decode("utf-8"), ours.decode("utf-8"), theirs.decode("utf-8"))
    return merged if isinstance(merged, diff.Conflict) else merged.text.encode("utf-8")


def _facts(path: Path, text: str) -> Mapping[facts.Key, str]:
    return facts.of_manifest(text) if path.suffix == ".toml" else facts.of_script(text)


def _regions(conflict: diff.Conflict) -> str:
    return "\n".join(str(region) for region in conflict.regions)
