"""What is kept in the state folder is for its user alone: folders 0700 and files 0600, from their first moment on.

The mode goes to the call that makes them, so that no umask leaves one open, even for a moment. On Windows the
folder of a user's programs gives its access list to all that is made in it, and modes say nothing.
"""

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

FOLDER, FILE = 0o700, 0o600
_OTHERS = 0o077
# A link that somebody put here is not followed, and none of what is opened becomes a child's.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def folder(path: Path) -> Path:
    """Make a folder, and those above it that are missing, for this user alone; return it."""
    if not path.is_dir():
        if not path.parent.exists():
            folder(path.parent)
        path.mkdir(mode=FOLDER, exist_ok=True)
    return path


def opener(path: str, flags: int) -> int:
    """Open for `open(..., opener=...)`, as `write` does."""
    return os.open(path, flags | _NO_LINK, FILE)


def write(path: Path, content: bytes) -> None:
    """Write a file for this user alone, made anew or over what it held."""
    with open(path, "wb", opener=opener) as file:
        file.write(content)


def make(path: Path) -> None:
    """Make an empty file for this user alone, if there is none: whoever opens it then leaves its mode."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE))


def tighten(state: Path, marker: str) -> tuple[Path, ...]:
    """Close a state folder that an older version left open to others; return which of its content was open.

    Only what this user owns is touched, and the folder itself only where it is ours: with `marker` in it, or empty.
    """
    if not _is_open(state):
        return ()
    content = _below(state)
    if content and state / marker not in content:
        return ()
    open_ones = [path for path in content if _is_open(path)]
    for path in (state, *open_ones):
        path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~_OTHERS)
    return tuple(open_ones)


def is_private(path: Path) -> bool:
    """Tell whether nobody but this user may look into a folder; true where modes say nothing."""
    status = path.stat()
    return os.name == "nt" or (_is_own(status) and not status.st_mode & _OTHERS)


def _is_open(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    return os.name != "nt" and not stat.S_ISLNK(status.st_mode) and _is_own(status) and bool(status.st_mode & _OTHERS)


def _is_own(status: os.stat_result) -> bool:
    return sys.platform == "win32" or status.st_uid == os.geteuid()


def _below(state: Path) -> list[Path]:
    """Return what lies directly in the state folder and in its folders; what is deeper is behind those."""
    first = list(state.iterdir())
    second = [each for one in first if one.is_dir() and not one.is_symlink() for each in one.iterdir()]
    return [*first, *second]
