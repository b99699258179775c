"""What a cursor stands in: a value, a key or a header of a TOML text, however broken, and how far it is typed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lsp_server.core import toml
from lsp_server.core.toml import Document, Entry, Span, Value

_KEY = re.compile(r"^[ \t]*(?P<above>(?:[\w-]+[ \t]*\.[ \t]*)*)(?P<typed>[\w-]*)$")
_HEADER = re.compile(r"^[ \t]*\[{1,2}[ \t]*(?P<above>(?:[\w-]+[ \t]*\.[ \t]*)*)(?P<typed>[\w-]*)$")
_INLINE_KEY = re.compile(r"(?:^|[{,])[ \t]*(?P<typed>[\w-]*)$")
_WORD = re.compile(r"[\w.-]*")
_BARE = re.compile(r"[^\s,\[\]{}=#\"']*$")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cursor stands.

    Attributes:
        kind: In a string; where a value has no quotes yet; in a key; in the name of a header.
        path: Of the string or value; for a key or a header of the table that it is in.
        start: Where the content begins: behind the opening quote, or where the word begins.
        offset: The cursor.
        end: Where the content ends: before the closing quote, or at the end of the line in a string without one.
    """

    kind: Literal["string", "bare", "key", "header"]
    path: toml.Path
    start: int
    offset: int
    end: int


def find(document: Document, offset: int) -> Place | None:
    """Return what is at an offset; None in a comment, in a number, or behind a value."""
    line = document.text.rfind("\n", 0, offset) + 1
    before = document.text[line:offset]
    entry = _innermost(document, offset)
    if entry is not None:
        found = _in_value(document.text, entry.value, entry.path, offset)
        if found is not None or _is_behind(document.text, entry, offset):
            return found
    if _in_comment(before):
        return None
    if header := _HEADER.match(before):
        return Place("header", _above(header), offset - len(header["typed"]), offset, _word_end(document.text, offset))
    if key := _KEY.match(before):
        path = (*_table_at(document, offset), *_above(key))
        return Place("key", path, offset - len(key["typed"]), offset, _word_end(document.text, offset))
    return None


def _innermost(document: Document, offset: int) -> Entry | None:
    """Return the last entry that begins before the offset and whose value the offset is in, or next to.

    An unclosed array or table ends with what was found in it, so that the cursor may stand behind all of it.
    """
    found: Entry | None = None
    for entry in document.walk():
        if entry.key.start > offset:
            break
        if entry.key.end < offset and (found is None or entry.value.span.end >= offset or not _is_around(found, entry)):
            found = entry
    return found


def _is_around(outer: Entry, inner: Entry) -> bool:
    return outer.value.span.start <= inner.key.start < outer.value.span.end


def _is_behind(text: str, entry: Entry, offset: int) -> bool:
    """Tell whether the offset is behind a value on its own line, where nothing can be typed."""
    return "\n" not in text[entry.key.end : offset]


def _in_value(text: str, value: Value, path: toml.Path, offset: int) -> Place | None:
    start, end = value.span.start, value.span.end
    match value.kind:
        case "array" if start < offset and (offset < end or not _is_closed(text, value, "]")):
            return _in_array(text, value, path, offset)
        case "table" if start < offset and (offset < end or not _is_closed(text, value, "}")):
            key = _INLINE_KEY.search(text[start:offset])
            return Place("key", path, offset - len(key["typed"]), offset, _word_end(text, offset)) if key else None
        case "string" | "broken" if text[start : start + 1] in {'"', "'"}:
            return _in_string(text, value, path, offset)
        case "broken" | "boolean" if start <= offset <= max(end, start) or text[end:offset].isspace():
            return _bare(text, path, offset)
    return None


def _in_array(text: str, value: Value, path: toml.Path, offset: int) -> Place | None:
    number = 0
    for number, item in enumerate(value.items):
        if item.span.start <= offset <= item.span.end:
            return _in_value(text, item, (*path, number), offset)
        if item.span.start > offset:
            break
    else:
        number = len(value.items)
        last = value.items[-1] if value.items else None
        if last is not None and last.kind == "broken" and "\n" not in text[last.span.end : offset]:
            return _in_value(text, last, (*path, number - 1), offset)
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    return None if _in_comment(line) else _bare(text, (*path, number), offset)


def _in_string(text: str, value: Value, path: toml.Path, offset: int) -> Place | None:
    quote = text[value.span.start]
    if text.startswith(quote * 3, value.span.start):
        return None
    start, end = value.span.start + 1, value.span.end
    if value.kind == "string":
        end -= 1
    else:
        line_end = text.find("\n", start)
        end = max(end, offset) if line_end < 0 else min(max(end, offset), line_end)
    return Place("string", path, start, offset, end) if start <= offset <= end else None


def _bare(text: str, path: toml.Path, offset: int) -> Place:
    word = _BARE.search(text[text.rfind("\n", 0, offset) + 1 : offset])
    return Place("bare", path, offset - (len(word[0]) if word else 0), offset, _word_end(text, offset))


def _is_closed(text: str, value: Value, bracket: str) -> bool:
    return value.span.end - value.span.start > 1 and text[value.span.end - 1] == bracket


def _table_at(document: Document, offset: int) -> toml.Path:
    """Return the path of the table that a line at the offset is in."""
    found: toml.Path = ()
    for header in document.headers:
        if header.span.start > offset:
            break
        found = header.path
    return found


def _above(match: re.Match[str]) -> tuple[str, ...]:
    return tuple(part.strip() for part in match["above"].split(".") if part.strip())


def _word_end(text: str, offset: int) -> int:
    match = _WORD.match(text, offset)
    return match.end() if match else offset


def _in_comment(line: str) -> bool:
    """Tell whether a line up to the cursor has a `#` outside of strings."""
    return any(True for _ in _comments(line))


def _comments(line: str) -> Iterator[int]:
    quote = ""
    for at, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in {'"', "'"}:
            quote = char
        elif char == "#":
            yield at


def content(place: Place) -> Span:
    """Return the span of all that stands in the quotes, or of the word."""
    return Span(place.start, place.end)
