"""The import statements of a Python file, and under which condition each runs. Works on code that is being typed.

One regular expression walks the file once and sees strings, comments and the first word of each line; a stack of
indented blocks says what an import depends on. No parser: `ast` gives nothing for a file with one open bracket, and
takes ten times as long. Sources: the Python language reference (lexical analysis, the import statement).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from lsp_server.core.toml import Span
from lsp_server.imports.core import conditions

Guard = Literal["plain", "optional", "typing", "marker", "dynamic"]
"""What an import depends on.

* plain: it always runs;
* optional: its failure is caught (`try`/`except ImportError`, `suppress`, `importorskip`), or looked out for;
* typing: only type checkers see it;
* marker: only some Pythons or systems run it, `Import.marker` says which;
* dynamic: `import_module("x")` with a literal.
"""


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module.

    Attributes:
        module: Its dotted name as it is written; "" in `from . import x`.
        names: What is taken out of it by `from`; "*" among them.
        level: How many dots stood before it; 0 is absolute.
        span: The dotted name in the text.
        deferred: Whether it stands in a function and runs only when that is called.
        marker: A PEP 508 marker of when it runs, for the guard "marker".
    """

    module: str
    names: tuple[str, ...]
    level: int
    span: Span
    guard: Guard
    deferred: bool = False
    marker: str | None = None

    @property
    def top(self) -> str:
        """The first part of the module's name."""
        return self.module.partition(".")[0]

    def targets(self) -> tuple[str, ...]:
        """Every dotted name that it may load, longest first: `from a import b` may load `a.b`."""
        return (*(f"{self.module}.{name}" for name in self.names if name != "*"), self.module)


def is_generated(module: str) -> bool:
    """Tell whether a module is one that protoc or thrift makes from its source, beside that as often as not."""
    return any(part.endswith(("_pb2", "_pb2_grpc", "_ttypes")) for part in module.split("."))


# An unclosed string ends with its line and an unclosed docstring at once: somebody is typing it.
_STRING = r"'''(?:[^\\']|\\.|'(?!''))*'''|\"\"\"(?:[^\\\"]|\\.|\"(?!\"\"))*\"\"\"|'(?:[^\\'\n]|\\.)*'?|\"(?:[^\\\"\n]|\\.)*\"?"
_CALL = (
    r"\b(?P<call>import_module|__import__|importorskip|find_spec)\s*\(\s*(?P<quote>['\"])(?P<literal>[A-Za-z_][\w.]*)(?P=quote)"
)
_WORDS = "import|from|try|except|else|elif|if|finally|with|async|def|class"
_LINE = rf"^(?P<indent>[ \t\f]*)(?:(?P<word>{_WORDS})\b|(?P<other>[^\s#)\]}}'\"]))"
_INLINE = r"[;:][ \t]*(?P<inline>import|from)\b"
# What can hold none of these is taken in one go: the walk is four times as fast for it.
_DULL = r"[^\n;:#'\"]*"
_FLAGS = re.MULTILINE | re.DOTALL
_WALK = re.compile(rf"{_LINE}{_DULL}|{_INLINE}|#[^\n]*|(?:{_STRING}){_DULL}", _FLAGS)
# Only for texts that name one of these functions: it looks at each word.
_WALK_CALLS = re.compile(rf"{_LINE}|{_INLINE}|{_CALL}|#[^\n]*|{_STRING}", _FLAGS)
_CALLS = ("import_module", "__import__", "importorskip", "find_spec")
_GAP = r"(?:[ \t\f]|\\\r?\n)"
_DOTTED = rf"[^\W\d]\w*(?:{_GAP}*\.{_GAP}*[^\W\d]\w*)*"
_MODULE = re.compile(rf"{_GAP}*(?P<name>{_DOTTED})(?:{_GAP}+as{_GAP}+\w+)?{_GAP}*(?P<more>,?)")
_FROM = re.compile(rf"{_GAP}*(?P<dots>(?:\.{_GAP}*)*)(?P<name>(?!import\b){_DOTTED})?{_GAP}*(?P<import>import\b)?")
_NAMES = re.compile(rf"{_GAP}*(?:\((?P<many>[^)]*)|(?P<few>[^\n;]*(?:\\\r?\n[^\n;]*)*))")
_COMMENT = re.compile(r"#[^\n]*")
_BREAKS = re.compile(r"[ \t\f\\\r\n]")
_KEYWORDS = frozenset(
    {"import", "as", "from", "and", "or", "not", "in", "is", "if", "else", "for", "while", "def", "class", "return"}
)


@dataclass(slots=True)
class _Block:
    """An open block. `tries` names the `try` whose imports are decided when its handlers are seen."""

    indent: int
    kind: str
    guard: Guard = "plain"
    marker: str | None = None
    attempt: int = 0
    negated: str | None = None
    typed: bool | None = None


@dataclass(slots=True)
class _Scan:
    """Where the walk is: the open blocks, and what is known of each `try`."""

    text: str
    blocks: list[_Block] = field(default_factory=list)
    attempts: int = 0
    caught: set[int] = field(default_factory=set)
    uncaught: set[int] = field(default_factory=set)
    found: list[tuple[Import, tuple[int, ...]]] = field(default_factory=list)


MOST_IMPORTS = 500
"""So many are looked at in one file. People write 100 at most; what a generator writes must not keep others waiting."""


@lru_cache(maxsize=64)
def scan(text: str) -> tuple[Import, ...]:
    """Return the imports of a Python file in the order of the text, the first `MOST_IMPORTS` of them. Never raises."""
    state = _Scan(text)
    calls = any(name in text for name in _CALLS)
    for match in (_WALK_CALLS if calls else _WALK).finditer(text):
        if len(state.found) >= MOST_IMPORTS:
            break
        if match["other"]:
            if state.blocks:
                _close(state, match.end("indent") - match.start("indent"))
        elif match["word"]:
            _line(state, match["word"], match.end("indent") - match.start("indent"), match)
        elif match["inline"]:
            _statement(state, match["inline"], match.end())
        elif calls and match["literal"]:
            _dynamic(state, match)
    return tuple(_decided(state, one, attempts) for one, attempts in state.found)


def _close(state: _Scan, indent: int) -> _Block | None:
    """Close what ends where a line begins at this indentation; return the last block of exactly that."""
    last = None
    blocks = state.blocks
    while blocks and blocks[-1].indent >= indent:
        popped = blocks.pop()
        last = popped if popped.indent == indent else None
    return last


def _line(state: _Scan, word: str, indent: int, match: re.Match[str]) -> None:
    last = _close(state, indent)
    if word in {"import", "from"}:
        _statement(state, word, match.end("word"))
    elif word in {"def", "class", "async"}:
        state.blocks.append(_Block(indent, "class" if word == "class" else "def"))
    else:
        start = match.end("word")
        end = state.text.find("\n", start)
        header = state.text[start : end if end >= 0 else len(state.text)]
        state.blocks.append(_opened(state, word, indent, header, last))


def _opened(state: _Scan, word: str, indent: int, header: str, last: _Block | None) -> _Block:
    match word:
        case "try":
            state.attempts += 1
            return _Block(indent, "try", attempt=state.attempts)
        case "except" | "finally":
            attempt = last.attempt if last is not None else 0
            if word == "except" and conditions.catches_import_error(header):
                state.caught.add(attempt)
                return _Block(indent, "except", "optional", attempt=attempt)
            state.uncaught.add(attempt)
            return _Block(indent, word, attempt=attempt)
        case "with":
            return _Block(indent, "with", "optional" if conditions.suppresses_import_error(header) else "plain")
        case "else" if last is not None and last.kind in {"try", "except"}:
            # It runs when the attempt went well, so what it imports is as optional as that.
            return _Block(indent, "else", "optional" if last.attempt in state.caught else "plain")
        case _:
            return _condition(word, indent, header, last)


def _condition(word: str, indent: int, header: str, last: _Block | None) -> _Block:
    """The block of an `if`, or of the `elif` or `else` that follows the block `last`."""
    before = last.negated if last is not None and word != "if" else None
    if word == "else":
        typed = last.typed is False if last is not None and last.typed is not None else None
        guard: Guard = "typing" if typed else "marker" if before else "plain"
        return _Block(indent, "if", guard, before)
    found = conditions.read(header)
    marker = conditions.both(before, found.marker)
    guard = "typing" if found.typing is True else "optional" if found.never else "marker" if marker else "plain"
    return _Block(indent, "if", guard, marker, negated=conditions.both(before, found.negated), typed=found.typing)


def _statement(state: _Scan, word: str, at: int) -> None:
    if word == "import":
        more = True
        while more and (match := _MODULE.match(state.text, at)):
            name = match["name"]
            if name in _KEYWORDS:
                return
            _add(state, Import(_BREAKS.sub("", name), (), 0, Span(*match.span("name")), "plain"))
            at, more = match.end(), bool(match["more"])
        return
    match = _FROM.match(state.text, at)
    if match is None or not (match["dots"] or match["name"]) or match["name"] in _KEYWORDS:
        return
    names = _NAMES.match(state.text, match.end()) if match["import"] else None
    start = match.start("dots") if match["dots"] else match.start("name")
    end = match.end("name") if match["name"] else match.end("dots")
    level = match["dots"].count(".")
    module = _BREAKS.sub("", match["name"] or "")
    _add(state, Import(module, _taken(names), level, Span(start, end), "plain"))


def _taken(names: re.Match[str] | None) -> tuple[str, ...]:
    if names is None:
        return ()
    listed = _COMMENT.sub("", names["many"] or names["few"] or "")
    words = (part.split() for part in listed.replace("\\", " ").split(","))
    return tuple(part[0] for part in words if part and (part[0].isidentifier() or part[0] == "*"))


def _dynamic(state: _Scan, match: re.Match[str]) -> None:
    guard: Guard = "optional" if match["call"] in {"importorskip", "find_spec"} else "dynamic"
    if not match["literal"].endswith("."):
        _add(state, Import(match["literal"], (), 0, Span(*match.span("literal")), guard))


def _add(state: _Scan, found: Import) -> None:
    """Note an import with what the blocks around it say; an open `try` is decided when all is seen."""
    guard, marker = found.guard, None
    attempts: list[int] = []
    deferred = False
    for block in state.blocks:
        deferred = deferred or block.kind == "def"
        if deferred and block.kind == "if" and block.guard == "plain":
            # `if has_trio(): import trio` in a function: somebody looks first.
            guard = _stronger(guard, "optional")
        if block.kind == "try":
            attempts.append(block.attempt)
        elif block.guard == "marker":
            marker = conditions.both(marker, block.marker)
        guard = _stronger(guard, block.guard)
    if guard != "marker":
        marker = None
    state.found.append((replace(found, guard=guard, marker=marker, deferred=deferred), tuple(attempts)))


def _stronger(one: Guard, other: Guard) -> Guard:
    return max(one, other, key=_STRENGTH.index)


_STRENGTH: tuple[Guard, ...] = ("plain", "dynamic", "marker", "typing", "optional")


def _decided(state: _Scan, found: Import, attempts: tuple[int, ...]) -> Import:
    """A `try` guards if a handler catches, and also if it has none yet: then somebody is typing it."""
    if any(attempt in state.caught or attempt not in state.uncaught for attempt in attempts):
        return replace(found, guard="optional", marker=None)
    return found


def absolute(found: Iterator[Import] | tuple[Import, ...]) -> tuple[Import, ...]:
    """Those that name a module from the top; relative ones are always the project's own."""
    return tuple(one for one in found if one.level == 0 and one.module)
