"""What the tables of a manifest mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.core import pyproject, toml
from lsp_server.core.pyproject import Table

_FULL = """\
[project]
name = "App"
version = "1.2.3"
requires-python = ">=3.11"
dependencies = ["Foo_Bar>=1", "not ok!"]
[project.optional-dependencies]
My_Extra = ["x"]
[dependency-groups]
Test_Group = ["y", {include-group = "docs"}]
docs = []
[tool.uv]
dev-dependencies = ["z"]
default-groups = ["Test_Group"]
workspace = {members = ["packages/*"], exclude = ["packages/old"]}
[tool.uv.sources]
Foo_Bar = {path = "../foo"}
[tool.uv.sources.baz]
git = "ssh://x"
"""


def test_a_part_of_a_manifest_is_misread() -> None:
    found = pyproject.read(_FULL)
    assert (found.name, found.version, found.requires_python) == ("App", "1.2.3", ">=3.11")
    assert found.version_span is not None
    assert _FULL[found.version_span.start : found.version_span.end] == '"1.2.3"'
    assert (found.extras, found.groups) == (("my-extra",), ("test-group", "docs", "dev"))
    assert (found.default_groups, found.sources) == (("test-group",), frozenset({"foo-bar", "baz"}))
    assert found.workspace == pyproject.Workspace(("packages/*",), ("packages/old",))
    assert [(d.table.label(), d.name, d.requirement is not None) for d in found.dependencies] == [
        ("dependencies", "foo-bar", True),
        ("dependencies", "not", False),
        ("extra 'my-extra'", "x", True),
        ("group 'test-group'", "y", True),
        ("group 'dev'", "z", True),
    ]
    assert [table.label() for table in found.tables()][:2] == ["dependencies", "extra 'my-extra'"]


def test_at_misses_the_dependency_under_the_cursor() -> None:
    found = pyproject.read(_FULL)
    first = found.dependencies[0]
    assert _FULL[first.span.start : first.span.end] == '"Foo_Bar>=1"'
    assert [found.at(at) for at in (first.span.start - 1, first.span.start, first.span.end)] == [None, first, first]


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ('project = {dependencies = ["a"]}', Table("runtime")),
        ('project.optional-dependencies.X = ["a"]', Table("extra", "x")),
        ('[dependency-groups]\n"D.E" = ["a"', Table("group", "d-e")),
        ('tool = {uv = {dev-dependencies = ["a"]}}', Table("group", "dev")),
        ('[project]\ndependencies = [\n  "a,\n]', Table("runtime")),
    ],
)
def test_a_way_of_writing_hides_a_dependency(text: str, table: Table) -> None:
    [found] = pyproject.read(text).dependencies
    assert (found.table, found.name) == (table, "a")
    assert table in pyproject.read(text).tables()


def test_a_dynamic_version_looks_like_one_to_bump() -> None:
    found = pyproject.read('[project]\ndynamic = ["version"]')
    assert (found.dynamic_version, found.version, found.version_span) == (True, None, None)


@pytest.mark.parametrize(("value", "expected"), [('"all"', ("docs",)), ("[]", ()), ("1", ("dev",)), ('["A"]', ("a",))])
def test_default_groups_are_misread(value: str, expected: tuple[str, ...]) -> None:
    text = f"[dependency-groups]\ndocs = []\n[tool.uv]\ndefault-groups = {value}"
    assert pyproject.read(text).default_groups == expected


def test_an_empty_file_has_a_project() -> None:
    found = pyproject.read("")
    assert (found.has_project, found.tables(), found.workspace, found.default_groups) == (False, (), None, ("dev",))


@given(st.integers(0, len(_FULL)), st.integers(0, 40), st.text(max_size=3))
def test_typing_anywhere_makes_it_raise(at: int, gone: int, typed: str) -> None:
    text = _FULL[:at] + typed + _FULL[at + gone :]
    for found in pyproject.read(text).dependencies:
        assert isinstance(found.span, toml.Span)
        assert text[found.span.start] in "\"'"
