"""First-party code, roles of files, the standard library of a project, declarations outside of uv's tables."""

import pytest

from lsp_server.core import pyproject
from lsp_server.core.pyproject import RUNTIME, Table
from lsp_server.imports.core import declared, stdlib, tree
from lsp_server.imports.core.tree import Member, Tree


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("src/x/__init__.py", "library"),
        ("x/core.py", "library"),
        ("tests/deep/util.py", "tests"),
        ("src/x/test_y.py", "tests"),
        ("conftest.py", "tests"),
        ("docs/conf.py", "docs"),
        ("examples/a.py", "examples"),
        ("scripts/a.py", "scripts"),
        ("setup.py", "build"),
        ("noxfile.py", "build"),
    ],
)
def test_a_file_is_taken_for_another_kind(path: str, role: str) -> None:
    assert tree.role(path) == role


@pytest.mark.parametrize(
    ("module", "requires", "there"),
    [
        ("os", None, True),
        ("tomllib", ">=3.11", True),
        ("tomllib", ">=3.9", True),
        ("tomllib", ">=3.9,<3.11", False),
        ("distutils", ">=3.12", False),
        ("distutils", ">=3.11", True),
        ("telnetlib", ">=3.13", False),
        ("_typeshed", None, True),
        ("requests", None, False),
        ("os", "what", True),
    ],
)
def test_the_standard_library_is_that_of_another_python(module: str, requires: str | None, there: bool) -> None:  # noqa: FBT001  a table
    assert stdlib.contains(module, requires) is there


def test_a_neighbour_of_a_deep_test_is_not_its_own() -> None:
    found = Tree(["pkg/tests/helper.py", "pkg/tests/a/test_x.py", "pkg/src/demo/__init__.py", "other/thing.py"])
    member = Member("pkg", pyproject.read('[project]\nname = "demo"\n'))
    own = [tree.is_first_party(found, member, "pkg/tests/a/test_x.py", name) for name in ("helper", "demo", "thing", "test_x")]
    assert own == [True, True, False, True]


def test_others_can_import_a_members_tests() -> None:
    found = Tree(["one/src/one/__init__.py", "one/tests/__init__.py", "one/scripts/__init__.py", "one/setup.py"])
    assert tree.provided(found, Member("one", pyproject.read('[project]\nname = "one"\n'))) == {"one"}


def test_a_table_of_another_tool_is_not_seen() -> None:
    text = """
[build-system]
requires = ["hatchling"]
[project]
name = "x"
dependencies = ["a; python_version < '3.9'", "b"]
dynamic = ["optional-dependencies"]
[tool.poetry.dependencies]
python = "^3.9"
c = { version = "1", extras = ["y"] }
[tool.poetry.group.test.dependencies]
d = "*"
[tool.hatch.envs.docs]
dependencies = ["e>=1"]
"""
    found = declared.of_manifest(pyproject.read(text))
    assert found.tables == {
        "hatchling": (declared.BUILD,),
        "a": (RUNTIME,),
        "b": (RUNTIME,),
        "c": (RUNTIME,),
        "d": (Table("group", "test"),),
        "e": (Table("group", "docs"),),
    }
    assert (found.complete, list(found.markers["a"]), found.markers.get("b")) == (False, ['python_version < "3.9"'], None)


def test_an_option_of_a_requirements_file_is_a_name() -> None:
    assert declared.in_requirements("-r other.txt\n# x\nPyYAML==1 # why\n\n--hash=1\nflask[async]>2\n") == {"pyyaml", "flask"}
