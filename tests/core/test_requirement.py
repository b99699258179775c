"""Requirement strings and names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from lsp_server.core import requirement


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    assert isinstance(requirement.parse(text), Requirement | requirement.Invalid)
    assert isinstance(requirement.parse_name(text), str | requirement.Invalid)
    assert requirement.leading_name(text) == requirement.leading_name(text).lower()


def test_a_marker_of_absurd_depth_makes_it_raise() -> None:
    assert isinstance(requirement.parse("a; " + "(" * 100_000), requirement.Invalid)


@pytest.mark.parametrize(
    "text",
    ["", "-e", "--index", "a b", "a>=1", "a[b]", "https://x", "./a", "a@b", "a\n", "-a", "a-", "\u212a", "\u017f", "é"],
)
def test_what_is_no_name_gets_to_a_command_line(text: str) -> None:
    found = requirement.parse_name(text)
    assert isinstance(found, requirement.Invalid)
    assert found.text == text


def test_a_name_keeps_its_spelling() -> None:
    assert requirement.parse_name("Foo_.Bar") == "foo-bar"
    assert requirement.leading_name(" Foo_Bar[x]>=") == "foo-bar"


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("a<3", "a>=1", "a<3,>=1"),
        ("a", "a>=1", "a>=1"),
        ("a >= 1, <3", "a<3", "a >= 1, <3"),
        ("a[x]", "a[y]>=1", "a[x,y]>=1"),
        ("a<3 ; sys_platform == 'win32'", "a>=1; sys_platform=='win32'", 'a<3,>=1 ; sys_platform == "win32"'),
        ("a<3 ; sys_platform == 'win32'", "a>=1", None),
        ("a @ https://e.org/a.whl", "a>=1", None),
        ("a @ https://e.org/a.whl", "a @ https://e.org/a.whl", "a @ https://e.org/a.whl"),
    ],
)
def test_two_requirements_become_one_that_means_both_or_none(one: str, other: str, both: str | None) -> None:
    assert requirement.combined(one, other) == both
