"""An edit where a file of the project, or a lock, is none: it ends, it says why, and where it can be made it is made."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_server.adapters import uvlocks
from tests.support.office import desk
from tests.support.projects import Project

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes and devices among its files"),
]
MAKERS: dict[str, Callable[[Path], None]] = {
    "a named pipe": lambda path: os.mkfifo(path),  # noqa: PLW0108  typed for more than a path
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a folder": lambda path: path.mkdir(),
    "a loop of links": lambda path: path.symlink_to(path.name),
}
made = pytest.mark.parametrize("kind", MAKERS)


def put(path: Path, kind: str) -> None:
    path.unlink(missing_ok=True)
    MAKERS[kind](path)


@made
def test_a_lock_file_that_is_none_fails_the_edit_with_its_name(project: Project, kind: str) -> None:
    put(project.lock, kind)
    with desk(project, sync_after_edit=False) as jobs:
        said = jobs.failed(jobs.add("alpha"), "uv-failed")
    assert f"{kind}, not a regular file" in said
    assert "alpha" not in project.text()


@made
def test_an_environment_without_an_end_is_not_given_to_uv(project: Project, kind: str) -> None:
    project.uv_ok("sync")
    put(project.venv / "pyvenv.cfg", kind)
    with desk(project) as jobs:
        said = jobs.failed(jobs.add("alpha"), "sync-failed")
    assert f"pyvenv.cfg is {kind}, not a regular file" in said
    assert "alpha" in project.text()


@made
def test_a_neighbour_cannot_hold_up_an_edit_by_what_he_puts_where_uv_locks(project: Project, kind: str) -> None:
    put(uvlocks.project_lock(project.root, project.tools.environment), kind)
    with desk(project, sync_after_edit=False) as jobs:
        jobs.done(jobs.add("alpha"))
    assert "alpha" in project.text()
