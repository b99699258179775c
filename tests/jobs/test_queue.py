"""The queue behind a running sync: planned while it runs, committed together at its end, cancelled at any time."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from demo import parts
from lsp_server.adapters.editor import OpenDocument
from lsp_server.core.operation import Operation
from lsp_server.jobs.journal import Journal
from tests.support.clerk import clerk
from tests.support.office import Desk, Papers, are_gone, desk, process
from tests.support.projects import Project
from tests.support.stopping import stopped


def is_consistent(project: Project) -> None:
    project.uv_ok("lock", "--check")
    project.uv_ok("sync", "--check", "--inexact")


def held_by_its_own_build(project: Project) -> parts.Gate:
    """Make a project whose sync waits in its own build, which has a child and is deaf to Ctrl-C."""
    backend = parts.Backend(project.gate(), spawn_child=True, ignore_sigint=True)
    text = f"{project.text()}\n{backend.toml()}"
    parts.make_package(project.root, "demo", "0.1.0")
    project.write(text)
    return project.gate()


def noted(jobs: Desk, operation: str) -> Operation:
    found = jobs.office.journal.get(operation)
    assert found is not None
    return found


def test_edits_behind_a_sync_are_planned_while_it_runs_and_committed_together(project: Project) -> None:
    project.uv_ok("add", "--no-sync", "delta")
    with project.held_sync() as (gate, sync), desk(project) as jobs:
        queued = [jobs.add("alpha"), jobs.add("eta"), jobs.ask("bumpVersion", bump="minor")]
        queued += [jobs.ask("remove", packages=["delta"]), jobs.add("zeta", group="dev")]
        before = project.text()
        for operation in queued:
            waiting = jobs.until_blocked(operation)
            jobs.wait(lambda o=operation: jobs.now(o).state == "waiting")  # type: ignore[misc]
            waiting = jobs.now(operation)
            assert waiting.blocked is not None
            assert (waiting.blocked.lock, waiting.blocked.pid) == ("environment", sync.pid)
            assert "sync" in (waiting.blocked.command or "")
        assert project.text() == before
        gate.open()
        jobs.done(*queued)
        (change,) = jobs.changes()
        assert set(change.operations) == {operation.id for operation in queued}
    text = project.text()
    assert 'version = "0.2.0"' in text
    assert "delta" not in text
    assert all(name in text for name in ("alpha", "eta", "zeta", "slow"))
    is_consistent(project)
    assert "delta" not in project.installed()
    assert {"alpha", "eta", "zeta", "slow"} <= project.installed().keys()


def test_operations_are_done_in_the_order_they_were_asked_for(project: Project) -> None:
    with project.held_sync() as (gate, _), desk(project) as jobs:
        queued = [jobs.add("alpha<2"), jobs.ask("remove", packages=["alpha"]), jobs.add("alpha==1.0")]
        queued += [jobs.ask("bumpVersion", version="3.0"), jobs.ask("bumpVersion", bump="patch")]
        for operation in queued:
            jobs.until(operation, "waiting")
        gate.open()
        jobs.done(*queued)
    assert '"alpha==1.0"' in project.text()
    assert 'version = "3.0.1"' in project.text()


class TestCancel:
    """Cancelled in each state: uv and its children gone, the files untouched or committed whole."""

    def test_waiting(self, project: Project) -> None:
        with project.held_sync() as (gate, _):
            before = project.text()
            with desk(project) as jobs:
                kept, dropped = jobs.add("alpha"), jobs.add("eta")
                jobs.until(kept, "waiting")
                jobs.until(dropped, "waiting")
                assert jobs.worker.cancel(dropped.id)
                assert jobs.now(dropped).state == "cancelled"
                assert project.text() == before
                gate.open()
                jobs.done(kept)
        assert "alpha" in project.text()
        assert "eta" not in project.text()
        is_consistent(project)

    @pytest.mark.parametrize("at", ["metadata", "build"])
    def test_planning_and_preflight(self, project: Project, at: parts.At) -> None:
        gate = project.offer("stuck", parts.Backend(project.gate(), at=at, spawn_child=True, ignore_sigint=True))
        before = project.text()
        with desk(project) as jobs:
            operation = jobs.add("stuck")
            family = [process(gate.wait_reached()), process(gate.wait_child())]
            assert jobs.now(operation).state == "planning"
            assert jobs.worker.cancel(operation.id)
            assert jobs.now(operation).state == "cancelled"
            assert are_gone(*family, within=2)
            assert project.text() == before
            assert not project.lock.exists()
            jobs.done(jobs.add("alpha"))
        assert "stuck" not in project.text()

    def test_syncing(self, project: Project) -> None:
        gate = held_by_its_own_build(project)
        text = project.text()
        with desk(project) as jobs:
            operation = jobs.add("alpha")
            family = [process(gate.wait_reached()), process(gate.wait_child())]
            jobs.until(operation, "syncing")
            assert jobs.worker.cancel(operation.id)
            assert are_gone(*family, within=2)
            (ended,) = jobs.finish(operation)
            assert ended.state == "cancelled"
            assert "the edit stays" in ended.message
            project.uv_ok("lock", "--check")
            assert "alpha" in project.text()
            gate.open()
            jobs.done(jobs.ask("undo", id=operation.id))
        assert project.text() == text

    def test_queued_behind_another_process(self, project: Project) -> None:
        with project.held_sync() as (gate, _):
            other = clerk(project)
            ahead = other.ask("add", requirements=["alpha"])
            other.until(ahead, "waiting")
            with desk(project) as jobs:
                behind = jobs.add("eta")
                blocked = jobs.until_blocked(behind)
                assert blocked.blocked is not None
                assert (blocked.state, blocked.blocked.lock) == ("queued", "manifest")
                assert blocked.blocked.pid == other.process.pid
                assert jobs.worker.cancel(behind.id)
                gate.open()
                other.until(ahead, "done")
        other.close()
        assert "alpha" in project.text()
        assert "eta" not in project.text()

    def test_of_another_process_that_waits(self, project: Project) -> None:
        with project.held_sync(), desk(project) as jobs:
            other = clerk(project)
            theirs = other.ask("add", requirements=["alpha"])
            other.until(theirs, "waiting")
            assert jobs.office.cancel(theirs)
            ended = noted(jobs, theirs)
            assert (ended.state, ended.message) == ("cancelled", "cancelled; nothing was changed")
            assert not jobs.office.cancel(theirs), "it has ended"
            assert jobs.until_blocked(jobs.worker.retry(ended)).state != "cancelled", "what was asked of the former try is over"
            assert jobs.office.cancel(theirs)
            other.close()
        assert "alpha" not in project.text()
        is_consistent(project)

    def test_of_another_process_that_syncs(self, project: Project) -> None:
        gate = held_by_its_own_build(project)
        other = clerk(project)
        with desk(project) as jobs:
            theirs = other.ask("add", requirements=["alpha"])
            family = [process(gate.wait_reached()), process(gate.wait_child())]
            other.until(theirs, "syncing")
            assert jobs.office.cancel(theirs)
            assert are_gone(*family, within=2)
            assert "the edit stays" in noted(jobs, theirs).message
        other.close()
        assert "alpha" in project.text()

    def test_of_another_process_that_is_stopped_or_dead(self, project: Project) -> None:
        with project.held_sync(), desk(project) as jobs:
            other = clerk(project)
            theirs = other.ask("add", requirements=["alpha"])
            other.until(theirs, "waiting")
            with stopped(other.process.pid, jobs.office.state):
                assert not jobs.office.cancel(theirs), "nobody answered"
            other.until(other.ask("remove", packages=["alpha"]), "waiting")
            assert noted(jobs, theirs).state == "waiting", "what was said to go on goes on"
            other.kill()
            assert not jobs.office.cancel(theirs)


def test_two_processes_take_turns_by_ticket(project: Project) -> None:
    with project.held_sync() as (gate, _):
        other = clerk(project)
        first = other.ask("bumpVersion", version="1.0")
        other.until(first, "waiting")
        with desk(project) as jobs:
            second = jobs.ask("bumpVersion", bump="minor")
            jobs.until_blocked(second)
            third = other.ask("bumpVersion", version="7.0")

            def waits_for_us() -> bool:
                found = jobs.office.journal.get(third)
                return found is not None and found.blocked is not None and found.blocked.pid == os.getpid()

            jobs.wait(waits_for_us, "the third said to wait for the second")
            gate.open()
            jobs.done(second)
            other.until(third, "done")
            changes = jobs.changes()
            assert [change.operations[0] for change in changes] == [first, second.id, third]
            assert b'version = "1.1"' in (changes[1].after[project.manifest] or b"")
    other.close()
    assert 'version = "7.0"' in project.text()


def test_an_edit_during_somebody_elses_resolution_says_on_whom_it_waits(project: Project) -> None:
    project.uv_ok("add", "delta")
    gate = project.offer("slow", parts.Backend(project.gate(), at="metadata"))
    uv = project.uv_at(gate, "add", "slow")
    with desk(project) as jobs:
        operation = jobs.until_blocked(jobs.add("alpha"))
        assert operation.blocked is not None
        assert operation.blocked.pid == uv.pid
        gate.open()
        assert uv.wait(30) == 0
        jobs.done(operation)
    assert all(name in project.text() for name in ("alpha", "delta", "slow"))
    is_consistent(project)


def test_an_edit_that_joins_one_that_waits_is_done_with_it_when_the_sync_ends_before_its_plan(project: Project) -> None:
    planned = project.offer("late", parts.Backend(project.gate("planned"), at="metadata"))
    with project.held_sync() as (gate, sync), desk(project) as jobs:
        first = jobs.add("alpha")
        jobs.until(first, "waiting")
        second = jobs.add("late")
        planned.wait_reached()
        gate.open()
        assert sync.wait(30) == 0
        planned.open()
        jobs.done(first, second)
    is_consistent(project)


def test_an_edit_that_comes_while_another_one_is_planned_says_on_which_it_waits(project: Project) -> None:
    gate = project.add_gated_dependency(backend=parts.Backend(project.gate(), at="metadata"))
    with desk(project) as jobs:
        first = jobs.add("alpha")
        gate.wait_reached()
        second = jobs.until_blocked(jobs.add("eta"))
        assert second.blocked is not None
        assert (second.state, second.blocked.lock, second.blocked.pid) == ("queued", "manifest", os.getpid())
        assert second.message == f"waits for {first.title} (pid {os.getpid()})"
        gate.open()
        jobs.done(first, second)


class Late(Papers):
    """An editor in which a second edit is asked for when the worker has made its group, and not begun to plan it."""

    looks = 0
    second: Operation | None = None
    jobs: Desk

    def document(self, path: Path) -> OpenDocument | None:
        self.looks += 1
        if self.looks == 3:
            self.second = self.jobs.add("eta")
        return super().document(path)


def test_an_edit_that_comes_just_before_the_plan_of_another_one_says_on_which_it_waits(project: Project) -> None:
    gate = project.add_gated_dependency(backend=parts.Backend(project.gate(), at="metadata"))
    editor = Late()
    with desk(project, editor) as jobs:
        editor.jobs = jobs
        first = jobs.add("alpha")
        gate.wait_reached()
        assert editor.second is not None
        second = jobs.until_blocked(editor.second)
        assert second.message == f"waits for {first.title} (pid {os.getpid()})"
        gate.open()
        jobs.done(first, second)


def test_the_entries_of_a_killed_process_hold_nobody_up(project: Project) -> None:
    with project.held_sync() as (gate, _):
        other = clerk(project)
        lost = other.ask("add", requirements=["eta"])
        other.until(lost, "waiting")
        with desk(project) as jobs:
            behind = jobs.add("alpha")
            jobs.until_blocked(behind)
            other.kill()
            jobs.until(behind, "waiting")
            gate.open()
            jobs.done(behind)
    assert "alpha" in project.text()
    assert "eta" not in project.text()


def test_a_second_click_on_retry_throws_the_queue_over(project: Project) -> None:
    gate = project.add_gated_dependency()
    sync = project.uv_start("sync")
    gate.wait_reached()
    with desk(project) as jobs, closing(Journal(jobs.office.journal.path, process(sync.pid))) as other:
        operation = jobs.add("alpha")
        jobs.until(operation, "waiting")
        cancelled = operation
        for _ in range(5):
            jobs.worker.cancel(operation.id)
            cancelled = jobs.now(operation)
            assert cancelled.state == "cancelled"
            jobs.worker.retry(cancelled)
        jobs.until(operation, "waiting")
        jobs.worker.retry(cancelled)
        assert not other.adopt(cancelled), "nor may another server have it"
        assert jobs.now(operation).state == "waiting"
        gate.open()
        assert sync.wait(30) == 0
        jobs.done(operation)
    assert '"alpha>=2.0"' in project.text()
