"""A stale text that another uv writes over a committed edit is seen, and the edit is made again; a person's wish is not."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo import parts
from lsp_server.adapters import git, proclocks
from lsp_server.adapters.uvlocks import project_lock
from lsp_server.core.diff import Edit
from lsp_server.core.intent import Add
from lsp_server.jobs.quiet import Quiet
from lsp_server.jobs.selection import Asked
from lsp_server.jobs.settle import Settling, Verdict, judge, names_of
from tests.support.office import Desk, Papers, desk, process
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


class TestJudge:
    """One committed add, and what is made of each text that may come after it while a uv lives that had read before."""

    @pytest.fixture
    def committed(self, project: Project) -> Iterator[tuple[Desk, Settling]]:
        project.tools.git(project.root, "init", "--quiet", "--initial-branch=main")
        project.tools.git(project.root, "add", "pyproject.toml")
        project.tools.git(project.root, "commit", "--quiet", "--message=first")
        living = project.tools.start([sys.executable, "-c", "input()"], project.root)
        with desk(project, sync_after_edit=False) as jobs:
            (operation,) = jobs.done(jobs.add("alpha"))
            (change,) = jobs.changes()
            asked = (Asked(operation.id, Add(("alpha",)), project.manifest),)
            writers = frozenset({process(living.pid)})
            state = git.state(project.root)
            said = {operation.id: "added alpha"}
            yield jobs, Settling(change.id, asked, change.before, change.after, said, writers, writers, state)

    def verdict(self, committed: tuple[Desk, Settling], *, saved: str | None = None, **changes: Any) -> Verdict:
        jobs, item = committed
        place = jobs.office.place(jobs.known)
        return judge(place, replace(item, **changes), writers=item.writers, by_user=lambda _path, text: text == saved)

    def test_the_edit_stands_and_is_watched_until_that_uv_ends(self, committed: tuple[Desk, Settling]) -> None:
        assert self.verdict(committed) == Verdict(settled=False, culprits=(next(iter(committed[1].writers)).pid,))
        assert self.verdict(committed, writers=frozenset()).settled

    def test_a_uv_run_that_has_come_to_the_users_command_is_not_waited_for(
        self, committed: tuple[Desk, Settling], project: Project
    ) -> None:
        jobs, item = committed
        place = jobs.office.place(jobs.known)
        program = "import sys; print('here', flush=True); sys.stdin.read()"
        run = project.tools.start([project.tools.uv, "run", "--no-sync", "python", "-c", program], project.root)
        assert run.stdout is not None
        assert run.stdout.readline() == "here\n"
        present = names_of(Quiet(place, threading.Event()).writers())
        assert judge(
            place, replace(item, writers=frozenset({process(run.pid)})), writers=present, by_user=lambda *_: False
        ).settled

    def test_a_stale_text_is_a_loss(self, committed: tuple[Desk, Settling], project: Project) -> None:
        project.write((committed[1].before[project.manifest] or b"").decode() + "# of the uv\n")
        verdict = self.verdict(committed)
        assert verdict.dropped == (committed[1].asked[0].operation,)
        assert verdict.culprits

    def test_a_text_that_the_user_saved_is_not(self, committed: tuple[Desk, Settling], project: Project) -> None:
        stale = (committed[1].before[project.manifest] or b"").decode()
        project.write(stale)
        assert self.verdict(committed, saved=stale) == Verdict(settled=True)

    def test_a_text_that_no_uv_could_write_is_not(self, committed: tuple[Desk, Settling], project: Project) -> None:
        project.write((committed[1].before[project.manifest] or b"").decode())
        assert self.verdict(committed, editors=frozenset()) == Verdict(settled=True)

    @pytest.mark.parametrize("words", [("checkout", "--force", "-b", "other"), ("checkout", "HEAD", "--", ".")])
    def test_what_git_checked_out_is_not(
        self, committed: tuple[Desk, Settling], project: Project, words: tuple[str, ...]
    ) -> None:
        project.tools.git(project.root, *words)
        project.write((committed[1].before[project.manifest] or b"").decode())
        assert self.verdict(committed) == Verdict(settled=True)

    @pytest.mark.parametrize("torn", ["", "[project]\nname = "])
    def test_a_torn_text_says_nothing(self, committed: tuple[Desk, Settling], project: Project, torn: str) -> None:
        project.write(torn)
        assert not self.verdict(committed).dropped

    def test_another_value_is_somebodys_decision(self, committed: tuple[Desk, Settling], project: Project) -> None:
        project.write(project.text().replace("alpha>=2.0", "alpha>=1.0"))
        assert not self.verdict(committed).dropped

    def test_a_later_operation_of_ours_is_no_loss(self, committed: tuple[Desk, Settling]) -> None:
        jobs, _ = committed
        jobs.done(jobs.ask("remove", packages=["alpha"]))
        assert not self.verdict(committed).dropped

    def test_a_lock_that_a_uv_wrote_over_ours_is_made_again(self, committed: tuple[Desk, Settling], project: Project) -> None:
        project.lock.write_bytes(b"version = 1\n")
        assert self.verdict(committed, writers=frozenset()).relock


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
