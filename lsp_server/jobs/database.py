"""One SQLite file that several processes write: opened, kept aside where it is corrupt, and followed when it is made anew.

**Invariant:** a file that turns out to be corrupt, when it is opened or at any later moment, is kept aside and a new one
begun, once for all who share it; what was about to be done is then done in the new one (`in_a_sound_one`).
**Invariant:** versions of this package share one file. They only ever add tables, columns and fields: an older one leaves
alone what it does not know, and `user_version` tells it that there is such a thing.
"""

import functools
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from filelock import FileLock

from lsp_server.adapters import files, private

BUSY_SECONDS = 5.0
KEPT_ASIDE = 3
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY = 0xFF  # of an extended result code
_Identity = tuple[int, int] | None

D = TypeVar("D", bound="Database")
P = ParamSpec("P")
R = TypeVar("R")


def in_a_sound_one(method: "Callable[Concatenate[D, P], R]") -> "Callable[Concatenate[D, P], R]":
    """Do something once more, in a new file, where the present one turns out to be corrupt."""

    @functools.wraps(method)
    def done(self: D, /, *arguments: P.args, **named: P.kwargs) -> R:
        identity = self._identity
        try:
            return method(self, *arguments, **named)
        except sqlite3.DatabaseError as error:
            if not is_corrupt(error):
                raise
        self.begin_anew(identity)
        return method(self, *arguments, **named)

    return done


def is_corrupt(error: sqlite3.Error) -> bool:
    """Tell whether an error is about what stands in the file: a bad page, or JSON that is none (an index reads it)."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & _PRIMARY in _CORRUPT or "malformed JSON" in str(error)


Parameters = Sequence[object] | Mapping[str, object]
"""Values of a query, by place or by name. Numbered ones (`?1`) are no way: CPython 3.12.0 to 3.12.3 warn of them."""


class Database:
    """An open database. Safe to use from several threads and, through SQLite, from several processes.

    `bell` is a file to watch for what others write. SQLite's own writes come too early for that: a transaction can be read
    only after the last write to the `-wal` file, so whoever looks at once may see the state before it, and hear no more.
    `set_aside` is where a corrupt file is kept, and `heard` is told of it.

    Args:
        path: its file; one that is corrupt is kept aside, and a new one begun.
        schema: makes what is not there yet.
        patience: seconds that another process's transaction is waited for; None for `BUSY_SECONDS`.
        version: of the schema; a file of a newer one keeps its own.

    Raises:
        sqlite3.OperationalError: it is locked for longer than that, or cannot be read or written.
        OSError: its folder cannot be made.

    """

    def __init__(self, path: Path, schema: str, patience: float | None = None, version: int = 1) -> None:
        self.path = path
        self._patience = BUSY_SECONDS if patience is None else patience
        self.bell = path.with_name(f"{path.name}-bell")
        self.set_aside: Path | None = None
        self.heard: Callable[[Path], None] = lambda _kept: None
        self._schema = schema
        self._version = version
        self._mutex = threading.RLock()
        private.folder(path.parent)
        self.tightened = private.tighten(path.parent, path.name)
        self._identity = _identity(path)
        self._database = self._connected() or self._begun_anew(self._identity)
        self._identity = _identity(path)

    def close(self) -> None:
        """Close the database."""
        with self._mutex:
            self._database.close()

    def problem(self) -> str | None:
        """Read every page, and say what is wrong with the file; None for a sound one. It takes as long as reading it does."""
        try:
            with closing(sqlite3.connect(self.path, timeout=self._patience)) as other:  # nobody waits for it
                rows = other.execute("PRAGMA quick_check(1)").fetchall()
        except sqlite3.DatabaseError as error:
            if not is_corrupt(error):
                raise
            return str(error)
        found = str(rows[0][0])
        return None if found == "ok" else found

    def check(self) -> None:
        """Begin a new file where the present one is corrupt, before anything depends on it."""
        identity = self._identity
        if self.problem() is not None:
            self.begin_anew(identity)

    def version(self) -> int:
        """Return the version of the newest schema that anybody wrote into the file."""
        return int(self._rows("PRAGMA user_version")[0][0])

    def compact(self) -> None:
        """Write the file anew without what was deleted, so that no text of it is left on a page or in the log."""
        with self._mutex:
            database = self._present()
            database.execute("VACUUM")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def begin_anew(self, corrupt: _Identity) -> None:
        """Keep the file aside, unless another process or thread has done so already.

        Args:
            corrupt: names the file that was found to be corrupt.

        """
        with self._mutex:
            self._database.close()
            self._identity = None  # if that fails, the next one to ask opens it again
            with _as_databases_error():
                self._database = self._begun_anew(corrupt)
            self._identity = _identity(self.path)

    @contextmanager
    def _transaction(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Write all or nothing; a durable transaction survives a power cut once this returns."""
        with self._mutex:
            database = self._present()
            if durable:
                database.execute("PRAGMA synchronous = FULL")
            try:
                with _begun(database):
                    yield database
            finally:
                if durable:
                    database.execute("PRAGMA synchronous = NORMAL")
            if durable:
                files.sync_folder(self.path.parent)  # the names of its files: SQLite syncs what stands in them
            with suppress(OSError):
                private.write(self.bell, b"\n")

    @in_a_sound_one
    def _rows(self, query: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        with self._mutex:
            return self._present().execute(query, parameters).fetchall()

    def _present(self) -> sqlite3.Connection:
        """Return the database that others see: where the state folder was taken away, SQLite would go on in the old file."""
        if _identity(self.path) != self._identity:
            with _as_databases_error():
                private.folder(self.path.parent)
                present = self._connect()
            self._database.close()
            self._database, self._identity = present, _identity(self.path)
        return self._database

    def _connected(self) -> sqlite3.Connection | None:
        """Open the file; None if it is corrupt. One that is locked or unreadable may be sound: it is not ours to move."""
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if not is_corrupt(error):
                raise
            return None

    def _begun_anew(self, corrupt: _Identity) -> sqlite3.Connection:
        """Keep a corrupt file aside and begin a new one; of several processes that find it so, the first one does."""
        lock = self.path.with_name(f"{self.path.name}-aside")
        with FileLock(lock, timeout=self._patience, mode=private.FILE, preserve_lock_file=True):
            begun = self._connected() if _identity(self.path) != corrupt else None
            if begun is None:
                self.set_aside = _set_aside(self.path)
                begun = self._connect()
                self.heard(self.set_aside)
            return begun

    def _connect(self) -> sqlite3.Connection:
        private.make(self.path)  # its other files get its mode
        database = sqlite3.connect(self.path, timeout=self._patience, isolation_level=None, check_same_thread=False)
        try:
            # WAL lets readers of the status go on while somebody writes. NORMAL is safe against a killed
            # process; only a power cut may lose the last transactions, never corrupt the file.
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute("PRAGMA foreign_keys = ON")
            self._bring_up_to_date(database)
        except BaseException:
            database.close()
            raise
        return database

    def _bring_up_to_date(self, database: sqlite3.Connection) -> None:
        """Make what is missing. A file of a newer version has all that we know, and may do some of it in another way."""
        (present,) = database.execute("PRAGMA user_version").fetchone()
        if present <= self._version:
            database.executescript(self._schema)
        if present < self._version:
            database.execute(f"PRAGMA user_version = {self._version}")


@contextmanager
def _begun(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:  # SQLite ends it by itself where the disk is full
            database.execute("ROLLBACK")
        raise


@contextmanager
def _as_databases_error() -> Iterator[None]:
    """Say what the system refuses later on as SQLite does, so that who uses an open database has one kind to think of."""
    try:
        yield
    except OSError as error:
        raise sqlite3.OperationalError(str(error)) from error


def _identity(path: Path) -> _Identity:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _set_aside(path: Path) -> Path:
    """Move a corrupt file away. Its companions go first: once it is gone, another process may begin a new one with its own."""
    named = f"{path.name}.corrupt-{time.strftime('%Y%m%dT%H%M%S')}"
    aside = next(each for n in range(1000) if not (each := path.with_name(f"{named}{f'-{n}' if n else ''}")).exists())
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.rename(aside)
    for former in sorted(path.parent.glob(f"{path.name}.corrupt-*"))[:-KEPT_ASIDE]:
        former.unlink(missing_ok=True)
    return aside
