"""A stale text that another uv writes over a committed edit is seen, and the edit is made again; a person's wish is not."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from demo import parts
from lsp_server.adapters import proclocks
from lsp_server.adapters.uvlocks import project_lock
from lsp_server.core.diff import Edit
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
            users = proclocks.lock_users(lock)
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


def test_an_edit_that_is_overwritten_again_and_again_stands_beside_all_that_overwrote_it(project: Project) -> None:
    editor = Late(project, ["add", "zeta"], ["add", "eta"], ["add", "delta"])
    with desk(project, opened(project, editor)) as jobs:
        jobs.done(jobs.add("alpha"))
        jobs.done(jobs.add("mu-nu"))
        for uv in editor.started:
            assert uv.wait(20) == 0
        jobs.done(jobs.add("rho"))
    for name in ("alpha", "mu-nu", "rho", "zeta", "eta", "delta"):
        assert project.text().count(f'"{name}') == 1
    project.uv_ok("lock", "--check")


def test_a_rollback_that_comes_after_us_is_undone(project: Project) -> None:
    gate = project.offer("doomed", parts.Backend(project.gate(), then="fail"))
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


def test_a_uv_that_writes_a_stale_lock_after_us_is_corrected(project: Project) -> None:
    project.uv_ok("sync")
    gate = project.gate()
    folder = parts.make_package(project.root.parent / "slow", "slow", "1.0", parts.Backend(gate, at="metadata"))
    project.add_source_dependency("slow", f'{{ path = "{folder.as_posix()}" }}')
    # `uv tree` locks from what it read before us, holds no lock meanwhile, and is stopped at the metadata.
    tree = project.uv_at(gate, "tree")
    project.write(project.text().replace('    "slow",\n', ""))
    with desk(project) as jobs:
        operation = jobs.add("alpha")
        watched = jobs.until_blocked(operation)
        assert watched.state == "committing"
        assert jobs.changes(), "its edit is made"
        assert watched.blocked is not None
        assert (watched.blocked.lock, watched.blocked.pid) == ("process", tree.pid)
        assert watched.message == f"added alpha>=2.0; waits for uv tree (pid {tree.pid}), which may have read the text before it"
        other = project.tools.run([sys.executable, "-m", "lsp_server", "exec", "--", "true"], project.root)
        assert other.returncode == 0, "an edit that is made keeps nobody up"
        gate.open()
        assert tree.wait(20) == 0
        jobs.done(operation)
    assert '"alpha>=2.0"' in project.text()
    project.uv_ok("lock", "--check")
    project.uv_ok("sync", "--check", "--inexact")


def test_a_manifest_that_cannot_be_read_while_it_is_watched_is_looked_at_again(project: Project) -> None:
    project.uv_ok("sync")
    gate = project.gate()
    folder = parts.make_package(project.root.parent / "slow", "slow", "1.0", parts.Backend(gate, at="metadata"))
    project.add_source_dependency("slow", f'{{ path = "{folder.as_posix()}" }}')
    tree = project.uv_start("tree")
    gate.wait_reached()
    project.write(project.text().replace('    "slow",\n', ""))
    aside = project.root / "aside.toml"
    with desk(project) as jobs:
        operation = jobs.add("alpha")
        jobs.until_blocked(operation)
        project.manifest.rename(aside)
        project.manifest.mkdir()  # reading it is an error, whoever reads
        jobs.wait(lambda: "cannot be read now" in jobs.now(operation).message, "the reason")
        project.manifest.rmdir()
        aside.rename(project.manifest)
        gate.open()
        assert tree.wait(20) == 0
        jobs.done(operation)
    assert '"alpha>=2.0"' in project.text()
