"""Where things are in a TOML text: a tolerant scanner that gives a span for every key and value.

The scanner reads TOML 1.1 and goes on where a parser stops, because the text is often that of somebody typing: it
recovers at the next line that begins a header or a `key =`, so that what stands below the break is still found. It
says where things are and never whether they are right; `problem` and `parse` ask tomli for that.

**Invariant:** `scan`, `problem` and `parse` return a value for every `str`, in time linear in its length.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, cast

import tomli

from lsp_server.core import tokens

Path = tuple[str | int, ...]
"""Names of tables and keys, and indexes into arrays and arrays of tables."""
Kind = Literal["string", "integer", "float", "boolean", "datetime", "array", "table", "broken"]

_LIMIT = 100
"""How deep arrays and inline tables may nest, and how many parts a path may have; what lies deeper is `broken`."""
_NEWLINE = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of offsets, in code points of the text."""

    start: int
    end: int

    def meets(self, other: "Span") -> bool:
        """Whether two ranges share a character or touch."""
        return self.start <= other.end and other.start <= self.end


@dataclass(frozen=True, slots=True)
class Value:
    """A value and where it stands.

    Attributes:
        kind: What it is; "broken" for what is no value, or not yet.
        span: The whole literal, quotes and brackets included. An array or table that was never closed ends with the
            last thing found in it.
        text: For a string what it means, escapes resolved; for anything else the slice of the document.
        items: The elements of an array.
        entries: The keys of an inline table.
    """

    kind: Kind
    span: Span
    text: str
    items: tuple["Value", ...] = ()
    entries: tuple["Entry", ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key = value`; `path` is the whole path from the root of the document, dotted keys split."""

    path: Path
    key: Span
    value: Value


@dataclass(frozen=True, slots=True)
class Header:
    """A `[table]` or `[[array of tables]]`.

    Attributes:
        path: From the root; for an array of tables with the index of the element at the end.
        span: From the first bracket to the last one, or to the last key of a header that is only half there.
        body: From the line after the header to the next header or the end of the text.
    """

    path: Path
    span: Span
    body: Span


@dataclass(frozen=True, slots=True)
class Document:
    """A scanned text: headers and `key = value` statements in their order; `walk` goes into inline tables too."""

    text: str
    headers: tuple[Header, ...]
    entries: tuple[Entry, ...]
    index: Mapping[Path, Value] = field(repr=False, compare=False)
    """The value of every path that has one, inline tables included; of a duplicate the first."""

    def get(self, *path: str | int) -> Value | None:
        """The value at a path, also inside inline tables and arrays; of a duplicate the first.

        A table made by a header or by dotted keys is no value and has no span of its own: None.
        """
        for cut in range(len(path), 0, -1):
            value = self.index.get(path[:cut])
            if value is not None:
                return _element(value, path[cut:])
        return None

    def walk(self) -> Iterator[Entry]:
        """Every entry, those of inline tables right after the entry that holds them."""
        return _walk(self.entries)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text is not TOML, and where: a 0-based offset, a 1-based line and a 1-based column in code points."""

    message: str
    offset: int
    line: int
    column: int


def scan(text: str) -> Document:
    """Finds the keys and values of a text, however broken. Never raises."""
    headers, entries = _Scanner(text).run()
    index: dict[Path, Value] = {}
    for entry in _walk(entries):
        index.setdefault(entry.path, entry.value)
    return Document(text, headers, entries, MappingProxyType(index))


@lru_cache(maxsize=16)
def problem(text: str) -> Problem | None:
    """What tomli says is wrong with a text, None if it is valid TOML."""
    parsed = parse(text)
    return parsed if isinstance(parsed, Problem) else None


def parse(text: str) -> dict[str, Any] | Problem:
    """The data of a valid TOML text. A byte order mark at its start is allowed, as uv allows it."""
    mark = len(tokens.BOM) if text.startswith(tokens.BOM) else 0
    try:
        return tomli.loads(text[mark:])
    except tomli.TOMLDecodeError as error:
        return _located(text, error.msg, error.lineno, error.colno + (mark if error.lineno == 1 else 0))
    except (ValueError, RecursionError) as error:
        # An integer of over 4,300 digits, or over 400 nested arrays: tomli gives no position for these.
        return Problem(str(error), 0, 1, 1)


def _located(text: str, message: str, line: int, column: int) -> Problem:
    """Maps a position: tomli counts in a copy with CRLF made LF, so lines and columns hold and offsets do not."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return Problem(message, min(start + column - 1, len(text)), line, column)


def _walk(entries: Iterable[Entry]) -> Iterator[Entry]:
    for entry in entries:
        yield entry
        if entry.value.kind in {"table", "array"}:
            yield from _walk_value(entry.value)


def _walk_value(value: Value) -> Iterator[Entry]:
    yield from _walk(value.entries)
    for item in value.items:
        if item.kind in {"table", "array"}:
            yield from _walk_value(item)


def _element(value: Value, path: Path) -> Value | None:
    for step in path:
        if not isinstance(step, int) or not 0 <= step < len(value.items):
            return None
        value = value.items[step]
    return value


@dataclass(slots=True)
class _ArrayNode:
    """One table name on the way of headers, and how many `[[...]]` of it have been seen."""

    count: int = 0
    children: dict[str, "_ArrayNode"] = field(default_factory=dict)


class _Scanner:
    """One pass over one text. It only moves forward, except once for each inline table that was never closed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = _ArrayNode()
        self.brackets = 0
        self.braces = 0
        self.column = 0
        """The column of the statement being read: lines deeper than this can belong to its unclosed inline table."""
        self.suspect = 0
        """Up to here an inline table is known not to be closed, so nothing here need be read a third time."""

    def run(self) -> tuple[tuple[Header, ...], tuple[Entry, ...]]:
        text, size = self.text, len(self.text)
        skip, key_equals, rest = tokens.SKIP.match, tokens.KEY_EQUALS.match, tokens.REST_OF_LINE.match
        headers: list[tuple[Path, Span, int]] = []
        entries: list[Entry] = []
        path: Path = ()
        pos = len(tokens.BOM) if text.startswith(tokens.BOM) else 0
        while (at := _end(skip(text, pos), pos)) < size:
            if key := key_equals(text, at):
                self.column = self._indent(pos, at) or 0
                entry = self._entry(key, path)
                entries.append(entry)
                end = entry.value.span.end
            elif (header := tokens.HEADER.match(text, at)) and (found := self._header_path(header)):
                path, end = found, header.end()
                span = Span(at, header.end(3) if header[3] else header.end(2))
                headers.append((path, span, _next_line(text, end)))
            else:
                end = at
            pos = _end(rest(text, end), end)
        return self._with_bodies(headers), tuple(entries)

    def _with_bodies(self, headers: list[tuple[Path, Span, int]]) -> tuple[Header, ...]:
        ends = [span.start for _, span, _ in headers[1:]] + [len(self.text)]
        return tuple(
            Header(path, span, Span(start, max(start, end))) for (path, span, start), end in zip(headers, ends, strict=False)
        )

    def _header_path(self, header: re.Match[str]) -> Path:
        """The header's path with the index of the current element behind each array of tables; () if too long."""
        keys = tokens.split_key(header[2])
        if len(keys) > _LIMIT:
            return ()
        path: list[str | int] = []
        node = self.root
        for key in keys[:-1]:
            node = node.children.setdefault(key, _ArrayNode())
            path.append(key)
            if node.count:
                path.append(node.count - 1)
        path.append(keys[-1])
        if header[1] == "[[":
            seen = node.children.get(keys[-1], _ArrayNode()).count
            node.children[keys[-1]] = _ArrayNode(seen + 1)
            path.append(seen)
        return tuple(path)

    def _indent(self, pos: int, at: int) -> int | None:
        """The column of `at`, if a line begins between `pos` and it."""
        line = max(self.text.rfind("\n", pos, at), self.text.rfind("\r", pos, at))
        return None if line < 0 else at - line - 1

    def _entry(self, key: re.Match[str], path: Path) -> Entry:
        full = (*path, *tokens.split_key(key[1]))
        at = key.end()
        value = self._value(at, full) if len(full) <= _LIMIT else self._junk(at)
        return Entry(full, Span(*key.span(1)), value)

    def _value(self, at: int, path: Path) -> Value:
        match self.text[at : at + 1]:
            case '"' | "'" as quote:
                return self._string(at, quote)
            case "[" if self.brackets + self.braces < _LIMIT:
                return self._array(at, path)
            case "{" if self.brackets + self.braces < _LIMIT:
                return self._table(at, path)
        scalar = tokens.SCALAR.match(self.text, at)
        if scalar is None:
            return self._junk(at)
        return Value(cast("Kind", scalar.lastgroup), Span(at, scalar.end()), scalar[0])

    def _junk(self, at: int) -> Value:
        pattern = tokens.JUNK_INSIDE if self.brackets or self.braces else tokens.JUNK
        return self._broken(at, pattern)

    def _broken(self, at: int, pattern: re.Pattern[str]) -> Value:
        text = self.text[at : _end(pattern.match(self.text, at), at)].rstrip(" \t")
        return Value("broken", Span(at, at + len(text)), text)

    def _string(self, at: int, quote: str) -> Value:
        is_long = self.text.startswith(quote * 3, at)
        string = tokens.STRINGS[quote * 3 if is_long else quote].match(self.text, at)
        if string is None or (is_long and self._runs_away(string)):
            return self._broken(at, tokens.REST_OF_LINE)
        return Value("string", Span(at, string.end()), tokens.decode(string[0]))

    def _runs_away(self, string: re.Match[str]) -> bool:
        """Whether a multi-line string was never closed and has met the opening quotes of the next one."""
        if tokens.AFTER_VALUE.match(self.text, string.end()):
            return False
        return tokens.STATEMENT_LINE.search(self.text, *string.span()) is not None

    def _array(self, start: int, path: Path) -> Value:
        text, simple, skip = self.text, tokens.SIMPLE_ITEM.match, tokens.SKIP_IN_ARRAY.match
        items: list[Value] = []
        self.brackets += 1
        pos = start + 1
        while True:
            if item := simple(text, pos):
                first, pos = item.span(1)
                items.append(Value("string", Span(first, pos), text[first + 1 : pos - 1]))
                continue
            at = _end(skip(text, pos), pos)
            char = text[at : at + 1]
            if char == "]":
                pos = at + 1
                break
            if self._ends_array(pos, at, char):
                break
            value = self._value(at, (*path, len(items)) if char in "[{" else path)
            # A stray `}` is no element: step over it.
            pos = max(value.span.end, at + 1)
            if value.span.end > at:
                items.append(value)
        self.brackets -= 1
        return Value("array", Span(start, pos), text[start:pos], items=tuple(items))

    def _ends_array(self, pos: int, at: int, char: str) -> bool:
        """Whether an array that has not been closed ends here all the same."""
        if not char or (char == "}" and self.braces):
            return True
        return _NEWLINE.search(self.text, pos, at) is not None and tokens.STATEMENT.match(self.text, at) is not None

    def _table(self, start: int, path: Path) -> Value:
        text = self.text
        entries: list[Entry] = []
        # Where the table is cut if it turns out unclosed: before its first line that is not indented.
        cut: tuple[int, int] | None = None
        self.braces += 1
        pos, separated = start + 1, True
        while True:
            at = _end(tokens.SKIP.match(text, pos), pos)
            char = text[at : at + 1]
            if char == "}":
                cut, pos = None, at + 1
                break
            indent = self._indent(pos, at)
            key = tokens.KEY_EQUALS.match(text, at)
            outdented = key is not None and indent is not None and indent <= self.column
            if self._ends_table(char, indent) or (outdented and not (separated and at >= self.suspect)):
                break
            if key is None:
                # Without a comma or a key it is something half written: go on behind it.
                separated = separated or char == ","
                pos = max(at + 1, _end(tokens.JUNK_INSIDE.match(text, at), at))
                continue
            if outdented and cut is None:
                cut = (len(entries), pos)
            entries.append(self._entry(key, path))
            pos, separated = entries[-1].value.span.end, False
        self.braces -= 1
        if cut is not None:
            self.suspect = max(self.suspect, pos)
            entries, pos = entries[: cut[0]], cut[1]
        return Value("table", Span(start, pos), text[start:pos], entries=tuple(entries))

    def _ends_table(self, char: str, indent: int | None) -> bool:
        """Whether an inline table that has not been closed ends here all the same."""
        return not char or (char == "]" and self.brackets > 0) or (char == "[" and indent is not None)


def _end(match: re.Match[str] | None, otherwise: int) -> int:
    """The end of a match of a pattern that also matches nothing, so that `otherwise` is for the type checker."""
    return otherwise if match is None else match.end()


def _next_line(text: str, pos: int) -> int:
    end = _end(tokens.REST_OF_LINE.match(text, pos), pos)
    return end + (2 if text.startswith("\r\n", end) else 1) if end < len(text) else end
