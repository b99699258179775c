"""What is said right after an edit of ours stands, whoever says it: a write is stale only in what its writer cannot have read."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo import parts
from lsp_server.adapters.watch import Watch
from tests.support.office import Desk, desk
from tests.support.projects import Project

Until = Callable[[Callable[[str], bool]], None]
MINE = "\n[tool.mine]\nsaved = true\n"


@pytest.fixture
def until_shown(project: Project) -> Iterator[Until]:
    """Waits until the manifest's text is one of these, and returns in that very moment."""
    moved = threading.Event()
    watch = Watch()
    watch.files(project.root, {"pyproject.toml"}, lambda _path: moved.set())

    def until(condition: Callable[[str], bool]) -> None:
        while not condition(project.text()):
            assert moved.wait(25)
            moved.clear()

    yield until
    watch.close()


def replaced(path: Path, text: str) -> None:
    """Write a file as other tools do: a new one, renamed over it."""
    other = path.with_suffix(".other")
    other.write_text(text, "utf-8")
    other.replace(path)


def agree(project: Project) -> None:
    project.uv_ok("lock", "--check")
    project.uv_ok("sync", "--check", "--inexact")


@pytest.fixture
def jobs(project: Project) -> Iterator[Desk]:
    project.uv_ok("add", "alpha", "eta")
    with desk(project) as made:
        yield made


@pytest.mark.parametrize("number", range(3))
def test_a_uv_add_right_after_our_remove(jobs: Desk, project: Project, until_shown: Until, number: int) -> None:
    operation = jobs.ask("remove", packages=["alpha"])
    until_shown(lambda text: "alpha" not in text)
    project.uv_ok("add", f"alpha>={number % 2 + 1}")
    jobs.done(operation)
    assert '"alpha' in project.text()
    assert "alpha" in project.installed(), "what is installed follows what is locked now"
    agree(project)


def test_a_uv_remove_right_after_our_add(jobs: Desk, project: Project, until_shown: Until) -> None:
    operation = jobs.add("delta")
    until_shown(lambda text: "delta" in text)
    project.uv_ok("remove", "delta")
    jobs.done(operation)
    assert "delta" not in project.text()
    assert "delta" not in project.installed()
    agree(project)


def test_a_uv_version_right_after_our_bump(jobs: Desk, project: Project, until_shown: Until) -> None:
    operation = jobs.ask("bumpVersion", bump="minor")
    until_shown(lambda text: "0.2.0" in text)
    project.uv_ok("version", "0.1.0")
    jobs.done(operation)
    assert 'version = "0.1.0"' in project.text()
    agree(project)


@pytest.mark.parametrize(("command", "argument"), [("remove", {"packages": ["alpha"]}), ("bumpVersion", {"bump": "minor"})])
def test_another_tool_that_writes_the_former_text_right_after_us(
    jobs: Desk, project: Project, until_shown: Until, command: str, argument: dict[str, Any]
) -> None:
    before = project.text()
    operation = jobs.ask(command, **argument)
    until_shown(lambda text: text != before)
    replaced(project.manifest, before)
    jobs.done(operation)
    assert project.text() == before
    agree(project)


def test_a_uv_that_had_begun_before_our_remove_and_fails_does_not_bring_it_back(project: Project) -> None:
    project.uv_ok("add", "alpha", "eta")
    gate = project.offer("doomed", parts.Backend(project.gate(), at="metadata", then="fail"))
    with desk(project) as jobs:
        uv = project.uv_at(gate, "add", "doomed")
        operation = jobs.ask("remove", packages=["alpha"])
        gate.open()
        assert uv.wait(20) != 0
        jobs.done(operation)
    assert "alpha" not in project.text()
    assert "doomed" not in project.text()
    agree(project)


class TestGit:
    """A save while a uv works that will fail, in a repository."""

    @pytest.fixture
    def repository(self, project: Project) -> Project:
        project.tools.git(project.root, "init", "--quiet", "--initial-branch=main")
        project.tools.git(project.root, "add", ".")
        project.tools.git(project.root, "commit", "--quiet", "--message=first")
        return project

    def erased(self, project: Project, act: Callable[[], object]) -> Desk:
        gate = project.offer("doomed", parts.Backend(project.gate(), then="fail"))
        project.tools.git(project.root, "commit", "--quiet", "--all", "--message=more")
        with desk(project) as jobs:
            jobs.worker.wake.set()
            uv = project.uv_at(gate, "add", "doomed")
            jobs.save(project.text() + MINE)
            act()
            gate.open()
            assert uv.wait(20) != 0
            jobs.until_told("put back")
            jobs.done(jobs.add("alpha"))
        return jobs

    def test_a_commit_of_another_file_does_not_switch_the_guard_off(self, repository: Project) -> None:
        def commit() -> None:
            parts.write(repository.root / "other.txt", "x")
            repository.tools.git(repository.root, "add", "other.txt")
            repository.tools.git(repository.root, "commit", "--quiet", "--message=other")

        self.erased(repository, commit)
        assert MINE.strip() in repository.text()

    def test_a_new_branch_does_not(self, repository: Project) -> None:
        self.erased(repository, lambda: repository.tools.git(repository.root, "switch", "--quiet", "--create", "other"))
        assert MINE.strip() in repository.text()

    @pytest.mark.parametrize("old", [True, False])
    def test_a_lock_that_a_git_left_or_holds_for_long_does_not(self, repository: Project, *, old: bool) -> None:
        lock = repository.root / ".git" / "index.lock"

        def leave() -> None:
            lock.touch()
            if old:
                os.utime(lock, (0, 0))

        self.erased(repository, leave)
        assert MINE.strip() in repository.text()
