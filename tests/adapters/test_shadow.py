"""A shadow shows the project as it is, lets uv change copies only, and keeps up with what changes."""

import os
from pathlib import Path

import pytest

from lsp_server.adapters import project as projects
from lsp_server.adapters import shadow as shadows
from lsp_server.adapters.shadow import Shadow
from tests.support.projects import Project


@pytest.fixture
def shadow(project: Project) -> Shadow:
    return Shadow(project.tools.base / "shadow", project.root)


def lay(shadow: Shadow, project: Project, text: str | None = None) -> None:
    known = projects.find(project.root)
    assert known is not None
    copies = {path: path.read_bytes() if path.exists() else None for path in projects.files_of(known)}
    if text is not None:
        copies[project.manifest] = text.encode()
    shadow.lay(copies, [project.venv])


def test_manifests_are_copies_and_the_rest_is_shown(shadow: Shadow, project: Project) -> None:
    (project.root / "src").mkdir()
    (project.root / "README.md").write_text("hello")
    project.venv.mkdir()
    beside = project.root.parent / "lib"
    beside.mkdir()
    lay(shadow, project, "[project]\n")
    assert not (shadow.root / "pyproject.toml").is_symlink()
    assert (shadow.root / "pyproject.toml").read_text() == "[project]\n"
    assert (shadow.root / "src").resolve() == project.root / "src"
    assert (shadow.root / "README.md").read_text() == "hello"
    assert (shadow.root / ".." / "lib").resolve() == beside
    assert not (shadow.root / ".venv").exists()
    assert not (shadow.root / "uv.lock").exists()


def test_it_follows_what_comes_and_goes(shadow: Shadow, project: Project) -> None:
    first, second = project.root / "first", project.root / "second"
    first.touch()
    lay(shadow, project)
    first.unlink()
    second.touch()
    project.lock.write_text("version = 1\n")
    lay(shadow, project)
    assert not os.path.lexists(shadow.root / "first")
    assert (shadow.root / "second").exists()
    assert (shadow.root / "uv.lock").read_text() == "version = 1\n"
    project.lock.unlink()
    lay(shadow, project)
    assert not (shadow.root / "uv.lock").exists()


def test_what_a_build_left_in_it_gives_way_to_the_live_file(shadow: Shadow, project: Project) -> None:
    lay(shadow, project)
    (shadow.root / "build").mkdir()
    (shadow.root / "build" / "x").touch()
    (shadow.root / "stray").touch()
    (project.root / "build").mkdir()
    lay(shadow, project)
    assert (shadow.root / "build").is_symlink()
    assert not (shadow.root / "stray").exists()
    assert list((project.root / "build").iterdir()) == []


def test_uv_in_the_shadow_changes_nothing_in_the_live_project(shadow: Shadow, project: Project) -> None:
    (project.root / "src").mkdir()
    before = sorted(project.root.rglob("*")), project.text()
    lay(shadow, project)
    project.uv_ok("add", "--no-sync", "alpha", folder=shadow.root)
    made = shadow.read([project.manifest, project.lock])
    assert b"alpha>=2.0" in (made[project.manifest] or b"")
    assert b'name = "alpha"' in (made[project.lock] or b"")
    assert (sorted(project.root.rglob("*")), project.text()) == before


def test_its_paths_are_shown_as_live_ones(shadow: Shadow, project: Project) -> None:
    said = f"error at {shadow.path(project.manifest)}: and {shadow.path(Path('/'))}"
    assert shadow.live_text(said) == f"error at {project.manifest}: and /"


def test_a_manifest_that_is_a_link_is_copied_and_never_written_through(shadow: Shadow, project: Project) -> None:
    target = project.root / "real.toml"
    project.manifest.rename(target)
    project.manifest.symlink_to(target)
    lay(shadow, project)
    (shadow.root / "pyproject.toml").write_text("changed")
    assert target.read_text() != "changed"


def test_a_crowd_of_neighbours_is_left_out(shadow: Shadow, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadows, "MOST_NEIGHBOURS", 3)
    for number in range(5):
        (project.root.parent / f"n{number}").touch()
        (project.root / f"own{number}").touch()
    lay(shadow, project)
    assert not (shadow.root.parent / "n0").exists()
    assert (shadow.root / "own0").exists()


@pytest.fixture
def without_symlinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Windows without symbolic links: a file is shown by a hard link, a folder by a junction, which is no symbolic link."""

    def link(source: Path, target: Path) -> None:
        if source.is_dir():
            target.symlink_to(source)
        else:
            target.hardlink_to(source)

    monkeypatch.setattr(shadows, "link", link)
    monkeypatch.setattr(Path, "is_symlink", lambda _path: False)
    junction = shadows._JUNCTION
    monkeypatch.setattr(shadows, "_reparse_tag", lambda path: junction if os.path.islink(path) else 0)  # noqa: PTH114  see above


def neighbour(project: Project) -> tuple[Path, Path]:
    """A folder with sources that is no member yet, and its manifest."""
    folder = project.root / "packages"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "module.py").write_text("source")
    (folder / "README.md").write_text("live")
    (folder / "pyproject.toml").write_text("live")
    return folder, folder / "pyproject.toml"


@pytest.mark.usefixtures("without_symlinks")
def test_a_folder_that_was_shown_and_becomes_a_members_keeps_its_live_files(shadow: Shadow, project: Project) -> None:
    folder, manifest = neighbour(project)
    (project.root / "other.toml").write_text("live")
    lay(shadow, project)
    assert (shadow.path(folder) / "src" / "module.py").read_text() == "source"
    before = sorted(folder.rglob("*"))
    shadow.lay({manifest: b"planned", project.root / "other.toml": b"live", folder / "uv.lock": None})
    assert sorted(folder.rglob("*")) == before
    assert manifest.read_text() == "live"
    assert shadow.path(manifest).read_text() == "planned"
    assert (shadow.path(folder) / "src" / "module.py").read_text() == "source"
    # uv writes in place, also where the copy was the same as the live file.
    (shadow.root / "other.toml").write_text("planned")
    assert (project.root / "other.toml").read_text() == "live"


@pytest.mark.usefixtures("without_symlinks")
def test_a_link_that_nothing_tells_from_a_folder_stops_the_plan_and_loses_nothing(
    shadow: Shadow, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, manifest = neighbour(project)
    lay(shadow, project)
    monkeypatch.setattr(shadows, "_reparse_tag", lambda _path: 0)
    before = sorted(folder.rglob("*"))
    with pytest.raises(OSError, match="leads out of the shadow"):
        shadow.lay({manifest: b"planned"})
    with pytest.raises(OSError, match="leads out of the shadow"):
        shadow.write({manifest: b"planned"})
    assert sorted(folder.rglob("*")) == before
    assert manifest.read_text() == "live"


def test_a_shadow_that_was_taken_away_is_laid_again(shadow: Shadow, project: Project) -> None:
    (project.root.parent / "lib").mkdir()
    lay(shadow, project)
    shadow.base.rename(shadow.base.with_name("gone"))
    lay(shadow, project)
    assert (shadow.root / ".." / "lib").resolve() == project.root.parent / "lib"


def test_without_symbolic_links_a_file_is_still_shown(base: Path) -> None:
    source, folder = base / "file", base / "folder"
    source.write_text("x")
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "y").write_text("y")
    shadows.link_without_symlinks(source, base / "one")
    shadows.link_without_symlinks(folder, base / "other")
    assert (base / "one").read_text() == "x"
    assert (base / "other" / "below" / "y").read_text() == "y"
