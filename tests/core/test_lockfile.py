"""uv.lock as data, against locks that the real uv makes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo import parts
from lsp_server.core import locked, lockfile, pyproject, uvlock
from tests.support import projects, twin
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


SOURCED = {
    "a path": ('"lib>=0.1"', '[tool.uv.sources]\nlib = { path = "../lib" }\n'),
    "an editable path": ('"lib>=0.1"', '[tool.uv.sources]\nlib = { path = "../lib", editable = true }\n'),
    "one of two by marker": (
        '"eta>=1"',
        """[[tool.uv.index]]
name = 'here'
url = '{wheels}'
format = 'flat'
[tool.uv.sources]
eta = [{ index = 'here', marker = "sys_platform == 'linux'" }]
""",
    ),
    "an extra of its own": ('"demo[fast]"', '[project.optional-dependencies]\nfast = ["eta"]\n'),
}


@pytest.mark.parametrize("kind", SOURCED)
def test_a_requirement_with_a_source_is_recorded_without_its_bounds(project: Project, wheels: Path, kind: str) -> None:
    parts.make_package(project.root.parent / "lib", "lib", "1.0", requires=["alpha"])
    requirement, tables = SOURCED[kind]
    text = parts.manifest(wheels=wheels).replace("dependencies = []", f"dependencies = [{requirement}]")
    project.write(f"{text}\n{tables.replace('{wheels}', wheels.as_posix())}".replace("no-index = true\n", ""))
    project.uv_ok("lock")
    project.uv_ok("lock", "--check")
    assert lockfile.fits(pyproject.read(project.text()), project.lock_text()) is True
    other = project.text().replace(requirement, f'{requirement}, "zeta"')
    assert lockfile.fits(pyproject.read(other), project.lock_text()) is False


def test_what_a_build_backend_computes_cannot_be_told(project: Project, wheels: Path) -> None:
    backend = parts.Backend(at="metadata")
    parts.make_package(project.root, "demo", "0.1.0", backend, requires=["eta"])
    settings = f"\n[tool.uv]\nno-index = true\nfind-links = {parts.toml_value([wheels.as_posix()])}\n"
    project.write(project.text() + settings)
    project.uv_ok("lock")
    project.uv_ok("lock", "--check")
    assert lockfile.fits(pyproject.read(project.text()), project.lock_text()) is not False


def test_what_a_preview_of_uv_does_not_record_cannot_be_told(project: Project) -> None:
    previewing = twin.with_variables(project, UV_PREVIEW="1")
    previewing.uv_ok("add", "--no-sync", "alpha<2", "eta; sys_platform == 'win32'")
    assert lockfile.fits(pyproject.read(project.text()), project.lock_text()) is not False
    previewing.uv_ok("remove", "--no-sync", "alpha")
    assert lockfile.fits(pyproject.read(project.text()), project.lock_text()) is not False


def test_the_first_dependency_makes_a_lock_file_stale(project: Project) -> None:
    project.uv_ok("lock")
    project.uv_ok("add", "--frozen", "alpha")
    assert lockfile.fits(pyproject.read(project.text()), project.lock_text()) is False


@pytest.mark.parametrize("version", ["2024.01", "1.0.0-rc1", "1.0.0"])
def test_a_version_may_be_spelled_in_any_way(project: Project, version: str) -> None:
    project.write(project.text().replace('version = "0.1.0"', f'version = "{version}"'))
    project.uv_ok("lock")
    assert lockfile.fits(pyproject.read(project.text()), project.lock_text()) is True


def test_the_same_text_is_read_once() -> None:
    text = 'version = 1\n[[package]]\nname = "a"\nversion = "1"\n'
    assert uvlock.packages(text) is uvlock.packages("".join(list(text)))


@pytest.mark.parametrize(
    "text",
    [
        "package = 1\n",
        "package = [1]\n",
        "[[package]]\nname = 1\nsource = 2\ndependencies = 3\nwheels = 4\nmetadata = 5\nsdist = 6\n",
        "[[package]]\nname = 'a'\ndependencies = [1]\n[package.metadata]\nrequires-dist = 1\nrequires-dev = 2\n",
        "[[package]]\nname = 'a'\noptional-dependencies = {x = 1}\ndev-dependencies = 1\nresolution-markers = 1\n",
    ],
)
def test_a_text_of_another_shape_is_read_as_far_as_it_goes(text: str) -> None:
    lockfile.fits(pyproject.read('[project]\nname = "a"\n'), text)
    lockfile.expected(text, pyproject.read('[project]\nname = "a"\n'), LINUX)
    assert locked.read(text).versions.keys() <= {"", "a"}


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
