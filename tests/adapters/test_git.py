"""What git did is told from what a uv did, without running git."""

from pathlib import Path

from lsp_server.adapters import git
from tests.support.projects import Project


def committed(project: Project) -> Path:
    project.tools.git(project.root, "init", "--quiet", "--initial-branch=main")
    project.tools.git(project.root, "add", ".")
    project.tools.git(project.root, "commit", "--quiet", "--message=first")
    return project.root


def test_outside_of_a_repository_nothing_is_gits(base: Path) -> None:
    assert git.state(base) is None
    assert not git.checked_out(base, None)
    assert not git.may_have_written(base, b"", None)
    assert not git.is_at_work(base)


def test_a_checkout_is_seen_from_a_folder_below(project: Project) -> None:
    root = committed(project)
    below = root / "packages" / "one"
    below.mkdir(parents=True)
    since = git.state(below)
    project.tools.git(root, "checkout", "--quiet", "-b", "other")
    assert git.checked_out(below, since)


def test_a_restored_file_may_be_gits_and_another_text_may_not(project: Project) -> None:
    root = committed(project)
    text = project.manifest.read_bytes()
    project.write("something else")
    since = git.state(root)
    assert not git.may_have_written(root, text, since), "the index was not written since"
    project.tools.git(root, "checkout", "HEAD", "--", "pyproject.toml")
    assert git.may_have_written(root, text, since)
    assert not git.may_have_written(root, text + b"# more\n", since)
    assert not git.checked_out(root, since)


def test_a_worktree_has_a_state_of_its_own(project: Project) -> None:
    root = committed(project)
    other = root.parent / "other"
    project.tools.git(root, "worktree", "add", "--quiet", str(other))
    since, here = git.state(other), git.state(root)
    assert since is not None
    project.tools.git(other, "checkout", "--quiet", "-b", "third")
    assert git.checked_out(other, since)
    assert not git.checked_out(root, here)


def test_a_git_at_work_is_seen(project: Project) -> None:
    root = committed(project)
    assert not git.is_at_work(root)
    (root / ".git" / "index.lock").touch()
    assert git.is_at_work(root)
