"""What the state folder need not keep: shadows of previews whose process was killed, and of projects that are gone."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from lsp_server.adapters import files, private
from lsp_server.adapters.project import MANIFEST
from lsp_server.jobs.journal import Journal
from lsp_server.locks.lock import FileMutex
from lsp_server.locks.rank import Rank

_PREVIEW = "preview-"
_LOCK = ".lock"
_OWNER = "project"


@contextmanager
def scratch(shadows: Path) -> Iterator[Path]:
    """Make a folder for the shadow of one preview, and remove it; until then a lock beside it says that it is in use.

    Raises:
        OSError: the state folder cannot be written.

    """
    private.folder(shadows)
    folder = shadows / f"{_PREVIEW}{secrets.token_hex(8)}"
    with _in_use(folder):
        private.folder(folder)
        try:
            yield folder
        finally:
            _remove(folder)


def note(shadow: Path, root: Path) -> None:
    """Write into a shadow whose it is, so that it can be removed once that is gone.

    Raises:
        OSError: the state folder cannot be written.

    """
    owner = shadow / _OWNER
    if files.read(owner) != os.fsencode(root):
        private.folder(shadow)
        private.write(owner, os.fsencode(root))


def remove(state: Path, journal: Journal) -> None:
    """Remove what is left in the state folder of processes and projects that are no more. Nobody is waited for.

    Raises:
        OSError, sqlite3.Error: the state folder or the journal cannot be read.

    """
    for folder in sorted((state / "shadow").glob("*")):
        if folder.name.startswith(_PREVIEW):
            _remove_preview(folder.with_name(folder.name.removesuffix(_LOCK)))
        elif not _is_wanted(folder):
            remove_project(state, journal, folder.name)


def _is_wanted(shadow: Path) -> bool:
    owner = files.read(shadow / _OWNER)
    if owner is None:
        return False
    root = os.fsdecode(owner)
    return os.path.lexists(os.path.join(root, MANIFEST) if os.path.isdir(root) else root)  # noqa: PTH112, PTH118  as lexists


def _remove_preview(folder: Path) -> None:
    with suppress(Timeout), _in_use(folder):
        _remove(folder)


def remove_project(state: Path, journal: Journal, key: str) -> None:
    """Remove the shadow and the staged files of a project, unless somebody works on it, or a change has to be finished."""
    mutex = FileMutex(state / "locks" / f"{key}.lock", Rank.MANIFEST, "removing what a deleted project left")
    if not mutex.try_acquire():
        return
    try:
        _remove(state / "shadow" / key)
        if not journal.prepared(key):
            _remove(state / "staged" / key)
    finally:
        mutex.release()


@contextmanager
def _in_use(folder: Path) -> Iterator[None]:
    lock = folder.with_name(folder.name + _LOCK)
    with FileLock(lock, mode=private.FILE, blocking=False, preserve_lock_file=True):
        yield
        with suppress(OSError):  # Windows keeps what is open
            lock.unlink()


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
