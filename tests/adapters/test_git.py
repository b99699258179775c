"""What git wrote is told from what others did, without running git."""

import time
from pathlib import Path

import pytest

from lsp_server.adapters import git
from tests.support.projects import Project


def committed(project: Project) -> Path:
    project.tools.git(project.root, "init", "--quiet", "--initial-branch=main")
    project.tools.git(project.root, "add", ".")
    project.tools.git(project.root, "commit", "--quiet", "--message=first")
    return project.root


def wrote(project: Project, since: float, path: Path | None = None) -> bool:
    path = path or project.manifest
    return git.wrote(path, path.read_bytes(), since)


def test_outside_of_a_repository_nothing_is_gits(base: Path) -> None:
    assert not git.wrote(base / "pyproject.toml", b"", 0.0)
    assert not git.is_writing(base)


@pytest.mark.parametrize(
    "words",
    [("checkout", "HEAD", "--", "pyproject.toml"), ("restore", "pyproject.toml"), ("stash",), ("reset", "--hard", "--quiet")],
)
@pytest.mark.parametrize("version", ["2", "4"])
def test_a_file_that_git_wrote_is_gits(project: Project, words: tuple[str, ...], version: str) -> None:
    root = committed(project)
    project.tools.git(root, "update-index", "--index-version", version)
    time.sleep(0.05)  # git cannot tell writes within one tick of the file system apart either
    project.write("something else")
    since = time.time()
    assert not wrote(project, since)
    project.tools.git(root, *words)
    assert wrote(project, since)
    assert not git.wrote(project.manifest, project.manifest.read_bytes() + b"# more\n", since)


@pytest.mark.parametrize(
    "words", [("commit", "--allow-empty", "--quiet", "--message=x"), ("switch", "--quiet", "--create", "other")]
)
def test_a_text_that_git_knows_and_others_wrote_is_not_gits(project: Project, words: tuple[str, ...]) -> None:
    root, text = committed(project), project.text()
    time.sleep(0.05)
    project.write("something else")
    since = time.time()
    project.tools.git(root, *words)
    project.write(text)
    assert not wrote(project, since)


def test_a_worktree_has_an_index_of_its_own(project: Project) -> None:
    root = committed(project)
    other = root.parent / "other"
    time.sleep(0.05)  # what was written before is then older than one tick of the file system
    since = time.time()
    project.tools.git(root, "worktree", "add", "--quiet", str(other))
    assert wrote(project, since, other / "pyproject.toml")
    assert not wrote(project, since)


def test_a_git_that_is_writing_is_seen_and_a_lock_that_was_left_is_not(project: Project) -> None:
    root = committed(project)
    assert not git.is_writing(root)
    lock = root / ".git" / "index.lock"
    lock.touch()
    assert git.is_writing(root)
    assert not git.is_writing(root.parent)
