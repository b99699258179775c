"""Edits that stand in a manifest already: the user saved them in their editor, or only uv.lock was lost after a commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_server.adapters import files
from lsp_server.core import facts, intent
from lsp_server.core.operation import Operation
from lsp_server.core.text import decoded
from lsp_server.jobs.journal import Journal, Texts
from lsp_server.jobs.plan import Planned
from lsp_server.jobs.selection import Asked


@dataclass(frozen=True, slots=True)
class Made:
    """What an operation made of a manifest: its text without the edit, and with it."""

    path: Path
    before: str
    after: str

    def is_missing(self, operation: Operation, text: str) -> bool:
        """Tell whether all that the operation changed is missing in a text: it is back at what it was before."""
        old, new = self._facts()
        keys = self._keys(operation)
        return bool(keys) and keys <= facts.dropped(old, new, facts.of(self.path.name, text))

    def is_replaced(self, operation: Operation, text: str) -> bool:
        """Tell whether nothing that the operation changed is in a text as it made it: it is as before, or another's."""
        new, present = self._facts()[1], facts.of(self.path.name, text)
        keys = self._keys(operation)
        return bool(keys) and all(present.get(key) != new.get(key) for key in keys)

    def _facts(self) -> tuple[facts.Facts, facts.Facts]:
        return facts.of(self.path.name, self.before), facts.of(self.path.name, self.after)

    def _keys(self, operation: Operation) -> frozenset[facts.Key]:
        """Return what the operation changed; nothing if it cannot be read any more."""
        wanted = intent.from_argument(operation.command, operation.argument)
        if isinstance(wanted, intent.BadArgument):
            return frozenset()
        return frozenset(key for key in facts.changed(*self._facts()) if wanted.concerns(key))


def saved(journal: Journal, operation: Operation) -> Made | None:
    """Return what an operation had made of an unsaved document, if its file has it: the person has saved it since."""
    change = journal.buffered(operation.id)
    if change is None:
        return None
    made = [Made(path, decoded(change.before[path]), decoded(after)) for path, after in change.after.items()]
    return next((each for each in made if not each.is_missing(operation, decoded(files.read(each.path)))), None)


Standing = dict[str, Made]
"""Operations, by id, whose edit is not to be made again as long as it stands."""


def images(planned: Planned, asked: Sequence[Asked], standing: Mapping[str, Made]) -> tuple[Texts, Texts]:
    """Return the texts before and after a change, as undo needs them: a standing edit is part of it.

    Without it the change would be that of uv.lock alone, and taking it back would take nothing back. Only for a change
    that was made: one that is prepared has changed nothing yet, and recovery must not take the user's save for its own.
    """
    before, after = dict(planned.base), dict(planned.changes)
    for one in reversed(asked):
        made = standing.get(one.operation)
        if made is not None and made.before != made.after:
            before[made.path] = made.before.encode("utf-8", "surrogatepass")
            after.setdefault(made.path, made.after.encode("utf-8", "surrogatepass"))
    return before, after
