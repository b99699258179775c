"""A terminal or an editor does something other than to show what a stranger wrote."""

import json
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.core import markdown, shown
from lsp_server.core.text import HeadAndTail

ESCAPES = [
    "\x1b[31mred\x1b[0m",
    "\x9b2Jred",
    "\x1b]0;title\x07red",
    "\x1b]8;;https://evil\x1b\\red\x1b]8;;\x1b\\",
    "\x1bPq#1\x1b\\red",
    "\x9d52;c;aGk=\x9cred",
    "\x1bcred",
    "\x1b(0red",
]
UNSEEN = "\x00\x07\x08\x7f\x85\x9b\xad\u061c\u200b\u200d\u200e\u202a\u202e\u2028\u2029\u2060\u2066\u2069\ufeff\ufff9\U000e0041"


def is_safe(text: str) -> bool:
    return all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} or c == "\n" for c in text)


@pytest.mark.parametrize("text", ESCAPES)
def test_a_terminal_obeys_a_stranger(text: str) -> None:
    assert shown.line(text) == "red"
    assert shown.text(text) == "red"


@pytest.mark.parametrize("character", UNSEEN)
def test_a_character_that_is_not_seen_changes_what_is(character: str) -> None:
    assert shown.line(f"a{character}b") in {f"a\\u{ord(character):04x}b", "a"}
    assert is_safe(shown.text(f"a{character}b"))


def test_a_line_of_ours_is_forged() -> None:
    assert shown.line("project\npyproject-lsp: all is well\r\nx") == r"project\npyproject-lsp: all is well\r\nx"
    assert shown.text("one\r\ntwo\n\tthree") == "one\ntwo\n\tthree"


@given(st.text())
def test_whatever_it_is_it_only_shows(text: str) -> None:
    line = shown.line(text)
    assert is_safe(line)
    assert "\n" not in line
    assert is_safe(shown.text(text).replace("\t", ""))
    assert shown.line(line) == line


@given(st.text("aZ9 -_./äßçñ日本語☕Ωж[]{}`*"))
def test_what_is_harmless_is_changed(text: str) -> None:
    assert shown.line(text) == shown.text(text) == text


@settings(max_examples=25)
@given(st.dictionaries(st.text(), st.lists(st.text()) | st.text(), max_size=4))
def test_json_means_something_else_or_does_something(value: object) -> None:
    encoded = shown.ascii_escapes(json.dumps(value, ensure_ascii=False))
    assert json.loads(encoded) == value
    assert is_safe(encoded)


def test_an_edit_of_a_document_is_changed() -> None:
    edit = {"title": "a\u202eb", "edit": {"changes": {"file:///a": [{"newText": "a\u202eb"}]}}, "detail": "a\nb\x1b[2J"}
    found = shown.json(edit)
    assert found == {"title": "a\\u202eb", "edit": edit["edit"], "detail": "a\nb"}
    completion = [{"label": "a\n", "textEdit": {"newText": "\t\u200b"}, "insertText": "\u200b"}]
    assert shown.json(completion) == [{"label": r"a\n", "textEdit": {"newText": "\t\u200b"}, "insertText": "\u200b"}]


@pytest.mark.parametrize(
    "text",
    [
        "![a](https://evil/a.png)",
        "[a](command:run)",
        "<img src=x onerror=y>",
        "<https://evil>",
        "https://evil",
        "www.evil.example",
        "someone@evil.example",
        "`code`",
        "# heading",
        "- item",
        "1. item",
        "> quote",
        "a\n\n# heading",
        "&lt;img&gt;",
        "$(icon)",
        "~~a~~ *b* _c_ **d** | e |",
        "[x]: https://evil",
    ],
)
def test_markdown_of_a_stranger_is_more_than_its_text(text: str) -> None:
    made = markdown.escaped(text)
    for special in "`*_[]<>#!|~&:@$":
        assert not re.search(rf"(?<!\\){re.escape(special)}", made), made
    assert not re.match(r"\s*(?:[-+=>]|\d+[.)])", made)
    assert "www." not in made


@given(st.text())
def test_code_of_a_stranger_ends_early(text: str) -> None:
    made = markdown.code(text)
    fence = re.match("`+", made)
    assert fence is not None
    inner = made[len(fence[0]) : -len(fence[0])]
    assert all(len(run) != len(fence[0]) for run in re.findall("`+", inner))
    assert "\n" not in made


def test_of_much_the_middle_is_left_out() -> None:
    kept = HeadAndTail(100)
    kept.add("first line\n")
    for number in range(10_000):
        kept.add(f"line {number}\n")
    kept.add("the error at the end")
    text = kept.text()
    assert text.startswith("first line\nline 0\n")
    assert text.endswith("line 9999\nthe error at the end")
    assert "characters are left out here" in text
    assert len(text) < 160


@settings(max_examples=50)
@given(st.lists(st.text(max_size=40), max_size=8), st.integers(2, 50))
def test_what_is_kept_is_too_much_or_not_all_that_fits(pieces: list[str], most: int) -> None:
    kept, whole = HeadAndTail(most), "".join(pieces)
    for piece in pieces:
        kept.add(piece)
    text = kept.text()
    if "characters are left out here" in text:
        assert len(whole) > most // 2 * 2
    else:
        assert text == whole
