"""Killed at every step: afterwards the files are a matching pair, nothing is left lying or running, and a retry works."""

import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from demo import parts
from lsp_server.adapters.processes import this_process
from lsp_server.core.diff import Edit
from lsp_server.core.operation import Operation
from lsp_server.jobs import children
from lsp_server.jobs.inherit import inherit
from lsp_server.jobs.journal import Journal
from tests.support.clerk import clerk
from tests.support.office import Desk, Papers, are_gone, desk, process
from tests.support.projects import Project, Tools, workspace

KILLED_AT = """
import os, signal
from lsp_server.adapters import files
real, calls = files.Replacement.commit, []
def commit(self, expected):
    calls.append(self)
    if len(calls) == {before}:
        os.kill(os.getpid(), signal.SIGKILL)
    done = real(self, expected)
    if len(calls) == {after}:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
files.Replacement.commit = commit
"""


class Locking(Papers):
    """An editor in which, while we edit its document, somebody locks the journal."""

    def __init__(self, journal: Path) -> None:
        super().__init__()
        self.journal = journal
        self.other = sqlite3.connect(":memory:", check_same_thread=False)

    def apply(self, path: Path, version: int, edits: Sequence[Edit], label: str) -> bool:
        if not self.other.in_transaction and not self.told:
            self.other.close()
            self.other = sqlite3.connect(self.journal, isolation_level=None, check_same_thread=False)
            self.other.execute("BEGIN IMMEDIATE")
            self.told.append("locked")
        return super().apply(path, version, edits, label)


def lies_about(project: Project) -> list[str]:
    """What is left in the project's folder or in the staging folder that is nobody's."""
    found = [path.name for path in project.root.iterdir() if path.name.endswith(".pyproject-lsp")]
    state = project.tools.base / "state"
    return found + [path.name for path in state.rglob("*.pyproject-lsp")]


@contextmanager
def restarted(project: Project) -> Iterator[tuple[Desk, Operation]]:
    """A new server where the old one was killed, and the operation that it left behind."""
    with desk(project) as jobs:
        (left,) = inherit(jobs.office.place(jobs.known))
        yield jobs, left


def retried(jobs: Desk, left: Operation) -> None:
    assert left.failure is not None
    assert left.failure.code == "interrupted"
    jobs.worker.retry(left)
    jobs.done(left)


class TestAtAGate:
    def test_planning(self, project: Project) -> None:
        gate = project.offer("slow", parts.Backend(project.gate(), at="metadata", spawn_child=True))
        before = project.text()
        other = clerk(project)
        other.ask("add", requirements=["slow"])
        family = [process(gate.wait_reached()), process(gate.wait_child())]
        other.kill()
        with restarted(project) as (jobs, left):
            assert are_gone(*family)
            assert project.text() == before
            gate.open()
            retried(jobs, left)
        assert '"slow>=1.0"' in project.text()
        assert not lies_about(project)

    def test_waiting(self, project: Project) -> None:
        with project.held_sync() as (gate, _):
            before = project.text()
            other = clerk(project)
            other.until(other.ask("add", requirements=["alpha"]), "waiting")
            other.kill()
            assert project.text() == before
            with restarted(project) as (jobs, left):
                jobs.worker.retry(left)
                gate.open()
                jobs.done(left)
        assert "alpha" in project.text()
        assert not lies_about(project)

    def test_syncing(self, project: Project) -> None:
        gate = project.gate()
        text = f"{project.text()}\n{parts.Backend(gate, spawn_child=True).toml()}"
        parts.make_package(project.root, "demo", "0.1.0")
        project.write(text)
        other = clerk(project)
        other.ask("add", requirements=["alpha"])
        family = [process(gate.wait_reached()), process(gate.wait_child())]
        other.kill()
        with restarted(project) as (jobs, left):
            assert are_gone(*family)
            assert left.state == "done"
            assert "ended before the sync" in left.message
            project.uv_ok("lock", "--check")
            gate.open()
            jobs.done(jobs.ask("undo", id=left.id))
        assert project.text() == text
        assert not lies_about(project)

    def test_a_sync_that_was_asked_for(self, project: Project) -> None:
        gate = project.gate()
        text = f"{project.text()}\n{parts.Backend(gate).toml()}"
        parts.make_package(project.root, "demo", "0.1.0")
        project.write(text)
        other = clerk(project)
        operation = other.ask("sync")
        other.until(operation, "syncing")
        gate.wait_reached()
        other.kill()
        with restarted(project) as (jobs, left):
            assert jobs.office.journal.change_of(operation) is not None
            assert "nothing was changed" not in left.message, "uv.lock was"
            gate.open()
            retried(jobs, left)
        assert "demo" in project.installed()


class TestInTheTransaction:
    @pytest.mark.parametrize(("before", "after", "committed"), [(1, 0, False), (0, 1, True), (2, 0, True), (0, 2, True)])
    def test_the_pair_matches_and_the_rest_goes_on(self, project: Project, before: int, after: int, *, committed: bool) -> None:
        project.uv_ok("add", "delta")
        old = project.text(), project.lock_text()
        other = clerk(project, KILLED_AT.format(before=before, after=after))
        other.send("add", requirements=["alpha"])
        other.wait_killed()
        with restarted(project) as (jobs, left):
            assert left.state == ("done" if committed else "failed")
            if committed:
                assert '"alpha>=2.0"' in project.text()
                project.uv_ok("lock", "--check")
                jobs.done(jobs.ask("undo", id=left.id))
                assert (project.text(), project.lock_text()) == old
            else:
                assert (project.text(), project.lock_text()) == old
                retried(jobs, left)
                assert '"alpha>=2.0"' in project.text()
        project.uv_ok("lock", "--check")
        assert not lies_about(project)

    @pytest.mark.parametrize(("before", "after"), [(1, 0), (0, 1), (2, 0), (0, 2), (3, 0), (0, 3)])
    def test_the_manifests_of_a_workspace_stay_apart(self, tools: Tools, wheels: Path, before: int, after: int) -> None:
        root, members = workspace(tools, wheels)
        gate = root.gate()
        parts.make_package(root.root.parent / "slow", "slow", "1.0", parts.Backend(gate))
        root.write(root.text().replace('"one",', '"one",\n    "slow",', 1) + 'slow = { path = "../slow" }\n')
        sync = root.uv_start("sync")
        gate.wait_reached()
        files = (root.manifest, members["two"].manifest, root.lock)
        old = [path.read_text() for path in files]
        other = clerk(root, KILLED_AT.format(before=before, after=after))
        for manifest, name in ((files[0], "zeta"), (files[1], "eta")):
            other.until(other.ask("add", requirements=[name], uri=manifest.as_uri()), "waiting")
        gate.open()
        assert sync.wait(30) == 0
        other.wait_killed()
        with desk(root) as jobs:
            left = inherit(jobs.office.place(jobs.known))
            if before == 1:
                assert [path.read_text() for path in files] == old
                for one in left:
                    retried(jobs, one)
            assert [one.state for one in left] == ["failed" if before == 1 else "done"] * 2
        assert root.text() == old[0].replace('    "slow",\n', '    "slow",\n    "zeta>=1.0",\n', 1)
        assert members["two"].text() == old[1].replace('["alpha"]', '[\n    "alpha",\n    "eta>=2.0",\n]', 1)
        root.uv_ok("lock", "--check")
        assert not lies_about(root)

    def test_a_text_saved_in_the_very_last_moment_is_not_lost(self, project: Project) -> None:
        project.uv_ok("add", "delta")
        mine = project.text() + "# saved in the last moment\n"
        first = f"""
import os, signal
from pathlib import Path
from lsp_server.adapters import exchange, files
real = exchange.exchange
def exchanged(one, other):
    Path({str(project.manifest)!r}).write_text({mine!r})
    real(one, other)
    os.kill(os.getpid(), signal.SIGKILL)
files.exchange = exchanged
"""
        other = clerk(project, first)
        other.send("add", requirements=["alpha"])
        other.wait_killed()
        assert project.text() != mine
        with restarted(project) as (jobs, left):
            assert project.text() == mine
            project.uv_ok("lock", "--check")
            retried(jobs, left)
        assert "# saved in the last moment\n" in project.text()
        assert "alpha" in project.text()
        assert not lies_about(project)


@pytest.mark.parametrize("stands", [True, False])
def test_an_edit_that_was_overwritten_before_the_crash_is_not_called_done(project: Project, *, stands: bool) -> None:
    before = project.text()
    with desk(project) as jobs:
        (operation,) = jobs.done(jobs.add("alpha"))
    # As a server leaves it that was killed while it planned the edit again, after a stale write.
    gone = project.tools.start([sys.executable, "-c", "input()"], project.root)
    owner = process(gone.pid)
    gone.communicate("\n", timeout=10)
    with closing(Journal(project.tools.base / "state" / "journal.sqlite3", owner)) as journal:
        journal.save(replace(operation, state="waiting", finished_at=None, attempts=1))
    if not stands:
        project.write(before)
    with restarted(project) as (jobs, left):
        assert left.state == ("done" if stands else "failed")
        if not stands:
            retried(jobs, left)
    assert '"alpha>=2.0"' in project.text()


class TestState:
    def test_a_corrupt_journal_is_set_aside_and_a_new_one_begun(self, project: Project) -> None:
        state = project.tools.base / "state"
        (state / "journal.sqlite3").write_bytes(b"no database" * 1000)
        with desk(project) as jobs:
            aside = jobs.office.journal.set_aside
            assert aside is not None
            assert aside.read_bytes() == b"no database" * 1000
            jobs.done(jobs.add("alpha"))

    def test_a_journal_in_which_times_are_numbers_is_read(self, project: Project) -> None:
        journal = project.tools.base / "state" / "journal.sqlite3"
        journal.parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(journal, isolation_level=None)) as older:
            older.execute("CREATE TABLE child (pid INTEGER, pid_started REAL, owner INTEGER, owner_started REAL)")
            older.execute("INSERT INTO child VALUES (?, 1.5, ?, 1.5)", (os.getpid(), os.getpid()))
        with desk(project) as jobs:
            children.end_orphans(jobs.office.journal)
            assert jobs.office.journal.children() == ()
            jobs.done(jobs.add("alpha"))

    def test_a_locked_journal_refuses_an_operation_and_loses_nothing(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lsp_server.jobs.database.BUSY_SECONDS", 0.2)
        with desk(project) as jobs:
            jobs.done(jobs.ask("lock"))
            with closing(sqlite3.connect(jobs.office.journal.path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                before = project.text()
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    jobs.add("alpha")
                assert project.text() == before
                with pytest.raises(sqlite3.OperationalError):
                    Journal(jobs.office.journal.path, this_process()).mark(1, "committed")
                other.execute("ROLLBACK")
            jobs.done(jobs.add("alpha"))
        assert "alpha" in project.text()

    def test_a_journal_that_gets_locked_before_the_commit_stops_it(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lsp_server.jobs.database.BUSY_SECONDS", 0.2)
        gate = project.offer("slow", parts.Backend(project.gate(), at="metadata"))
        before = project.text()
        with desk(project) as jobs:
            operation = jobs.add("slow")
            gate.wait_reached()
            with closing(sqlite3.connect(jobs.office.journal.path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                gate.open()
                jobs.wait(lambda: jobs.worker.ledger.get(operation.id) is None, "the failure")
                assert project.text() == before
                other.execute("ROLLBACK")
            jobs.done(jobs.add("alpha"))
        assert "alpha" in project.text()

    def test_a_journal_that_gets_locked_after_the_commit_takes_nothing_back(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lsp_server.jobs.database.BUSY_SECONDS", 0.2)
        project.uv_ok("sync")
        editor = Locking(project.tools.base / "state" / "journal.sqlite3")
        editor.show(project.manifest)
        with desk(project, editor) as jobs:
            operation = jobs.add("alpha")
            jobs.wait(lambda: jobs.worker.ledger.get(operation.id) is None, "the end")
            assert '"alpha>=2.0"' in project.text()
            assert project.installed() == {"alpha": "2.0"}
            assert jobs.now(operation).finished, "this process knows, though it cannot be written yet"
            with closing(sqlite3.connect(jobs.office.journal.path)) as reader:
                assert reader.execute("SELECT state FROM operation").fetchone() != ("done",)
            editor.other.execute("ROLLBACK")
            jobs.done(operation)
            editor.show(project.manifest)
            jobs.done(jobs.ask("bumpVersion", bump="major"))
            assert jobs.changes()[0].operations == (operation.id,)
        editor.other.close()

    def test_a_state_folder_that_vanishes_is_made_again(self, project: Project) -> None:
        with desk(project) as jobs:
            jobs.done(jobs.add("alpha"))
            state = project.tools.base / "state"
            state.rename(project.tools.base / "gone")
            second = jobs.add("eta")
            jobs.done(second)
            (change,) = jobs.changes()
            assert change.operations == (second.id,)
            with closing(sqlite3.connect(state / "journal.sqlite3")) as other:
                assert other.execute("SELECT state FROM operation").fetchall() == [("done",)]
            jobs.done(jobs.ask("undo", id=second.id))
        assert "alpha" in project.text()
        assert '"eta' not in project.text()

    def test_a_full_disk_says_so_and_changes_nothing(self, project: Project) -> None:
        project.write(project.text() + "# padding\n" * 40_000)
        before = project.text()
        limit = "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        other = clerk(project, limit + "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n")
        other.until(other.ask("add", requirements=["alpha"]), "failed")
        other.close()
        assert project.text() == before
        assert not project.lock.exists()
        assert not lies_about(project)
        with desk(project) as jobs:
            (failed,) = jobs.office.journal.finished(jobs.known.key)
            assert failed.failure is not None
            assert "File too large" in failed.failure.message
            jobs.worker.retry(failed)
            jobs.done(failed)
        assert '"alpha>=2.0"' in project.text()
