"""Members by a stranger's pattern: each place once, no more than so many, and what uv would find."""

import os
import time
from pathlib import Path

import pytest

from lsp_server.adapters import project as projects
from lsp_server.adapters.globs import Search


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("root/a/deep", "root/b", "root/.hidden", "beside"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "root" / "file").touch()
    (tmp_path / "root" / "loop").symlink_to(".")
    (tmp_path / "root" / "broken").symlink_to("broken")
    return (tmp_path / "root").resolve()


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a", ["a"]),
        ("a/", ["a"]),
        ("./b", ["b"]),
        ("[ab]", ["a", "b"]),
        ("?", ["a", "b"]),
        ("*", [".", ".hidden", "a", "b"]),
        ("*/deep", ["a/deep"]),
        ("a/**", ["a", "a/deep"]),
        ("**", [".", ".hidden", "a", "a/deep", "b"]),
        ("../beside", ["../beside"]),
        ("../*", [".", "../beside"]),
        ("loop/loop/a", ["a"]),
        ("*/../" * 10 + "*", [".", ".hidden", "../beside", "a", "b"]),
        *((broken, []) for broken in ("", "/", "/a", "a**", "[", "\0", "file", "file/*", "nowhere/*", "broken/*")),
    ],
)
def test_a_pattern_leads_to_what_uv_would_find(root: Path, pattern: str, names: list[str]) -> None:
    assert {os.path.relpath(folder, root) for folder in Search(root).matches(pattern)} == set(names)


def test_no_more_folders_are_looked_into_than_so_many_for_all_patterns_together(root: Path) -> None:
    search = Search(root, left=3)
    for _ in range(1000):
        search.matches("**/**/*/../**")
    assert search.left == 0


def test_many_ways_to_one_place_are_gone_once(tmp_path: Path) -> None:
    for name in "abcdefgh":
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyproject.toml").touch()
    (tmp_path / "pyproject.toml").write_text(f'[tool.uv.workspace]\nmembers = ["{"*/../" * 30}*"]\n')
    began = time.process_time()
    project = projects.find(tmp_path)
    assert project is not None
    assert len(projects.manifests(project)) == 9
    assert time.process_time() - began < 2  # it was a million ways
