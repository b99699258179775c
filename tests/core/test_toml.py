"""The scanner finds what tomli finds, never raises, and finds what stands below a break."""

import math
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from random import Random
from typing import Any, TypeVar

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.core import toml

_T = TypeVar("_T")
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_NAMES = st.one_of(st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True), _TEXT)
_SCALARS = st.one_of(
    _TEXT,
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.floats(allow_nan=False),
    st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.sampled_from([None, UTC])),  # noqa: DTZ001 - TOML has local times
    st.dates(min_value=date(1000, 1, 1)),
    st.times(),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_NAMES, inner, max_size=4)),
    max_leaves=12,
)
_DATA = st.dictionaries(_NAMES, _VALUES, max_size=5)


class _Writer:
    """Writes data as TOML, choosing among the styles that TOML 1.1 allows."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def document(self, data: dict[str, Any]) -> str:
        text = "".join(self.table((), data))
        text = text.replace("\n", "\r\n") if self.random.random() < 0.3 else text
        return "\ufeff" * self.random.randint(0, 1) + text

    def table(self, path: tuple[str, ...], data: dict[str, Any]) -> Iterator[str]:
        headers = {k: v for k, v in data.items() if _is_table_like(v) and self.random.random() < 0.6}
        for key, value in data.items():
            if key not in headers:
                left, right = self.pair(key, value)
                yield f"{self.pick('', '  ')}{left}{self.pick('=', ' = ')}{right}{self.line_end()}"
        for key, value in headers.items():
            dotted = self.pick(".", " . ").join(self.key(part) for part in (*path, key))
            for element in value if isinstance(value, list) else [value]:
                yield f"[[{dotted}]]" if isinstance(value, list) else f"[ {dotted} ]"
                yield self.line_end()
                yield from self.table((*path, key), element)

    def pair(self, key: str, value: Any) -> tuple[str, str]:
        if isinstance(value, dict) and len(value) == 1 and self.random.random() < 0.5:
            [(inner, value)] = value.items()
            return self.key(key) + self.pick(".", " . ") + self.key(inner), self.value(value)
        return self.key(key), self.value(value)

    def line_end(self) -> str:
        return self.pick("\n", ' # a = "b" [c]\n', "\n\n", "\n# [x]\n")

    def key(self, name: str) -> str:
        bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        return name if bare and self.random.random() < 0.8 else self.line_string(name)

    def value(self, value: Any) -> str:  # noqa: PLR0911 - one return for each kind of value
        match value:
            case bool():
                return str(value).lower()
            case str():
                return self.string(value)
            case float() if math.isinf(value):
                return "inf" if value > 0 else "-inf"
            case list():
                return self.list(value)
            case dict():
                return self.inline(value)
            case datetime() | date():
                return value.isoformat().replace("T", self.pick("T", "t", " "))
            case _:
                return value.isoformat() if hasattr(value, "isoformat") else repr(value)

    def inline(self, value: dict[str, Any]) -> str:
        gap, comma = self.pick((" ", ""), ("\n", ",\n"), ("\n  # },\n", ",# c\n"))
        items = [f"{self.key(k)}{self.pick('=', ' = ')}{self.value(v)}" for k, v in value.items()]
        return "{" + gap + f",{gap}".join(items) + (comma if items else "") + "}"

    def list(self, value: list[Any]) -> str:
        gap = self.pick("", " ", "\n", "\n    ", " # ],\n")
        return "[" + gap + f",{gap}".join(map(self.value, value)) + self.pick("", "," if value else "") + gap + "]"

    def string(self, text: str) -> str:
        quote = self.pick('"', '"', '"""', "'''")
        if quote == "'''" and _is_plain(text) and "'" not in text:
            return f"'''{self.pick('', chr(10))}{text}'''"
        if quote == '"""':
            return '"""' + self.pick("", "\n", "\\\n  \n ") + self.escaped(text) + '"""'
        return self.line_string(text)

    def line_string(self, text: str) -> str:
        if _is_plain(text) and "'" not in text and self.random.random() < 0.5:
            return f"'{text}'"
        return f'"{self.escaped(text)}"'

    def escaped(self, text: str) -> str:
        return "".join(self.escape(char) for char in text)

    def escape(self, char: str) -> str:
        code = ord(char)
        if char in '"\\' or not _is_plain(char) or (char == " " or self.random.random() < 0.1):
            return self.pick(*([f"\\x{code:02x}"] if code < 256 else []), f"\\U{code:08x}")
        return char

    def pick(self, *options: _T) -> _T:
        return self.random.choice(options)


def _is_plain(text: str) -> bool:
    return all(char >= " " and char != "\x7f" for char in text)


def _is_table_like(value: Any) -> bool:
    elements = value if isinstance(value, list) else [value]
    return bool(elements) and all(isinstance(element, dict) for element in elements)


@st.composite
def documents(draw: st.DrawFn) -> str:
    return _Writer(draw(st.randoms(use_true_random=False))).document(draw(_DATA))


def _leaves(path: tuple[str | int, ...], data: Any, document: toml.Document) -> Iterator[tuple[Any, ...]]:
    """Every value of the data, but not the tables that headers or dotted keys make: these have no literal."""
    if document.get(*path) is not None or not isinstance(data, dict | list):
        yield path, data
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in children:
        yield from _leaves((*path, key), value, document)


def _spans_hold(document: toml.Document) -> bool:
    spans = [span for entry in document.walk() for span in (entry.key, entry.value.span)]
    spans += [span for header in document.headers for span in (header.span, header.body)]
    ends = [entry.value.span.end for entry in document.entries]
    return all(0 <= s.start <= s.end <= len(document.text) for s in spans) and ends == sorted(ends)


@given(documents())
def test_every_value_of_tomli_has_a_span_that_parses_to_it(text: str) -> None:
    document, data = toml.scan(text), toml.parse(text)
    assert isinstance(data, dict), data
    for path, expected in _leaves((), data, document):
        value = document.get(*path)
        assert value is not None, path
        assert tomli.loads(f"x = {text[value.span.start : value.span.end]}")["x"] == expected
        assert value.kind != "broken"
        assert value.kind != "string" or value.text == expected


@given(documents())
def test_nothing_is_found_that_tomli_does_not_find(text: str) -> None:
    for entry in toml.scan(text).walk():
        node: Any = toml.parse(text)
        for step in entry.path:
            node = node[step]
        assert tomli.loads(f"x = {text[entry.value.span.start : entry.value.span.end]}")["x"] == node
        assert text[entry.key.start : entry.key.end].strip()


@given(st.text(st.sampled_from("ab.=[]{}\"'\\,# \n\r\t\x00\u2028\ufeff1-:") | st.characters(), max_size=80))
def test_no_text_makes_the_scanner_raise(text: str) -> None:
    assert _spans_hold(toml.scan(text))
    toml.problem(text)


@given(documents(), st.data())
def test_a_piece_cut_out_of_a_valid_document_does_not_make_it_raise(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert _spans_hold(toml.scan(text[:start]))
    assert _spans_hold(toml.scan(text[:start] + text[end:]))


_BELOW = '\n[project]\nname = "x"\ndependencies = [\n  "below>=1", # c\n]\n'


@pytest.mark.parametrize(
    "broken",
    [
        'a = ["x",', 'a = [\n  "x",\n  "y"', 'a = ["x', 'a = ["x]', 'a = [["x"', "a = [{", "a = [{b = [",
        'a = "x', "a = 'x", 'a = """x', "a = '''x", 'a = """x\nb = 1\n[c]\nd = """y"""', 'a = "\\', "a =", "a", "a ==",
        'a "x"', 'a ["x",\n  "y",\n]', "[tool", "[tool.", "[[tool", "[", "[[", '["tool', "]", "}", "a = {",
        "a = {b = 1", "a = {b = 1,", "a = {\n  b = 1,\n  c", "a = {b", 'a = {b = "x', "a = [}", "a = {]", "a = @", "@",
        "= 1", 'a = "x" b = "y"', "a = [requests==2", "\x00", "\u2028a", "a.", ".a = 1", "a = [1 2", "a = [\n  foo",
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_dependencies_below_a_break_are_lost(broken: str, ending: str) -> None:
    document = toml.scan((broken + _BELOW).replace("\n", ending))
    value = document.get("project", "dependencies", 0)
    assert value is not None
    assert (value.kind, value.text) == ("string", "below>=1")


@pytest.mark.parametrize("broken", ["a = [", 'a = "x', "a =", "a", "a = {", "a = {b = 1,", 'a = ["x', "a = [{b = 1"])
def test_keys_of_the_same_table_below_a_break_are_lost(broken: str) -> None:
    document = toml.scan(f'[project]\n{broken}\ndependencies = ["below"]\nname = "n"\n')
    assert [item.text for item in getattr(document.get("project", "dependencies"), "items", ())] == ["below"]
    assert getattr(document.get("project", "name"), "text", None) == "n"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('project = {dependencies = ["x"]}', ("project", "dependencies", 0)),
        ('project.dependencies = ["x"]', ("project", "dependencies", 0)),
        ('[project]\n"dependencies" = ["x"', ("project", "dependencies", 0)),
        ('project = {\n  dependencies = [\n    "x",\n  ],\n', ("project", "dependencies", 0)),
        ('[[a]]\n[[a]]\n[a.b]\nc = "x"', ("a", 1, "b", "c")),
        ('a = [{b = "y"}, {b = "x"}]', ("a", 1, "b")),
        ('a = "\\x78"', ("a",)),
        ('a = "x"\na = "y"', ("a",)),
        ('a = ["""""", "x"]', ("a", 1)),
    ],
)
def test_a_way_of_writing_hides_a_value(text: str, path: tuple[str | int, ...]) -> None:
    assert getattr(toml.scan(text).get(*path), "text", None) == "x"


def test_a_header_ends_in_the_wrong_place() -> None:
    text = "[a]\r\nb = 1\r\n[[c]] # d\n[e"
    a, c, e = toml.scan(text).headers
    assert [text[h.body.start : h.body.end] for h in (a, c, e)] == ["b = 1\r\n", "", ""]
    assert [text[h.span.start : h.span.end] for h in (a, c, e)] == ["[a]", "[[c]]", "[e"]
    assert [h.path for h in (a, c, e)] == [("a",), ("c", 0), ("e",)]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a = 1\r\nb = \r\n", (11, 2, 5)),
        ("\ufeffa = @", (5, 1, 6)),
        ("x = " + "[" * 1000, (0, 1, 1)),
        ("x = " + "1" * 5000, (0, 1, 1)),
    ],
)
def test_a_problem_is_shown_in_the_wrong_place(text: str, where: tuple[int, int, int]) -> None:
    found = toml.problem(text)
    assert found is not None
    assert (found.offset, found.line, found.column) == where


@pytest.mark.parametrize(
    "unit",
    [
        "[", "a = [\n", "a = {\n", "a = {\nb = [{\n", "x = {\na = 1,\n", 'a = """\n', '"', 'a = [\\"""\n',
        "a.", "[[a.b]]\n",
        "[a.", "a = [ , \n", "#", "\r", "{", "a={a.a=", "'''", "1", '"\\"', "a = { # }\n", ' "",', "'\",", "[a]\r",
    ],
)  # fmt: skip
def test_time_grows_faster_than_the_text(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    start = time.process_time()
    toml.scan(text)
    toml.scan("x = [\n" + text)
    toml.scan("x = {" + text)
    assert time.process_time() - start < 10  # Quadratic time would be hours.
