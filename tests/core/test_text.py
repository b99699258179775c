"""Positions and changes of documents: a wrong count here moves every later edit to a wrong place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.core.text import Document, Encoding, offset_to_position, position_to_offset, split_lines

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
# Line ends, look-alikes of line ends, characters of one to four bytes, an astral one and both lone surrogates.
TEXTS = st.text(st.sampled_from("ab\n\r\u0085\u2028\u2029\x0b\x0cé€😀\ud83d\ude00"), max_size=40) | st.text(
    st.characters(), max_size=20
)


def units(text: str, encoding: Encoding) -> int:
    """Another way to count than the product's: by encoding for real."""
    codec, size = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[encoding]
    return sum(len(character.encode(codec, "surrogatepass")) // size for character in text)


def inside_crlf(text: str, offset: int) -> bool:
    return text[offset - 1 : offset + 1] == "\r\n" if offset else False


@given(TEXTS, st.sampled_from(ENCODINGS))
def test_every_offset_survives_the_way_to_a_position_and_back(text: str, encoding: Encoding) -> None:
    for offset in range(len(text) + 1):
        if not inside_crlf(text, offset):
            assert position_to_offset(text, *offset_to_position(text, offset, encoding), encoding) == offset


@given(TEXTS, st.sampled_from(ENCODINGS))
def test_columns_count_the_units_of_the_negotiated_encoding(text: str, encoding: Encoding) -> None:
    for number, line in enumerate(split_lines(text)):
        content = line.rstrip("\r\n")
        start = position_to_offset(text, number, 0, encoding)
        assert offset_to_position(text, start + len(content), encoding) == (number, units(content, encoding))


@given(TEXTS, st.integers(-3, 60), st.integers(-3, 60), st.sampled_from(ENCODINGS))
def test_any_position_is_clamped_into_the_text(text: str, line: int, character: int, encoding: Encoding) -> None:
    assert 0 <= position_to_offset(text, line, character, encoding) <= len(text)


@given(TEXTS)
def test_lines_lose_no_character_and_only_the_last_one_may_lack_an_end(text: str) -> None:
    lines = split_lines(text)
    assert "".join(lines) == text
    assert all(line.endswith(("\n", "\r")) for line in lines[:-1])
    assert not any("\n" in line.removesuffix("\n") or "\r" in line.rstrip("\r\n") for line in lines)


@pytest.mark.parametrize("mark", ["\u0085", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c"])
def test_a_unicode_line_separator_does_not_shift_the_lines_below_it(mark: str) -> None:
    text = f'a = "{mark}"\nb = 1\n'
    assert offset_to_position(text, text.index("b"), "utf-16") == (1, 0)
    assert position_to_offset(text, 1, 0, "utf-16") == text.index("b")


@pytest.mark.parametrize(
    ("text", "line", "character", "offset"),
    [
        ("ab\r\ncd", 0, 9, 2),
        ("ab\rcd", 0, 9, 2),
        ("ab\n", 1, 0, 3),
        ("ab\n", 7, 0, 3),
        ("ab", -1, 5, 0),
        ("ab", 0, -5, 0),
        ("", 0, 0, 0),
        ("😀x", 0, 1, 0),
        ("😀x", 0, 2, 1),
    ],
)
def test_a_position_outside_of_the_line_goes_to_its_nearest_end(text: str, line: int, character: int, offset: int) -> None:
    assert position_to_offset(text, line, character, "utf-16") == offset


def test_an_offset_between_cr_and_lf_is_the_end_of_the_line() -> None:
    assert offset_to_position("ab\r\ncd", 3, "utf-8") == (0, 2)


@given(st.data(), TEXTS, st.sampled_from(ENCODINGS))
def test_incremental_changes_give_the_same_text_as_a_full_replacement(data: st.DataObject, text: str, encoding: Encoding) -> None:
    document = Document("file:///p/pyproject.toml", "toml", 1, text)
    changes: list[tuple[tuple[int, int, int, int] | None, str]] = []
    expected = text
    for _ in range(data.draw(st.integers(1, 4))):
        positions = [n for n in range(len(expected) + 1) if not inside_crlf(expected, n)]
        start, end = sorted((data.draw(st.sampled_from(positions)), data.draw(st.sampled_from(positions))))
        new = data.draw(TEXTS)
        changes.append((offset_to_position(expected, start, encoding) + offset_to_position(expected, end, encoding), new))
        expected = expected[:start] + new + expected[end:]
    by_parts = document.changed(2, changes, encoding)
    assert by_parts == document.changed(2, [(None, expected)], encoding)
    assert (by_parts.version, document.text) == (2, text)


def test_a_backward_range_replaces_what_lies_between_its_ends() -> None:
    document = Document("file:///p/pyproject.toml", "toml", 1, "abc\n")
    assert document.changed(2, [((0, 2, 0, 1), "X")], "utf-16").text == "aXc\n"
