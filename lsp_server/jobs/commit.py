"""The commit: compare the files with what was planned from, then replace them, under uv's two locks.

**Invariant:** between the comparison and the last rename both of uv's locks are held, and nothing is waited for but,
for an open document, the editor's answer (at most a second). Whatever ends the process in between, the journal has
both texts of each file, and `recover` makes a matching pair of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lsp_server.adapters import files, private, shadow
from lsp_server.adapters.editor import Editor
from lsp_server.adapters.live import UvProcess
from lsp_server.adapters.lockprobe import can_be_taken
from lsp_server.adapters.processes import clock
from lsp_server.core import diff, invariant
from lsp_server.core.operation import Failure
from lsp_server.core.text import decoded
from lsp_server.core.tokens import BOM
from lsp_server.jobs import refusals
from lsp_server.jobs.journal import Texts
from lsp_server.jobs.place import Place
from lsp_server.locks.lock import FileMutex, acquire_all, release_all
from lsp_server.locks.rank import Rank


@dataclass(frozen=True, slots=True)
class Committed:
    """Both files are replaced.

    `open_documents` were edited and have to be made clean; `alive` are the uv processes that may have read before;
    `since` is right before the files were replaced, in seconds of `processes.clock`.
    """

    open_documents: tuple[Path, ...]
    alive: tuple[UvProcess, ...]
    since: float


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody holds one of uv's locks, or a uv that will write has started: wait again."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A text is not the planned one any more: plan again."""


Outcome = Committed | Busy | Changed | Failure


def uv_locks(place: Place) -> tuple[FileMutex, ...]:
    """Return uv's locks of the project that exist to be taken, in rank order.

    Where there is no environment yet there is no lock of it either, and nobody can be installing. Where the folder of
    temporary files is gone, or a neighbour put something there that cannot be locked, uv goes without its project lock, too.
    """
    locks = []
    if place.project_lock.parent.is_dir() and can_be_taken(place.project_lock):
        locks.append(FileMutex(place.project_lock, Rank.PROJECT))
    if (place.environment / "pyvenv.cfg").is_file():
        locks.append(FileMutex(place.environment_lock, Rank.ENVIRONMENT))
    return tuple(locks)


@dataclass(frozen=True, slots=True)
class Staged:
    """The new files of a plan, written and synced, each one rename away from its place; the manifests first.

    A uv that reads between the two renames then locks anew from the new manifest.
    """

    base: Texts
    changes: Texts
    replacements: Mapping[Path, files.Replacement]

    def discard(self) -> None:
        """Take away what did not become a file, or what was one before."""
        for replacement in self.replacements.values():
            replacement.discard()


def stage(place: Place, base: Texts, changes: Texts) -> Staged | Failure:
    """Write the new files where nobody sees them yet.

    Args:
        place: the project.
        base: every file's text that the plan was made from.
        changes: the files to replace. The journal has their images already.

    """
    violation = invariant.broken(base, changes, shadow.ways(place.shadow.parent))
    if violation is not None:
        return violation
    for path in changes:
        refused = files.refusal(path)
        if refused is not None:
            return Failure("uv-failed", f"cannot write: {refused}")
    staged: dict[Path, files.Replacement] = {}
    try:
        private.folder(place.staging)
        for path in sorted(changes, key=lambda each: each.name.endswith(".lock")):
            content = changes[path]
            if content is not None:
                staged[path] = files.Replacement(path, content, place.staging)
        # Side by side: the file system brings both to the disk in one go.
        with ThreadPoolExecutor(max_workers=2, thread_name_prefix="sync") as pool:
            list(pool.map(files.Replacement.sync, staged.values()))
    except OSError as error:
        for replacement in staged.values():
            replacement.discard()
        return _cannot_write(place, error)
    return Staged(base, changes, staged)


def commit(
    place: Place,
    staged: Staged,
    editor: Editor,
    *,
    still_quiet: Callable[[], bool],
    alive: Callable[[], tuple[UvProcess, ...]],
    label: str,
) -> Outcome:
    """Replace the files of a plan if they are still what the plan was made from.

    Args:
        place: the project.
        staged: the new files; they are used up if the outcome is Committed.
        editor: edits the documents that are open and clean.
        still_quiet: looks once more, under the locks, for a uv that will write.
        alive: looks, still under the locks, which uv processes are there: whoever had read the old text is among them.
        label: names the edit in the editor's undo list.

    """
    try:
        with _holding(uv_locks(place)) as held:
            if not held or not still_quiet():
                return Busy()
            if any(files.read(path) != text for path, text in staged.base.items()):
                return Changed()
            edited = _edit_open_documents(staged.changes, editor, label)
            if edited is None:
                return Changed()
            since = clock()
            if not _replace(staged):
                return Changed()
            committed = Committed(edited, alive(), since)
    except OSError as error:
        return _cannot_write(place, error)
    for replacement in staged.replacements.values():
        replacement.finish()
    return committed


@contextmanager
def _holding(locks: Sequence[FileMutex]) -> Iterator[bool]:
    """Hold all of these locks, if they could be had without waiting; yields whether."""
    held = acquire_all(*locks)
    try:
        yield held
    finally:
        if held:
            release_all(*locks)


def _cannot_write(place: Place, error: OSError) -> Failure:
    return refusals.failure(error, place.project.root) or Failure("uv-failed", str(error))


def _replace(staged: Staged) -> bool:
    """Replace the files; none of them if somebody has written a manifest in the last moment."""
    done: list[files.Replacement] = []
    complete = False
    try:
        for path, replacement in staged.replacements.items():
            # uv.lock is made from the manifest, so ours is right whatever a `uv lock` has just written there.
            expected = files.read(path) if path.name.endswith(".lock") else staged.base[path]
            while not replacement.commit(expected):
                if not path.name.endswith(".lock"):
                    return False
                expected = files.read(path)
            done.append(replacement)
        for path in staged.changes.keys() - staged.replacements.keys():
            files.replace(path, None)
        complete = True
    finally:
        for one in reversed(done) if not complete else ():
            one.revert()
    return True


def _edit_open_documents(changes: Texts, editor: Editor, label: str) -> tuple[Path, ...] | None:
    """Edit the clean open documents before the files; None if one has moved on or was changed by the user."""
    edited: list[Path] = []
    for path, content in changes.items():
        document = editor.document(path)
        if document is None:
            continue
        if document.dirty:
            return None
        if not editor.saves or content is None:
            continue  # a clean document follows its file by itself
        # Editors keep a byte order mark out of the text that they show.
        coding = "utf-8" if document.text.startswith(BOM) else "utf-8-sig"
        edits = diff.edits(document.text, content.decode(coding))
        made = not edits or editor.apply(path, document.version, edits, label)
        if not made:
            present = editor.document(path)
            if made is False or (present is not None and (present.dirty or present.version != document.version)):
                return None
            continue  # an editor that does not answer, or never does it, is not waited for: the document follows its file
        edited.append(path)
    return tuple(edited)


def make_clean(editor: Editor, path: Path, content: bytes | None) -> None:
    """Have a document saved that shows a file's new text; whatever else it shows would be written over it."""
    document = editor.document(path)
    if document is not None and not document.dirty and document.text.removeprefix(BOM) == decoded(content).removeprefix(BOM):
        editor.save(path)
