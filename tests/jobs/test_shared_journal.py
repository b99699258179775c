"""One journal for several versions and for bad disks: a bad page, a strange row, a newer version's field."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_server.adapters.processes import this_process
from lsp_server.core.operation import Blocked, Failure, Operation, Origin
from lsp_server.jobs import database, rows, schema
from lsp_server.jobs.journal import Journal
from tests.support.office import desk
from tests.support.projects import Project

ROOT = Path(__file__).parents[2]


def spoil(path: Path) -> None:
    """Overwrite every page but the first, as a bad disk does, and make the connections that are open read them again."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = other.execute("PRAGMA page_size").fetchone()
    pages = path.stat().st_size // size
    assert pages > 2
    with path.open("r+b") as file:
        file.seek(size)
        file.write(b"\xff" * size * (pages - 1))
    status = path.stat()
    wal = path.with_name(path.name + "-wal")
    assert not wal.exists() or not wal.stat().st_size
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


class TestABadPage:
    def test_in_the_middle_is_set_aside_and_the_edit_is_made(self, project: Project) -> None:
        with desk(project) as jobs:
            jobs.done(jobs.add("alpha"))
            told: list[Path] = []
            journal = jobs.office.journal
            journal.heard = told.append
            spoil(journal.path)
            journal._database.close()  # its cache would hide what the disk has
            journal._database = sqlite3.connect(journal.path, isolation_level=None, check_same_thread=False)
            jobs.done(jobs.add("eta"))
            assert told == [journal.set_aside]
            assert journal.problem() is None
        assert '"eta' in project.text()
        assert '"alpha' in project.text()

    def test_is_found_at_the_start(self, project: Project) -> None:
        with desk(project) as jobs:
            jobs.done(jobs.add("alpha"))
            path = jobs.office.journal.path
        spoil(path)
        with desk(project) as jobs:
            assert jobs.office.journal.set_aside is not None
            jobs.done(jobs.add("eta"))

    def test_of_two_processes_that_meet_it_one_begins_anew(self, base: Path) -> None:
        path = base / "state" / "journal.sqlite3"
        with closing(Journal(path, this_process())) as one, closing(Journal(path, this_process())) as two:
            identity = one._identity
            one.begin_anew(identity)
            two.begin_anew(identity)
            assert one.add(operation("a")).id == "a"
            assert two.get("a") is not None
        assert len(list(path.parent.glob("*.corrupt-*"))) == 1

    def test_leaves_only_the_last_files_aside(self, base: Path) -> None:
        with closing(Journal(base / "state" / "journal.sqlite3", this_process())) as journal:
            for _ in range(database.KEPT_ASIDE + 2):
                journal.begin_anew(journal._identity)
            assert len(list(journal.path.parent.glob("*.corrupt-*"))) == database.KEPT_ASIDE


def operation(name: str) -> Operation:
    return Operation(
        id=name,
        ticket=0,
        project="mine",
        uri="file:///p",
        command="exec",
        argument={},
        kind="exec",
        title="a command",
        state="queued",
        origin=Origin("a test", 1),
        created_at="2026-01-01T00:00:00+00:00",
        blocked=Blocked("manifest", None, None, "2026-01-01T00:00:00+00:00", "/p"),
        failure=Failure("uv-failed", "no"),
    )


KNOWN = json.loads(rows.dump(operation("a")))


@pytest.fixture
def journal(base: Path) -> Iterator[Journal]:
    with closing(Journal(base / "state" / "journal.sqlite3", this_process())) as made:
        yield made


class TestARow:
    def test_of_a_newer_version_is_read_without_what_is_not_known(self) -> None:
        parts = {name: {**KNOWN[name], "later": []} for name in ("origin", "blocked", "failure")}
        newer = {**KNOWN, **parts, "later": 1}
        assert rows.load(json.dumps(newer), 0) == operation("a")

    def test_of_an_older_version_gets_the_defaults(self) -> None:
        older = {name: value for name, value in KNOWN.items() if name not in {"in_buffer", "failure", "blocked", "attempts"}}
        assert rows.load(json.dumps(older), 0) == replace(operation("a"), failure=None, blocked=None)

    @pytest.mark.parametrize(
        "data",
        [
            *("", "null", "[]", "1", "{", "[" * 100_000, '"text"', "{}"),
            *(json.dumps({**KNOWN, name: 1.5}) for name in KNOWN if name != "ticket"),
            json.dumps({**KNOWN, "state": "paused"}),
            json.dumps({**KNOWN, "created_at": "yesterday"}),
        ],
        ids=lambda data: data[-30:],
    )
    def test_that_is_no_operation_is_passed_over(self, journal: Journal, data: str) -> None:
        assert rows.load(data, 0) is None
        sound = journal.add(operation("sound"))
        with journal._transaction() as other:
            other.execute(
                "INSERT INTO operation (id, project, state, pid, pid_started, data) VALUES ('b', 'mine', 'queued', 1, '', ?)",
                (data,),
            )
        assert journal.unfinished("mine") == (sound,)
        assert journal.get("b") is None

    def test_that_is_no_json_where_an_index_reads_it_is_a_corrupt_file(self, journal: Journal) -> None:
        journal.add(operation("a"))
        with journal._transaction() as other:
            other.execute("DROP INDEX operation_finished")
            other.execute("UPDATE operation SET data = 'no json', state = 'failed'")
        with closing(Journal(journal.path, journal.owner)) as again:
            assert again.set_aside is not None
            assert again.finished("mine") == ()
        assert journal.finished("mine") == (), "in the new one"


NEWER = (
    (
        "core/operation.py",
        "    in_buffer: bool = False\n",
        '    in_buffer: bool = False\n    later: str = "a field of the next version"\n',
    ),
    ("jobs/schema.py", f"VERSION = {schema.VERSION}", f"VERSION = {schema.VERSION + 1}"),
    ("jobs/schema.py", "    owner_started TEXT NOT NULL\n", "    owner_started TEXT NOT NULL,\n    later TEXT\n"),
)


WITH_ITS_PLACE = """
import sys, lsp_server
from lsp_server.__main__ import main
print(lsp_server.__file__, file=sys.stderr)
sys.exit(main())
"""


def former(folder: Path) -> Path:
    """The version before this one, from the history; this one itself in a clone without any."""
    found = subprocess.run(["git", "archive", "HEAD~1", "lsp_server"], cwd=ROOT, capture_output=True, check=False)
    if found.returncode:
        shutil.copytree(ROOT / "lsp_server", folder / "lsp_server")
    else:
        folder.mkdir()
        subprocess.run(["tar", "-x", "-C", folder], input=found.stdout, check=True)
    return folder


def newer(folder: Path) -> Path:
    """A version to come: one more field, one more column, a higher number of the schema."""
    shutil.copytree(ROOT / "lsp_server", folder / "lsp_server", ignore=shutil.ignore_patterns("__pycache__"))
    for name, before, after in NEWER:
        path = folder / "lsp_server" / name
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, after), "utf-8")
    return folder


@pytest.mark.parametrize("made", [former, newer])
def test_two_versions_share_a_state_folder(project: Project, base: Path, made: Callable[[Path], Path]) -> None:
    other = made(base / "other")

    def run(package: Path, *words: str) -> str:
        environ = {**project.tools.environment, "UV": project.tools.uv, "PYTHONPATH": str(package)}
        done = subprocess.run(
            [sys.executable, "-c", WITH_ITS_PLACE, *words],
            cwd=project.root,
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stderr.startswith(str(package)), done.stderr
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    run(other, "add", "alpha")
    assert "Add alpha" in run(ROOT, "status")
    run(ROOT, "add", "--json", "eta")
    run(other, "exec", "--", sys.executable, "-c", "pass")
    shown = [json.loads(run(package, "status", "--json"))["operations"] for package in (other, ROOT)]
    assert [one["id"] for one in shown[0]] == [one["id"] for one in shown[1]]
    assert len(shown[0]) == 3
    run(ROOT, "undo")
    run(other, "undo")
    assert "dependencies = []" in project.text()
