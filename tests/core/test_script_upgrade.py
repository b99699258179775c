"""A block as a manifest that uv raises the bounds of, and what it made of them back in the script."""

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.core import script, script_upgrade, toml

TEXT = """#!/usr/bin/env python
# /// script
# requires-python = ">=3.11"  # why
# dependencies = [
#     "alpha[x]>=1,<2 ; python_version >= '3.9'",  # keep
#   'delta==1.0',
# ]
# [tool.uv]
# no-index = true
# ///
print("alpha<2")
"""


def block(text: str) -> script.Block:
    found = script.valid(text)
    assert isinstance(found, script.Block)
    return found


def test_a_manifest_states_something_else_than_the_block() -> None:
    found = tomli.loads(script_upgrade.manifest(block(TEXT).toml))
    assert found["project"]["dependencies"] == ["alpha[x]>=1,<2 ; python_version >= '3.9'", "delta==1.0"]
    assert found["project"]["requires-python"] == ">=3.11"
    assert found["tool"] == {"uv": {"no-index": True, "workspace": {}}}


@pytest.mark.parametrize(
    ("content", "tool"),
    [
        ("tool.uv.no-index = true\ndependencies = ['a']\n", {"uv": {"no-index": True, "workspace": {}}}),
        ("tool = { uv = { no-index = true } }\ndependencies = ['a']\n", {"uv": {"no-index": True}}),
        ("dependencies = ['a']\n[tool]\nuv.no-index = true\n", {"uv": {"no-index": True, "workspace": {}}}),
        ("dependencies = ['a']\n[tool.black]\n", {"black": {}}),
        ("dependencies = ['a']\n[[tool.uv.index]]\nurl = 'u'\n", {"uv": {"index": [{"url": "u"}], "workspace": {}}}),
    ],
)
def test_settings_become_part_of_the_project(content: str, tool: dict[str, object]) -> None:
    found = tomli.loads(script_upgrade.manifest(content))
    assert found["tool"] == tool
    assert found["project"]["dependencies"] == ["a"]
    assert script_upgrade.has_uv_settings(content) == ("uv" in tool)


def test_the_script_gets_more_than_the_new_bounds() -> None:
    upgraded = script_upgrade.manifest(block(TEXT).toml)
    upgraded = upgraded.replace(
        "\"alpha[x]>=1,<2 ; python_version >= '3.9'\"", "\"alpha[x]>=1,<3 ; python_full_version >= '3.9'\""
    ).replace("'delta==1.0'", '"delta==1.1"')
    expected = TEXT.replace("alpha[x]>=1,<2", "alpha[x]>=1,<3").replace("'delta==1.0'", '"delta==1.1"')
    assert script_upgrade.raised(TEXT, block(TEXT), upgraded) == expected
    crlf = TEXT.replace("\n", "\r\n")
    assert script_upgrade.raised(crlf, block(crlf), upgraded) == expected.replace("\n", "\r\n")


def test_another_list_is_guessed_at() -> None:
    upgraded = script_upgrade.manifest(block(TEXT).toml).replace("  'delta==1.0',\n", "")
    assert script_upgrade.raised(TEXT, block(TEXT), upgraded) is None


def test_what_is_not_there_is_not_named() -> None:
    assert script_upgrade.absent(block(TEXT).toml, ("alpha", "zeta", "delta")) == ("zeta",)


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("print(1)\n", (1, 1), "no '# /// script' block"),
        ("# /// script\nprint(1)\n", (1, 1), "without a closing"),
        ("x = 1\n# /// script\n# a = 1\n# b = ?\n# ///\n", (4, 7), "Invalid value"),
    ],
)
def test_what_is_wrong_is_shown_elsewhere(text: str, where: tuple[int, int], said: str) -> None:
    found = script.valid(text)
    assert isinstance(found, toml.Problem)
    assert (found.line, found.column) == where
    assert said in found.message


@given(st.text("# /script\n\r=[]\"'ab", max_size=60))
def test_a_text_makes_it_fail(text: str) -> None:
    found = script.valid(text)
    if isinstance(found, script.Block):
        manifest = script_upgrade.manifest(found.toml)
        assert script_upgrade.raised(text, found, manifest) == text
