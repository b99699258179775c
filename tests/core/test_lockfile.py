"""uv.lock as data, against locks that the real uv makes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.core import lockfile, pyproject
from tests.support import projects
from tests.support.projects import Project, Tools

LINUX = {"sys_platform": "linux", "python_version": "3.11", "python_full_version": "3.11.7", "extra": ""}


def test_what_moved_between_two_locks(project: Project) -> None:
    project.uv_ok("add", "--no-sync", "alpha<2", "delta")
    before = project.lock_text()
    project.uv_ok("add", "--no-sync", "alpha>=2", "zeta")
    project.uv_ok("remove", "--no-sync", "delta")
    moved = lockfile.difference(before, project.lock_text())
    assert [(one.name, one.before, one.after) for one in moved] == [
        ("alpha", "1.1", "2.0"),
        ("delta", "1.1", None),
        ("zeta", None, "1.0"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        ("version", "--frozen", "--bump", "major"),
        ("add", "--frozen", "zeta"),
        ("add", "--frozen", "--group", "dev", "zeta"),
        ("add", "--frozen", "--optional", "fast", "zeta"),
        ("remove", "--frozen", "alpha"),
        ("add", "--frozen", "alpha<2"),
    ],
)
def test_a_lock_fits_until_the_manifest_changes(project: Project, change: tuple[str, ...]) -> None:
    project.uv_ok("add", "--no-sync", "alpha", "epsilon[fast]")
    assert lockfile.fits(pyproject.read(project.text()), project.lock_text()) is True
    project.uv_ok(*change)
    assert lockfile.fits(pyproject.read(project.text()), project.lock_text()) is False
    project.uv_ok("lock")
    assert lockfile.fits(pyproject.read(project.text()), project.lock_text()) is True


def test_what_a_sync_would_install_is_what_it_installs(project: Project) -> None:
    project.uv_ok("add", "--no-sync", "gamma", "epsilon[fast]", "iota; sys_platform == 'other'")
    project.uv_ok("add", "--no-sync", "--group", "dev", "mu-nu")
    project.uv_ok("add", "--no-sync", "--group", "lint", "eta")
    project.uv_ok("sync")
    wanted = lockfile.expected(project.lock_text(), pyproject.read(project.text()), LINUX)
    assert {name: next(iter(versions)) for name, versions in wanted.items()} == project.installed()
    assert {"mu-nu", "zeta"} <= wanted.keys()
    assert not {"eta", "iota"} & wanted.keys()


def test_the_workspaces_own_packages_are_local(tools: Tools, wheels: Path) -> None:
    root, _ = projects.workspace(tools, wheels)
    root.uv_ok("lock")
    assert lockfile.local(root.lock_text()) == {"space", "one", "two"}


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    manifest = pyproject.read('[project]\nname = "x"\n')
    lockfile.difference(text, "")
    lockfile.fits(manifest, text)
    lockfile.expected(text, manifest, LINUX)
    lockfile.local(text)
