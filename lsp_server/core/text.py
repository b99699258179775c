"""Lines and positions as the Language Server Protocol 3.17 counts them, and a document that follows its changes.

``str.splitlines`` and pygls' own document end lines at U+0085, U+2028 and others, which are ordinary characters in
TOML and in LSP; one incremental change below such a character would then corrupt the server's copy.  Here only
LF, CR LF and CR end a line (LSP 3.17, "Text Documents").

Offsets are indexes into the Python string (code points).  Columns are counted in units of the negotiated encoding.
"""

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]
Range = tuple[int, int, int, int]
"""Start line, start character, end line, end character; all from zero, the end excluded."""

_LINE_END = re.compile(r"\r\n|\n|\r")


class HeadAndTail:
    """A text that grows and keeps its first and its last characters, together `most` at the most."""

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._head = ""
        self._tail: deque[str] = deque()
        self._kept = 0
        self._left_out = 0

    def add(self, piece: str) -> None:
        """Add a piece at the end."""
        room = self._half - len(self._head)
        self._head += piece[:room]
        rest = piece[room:]
        if rest:
            self._tail.append(rest)
            self._kept += len(rest)
        while self._tail and self._kept - len(self._tail[0]) >= self._half:
            gone = len(self._tail.popleft())
            self._kept -= gone
            self._left_out += gone

    def text(self) -> str:
        """Return what is kept, with a line that says how much is not."""
        tail = "".join(self._tail)
        over = max(0, len(tail) - self._half)
        left_out = self._left_out + over
        said = f"\n[{left_out} characters are left out here]\n" if left_out else ""
        return f"{self._head}{said}{tail[over:]}"


def decoded(content: bytes | None) -> str:
    """The text of a file: empty where there is none; what is not UTF-8 shows as U+FFFD."""
    return (content or b"").decode("utf-8", "replace")


def split_lines(text: str) -> list[str]:
    """The lines of ``text`` with their line ends; joined they are ``text`` again.  No line is empty."""
    starts = _line_starts(text)
    ends = (*starts[1:], len(text))
    return [text[start:end] for start, end in zip(starts, ends, strict=True) if start < end]


def position_to_offset(text: str, line: int, character: int, encoding: Encoding) -> int:
    """The offset of an LSP position.

    A character beyond the line means the end of the line, before its line end (LSP 3.17, "Position"); a line beyond
    the text means the end of the text, and anything negative means zero.  A character inside a code point means the
    start of that code point.
    """
    starts = _line_starts(text)
    if line < 0:
        return 0
    if line >= len(starts):
        return len(text)
    start = starts[line]
    content = text[start : _content_end(text, starts, line)]
    return start + _units_to_length(content, max(character, 0), encoding)


def offset_to_position(text: str, offset: int, encoding: Encoding) -> tuple[int, int]:
    """The LSP position (line, character) of an offset; an offset outside of the text is clamped to it.

    Between CR and LF there is no LSP position: the end of that line's content is given.
    """
    starts = _line_starts(text)
    offset = min(max(offset, 0), len(text))
    line = bisect_right(starts, offset) - 1
    before = text[starts[line] : min(offset, _content_end(text, starts, line))]
    return line, _length_in_units(before, encoding)


@dataclass(frozen=True, slots=True)
class Document:
    """An open document: what the editor shows, saved or not.

    Args:
        uri: As the client wrote it.
        language_id: As the client named it, for example ``toml``.
        version: The client's number for this text.
        text: The whole text with the line ends that the client sent.
    """

    uri: str
    language_id: str
    version: int
    text: str

    def changed(self, version: int, changes: Sequence[tuple[Range | None, str]], encoding: Encoding) -> "Document":
        """The document after a ``textDocument/didChange``.

        Each change sees the text that the one before it left (LSP 3.17, "DidChangeTextDocumentParams").

        Args:
            version: The version after all changes.
            changes: Pairs of a range, or ``None`` for the whole text, and the text that takes its place.
            encoding: The units of the ranges' characters.
        """
        text = self.text
        for where, new in changes:
            text = new if where is None else _replaced(text, where, new, encoding)
        return replace(self, version=version, text=text)


def _replaced(text: str, where: Range, new: str, encoding: Encoding) -> str:
    start = position_to_offset(text, where[0], where[1], encoding)
    end = position_to_offset(text, where[2], where[3], encoding)
    # Some clients have sent ranges backwards; the two ends still say what is meant.
    start, end = min(start, end), max(start, end)
    return f"{text[:start]}{new}{text[end:]}"


@lru_cache(maxsize=32)
def _line_starts(text: str) -> tuple[int, ...]:
    """Where each line starts.  Kept for the last few texts: one request asks for many positions of the same one."""
    return (0, *(match.end() for match in _LINE_END.finditer(text)))


def _content_end(text: str, starts: tuple[int, ...], line: int) -> int:
    """Where the line's characters end and its line end begins."""
    if line + 1 == len(starts):
        return len(text)
    end = starts[line + 1]
    return end - 2 if text.startswith("\r\n", end - 2) else end - 1


def _units_of(encoding: Encoding) -> Callable[[str], int]:
    match encoding:
        case "utf-8":
            return _utf8_units
        case "utf-16":
            return _utf16_units
        case "utf-32":
            return _utf32_units


def _utf8_units(character: str) -> int:
    # A lone surrogate has no UTF-8 form; it counts as the three bytes that its code point would take.
    code = ord(character)
    return 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)  # noqa: PLR2004 - the limits of RFC 3629, section 3


def _utf16_units(character: str) -> int:
    return 2 if character > "\uffff" else 1


def _utf32_units(_character: str) -> int:
    return 1


def _length_in_units(content: str, encoding: Encoding) -> int:
    return len(content) if content.isascii() else sum(map(_units_of(encoding), content))


def _units_to_length(content: str, units: int, encoding: Encoding) -> int:
    """How many code points of ``content`` fit whole into so many units."""
    if content.isascii():
        return min(units, len(content))
    width = _units_of(encoding)
    for index, character in enumerate(content):
        units -= width(character)
        if units < 0:
            return index
    return len(content)
