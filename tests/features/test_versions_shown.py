"""Inlay hints and hover on the requirements of a manifest: the versions that are locked, installed and newest."""

from typing import Any

import pytest

from lsp_server.core.lsp import Position, Range
from lsp_server.core.packages import Packages
from lsp_server.core.settings import Settings
from lsp_server.core.snapshot import Snapshot
from lsp_server.features.dependency_hover import dependency_hover
from lsp_server.features.version_hints import version_hints

TEXT = """[project]
name = "demo"
version = "0.1.0"
dependencies = [
    "Alpha>=1",
    "beta==2.0; python_version > '3'",
]

[dependency-groups]
dev = ["gamma"]

[tool.uv.sources]
gamma = { path = "../gamma" }
"""
EVERYWHERE: Range = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
LOCKED = {"alpha": frozenset({"1.2"}), "beta": frozenset({"2.0"}), "gamma": frozenset({"1.0", "0.9"})}


def snapshot(packages: Packages, text: str = TEXT, **settings: Any) -> Snapshot:
    return Snapshot("file:///project/pyproject.toml", 1, text, "utf-16", Settings(**settings), packages)


def shown(packages: Packages, where: Any = EVERYWHERE, **settings: Any) -> dict[int, str]:
    """The hints, by their line."""
    hints = version_hints(snapshot(packages, **settings), where)
    return {hint["position"]["line"]: hint["label"] for hint in hints}


def test_a_hint_says_what_is_locked_unless_the_requirement_says_it() -> None:
    assert shown(Packages(LOCKED)) == {4: "1.2", 9: "0.9, 1.0"}


def test_a_hint_stands_right_behind_its_requirement() -> None:
    (first, *_) = version_hints(snapshot(Packages(LOCKED)), EVERYWHERE)
    assert first["position"] == {"line": 4, "character": len('    "Alpha>=1"')}


def test_a_hint_says_what_is_newer_or_installed_otherwise() -> None:
    packages = Packages(LOCKED, {"alpha": "1.1", "beta": "2.0"}, {"beta": "3.0", "alpha": "1.2"})
    assert shown(packages) == {4: "1.2 · 1.1 installed", 5: "2.0 · 3.0 available (major)", 9: "0.9, 1.0"}


@pytest.mark.parametrize("latest", ["1.2", "1.1", "1.2.0"])
def test_a_version_that_is_not_newer_is_no_news(latest: str) -> None:
    assert shown(Packages(LOCKED, None, {"alpha": latest}))[4] == "1.2"


def test_only_the_asked_range_is_answered() -> None:
    line: Range = {"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 99}}
    assert list(shown(Packages(LOCKED), line)) == [4]


def test_nothing_is_shown_where_nothing_is_locked_or_the_setting_says_no() -> None:
    assert not shown(Packages())
    assert not shown(Packages(LOCKED), hints_versions=False)


KNOWN = Packages(LOCKED, {"alpha": "1.1"}, {"alpha": "2.0"})


def hovered(needle: str, packages: Packages = KNOWN) -> str | None:
    before = TEXT[: TEXT.index(needle)]
    position: Position = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
    found = dependency_hover(snapshot(packages), position)
    return None if found is None else str(found["contents"]["value"])


def test_hover_says_all_three_versions() -> None:
    assert hovered("Alpha") == "**alpha** in dependencies\n\nlocked: 1.2 · installed: 1.1 · available: 2.0"


def test_hover_says_where_it_counts_and_where_it_comes_from() -> None:
    assert 'only where `python_version > "3"`' in str(hovered("beta"))
    assert "tool.uv.sources" in str(hovered('gamma"]'))


def test_hover_says_what_is_not_there() -> None:
    assert hovered("Alpha", Packages()) == "**alpha** in dependencies\n\nnot locked · not installed"
    assert hovered("name") is None


def test_text_that_is_no_requirement_has_neither() -> None:
    broken = snapshot(Packages(LOCKED), TEXT.replace("Alpha>=1", ">>> nothing"))
    assert [hint["position"]["line"] for hint in version_hints(broken, EVERYWHERE)] == [9]
    assert dependency_hover(broken, {"line": 4, "character": 8}) is None
