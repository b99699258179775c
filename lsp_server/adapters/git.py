"""What git wrote of a working tree, as far as it can be seen without running git; and one text of an unfinished merge.

git notes in its index, for each file that it has written or found unchanged, the blob and the time of that file. So a
text is git's work if the index has its blob with a time that is as new as the text. A commit of other files, a branch or
a lock that somebody left say nothing of this file.
"""

import hashlib
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from lsp_server.adapters import files

# An entry of the index (gitformat-index(5)): ctime, mtime, dev, ino, mode, uid, gid, size, then the name of the blob.
_STAT = struct.Struct(">10L")
_MTIME = slice(2, 4)
# A file system may know times in hundredths of a second only, or take them from a clock that ticks so.
_SLACK_SECONDS = 0.02
# A git that writes files has just made its lock; one that is older is left over, or waits for a person's commit message.
_LOCK_SECONDS = 2.0


def common_text(path: Path) -> str | None:
    """Return the text that both sides of an unfinished merge came from (stage 1 in git's index); None if there is none."""
    words = ["git", "cat-file", "blob", f":1:./{path.name}"]
    try:
        done = subprocess.run(words, cwd=path.parent, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def wrote(path: Path, content: bytes, since: float) -> bool:
    """Tell whether a file's content came from git at or after `since` (seconds of the system's clock)."""
    place = _repository(path.parent)
    index = None if place is None else _read(place / "index")
    if index is None:
        return False
    blob = b"blob %d\0" % len(content) + content
    names = (hashlib.sha1(blob, usedforsecurity=False).digest(), hashlib.sha256(blob).digest())
    return any(seen >= since - _SLACK_SECONDS for name in names for seen in _times(index, name))


def is_writing(folder: Path) -> bool:
    """Tell whether a git may be writing files right now, of which it has not told its index yet."""
    place = _repository(folder)
    try:
        return place is not None and time.time() - (place / "index.lock").stat().st_mtime < _LOCK_SECONDS
    except OSError:
        return False


def _times(index: bytes, blob: bytes) -> Iterator[float]:
    """Yield the times of the files of this content when git looked at them."""
    at = index.find(blob)
    while at >= 0:
        if at >= _STAT.size:
            seconds, fraction = _STAT.unpack_from(index, at - _STAT.size)[_MTIME]
            yield seconds + fraction / 1e9
        at = index.find(blob, at + 1)


def _repository(folder: Path) -> Path | None:
    found = next((each / ".git" for each in (folder, *folder.parents) if (each / ".git").exists()), None)
    if found is None or found.is_dir():
        return found
    # In a worktree or a submodule it is a file that names the folder.
    return found.parent / files.read_text(found).removeprefix("gitdir:").strip()


def _read(path: Path) -> bytes | None:
    try:
        return files.read(path)
    except OSError:
        return None
