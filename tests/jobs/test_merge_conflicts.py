"""Merge conflicts in real git repositories: said, resolved by statements, and merged by the driver."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.office import desk
from tests.support.projects import Project

OPERATIONS = {"merge": ("merge", "other"), "rebase": ("rebase", "other"), "cherry-pick": ("cherry-pick", "other")}


def git(project: Project, *words: str) -> "subprocess.CompletedProcess[str]":
    who = {"user.name": "A Tester", "user.email": "tester@example.invalid", "commit.gpgsign": "false", "core.editor": "true"}
    settings = [word for key, value in who.items() for word in ("-c", f"{key}={value}")]
    return project.tools.run(["git", *settings, *words], project.root)


def commit(project: Project, words: str) -> None:
    assert git(project, "add", ".").returncode == 0
    assert git(project, "commit", "--quiet", "-m", words).returncode == 0


def branches(project: Project, ours: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    """Two branches that each ran a uv command: we stand on `main`, the other one is `other`."""
    (project.root / ".gitignore").write_text(".venv\n")
    git(project, "init", "--quiet", "--initial-branch=main")
    project.uv_ok("add", "--no-sync", "alpha")
    commit(project, "first")
    git(project, "checkout", "--quiet", "-b", "other")
    project.uv_ok(*theirs)
    commit(project, "theirs")
    git(project, "checkout", "--quiet", "main")
    project.uv_ok(*ours)
    commit(project, "ours")


def add(*names: str) -> tuple[str, ...]:
    return ("add", "--no-sync", *names)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_both_sides_adds_survive(project: Project, operation: str) -> None:
    branches(project, add("eta<2"), add("zeta", "delta"))
    assert git(project, *OPERATIONS[operation]).returncode != 0
    assert "<<<<<<<" in project.text() + project.lock_text()
    with desk(project, sync_after_edit=False) as jobs:
        said = jobs.failed(jobs.add("epsilon"), "merge-conflict")
        assert "resolve-conflict" in said
        jobs.done(jobs.ask("resolveConflict"))
        assert all(name in project.text() for name in ('"alpha', '"eta<2"', '"zeta', '"delta'))
        assert "<<<<" not in project.text() + project.lock_text()
        project.uv_ok("lock", "--check")
        jobs.done(jobs.add("epsilon"))


def test_a_true_conflict_is_left_to_the_person(project: Project) -> None:
    branches(project, add("alpha<2"), add("alpha>=2"))
    assert git(project, "merge", "other").returncode != 0
    before = project.text()
    with desk(project, sync_after_edit=False) as jobs:
        said = jobs.failed(jobs.ask("resolveConflict"), "merge-conflict")
    assert "alpha" in said
    assert project.text() == before


@pytest.mark.parametrize("operation", OPERATIONS)
def test_git_merges_manifests_by_the_driver(project: Project, operation: str) -> None:
    branches(project, add("eta<2"), add("zeta"))
    driver = f"{sys.executable} -m lsp_server merge-driver %O %A %B"
    git(project, "config", "merge.pyproject.driver", driver)
    Path(project.root / ".git" / "info" / "attributes").write_text("pyproject.toml merge=pyproject\nuv.lock merge=pyproject\n")
    git(project, *OPERATIONS[operation])
    assert "<<<<" not in project.text() + project.lock_text()
    assert '"eta<2"' in project.text()
    assert '"zeta' in project.text()
    with desk(project, sync_after_edit=False) as jobs:
        jobs.done(jobs.ask("resolveConflict"))
    project.uv_ok("lock", "--check")


def test_the_driver_marks_what_a_person_has_to_choose(project: Project) -> None:
    branches(project, add("alpha<2"), add("alpha>=2"))
    git(project, "config", "merge.pyproject.driver", f"{sys.executable} -m lsp_server merge-driver %O %A %B")
    Path(project.root / ".git" / "info" / "attributes").write_text("pyproject.toml merge=pyproject\nuv.lock merge=pyproject\n")
    assert git(project, "merge", "other").returncode != 0
    assert "<<<<<<< ours" in project.text()
    assert "alpha<2" in project.text()
    assert "alpha>=2" in project.text()
