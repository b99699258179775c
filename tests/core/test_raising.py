"""Bounds in groups and extras are raised where they stand, and nothing else is written anew."""

import pytest

from lsp_server.core import literals, pyproject, raising
from lsp_server.core.pyproject import Table

TEXT = """[project]  # head
name = "x"
dependencies = ["a>=1", "b"]  # why
[project.optional-dependencies]
all = ["x[fast]"]
fast = [
  'c[y]>=1 ; os_name == "nt"',  # keep
  "d @ file:///d",
]
[dependency-groups]
dev = ["a<3", {include-group = "lint"}]
lint = []
"""


def test_what_is_to_be_raised_is_shown_to_uv_in_the_runtime_table() -> None:
    made = raising.scratch(TEXT, ())
    assert made is not None
    assert [one.text for one in pyproject.read(made.text).dependencies if one.table.kind == "runtime"] == [
        'c[y]>=1 ; os_name == "nt"',
        "a<3",
        "a>=1",
        "b",
    ]
    assert [one.text for one in made.order] == ['c[y]>=1 ; os_name == "nt"', "a<3", "a>=1", "b"]


def test_what_uv_made_of_it_is_written_where_it_stands() -> None:
    made = raising.scratch(TEXT, ("c",))
    assert made is not None
    upgraded = made.text.replace('c[y]>=1 ; os_name == "nt"', 'c[y]>=2 ; os_name == "nt"')
    assert raising.raised(made, upgraded) == TEXT.replace("c[y]>=1", "c[y]>=2")


def test_nothing_is_guessed_where_uv_made_another_list() -> None:
    made = raising.scratch(TEXT, ("c",))
    assert made is not None
    assert raising.raised(made, made.text.replace('"b"', "")) is None


@pytest.mark.parametrize("packages", [("b",), ("nonesuch",), ("d",), ("x",)])
def test_what_stands_in_the_runtime_table_alone_needs_no_scratch(packages: tuple[str, ...]) -> None:
    assert raising.scratch(TEXT, packages) is None


@pytest.mark.parametrize("listed", ["", "dependencies = []\n", "dependencies = [\n]\n"])
def test_a_project_without_runtime_dependencies(listed: str) -> None:
    text = f'[project] # x\nname = "x"\n{listed}[dependency-groups]\ndev = ["a<3"]\n'
    made = raising.scratch(text, ("a",))
    assert made is not None
    runtime = [one.text for one in pyproject.read(made.text).dependencies if one.table.kind == "runtime"]
    assert runtime == ["a<3"]
    assert raising.raised(made, made.text.replace("a<3", "a<4")) == text.replace("a<3", "a<4")


def test_a_requirement_keeps_its_spelling_when_it_moves() -> None:
    text = "[dependency-groups]\ndev = [\n    \"a ; python_full_version >= '3'\",\n]\n"
    spelled = literals.stated(text, Table("group", "dev"), "a", ["a;python_version>='3'"])
    assert spelled == text.replace("a ; python_full_version >= '3'", "a;python_version>='3'")
    assert literals.stated(text, Table("runtime"), "a", ["a"]) == text


@pytest.mark.parametrize(("text", "expected"), [("a", '"a"'), ('a; x == "y"', "'a; x == \"y\"'"), ("é", '"é"')])
def test_a_literal_is_readable(text: str, expected: str) -> None:
    assert literals.literal(text) == expected
