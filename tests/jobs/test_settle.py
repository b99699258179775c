"""A stale text that another uv writes over a committed edit is seen, and the edit is made again; a person's wish is not."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from lsp_server.adapters import live
from lsp_server.adapters.uvlocks import project_lock
from lsp_server.core.diff import Edit
from lsp_server.demo import parts
from tests.support.office import Papers, desk
from tests.support.projects import Project


class Late(Papers):
    """An editor so slow that a uv of the terminal reads the manifest between our comparison and our writing.

    uv then waits for the lock that we hold, with the old text in its memory, and writes that after us.
    """

    def __init__(self, project: Project, *commands: Sequence[str]) -> None:
        super().__init__()
        self.project = project
        self.commands = list(commands)
        self.started: list[subprocess.Popen[str]] = []

    def apply(self, path: Path, version: int, edits: Sequence[Edit], label: str) -> bool:
        if self.commands:
            uv = self.project.uv_start(*self.commands.pop(0))
            self.started.append(uv)
            self._until_it_waits(uv)
        return super().apply(path, version, edits, label)

    def _until_it_waits(self, uv: "subprocess.Popen[str]") -> None:
        lock = project_lock(self.project.root, self.project.tools.environment)
        while uv.poll() is None:
            users = live.lock_users(lock)
            if users is not None and uv.pid in users.waiters:
                return
        raise AssertionError(uv.communicate())

    def save(self, path: Path) -> bool:
        """As editors do: a file that is another by now is loaded, never overwritten."""
        self.show(path)
        return True


def opened(project: Project, editor: Papers) -> Papers:
    project.uv_ok("sync")
    editor.show(project.manifest)
    return editor


def test_an_add_that_had_read_before_us_is_seen_and_both_edits_are_there_at_the_end(project: Project) -> None:
    editor = Late(project, ["add", "zeta"])
    with desk(project, opened(project, editor)) as jobs:
        (ended,) = jobs.done(jobs.add("alpha"))
        assert ended.attempts == 1
        assert editor.started[0].wait(20) == 0
        assert len(jobs.changes()) == 2
    assert '"alpha>=2.0"' in project.text()
    assert '"zeta>=1.0"' in project.text()
    project.uv_ok("lock", "--check")
    project.uv_ok("sync", "--check", "--inexact")


def test_an_edit_that_is_overwritten_three_times_fails_and_says_by_whom(project: Project) -> None:
    editor = Late(project, ["add", "zeta"], ["add", "eta"], ["add", "delta"])
    with desk(project, opened(project, editor)) as jobs:
        operation = jobs.add("alpha")
        said = jobs.failed(operation, "lost-after-retries")
        assert "3 times" in said
        assert str(editor.started[-1].pid) in said
        assert len(jobs.changes()) == 3
        assert all(b"alpha" in (change.after[project.manifest] or b"") for change in jobs.changes())
        for uv in editor.started:
            assert uv.wait(20) == 0
        jobs.worker.retry(jobs.now(operation))
        jobs.done(operation)
    assert all(name in project.text() for name in ("alpha", '"zeta', '"eta', "delta"))


def test_a_rollback_that_comes_after_us_is_undone(project: Project) -> None:
    more = project.tools.base / "more"
    gate = project.gate()
    parts.make_sdist(more, "doomed", "1.0", parts.Backend(gate, then="fail"))
    project.write(project.text().replace("find-links = [", f'find-links = ["{more.as_posix()}", '))
    editor = Late(project, ["add", "doomed"])
    with desk(project, opened(project, editor)) as jobs:
        operation = jobs.add("alpha")
        gate.wait_reached()
        gate.open()
        assert editor.started[0].wait(20) != 0
        jobs.done(operation)
    assert '"alpha>=2.0"' in project.text()
    assert "doomed" not in project.text()
    project.uv_ok("lock", "--check")


def test_a_drop_with_no_uv_about_is_a_persons_wish(project: Project) -> None:
    project.uv_ok("sync")
    before = project.text()
    gate = project.gate()
    parts.make_package(project.root.parent / "slow", "slow", "1.0", parts.Backend(gate, at="metadata"))
    with desk(project) as jobs:
        # `uv tree` never writes the manifest, yet is a uv that is alive around the commit.
        beside = project.uv_start("run", "--no-project", "--with", str(project.root.parent / "slow"), "python", "-V")
        gate.wait_reached()
        operation = jobs.add("alpha")
        jobs.until(operation, "committing", "syncing", "done")
        jobs.wait(lambda: bool(jobs.changes()))
        project.write(before)
        gate.open()
        beside.wait(20)
        (ended,) = jobs.finish(operation)
        assert ended.attempts <= 1
    assert project.text() == before
