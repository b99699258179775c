"""What the system or the journal refuses, in one sentence: what, where, the likely cause, what to do."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from lsp_server.core import uvwords
from lsp_server.core.operation import Failure

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_TOO_MANY_FILES = frozenset({errno.EMFILE, errno.ENFILE})
_PRIMARY = 0xFF  # of an extended result code of SQLite
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_FULL_BELOW = 64 * 1024
"""A disk with less room than this, in bytes, is called full: a file of ours no longer fits."""


def failure(error: Exception, place: Path) -> Failure | None:
    """Return what an error of the system or of the journal means to an operation; None for a bug.

    Args:
        error: it.
        place: what was worked on, where the error names no file.

    """
    said = sentence(error, place)
    if said is None:
        return None
    is_full = error.errno in _NO_SPACE if isinstance(error, OSError) else isinstance(error, sqlite3.Error) and _is_full(error)
    return Failure("no-space" if is_full else "uv-failed", f"{said}; nothing was changed, retry when that is mended")


def sentence(error: BaseException, place: Path) -> str | None:
    """Say what an error of the system or of the journal means; None for a bug."""
    if isinstance(error, sqlite3.Error):
        return of_journal(error, place)
    return of_system(error, place) if isinstance(error, OSError) else None


def of_system(error: OSError, place: Path) -> str:
    """Say what the system refused."""
    where = Path(str(error.filename or place))
    if error.errno in _NO_SPACE:
        return f"{_disk(where)} is full ({error.strerror}): {where} cannot be written; make room there"
    if error.errno in _TOO_MANY_FILES:
        return f"{where} cannot be opened: {error.strerror}; close other programs, or raise the limit (ulimit -n)"
    return f"cannot write {where}: {error.strerror or error}"


def of_journal(error: sqlite3.Error, state: Path) -> str:
    """Say what the journal in a state folder refused."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & _PRIMARY
    named = f"the journal in {state}"
    if _is_full(error):
        return f"{_disk(state)} is full: {named} cannot be written; make room there"
    if code in _BUSY:
        return f"{named} is held by another process ({error}); end that, or try again when it has let go"
    if code == sqlite3.SQLITE_IOERR:
        return f"{named} cannot be read or written ({error}): its disk is broken, gone, or without locks"
    if code == sqlite3.SQLITE_CANTOPEN:
        return f"{named} cannot be opened ({error}): see whether its folder may be written, and whether too many files are open"
    return f"{named} cannot be used ({error}); see 'pyproject-lsp doctor'"


def named(failure: Failure, places: Iterable[Path], environ: Mapping[str, str]) -> Failure:
    """Say which disk is full where uv only says that one is.

    Args:
        failure: any; one of another kind stays as it is.
        places: where uv writes.
        environ: its environment.

    """
    if not uvwords.is_no_space(failure.detail):
        return failure
    temporary = (Path(environ[name]) for name in ("TMPDIR", "TMP", "TEMP", "UV_CACHE_DIR", "HOME") if environ.get(name))
    full = next((place for place in (*places, *temporary) if _is_out_of_room(place)), None)
    said = f"{_disk(full)} is full" if full else "a disk is full"
    return replace(failure, message=f"{said}: {failure.message}; make room there, then retry")


def _is_full(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & _PRIMARY == sqlite3.SQLITE_FULL


def _is_out_of_room(place: Path) -> bool:
    existing = next((each for each in (place, *place.parents) if each.exists()), None)
    try:
        return existing is not None and shutil.disk_usage(existing).free < _FULL_BELOW
    except OSError:
        return False


def _disk(place: Path) -> str:
    """Name the disk that a path is on: by where it is mounted, or its drive."""
    absolute = Path(os.path.abspath(place))  # noqa: PTH100  as `absolute`, without `..`
    mount = next((each for each in (absolute, *absolute.parents) if os.path.ismount(each)), Path(absolute.anchor))
    return f"the disk of {mount}"
