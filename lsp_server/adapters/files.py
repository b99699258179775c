"""Files as they are on disk: read whole, replaced atomically, never half-written.

**Invariant:** what a stranger may have put somewhere is opened here and nowhere else (`tests/test_tidy.py`). Git can carry
links to devices, and a named pipe holds up whoever opens it: only a regular file is read, and only to a limit.
"""

import contextlib
import errno
import hashlib
import os
import secrets
import stat
import sys
import time
from pathlib import Path

import psutil

from lsp_server.adapters.exchange import exchange
from lsp_server.core.text import decoded

TEMPORARY_SUFFIX = ".pyproject-lsp"
# Names this process in the files that it makes; the number alone would also name an earlier one, above all in a container.
_MAKER = f"{os.getpid()}-{secrets.token_hex(4)}"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_REPLACE_PATIENCE_SECONDS = 1.0

_MB = 1_000_000
MANIFEST_LIMIT, LOCKFILE_LIMIT, PYTHON_LIMIT, METADATA_LIMIT = 10 * _MB, 100 * _MB, 2 * _MB, _MB
"""The most bytes that are read of a manifest, a `uv.lock`, a Python file, and what describes a distribution."""
_LIMITS = {"pyproject.toml": MANIFEST_LIMIT, "uv.toml": MANIFEST_LIMIT} | dict.fromkeys((".py", ".pyi", ".pyw"), PYTHON_LIMIT)
_CHUNK = 1 << 20
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
# A pipe then does not wait for its other end, and a terminal does not become ours. Windows has none of these.
_OPEN_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"))


class Unfit(OSError):  # noqa: N818  as the built-in ones: it says what is the matter
    """A file that is there and is not read: no regular file, or a larger one than is read."""

    def __init__(self, number: int, reason: str, path: "Path | str") -> None:
        super().__init__(number, reason, str(path))

    def __str__(self) -> str:
        """Say what is where, and what to do."""
        return f"{self.filename} is {self.strerror}"


def limit_of(path: Path) -> int:
    """Return how many bytes are read of a file of this name; what has no limit of its own gets that of a `uv.lock`."""
    return _LIMITS.get(path.name) or _LIMITS.get(path.suffix, LOCKFILE_LIMIT)


def open_to_look(path: "Path | str", *, pipes: bool = False) -> int:
    """Open a regular file to read, and return the descriptor. Nothing is waited for.

    Args:
        path: its name; links are followed.
        pipes: a named pipe will do, too: uv locks one as it does a file.

    Raises:
        Unfit: it is no regular file.
        OSError: it is not there, or may not be opened.

    """
    # Looked at before it is opened: to open a device may already do something.
    try:
        status = os.stat(path)  # noqa: PTH116  called a thousand times
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise Unfit(errno.ELOOP, "a loop of links, not a regular file; remove it or put a file in its place", path) from error
    _assert_fit(status, path, pipes=pipes)
    descriptor = os.open(path, _OPEN_FLAGS)
    try:
        _assert_fit(os.fstat(descriptor), path, pipes=pipes)  # it may be another one by now
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _assert_fit(status: os.stat_result, path: "Path | str", *, pipes: bool) -> None:
    mode = status.st_mode
    if not stat.S_ISREG(mode) and not (pipes and stat.S_ISFIFO(mode)):
        kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "something else")
        raise Unfit(errno.EINVAL, f"{kind}, not a regular file; remove it or put a file in its place", path)


def head(path: "Path | str", limit: int) -> bytes:
    """Return the first bytes of a regular file, at most `limit` of them.

    Raises:
        Unfit: it is no regular file.
        OSError: it is not there, or cannot be read.

    """
    descriptor = open_to_look(path)
    try:
        left = limit
        parts: list[bytes] = []
        # One more than there should be, so that most files are read in one go; a file of /proc says that it has none.
        wanted = os.fstat(descriptor).st_size + 1
        while left and (part := os.read(descriptor, min(left, max(wanted, _CHUNK if parts else 4096)))):
            parts.append(part)
            left -= len(part)
            wanted -= len(part)
    except BlockingIOError as error:  # some of /proc and /sys are pipes in all but name
        raise Unfit(errno.EAGAIN, "a file that has to be waited for; remove it or put another one in its place", path) from error
    finally:
        os.close(descriptor)
    return b"".join(parts)


def read(path: Path, limit: int | None = None) -> bytes | None:
    """Return a file's bytes, or None where there is no file.

    Args:
        path: the file.
        limit: the most bytes that it may have; the one for its name (`limit_of`) where none is given.

    Raises:
        Unfit: it is no regular file, or a larger one.
        OSError: it is there and cannot be read.

    """
    most = limit_of(path) if limit is None else limit
    try:
        found = head(path, most + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if len(found) > most:
        raise Unfit(errno.EFBIG, f"larger than {most // _MB} MB, which is the most that is read of it", path)
    return found


def read_text(path: Path, limit: int | None = None) -> str:
    """Return a file as text, empty where it cannot be read: for what is only looked at."""
    try:
        return decoded(read(path, limit))
    except (OSError, ValueError):  # ValueError: a name with a NUL, from what somebody wrote into another file
        return ""


def refusal(path: Path) -> str | None:  # noqa: PLR0911  one for each reason
    """Say why a file cannot be replaced, or None if it can.

    The mode is looked at too: a rename would go through on a read-only file, against its owner's wish.
    """
    target = Path(os.path.realpath(path))
    with contextlib.suppress(FileNotFoundError):
        found = target.stat()
        mode = found.st_mode
        if stat.S_ISDIR(mode):
            return f"{path} is a folder"
        if not stat.S_ISREG(mode):
            return f"{path} is no regular file; put one in its place"
        if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(target, os.W_OK):
            return f"{path} is read-only; make it writable to let it be edited"
        # On Windows what shows a file in a shadow may be such a name, where there are no symbolic links.
        if found.st_nlink > 1 and sys.platform != "win32":
            names = f"{path} has {found.st_nlink} names (hard links), which a new text would part"
            return f"{names}; make it a file of its own, or a symbolic link"
    if not target.parent.is_dir():
        return f"the folder {target.parent} does not exist"
    if not os.access(target.parent, os.W_OK | os.X_OK):
        return f"the folder {target.parent} cannot be written to"
    return None


class Replacement:
    """The new text of a file, written and synced beside it, one rename away from being the file.

    Writing and syncing happen before any lock is taken and only the rename while it is held: a sync to a busy
    disk takes many times longer than all the rest. Between the two the file lies in `staging`, where that is on the
    same file system, so that a project that waits for hours shows no file of ours; else beside the target.
    A symbolic link is followed to its target; mode, owner and access lists are kept.
    """

    def __init__(self, path: Path, content: bytes, staging: Path | None = None) -> None:
        self.target = Path(os.path.realpath(path))
        self._content = content
        folder = staging if staging is not None and _on_one_file_system(staging, self.target.parent) else self.target.parent
        self._temporary = self._written(folder)
        self._exchanged = False
        self._renamed = False
        self._before: bytes | None = None
        self._synced = False

    def sync(self) -> None:
        """Bring the new text to the disk, so that a power cut after the change leaves the old text or the new one."""
        descriptor = os.open(self._temporary, os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._synced = True

    def _written(self, folder: Path) -> Path:
        temporary = folder / f"{_prefix(self.target)}{_MAKER}.{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"
        # A new file gets the mode that the system gives to one: the umask cannot be read without being changed, for all threads.
        descriptor = os.open(temporary, _NEW, 0o600 if self.target.exists() else 0o666)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(self._content)
                file.flush()
                _copy_ownership(self.target, temporary)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return temporary

    def commit(self, expected: bytes | None) -> bool:
        """Make it the file, if the file still is what it was; the old one is kept until `discard`.

        Where files can be exchanged nothing that anybody wrote up to the last moment is lost. Elsewhere the file is
        compared right before the rename.

        Returns:
            False if the file is another by now; it is left, or put back, as it is.

        """
        _copy_ownership(self.target, self._temporary)  # its owner may have changed it since this was staged
        if not self._synced:
            self.sync()
        try:
            return self._committed(expected)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
        # One file system under two mounts: only a file of the same folder can take the place.
        elsewhere, self._temporary = self._temporary, self._written(self.target.parent)
        elsewhere.unlink(missing_ok=True)
        self.sync()
        return self._committed(expected)

    def _committed(self, expected: bytes | None) -> bool:
        if expected is not None and exchange(self._temporary, self.target):
            self._exchanged = True
            if read(self._temporary) == expected:
                return True
            self.revert()
            return False
        if read(self.target) != expected:
            return False
        self._rename()
        self._renamed, self._before = True, expected
        return True

    def finish(self) -> None:
        """Make the change of the folder last over a power cut, and take the old file away; needs no lock."""
        sync_folder(self.target.parent)
        self.discard()

    def revert(self) -> None:
        """Put the old file back, or where files cannot be exchanged its text."""
        if self._renamed and read(self.target) == self._content:
            self._renamed = False
            replace(self.target, self._before)
        if self._exchanged:
            exchange(self._temporary, self.target)
            self._exchanged = False
            if read(self._temporary) != self._content:
                exchange(self._temporary, self.target)  # somebody has saved over ours in between: theirs is the newest

    def _rename(self) -> None:
        deadline = time.monotonic() + _REPLACE_PATIENCE_SECONDS
        while True:
            try:
                self._temporary.replace(self.target)
            except PermissionError:
                # On Windows a reader without delete sharing holds the file for a moment.
                if os.name != "nt" or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def discard(self) -> None:
        """Take the temporary file away: the new text that did not become the file, or the old one that was."""
        self._temporary.unlink(missing_ok=True)


def replace(path: Path, content: bytes | None) -> None:
    """Put new content in a file atomically; None removes it."""
    if content is None:
        target = Path(os.path.realpath(path))
        target.unlink(missing_ok=True)
        sync_folder(target.parent)
        return
    replacement = Replacement(path, content)
    try:
        while not replacement.commit(read(path)):
            pass  # somebody wrote it in this very moment; the caller wants ours whatever it was
    finally:
        replacement.finish()


def remove_leftovers(path: Path) -> None:
    """Take away what a killed process left beside a file."""
    target = Path(os.path.realpath(path))
    for leftover in _temporaries(target.parent, target):
        maker = leftover.name.removeprefix(_prefix(target)).partition(".")[0]
        pid = maker.partition("-")[0]
        if maker == _MAKER or (pid.isdecimal() and int(pid) != os.getpid() and psutil.pid_exists(int(pid))):
            continue  # somebody is about to replace the file
        with contextlib.suppress(OSError):
            leftover.unlink()


def staged(folder: Path, path: Path) -> tuple[bytes, ...]:
    """Return the texts that lie in a staging folder, or beside the file, to become this file or after having been it."""
    target = Path(os.path.realpath(path))
    found = [read(each) for place in (folder, target.parent) for each in _temporaries(place, target)]
    return tuple(content for content in found if content is not None)


def remove_staged(folder: Path) -> None:
    """Empty a staging folder; the caller holds the lock of the project that stages there."""
    for leftover in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def _prefix(target: Path) -> str:
    # The whole path: all members of a workspace stage in one folder, and their manifests have one name.
    return f".{hashlib.sha256(os.fsencode(target)).hexdigest()[:16]}."


def _temporaries(folder: Path, target: Path) -> list[Path]:
    return sorted(folder.glob(f"{_prefix(target)}*{TEMPORARY_SUFFIX}"))


def _on_one_file_system(one: Path, other: Path) -> bool:
    try:
        return one.stat().st_dev == other.stat().st_dev
    except OSError:
        return False


def _copy_ownership(source: Path, target: Path) -> None:
    try:
        status = source.stat()
    except FileNotFoundError:
        return  # a new file has the usual mode already
    target.chmod(stat.S_IMODE(status.st_mode))
    if sys.platform != "win32":
        # Only root may give a file away; anybody else keeps what they may.
        with contextlib.suppress(OSError):
            os.chown(target, status.st_uid, status.st_gid)
    if sys.platform == "linux":
        names: list[str] = []
        with contextlib.suppress(OSError):  # a file system without them (FUSE)
            names = os.listxattr(source)
        for name in names:
            with contextlib.suppress(OSError):
                os.setxattr(target, name, os.getxattr(source, name))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last over a power cut."""
    # On Windows a folder cannot be opened for syncing; the rename is journaled by NTFS.
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
