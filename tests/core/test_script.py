"""PEP 723 blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.core import script
from lsp_server.core.toml import Problem

_TOML = 'dependencies = [\n  "x",\n]\n\n[tool.uv]\n'
_BLOCK = '# /// script\n# dependencies = [\n#   "x",\n# ]\n#\n# [tool.uv]\n# ///'
_ENDINGS = pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])


def _found(text: str) -> script.Block:
    found = script.find(text)
    assert isinstance(found, script.Block)
    return found


@_ENDINGS
def test_a_block_is_misread(ending: str) -> None:
    block, toml = _BLOCK.replace("\n", ending), _TOML.replace("\n", ending)
    text = f"#!/usr/bin/env python{ending}{block}{ending}import x{ending}"
    found = _found(text)
    assert (text[found.start : found.end], found.toml) == (block, toml)


@_ENDINGS
def test_an_offset_points_at_another_character(ending: str) -> None:
    text = f"import y\n{_BLOCK}\n".replace("\n", ending)
    found = _found(text)
    for at, char in enumerate(found.toml):
        there = script.to_source_offset(found, at, text)
        assert text[there] == char


def test_the_end_mark_inside_the_content_ends_the_block() -> None:
    assert _found("# /// script\n# a = 1\n# ///\n# b = 2\n# ///\n").toml == "a = 1\n///\nb = 2\n"


@pytest.mark.parametrize(("text", "line"), [(f"{_BLOCK}\n\n{_BLOCK}\n", 9), ("\n# /// script\n# a = 1\nx = 1\n# ///", 2)])
def test_an_ambiguous_block_is_taken_for_one(text: str, line: int) -> None:
    found = script.find(text)
    assert isinstance(found, Problem)
    assert found.line == line


@pytest.mark.parametrize("text", ["", "x = 1", "# /// other\n# a = 1\n# ///", " # /// script\n# ///"])
def test_a_script_without_a_block_has_one(text: str) -> None:
    assert script.find(text) is None


@given(st.text(st.sampled_from("#/ script\n\r=a")))
def test_no_text_makes_it_raise(text: str) -> None:
    script.find(text)


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ("", ()),
        ("[tool.uv]\nno-index = false\n", ()),
        (
            "[tool.uv]\nno-index = true\nfind-links = ['w', 'https://x/y']\n",
            ("--find-links=w", "--find-links=https://x/y", "--no-index"),
        ),
        ("[[tool.uv.index]]\nurl = 'https://a'\n", ("--index=https://a",)),
        ("[[tool.uv.index]]\nname = 'a'\nurl = 'https://a'\ndefault = true\n", ("--default-index=a=https://a",)),
        ("[[tool.uv.index]]\nname = 'a'\nurl = 'https://a'\nexplicit = true\n", ()),
        (
            "[tool.uv]\nindex-url = 'https://a'\nextra-index-url = ['https://b']\nindex-strategy = 'unsafe-best-match'\n",
            ("--index-url=https://a", "--index-strategy=unsafe-best-match", "--extra-index-url=https://b"),
        ),
        # What is half typed, or of another type, says nothing.
        ("[tool.uv]\nno-index = tru\n", ()),
        ("[tool.uv]\nindex = 'a'\nfind-links = 1\nindex-url = ['a']\nno-index = 'true'\n", ()),
        ("[[tool.uv.index]]\nname = 'a'\n[[tool.uv.index]]\nurl = 3\n", ()),
        ("tool = 3\n", ()),
    ],
)
def test_the_index_of_a_script_is_another_one(settings: str, options: tuple[str, ...]) -> None:
    assert script.index_options(f"dependencies = []\n{settings}") == options


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.py", "", True),
        ("a.PYW", "", True),
        ("tool", "#!/usr/bin/env python3\n", True),
        ("tool", "#!/usr/bin/env -S uv run --script\n", True),
        ("tool", "#!/bin/sh\n", False),
        ("tool", f"x = 1\n{_BLOCK}\n", True),
        ("README.md", "words\n", False),
        ("pyproject.toml", f"{_BLOCK}\n", False),
        ("a.py.lock", f"{_BLOCK}\n", False),
    ],
)
def test_what_is_no_script_may_hold_a_block(*, name: str, text: str, expected: bool) -> None:
    assert script.is_script(name, text) is expected
