"""The journal stays small and quick however long it is used, and is the one that others see."""

import queue
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_server.adapters import private
from lsp_server.adapters.processes import ProcessId, this_process
from lsp_server.core.operation import Operation, Origin
from lsp_server.jobs import journal as journals
from lsp_server.jobs import schema
from lsp_server.jobs.database import Database
from lsp_server.jobs.journal import Journal
from tests.support.office import desk
from tests.support.projects import Project

KEPT = 5


@pytest.fixture
def journal(base: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    for name in ("KEPT_OPERATIONS", "KEPT_CHANGES", "KEPT_LOST"):
        monkeypatch.setattr(journals, name, KEPT)
    with closing(Journal(base / "state" / "journal.sqlite3", this_process())) as made:
        yield made


def finished(journal: Journal, number: int, project: str = "mine") -> Operation:
    """An operation that was added, and ended in the second of its number."""
    queued = Operation(
        id=f"{project}-{number}",
        ticket=0,
        project=project,
        uri="file:///p",
        command="exec",
        argument={},
        kind="exec",
        title="a command",
        state="queued",
        origin=Origin("a test", 1),
        created_at="",
    )
    done = replace(journal.add(queued), state="done", finished_at=f"2026-01-01T00:00:{number:02}")
    journal.save(done)
    return done


def count(journal: Journal, table: str) -> int:
    with closing(sqlite3.connect(journal.path)) as other:
        return int(other.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  a word of ours


def test_finished_operations_pile_up(journal: Journal) -> None:
    waiting = journal.add(replace(finished(journal, 0), id="waiting", state="queued", finished_at=None))
    other = finished(journal, 1, "other")
    made = [finished(journal, number) for number in range(2, 12)]
    assert journal.finished("mine", most=99) == tuple(reversed(made[-KEPT:]))
    assert journal.finished("other") == (other,), "another project's do not count"
    assert journal.unfinished("mine") == (waiting,)
    assert journal.get(made[-KEPT].id) == made[-KEPT]
    assert journal.get(made[0].id) is None


def test_the_texts_of_changes_pile_up(journal: Journal) -> None:
    path = Path("/p/pyproject.toml")
    other = journal.prepare("other", ["other"], {path: b"a"}, {path: b"b"})
    journal.mark(other, "committed")
    open_one = journal.prepare("mine", ["open"], {path: b"a"}, {path: b"b"})
    for number in range(10):
        journal.mark(journal.prepare("mine", [str(number)], {path: b"a"}, {path: b"b"}), "committed")
        journal.mark(journal.prepare("mine", [str(number)], {path: b"a"}, {path: b"b"}), "abandoned")
    assert [change.operations for change in journal.committed_after("mine", 0)] == [(str(n),) for n in range(5, 10)]
    assert journal.change_of("other") is not None
    assert [change.id for change in journal.prepared("mine")] == [open_one]
    assert count(journal, "image") == count(journal, "change") <= KEPT + 3


def test_lost_texts_pile_up(journal: Journal) -> None:
    path = Path("/p/pyproject.toml")
    shown = [journal.keep_lost("mine", path, f"text {number}") for number in range(10)]
    assert [text for _path, text in journal.lost("mine")] == [f"text {number}" for number in range(5, 10)]
    assert [each for each in shown if each.exists()] == shown[-KEPT:]


def test_what_a_dead_process_guarded_is_taken_over_by_two(journal: Journal) -> None:
    path = Path("/p/pyproject.toml")
    with (
        closing(Journal(journal.path, ProcessId(1, "dead"))) as dead,
        closing(Journal(journal.path, ProcessId(2, "other"))) as other,
    ):
        dead.guard("mine", path, "first")
        dead.guard("mine", path, "second")
        ((row, owner, _path, data),) = journal.guarded("mine")
        assert (owner, data) == (dead.owner, "second"), "one row of each process and file"
        assert journal.guard("mine", path, data, taken=row)
        assert not other.guard("mine", path, data, taken=row)
    assert [each[1:] for each in journal.guarded("mine")] == [(journal.owner, path, "second")]
    journal.guard("mine", path, None)
    assert count(journal, "guard") == 0


def test_a_status_reads_every_operation_that_there_ever_was(journal: Journal) -> None:
    plans: list[str] = []
    original = journal._rows

    def explained(query: str, parameters: object = ()) -> list[tuple[object, ...]]:
        plans.extend(str(row[-1]) for row in original(f"EXPLAIN QUERY PLAN {query}", parameters))  # type: ignore[arg-type]
        return []

    journal._rows = explained  # type: ignore[method-assign]
    journal.finished("mine")
    journal.unfinished("mine")
    assert len(plans) == 2, plans
    assert plans[0].startswith("SEARCH operation USING INDEX operation_finished")
    assert "USING INDEX operation_unfinished" in plans[1]


def test_a_state_folder_that_another_process_made_anew_is_not_noticed(journal: Journal, base: Path) -> None:
    first = finished(journal, 1)
    journal.path.parent.rename(base / "gone")
    with closing(Journal(journal.path, this_process())) as other:
        theirs = finished(other, 2)
        assert journal.finished("mine") == (theirs,)
        mine = finished(journal, 3)
        assert other.finished("mine") == (mine, theirs)
        assert theirs.ticket == first.ticket
        journal.save(first)
        assert [operation.id for operation in other.finished("mine")] == [mine.id, theirs.id, first.id]


def test_a_journal_without_these_indexes_cannot_be_opened(base: Path) -> None:
    path = base / "journal.sqlite3"
    with closing(sqlite3.connect(path)) as former:
        tables = [part for part in schema.SCHEMA.split(";") if "TABLE" in part]
        former.executescript(";".join(tables))
        former.execute("CREATE INDEX operation_by_project ON operation (project, state)")
    with closing(Journal(path, this_process())) as journal:
        done = finished(journal, 1)
        assert journal.finished("mine") == (done,)
        assert journal.set_aside is None


def test_who_asked_to_cancel_has_died_before_it_took_that_back(journal: Journal) -> None:
    waiting = journal.add(replace(finished(journal, 0), id="waiting", state="queued", finished_at=None))
    journal.ask_to_cancel(waiting.id)
    assert journal.to_cancel("mine") == (waiting.id,)
    journal.save(replace(waiting, state="failed", finished_at="2026-01-01"))
    assert journal.adopt(waiting)
    assert journal.to_cancel("mine") == (), "it was about the former try"


def test_one_that_is_asked_for_again_comes_behind_all_others(journal: Journal) -> None:
    queued = replace(finished(journal, 0), state="queued", finished_at=None)
    first, later = (journal.add(replace(queued, id=name)) for name in ("first", "later"))
    journal.save(replace(first, state="failed", finished_at="2026-01-01"))
    again = journal.adopt(replace(first, state="queued"))
    assert again is not None
    assert [each.id for each in journal.unfinished("mine")] == [later.id, again.id]
    assert again.ticket > later.ticket
    assert journal.adopt(first) is None, "it is queued already"


def test_what_is_told_of_cannot_be_read_yet(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    ring, readable = private.write, list[bool]()

    def look(path: Path, data: bytes) -> None:
        assert path == journal.bell
        with closing(Journal(journal.path, journal.owner)) as other:
            readable.append(other.get("mine-1") is not None)
        ring(path, data)

    monkeypatch.setattr(private, "write", look)
    finished(journal, 1)
    assert readable == [True, True], "as it is added, and as it ends"


def test_somebody_looks_before_it_can_be_read(project: Project) -> None:
    with desk(project) as jobs:
        place, rung, seen = jobs.worker.place, threading.Event(), queue.SimpleQueue[bool]()
        finished(place.journal, 1, place.key)
        place.watch_journal(lambda _path: seen.put(rung.is_set()))
        place.journal.bell.write_bytes(b"")
        assert not seen.get(timeout=20), "the first look knows nothing"
        with closing(sqlite3.connect(place.journal.path, isolation_level=None)) as other:
            other.execute("UPDATE news SET number = number + 1")
        later = queue.SimpleQueue[Path]()
        place.watch.files(place.journal.path.parent, {"later"}, later.put)
        (place.journal.path.parent / "later").touch()
        later.get(timeout=20)  # what SQLite wrote before it has been told as well: events come in order
        rung.set()
        place.journal.bell.write_bytes(b"")
        assert seen.get(timeout=20), "told by what SQLite writes"


def test_a_full_disk_is_told_in_the_words_of_a_failed_rollback(journal: Journal) -> None:
    finished(journal, 1)
    (pages,) = journal._database.execute("PRAGMA page_count").fetchone()
    journal._database.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then says what it says of a full disk
    with pytest.raises(sqlite3.Error, match="full"):
        journal.keep_lost("mine", Path("/p/pyproject.toml"), "x" * 100_000)
    journal._database.execute("PRAGMA max_page_count = 1000000")
    assert finished(journal, 2) in journal.finished("mine"), "and the next transaction goes through"


def test_the_second_of_two_that_find_the_journal_corrupt_sets_the_new_one_of_the_first_aside(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = base / "state" / "journal.sqlite3"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"no database at all, and long enough to be read as one" * 20)
    found, first_has_written = threading.Barrier(2), threading.Event()
    connect = Database._connect

    def late(opening: Database) -> sqlite3.Connection:
        """Both have found it corrupt before one begins anew; the second goes on when the first has used the new one."""
        try:
            return connect(opening)
        except sqlite3.DatabaseError:
            if threading.current_thread().name not in seen:
                seen.add(threading.current_thread().name)
                found.wait(20)
                if threading.current_thread().name == "second":
                    first_has_written.wait(20)
            raise

    seen: set[str] = set()
    opened: dict[str, Journal] = {}

    def use() -> None:
        name = threading.current_thread().name
        opened[name] = Journal(path, this_process())
        finished(opened[name], 1, name)
        first_has_written.set()

    monkeypatch.setattr(Database, "_connect", late)
    threads = [threading.Thread(target=use, name=name) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert opened["second"].finished("first"), "the first one's history is in the journal that both have"
    assert opened["first"].finished("second")
    assert [each.set_aside is not None for each in (opened["first"], opened["second"])] == [True, False]
    assert len(list(path.parent.glob("*.corrupt-*"))) == 1
    for each in opened.values():
        each.close()
