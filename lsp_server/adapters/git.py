"""What git did to a working tree, as far as it can be seen without running git; and one text of an unfinished merge."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lsp_server.adapters import files


@dataclass(frozen=True, slots=True)
class State:
    """What git had last done in a repository: the commit that is checked out, the length of its log, the index."""

    head: str
    logged: int
    indexed: int


def state(folder: Path) -> State | None:
    """Return what changes whenever git writes to the working tree; None outside of a repository.

    A checkout, a pull, a reset, a rebase and a commit all write the log of HEAD. `git restore` writes the index only,
    as `git status` may do as well.
    """
    place = _repository(folder)
    if place is None:
        return None
    return State(
        (_read(place / "HEAD") or b"").decode("utf-8", "replace"), _stamp(place / "logs" / "HEAD")[0], _stamp(place / "index")[1]
    )


def common_text(path: Path) -> str | None:
    """Return the text that both sides of an unfinished merge came from (stage 1 in git's index); None if there is none."""
    words = ["git", "cat-file", "blob", f":1:./{path.name}"]
    try:
        done = subprocess.run(words, cwd=path.parent, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def is_at_work(folder: Path) -> bool:
    """Tell whether a git is about to change the working tree or the index."""
    place = _repository(folder)
    return place is not None and (place / "index.lock").exists()


def checked_out(folder: Path, since: State | None) -> bool:
    """Tell whether another commit was checked out since."""
    present = state(folder)
    return present is not None and since is not None and (present.head, present.logged) != (since.head, since.logged)


def may_have_written(folder: Path, content: bytes, since: State | None) -> bool:
    """Tell whether a file's content may have come from git since: it stands in an index that was written since."""
    present, place = state(folder), _repository(folder)
    if place is None or present is None or since is None or present == since:
        return False
    blob = b"blob %d\0" % len(content) + content
    index = _read(place / "index") or b""
    return hashlib.sha1(blob, usedforsecurity=False).digest() in index or hashlib.sha256(blob).digest() in index


def _repository(folder: Path) -> Path | None:
    found = next((each / ".git" for each in (folder, *folder.parents) if (each / ".git").exists()), None)
    if found is None or found.is_dir():
        return found
    # In a worktree or a submodule it is a file that names the folder.
    return found.parent / files.read_text(found).removeprefix("gitdir:").strip()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _read(path: Path) -> bytes | None:
    try:
        return files.read(path)
    except OSError:
        return None
