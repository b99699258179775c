"""Settling: after a commit, until every uv that was alive then has ended, see that no stale text undoes it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsp_server.adapters import files, git
from lsp_server.adapters.live import UvProcess
from lsp_server.adapters.processes import ProcessId
from lsp_server.core import facts, lockfile, pyproject, toml
from lsp_server.core.facts import of_file
from lsp_server.core.text import decoded
from lsp_server.jobs.journal import Change, Texts
from lsp_server.jobs.place import Place
from lsp_server.jobs.selection import Asked


@dataclass(frozen=True, slots=True)
class Settling:
    """One committed change that a uv may still undo.

    `said` is what each operation changed, in words. `writers` are the uv processes that were alive right after the
    commit, `editors` those of them that write the manifest: only they can have a stale text of it. `checkout` is what
    git had done until then.
    """

    change: int
    asked: tuple[Asked, ...]
    before: Texts
    after: Texts
    said: Mapping[str, str]
    writers: frozenset[ProcessId] = frozenset()
    editors: frozenset[ProcessId] = frozenset()
    checkout: git.State | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a change.

    `dropped` are the operations whose edit was lost to a stale write, `relock` those whose uv.lock was.
    """

    settled: bool
    dropped: tuple[str, ...] = ()
    relock: bool = False
    culprits: tuple[int, ...] = field(default=())


def names_of(processes: Collection[UvProcess]) -> frozenset[ProcessId]:
    """Name processes for ever."""
    return frozenset(ProcessId(process.pid, process.started) for process in processes)


def judge(place: Place, item: Settling, *, writers: Collection[ProcessId], by_user: Callable[[Path, str], bool]) -> Verdict:
    """Look at the files once more.

    Args:
        place: the project.
        item: the change.
        writers: the uv processes that may still write now; a `uv run` has ended that when the user's command runs.
        by_user: tells whether a person made a text: then a drop is their wish.

    What git checked out, or an editor that is not ours wrote while no uv could, is a person's wish as well.
    A torn or empty file is a moment of a write: while a writer lives it says nothing.

    Raises:
        OSError: a file cannot be read.

    """
    alive = tuple(item.writers.intersection(writers))
    lost: set[str] = set()
    for path, after in item.after.items():
        if path == place.project.lockfile or after is None:
            continue
        text = _read(path)
        if text is None or not _readable(path, text):
            if alive:
                continue
            text = text or ""
        keys = facts.dropped(of_file(path.name, item.before.get(path)), of_file(path.name, after), facts.of(path.name, text))
        keys -= _changed_since(place, item, path)
        if keys and (not item.editors or _by_git(place, item, text) or by_user(path, text)):
            return Verdict(settled=True)
        lost |= {one.operation for one in item.asked if any(one.intent.concerns(key) for key in keys)}
    if lost:
        return Verdict(settled=False, dropped=tuple(sorted(lost)), culprits=tuple(sorted(e.pid for e in item.editors)))
    if alive:
        return Verdict(settled=False, culprits=tuple(writer.pid for writer in alive))
    return Verdict(settled=True, relock=_lock_is_stale(place, item))


def _by_git(place: Place, item: Settling, text: str) -> bool:
    folder = place.project.folder
    return git.checked_out(folder, item.checkout) or git.may_have_written(folder, text.encode(), item.checkout)


def _changed_since(place: Place, item: Settling, path: Path) -> frozenset[facts.Key]:
    """Return what later changes of our own queue decided: they are no loss."""
    later: tuple[Change, ...] = place.journal.committed_after(place.key, item.change)
    return frozenset().union(
        *(
            facts.changed(of_file(path.name, one.before.get(path)), of_file(path.name, one.after[path]))
            for one in later
            if path in one.after
        )
    )


def _lock_is_stale(place: Place, item: Settling) -> bool:
    """Tell whether somebody wrote a uv.lock over ours that does not fit the manifest."""
    lock = place.project.lockfile
    planned = item.after.get(lock)
    if place.project.kind == "script" or planned is None:
        return False
    present = files.read(lock)
    if present == planned:
        return False
    root = _read(place.project.root / "pyproject.toml")
    return root is not None and lockfile.fits(pyproject.read(root), decoded(present)) is False


def _readable(path: Path, text: str) -> bool:
    return bool(text.strip()) and (path.suffix != ".toml" or toml.problem(text) is None)


def _read(path: Path) -> str | None:
    content = files.read(path)
    return None if content is None else decoded(content)
