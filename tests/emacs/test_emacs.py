"""Emacs with eglot and the configuration of docs/editors, the real server and the real uv."""

import contextlib
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.clerk import clerk
from tests.support.projects import Project

HERE = Path(__file__).resolve().parent
CONFIGURATION = HERE.parents[1] / "docs" / "editors" / "pyproject-lsp.el"


@pytest.fixture(scope="session", autouse=True)
def emacs() -> None:
    """An Emacs with eglot: installed if it may be, else a failure that says what is missing."""
    done = subprocess.run(["sh", str(HERE / "install.sh")], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr


def play(project: Project, scenario: str, pid: int = 0) -> str:
    """Play a scenario of drive.el; it has to pass."""
    settings = {
        "DRIVE_CONFIGURATION": str(CONFIGURATION),
        "DRIVE_SERVER": shlex.join([sys.executable, "-m", "lsp_server"]),
        "DRIVE_MANIFEST": str(project.manifest),
        "DRIVE_SCENARIO": scenario,
        "DRIVE_PID": str(pid),
    }
    emacs = project.tools.start(["emacs", "-Q", "--batch", "-l", HERE / "drive.el"], project.root, settings)
    out, err = emacs.communicate(timeout=55)
    assert emacs.returncode == 0, err
    assert "scenario passed" in out, err
    return err


def test_a_clean_buffer_shows_the_commit_without_a_question(project: Project) -> None:
    play(project, "add")
    assert project.uv("lock", "--check").returncode == 0
    assert project.uv("sync", "--check").returncode == 0


def test_an_unsaved_buffer_waits_for_its_users_save(project: Project) -> None:
    play(project, "unsaved")
    assert "# mine" in project.text()
    assert '"alpha' in project.text()
    assert project.uv("lock", "--check").returncode == 0


def test_a_code_action_bumps_the_version(project: Project) -> None:
    play(project, "action")
    assert 'version = "0.2.0"' in project.text()


def test_a_failure_is_shown_and_changes_nothing(project: Project) -> None:
    before = project.text()
    play(project, "failure")
    assert project.text() == before


def test_a_wait_is_named_in_the_mode_line_and_can_be_cancelled(project: Project) -> None:
    with project.held_sync() as (_, sync):
        before = project.text()
        play(project, "cancel", sync.pid)
    assert project.text() == before


def test_a_cancel_is_about_what_this_emacs_has_asked_for(project: Project) -> None:
    with project.held_sync(), contextlib.closing(clerk(project)) as other:
        theirs = other.ask("add", requirements=["eta"])
        other.until(theirs, "waiting")
        play(project, "cancel-own")
        assert other.states[theirs] == "waiting"


def test_every_command_works_by_its_name(project: Project) -> None:
    play(project, "names")
    assert "dev = [" in project.text()
    assert project.uv("lock", "--check").returncode == 0


def test_a_failed_operation_is_tried_again(project: Project) -> None:
    play(project, "retry")
