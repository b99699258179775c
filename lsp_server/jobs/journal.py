"""The journal: every operation, and the texts before and after each change, in one SQLite file.

All servers and command lines of a machine share it, so it is also the queue: tickets are given out
by the database and order the operations of a project across processes.

**Invariant:** an operation stands here before it is acknowledged; the texts before a change stand
here before a file is replaced.
"""

import json
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lsp_server.adapters import private
from lsp_server.adapters.processes import ProcessId, is_alive
from lsp_server.core.operation import Operation
from lsp_server.jobs import rows, schema
from lsp_server.jobs.database import Database, Parameters, in_a_sound_one

Texts = Mapping[Path, bytes | None]
"""File contents by absolute path; None where there is no file."""

RECENT = 20
# What is kept of each project: finished operations, the texts of changes (a lock file may have megabytes), lost texts.
KEPT_OPERATIONS = 100
KEPT_CHANGES = 50
KEPT_LOST = 50

ChangeState = Literal["prepared", "committed", "abandoned", "buffered"]
"""A change that is "buffered" stands in an unsaved document only, as long as its operation waits for the person's save."""


@dataclass(frozen=True, slots=True)
class Change:
    """One transaction: which files it replaces, by which texts, for which operations."""

    id: int
    project: str
    state: ChangeState
    operations: tuple[str, ...]
    owner: ProcessId
    before: Texts
    after: Texts


class Journal(Database):
    """An open journal, as the process that writes it."""

    def __init__(self, path: Path, owner: ProcessId, patience: float | None = None) -> None:
        super().__init__(path, schema.SCHEMA, patience, schema.VERSION)
        self.owner = owner
        # What could not be written of our own operations (a full disk): as this process sees them, until it can be.
        self._unwritten: dict[str, Operation] = {}

    # Operations

    @in_a_sound_one
    def add(self, operation: Operation) -> Operation:
        """Write a new operation and return it with its ticket."""
        with self._transaction() as database:
            ticket = rows.insert(database, operation, self.owner)
        return replace(operation, ticket=ticket)

    @in_a_sound_one
    def save(self, *operations: Operation) -> None:
        """Write the present state of operations, as this process's own.

        Raises:
            sqlite3.Error: they cannot be written; this process reads them as they are all the same.

        """
        self._unwritten |= {operation.id: operation for operation in operations}
        owner = (self.owner.pid, self.owner.started)
        with self._transaction() as database:
            # In a journal that was made anew its ticket may be another's: then it gets a new one.
            database.executemany(
                "INSERT INTO operation (ticket, id, project, state, pid, pid_started, data) VALUES"
                " ((SELECT ? WHERE NOT EXISTS (SELECT 1 FROM operation WHERE ticket = ? AND id != ?)), ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET state = excluded.state, pid = excluded.pid,"
                " pid_started = excluded.pid_started, data = excluded.data",
                [(o.ticket, o.ticket, o.id, o.id, o.project, o.state, *owner, rows.dump(o)) for o in operations],
            )
            for project in {operation.project for operation in operations if operation.finished}:
                database.execute(
                    f"DELETE FROM operation WHERE ticket IN (SELECT ticket {schema.FINISHED_FIRST} LIMIT -1 OFFSET ?)",  # noqa: S608  constants
                    (project, KEPT_OPERATIONS),
                )
        for operation in operations:
            self._unwritten.pop(operation.id, None)

    @in_a_sound_one
    def adopt(self, operation: Operation) -> Operation | None:
        """Take an operation over that has failed or was cancelled, as a new wish: it comes behind all that was asked for.

        Returns:
            the operation with its new ticket; None if somebody has done so already.

        """
        with self._transaction() as database:
            taken = database.execute("DELETE FROM operation WHERE id = ? AND state IN ('failed', 'cancelled')", (operation.id,))
            if taken.rowcount != 1:
                return None
            ticket = rows.insert(database, operation, self.owner)
        return replace(operation, ticket=ticket)

    @in_a_sound_one
    def take(self, operation: Operation, former: ProcessId) -> bool:
        """Go on with an unfinished operation of a process that has ended; false if somebody else does."""
        with self._transaction() as database:
            taken = database.execute(
                "UPDATE operation SET state = ?, pid = ?, pid_started = ?, data = ? WHERE id = ? AND pid = ? AND pid_started = ?",
                (
                    *(operation.state, self.owner.pid, self.owner.started, rows.dump(operation), operation.id),
                    *(former.pid, former.started),
                ),
            )
        return taken.rowcount == 1

    def get(self, operation: str) -> Operation | None:
        """Return one operation by its id."""
        if operation in self._unwritten:
            return self._unwritten[operation]
        found = self._rows("SELECT data, ticket FROM operation WHERE id = ?", (operation,))
        return rows.load(*found[0]) if found else None

    @in_a_sound_one
    def ask_to_cancel(self, operation: str) -> None:
        """Write that an operation's owner is to cancel it, who is told of it as of any news; forgotten when it ends."""
        with self._transaction() as database:
            database.execute("INSERT INTO cancellation (operation) VALUES (?) ON CONFLICT DO NOTHING", (operation,))

    @in_a_sound_one
    def no_longer_cancel(self, operation: str) -> None:
        """Take back what `ask_to_cancel` wrote."""
        with self._transaction() as database:
            database.execute("DELETE FROM cancellation WHERE operation = ?", (operation,))

    def to_cancel(self, project: str) -> tuple[str, ...]:
        """Return those of this process's operations that others ask it to cancel."""
        asked = self._rows(
            "SELECT operation FROM cancellation JOIN operation ON id = operation"
            " WHERE project = ? AND pid = ? AND pid_started = ?",
            (project, self.owner.pid, self.owner.started),
        )
        return tuple(operation for (operation,) in asked)

    def unfinished(self, project: str) -> tuple[Operation, ...]:
        """Return all unfinished operations of a project, of every process, in the order of their tickets."""
        return tuple(operation for operation, _owner in self.unfinished_with_owner(project))

    def unfinished_with_owner(self, project: str | None = None) -> tuple[tuple[Operation, ProcessId], ...]:
        """Return the unfinished operations with the process each belongs to; of all projects without one."""
        found = self._rows(
            "SELECT data, ticket, pid, pid_started FROM operation INDEXED BY operation_unfinished"  # noqa: S608  constants
            f" WHERE state NOT IN ({schema.FINISHED_STATES}) AND (:project IS NULL OR project = :project) ORDER BY ticket",
            {"project": project},
        )
        read = [(rows.load(data, ticket), ProcessId(pid, started)) for data, ticket, pid, started in found]
        present = [(self._unwritten.get(one.id, one), owner) for one, owner in read if one is not None]
        return tuple((operation, owner) for operation, owner in present if not operation.finished)

    def finished(self, project: str, most: int = RECENT) -> tuple[Operation, ...]:
        """Return the operations of a project that finished last, the newest first."""
        found = self._rows(f"SELECT data, ticket {schema.FINISHED_FIRST} LIMIT ?", (project, most))
        late = [one for one in self._unwritten.values() if one.finished and one.project == project]
        read = (rows.load(*row) for row in found)
        return (*reversed(late), *(one for one in read if one is not None and one.id not in self._unwritten))[:most]

    def news(self, project: str) -> int:
        """Return a number that is another one after each change of a project's operations, whoever made it."""
        found = self._rows("SELECT number FROM news WHERE project = ?", (project,))
        return int(found[0][0]) if found else 0

    # Changes

    @in_a_sound_one
    def prepare(
        self, project: str, operations: Sequence[str], before: Texts, after: Texts, state: ChangeState = "prepared"
    ) -> int:
        """Write what a change is about to do, before it does anything, so that a power cut keeps it; return its number."""
        with self._transaction(durable=True) as database:
            cursor = database.execute(
                "INSERT INTO change (project, state, operations, pid, pid_started) VALUES (?, ?, ?, ?, ?)",
                (project, state, json.dumps(list(operations)), self.owner.pid, self.owner.started),
            )
            number = cursor.lastrowid or 0
            _keep_images(database, number, before, after)
            database.execute(
                "DELETE FROM change WHERE project = :project AND state NOT IN ('prepared', 'buffered') AND id NOT IN"
                " (SELECT id FROM change WHERE project = :project AND state = 'committed' ORDER BY id DESC LIMIT :most)",
                {"project": project, "most": KEPT_CHANGES},
            )
        return number

    @in_a_sound_one
    def mark(self, change: int, state: ChangeState, images: tuple[Texts, Texts] | None = None) -> None:
        """Say what became of a prepared change.

        Args:
            change: its number.
            state: what became of it.
            images: the texts before and after it that undo goes by, where they are not those that were prepared.

        """
        with self._transaction() as database:
            found = database.execute("UPDATE change SET state = ? WHERE id = ?", (state, change)).rowcount
            if found and images is not None:
                database.execute("DELETE FROM image WHERE change = ?", (change,))
                _keep_images(database, change, *images)

    def prepared(self, project: str | None = None) -> tuple[Change, ...]:
        """Return the changes that were prepared and never marked, of one project or of all."""
        return self._changes("state = 'prepared' AND (:project IS NULL OR project = :project) ORDER BY id", {"project": project})

    def buffered(self, operation: str) -> Change | None:
        """Return what an unfinished operation made of an unsaved document, last."""
        found = self._changes(
            "state = 'buffered' AND EXISTS (SELECT 1 FROM json_each(operations) WHERE value = ?) ORDER BY id DESC LIMIT 1",
            (operation,),
        )
        return found[0] if found else None

    def committed_after(self, project: str, change: int) -> tuple[Change, ...]:
        """Return the changes of a project that were committed after the given one, oldest first."""
        return self._changes("state = 'committed' AND project = ? AND id > ? ORDER BY id", (project, change))

    def change_of(self, operation: str) -> Change | None:
        """Return the committed change that an operation was part of."""
        found = self._changes(
            "state = 'committed' AND EXISTS (SELECT 1 FROM json_each(operations) WHERE value = ?) ORDER BY id DESC LIMIT 1",
            (operation,),
        )
        return found[0] if found else None

    def changed(self, project: str) -> frozenset[str]:
        """Return the operations of a project that were part of a committed change of a file."""
        found = self._rows(
            "SELECT DISTINCT value FROM change, json_each(operations) WHERE project = ? AND state = 'committed'"
            " AND EXISTS (SELECT 1 FROM image WHERE image.change = change.id)",
            (project,),
        )
        return frozenset(operation for (operation,) in found)

    def _changes(self, condition: str, parameters: Parameters) -> tuple[Change, ...]:
        found = self._rows(
            f"SELECT id, project, state, operations, pid, pid_started FROM change WHERE {condition}",  # noqa: S608  constants
            parameters,
        )
        return tuple(self._change(*row) for row in found)

    def _change(  # noqa: PLR0917  the columns of a row, in their order
        self, number: int, project: str, state: ChangeState, operations: str, pid: int, started: str
    ) -> Change:
        images = self._rows("SELECT path, before, after FROM image WHERE change = ?", (number,))
        return Change(
            number,
            project,
            state,
            rows.names(operations),
            ProcessId(pid, started),
            {_path_of(path): before for path, before, _after in images},
            {_path_of(path): after for path, _before, after in images},
        )

    # Texts that were lost

    @in_a_sound_one
    def keep_lost(self, project: str, path: Path, text: str) -> Path:
        """Keep a text of the user that another program overwrote; return a file beside the journal that shows it."""
        since = time.strftime("%Y%m%dT%H%M%S")
        with self._transaction() as database:
            cursor = database.execute(
                "INSERT INTO lost (project, path, since, text) VALUES (?, ?, ?, ?)", (project, _named(path), since, text)
            )
            shown = self._shown(since, cursor.lastrowid or 0, path)
            old = database.execute(
                "SELECT since, id, path FROM lost WHERE project = ? ORDER BY id DESC LIMIT -1 OFFSET ?", (project, KEPT_LOST)
            ).fetchall()
            database.executemany("DELETE FROM lost WHERE id = ?", [(number,) for _since, number, _path in old])
        private.folder(shown.parent)
        private.write(shown, text.encode())
        for former, number, name in old:
            self._shown(former, number, _path_of(name)).unlink(missing_ok=True)
        return shown

    def _shown(self, since: str, number: int, path: Path) -> Path:
        return self.path.parent / "lost" / f"{since}-{number}-{path.name}"

    def lost(self, project: str) -> tuple[tuple[Path, str], ...]:
        """Return the lost texts of a project, each with the file that it was saved in, the oldest first."""
        found = self._rows("SELECT path, text FROM lost WHERE project = ? ORDER BY id", (project,))
        return tuple((_path_of(path), text) for path, text in found)

    # Forgetting

    @in_a_sound_one
    def forget(self, project: str | None) -> tuple[Path, ...]:
        """Erase what is kept of a project, or of all: what has ended. Return the files beside the journal that show lost texts.

        What is queued, what has to be finished after a crash, and what a living process guards stay.
        """
        of, names = "(:project IS NULL OR project = :project)", {"project": project}
        alive = [row for row, owner, _path, _data in self._guards(project) if is_alive(owner)]
        with self._transaction() as database:
            lost = database.execute(f"SELECT since, id, path FROM lost WHERE {of}", names).fetchall()  # noqa: S608  constants
            database.execute(f"DELETE FROM operation WHERE {of} AND state IN ({schema.FINISHED_STATES})", names)  # noqa: S608
            database.execute(f"DELETE FROM change WHERE {of} AND state != 'prepared'", names)  # noqa: S608
            database.execute(f"DELETE FROM lost WHERE {of}", names)  # noqa: S608
            kept = ", ".join(map(str, alive))
            database.execute(f"DELETE FROM guard WHERE {of} AND id NOT IN ({kept})", names)  # noqa: S608  numbers of rows
        self.compact()
        return tuple(self._shown(since, number, _path_of(path)) for since, number, path in lost)

    # Saved texts that a uv may erase

    @in_a_sound_one
    def guard(self, project: str, path: Path, data: str | None, taken: int | None = None) -> bool:
        """Write what this process guards of a file, None for nothing any more.

        Args:
            project: whose file it is.
            path: the file.
            data: what is to be remembered.
            taken: a row of a dead process that this one replaces; false, and nothing is written, if it is gone.

        """
        key = (project, _named(path), self.owner.pid, self.owner.started)
        with self._transaction() as database:
            if taken is not None and not database.execute("DELETE FROM guard WHERE id = ?", (taken,)).rowcount:
                return False
            database.execute("DELETE FROM guard WHERE project = ? AND path = ? AND pid = ? AND pid_started = ?", key)
            if data is not None:
                database.execute("INSERT INTO guard (project, path, pid, pid_started, data) VALUES (?, ?, ?, ?, ?)", (*key, data))
        return True

    def guarded(self, project: str) -> tuple[tuple[int, ProcessId, Path, str], ...]:
        """Return what is guarded in a project: the row, by whom, which file, and what is remembered of it; oldest first."""
        return self._guards(project)

    def _guards(self, project: str | None) -> tuple[tuple[int, ProcessId, Path, str], ...]:
        found = self._rows(
            "SELECT id, pid, pid_started, path, data FROM guard WHERE (:project IS NULL OR project = :project) ORDER BY id",
            {"project": project},
        )
        return tuple((row, ProcessId(pid, started), _path_of(path), data) for row, pid, started, path, data in found)

    # Children

    @in_a_sound_one
    def child_started(self, child: ProcessId) -> None:
        """Remember a process that we started, so that it can be ended if we are killed."""
        with self._transaction() as database:
            database.execute(
                "INSERT INTO child (pid, pid_started, owner, owner_started) VALUES (?, ?, ?, ?)",
                (child.pid, child.started, self.owner.pid, self.owner.started),
            )

    @in_a_sound_one
    def child_ended(self, child: ProcessId) -> None:
        """Forget a process that has ended."""
        with self._transaction() as database:
            database.execute("DELETE FROM child WHERE pid = ? AND pid_started = ?", (child.pid, child.started))

    def children(self) -> tuple[tuple[ProcessId, ProcessId], ...]:
        """Return the remembered processes, each with the process that started it."""
        return tuple(
            (ProcessId(pid, started), ProcessId(owner, owner_started))
            for pid, started, owner, owner_started in self._rows("SELECT pid, pid_started, owner, owner_started FROM child")
        )


def _named(path: Path) -> str | bytes:
    """Return a path as the journal keeps it: as bytes, if its name is not UTF-8, which no text of SQLite can hold."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return str(path)


def _path_of(kept: str | bytes) -> Path:
    return Path(os.fsdecode(kept))


def _keep_images(database: sqlite3.Connection, change: int, before: Texts, after: Texts) -> None:
    database.executemany(
        "INSERT INTO image (change, path, before, after) VALUES (?, ?, ?, ?)",
        [(change, _named(path), before[path], after[path]) for path in after],
    )
