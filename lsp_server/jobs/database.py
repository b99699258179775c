"""One SQLite file that several processes write: opened, kept aside where it is corrupt, and followed when it is made anew."""

import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from lsp_server.adapters import private

BUSY_SECONDS = 5.0

Parameters = Sequence[object] | Mapping[str, object]
"""Values of a query, by place or by name. Numbered ones (`?1`) are no way: CPython 3.12.0 to 3.12.3 warn of them."""


class Database:
    """An open database. Safe to use from several threads and, through SQLite, from several processes.

    `bell` is a file to watch for what others write. SQLite's own writes come too early for that: a transaction can be read
    only after the last write to the `-wal` file, so whoever looks at once may see the state before it, and hear no more.

    Args:
        path: its file; one that is corrupt is kept aside, and a new one begun.
        schema: makes what is not there yet.
        patience: seconds that another process's transaction is waited for; None for `BUSY_SECONDS`.

    Raises:
        sqlite3.OperationalError: it is locked for longer than that, or cannot be read or written.
        OSError: its folder cannot be made.

    """

    def __init__(self, path: Path, schema: str, patience: float | None = None) -> None:
        self.path = path
        self._patience = BUSY_SECONDS if patience is None else patience
        self.bell = path.with_name(f"{path.name}-bell")
        self.set_aside: Path | None = None
        self._schema = schema
        self._mutex = threading.Lock()
        private.folder(path.parent)
        self.tightened = private.tighten(path.parent, path.name)
        self._database = self._connected() or self._begun_anew()
        self._identity = _identity(path)

    def close(self) -> None:
        """Close the database."""
        with self._mutex:
            self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._mutex:
            database = self._present()
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                if database.in_transaction:  # SQLite ends it by itself where the disk is full
                    database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")
            with suppress(OSError):
                private.write(self.bell, b"\n")

    def _rows(self, query: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        with self._mutex:
            return self._present().execute(query, parameters).fetchall()

    def _present(self) -> sqlite3.Connection:
        """Return the database that others see: where the state folder was taken away, SQLite would go on in the old file."""
        if _identity(self.path) != self._identity:
            private.folder(self.path.parent)
            present = _connect(self.path, self._schema, self._patience)
            self._database.close()
            self._database, self._identity = present, _identity(self.path)
        return self._database

    def _connected(self) -> sqlite3.Connection | None:
        """Open the file; None if it is corrupt. One that is locked or unreadable may be sound: it is not ours to move."""
        try:
            return _connect(self.path, self._schema, self._patience)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            return None

    def _begun_anew(self) -> sqlite3.Connection:
        """Keep a corrupt file aside and begin a new one; of several processes that find it so, the first one does."""
        lock = self.path.with_name(f"{self.path.name}-aside")
        with FileLock(lock, timeout=self._patience, mode=0o600, preserve_lock_file=True):
            begun = self._connected()
            if begun is None:
                self.set_aside = _set_aside(self.path)
                begun = _connect(self.path, self._schema, self._patience)
            return begun


def _connect(path: Path, schema: str, patience: float) -> sqlite3.Connection:
    private.make(path)  # its other files get its mode
    database = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
    try:
        # WAL lets readers of the status go on while somebody writes. NORMAL is safe against a killed
        # process; only a power cut may lose the last transactions, never corrupt the file.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA foreign_keys = ON")
        database.executescript(schema)
    except BaseException:
        database.close()
        raise
    return database


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _set_aside(path: Path) -> Path:
    """Move a corrupt file away. Its companions go first: once it is gone, another process may begin a new one with its own."""
    aside = path.with_name(f"{path.name}.corrupt-{time.strftime('%Y%m%dT%H%M%S')}")
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.rename(aside)
    return aside
