"""Erasing what is kept of a project: its history, the texts before and after each change, lost texts, its shadow."""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lsp_server.jobs import leftovers
from lsp_server.jobs.journal import Journal


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased, and what was not since somebody still needs it."""

    files: int
    still_needed: int


def forget(state: Path, journal: Journal, project: str | None) -> Forgotten:
    """Erase what is kept of a project, or of all of them, without undo.

    Corrupt journals that were kept aside go, too: nobody can tell whose texts are in them.

    Raises:
        sqlite3.Error: the journal cannot be written.

    """
    gone = [*journal.forget(project), *state.glob(f"{journal.path.name}.corrupt-*")]
    for path in gone:
        path.unlink(missing_ok=True)
    for folder in ("shadow", "staged"):
        for kept in (state / folder).glob("*" if project is None else project):
            with suppress(OSError):
                leftovers.remove_project(state, journal, kept.name)
    if project is None:
        shutil.rmtree(state / "index", ignore_errors=True)  # which packages were looked up; a server asks again
    needed = [one for one, _owner in journal.unfinished_with_owner(project)]
    return Forgotten(len(gone), len(needed) + len(journal.prepared(project)))
