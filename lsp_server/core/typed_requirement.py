"""What is being typed in a requirement (PEP 508), from the text before the cursor alone: nothing behind it need be right."""

import re
from dataclasses import dataclass
from typing import Literal

from lsp_server.core.requirement import normalize

Part = Literal["name", "extra", "operator", "version", "variable", "comparison", "value", "join"]

_NAME = re.compile(r"\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_TYPING_NAME = re.compile(r"\s*(?P<word>[A-Za-z0-9._-]*)$")
_EXTRAS = re.compile(r"\s*\[(?P<inside>[^\]\"';]*)(?P<closed>\])?")
_VERSION = re.compile(r"(?:^|,|\()\s*(?P<operator>===|==|~=|!=|<=|>=|<|>)\s*(?P<word>[\w.*+!-]*)$")
_OPERATOR = re.compile(r"(?:^|,|\()\s*(?P<word>[=~!<>]*)$")
_WORD = re.compile(r"[\w.]*$")
_TOKEN = re.compile(
    r"\s*(?:(?P<string>\"[^\"]*\"|'[^']*')|(?P<word>[A-Za-z_][\w.]*)|(?P<operator>===|==|~=|!=|<=|>=|<|>)|(?P<paren>[()]))"
)
JOINS = ("and", "or")


@dataclass(frozen=True, slots=True)
class Typed:
    """The part that the cursor is in.

    Attributes:
        part: Which one; "variable", "comparison", "value" and "join" are those of a marker.
        name: The normalised name of the requirement, "" while that is typed.
        word: What is typed of the part so far.
        of: The operator before a version, or the variable before a marker's value.
        taken: The extras that stand there already.
    """

    part: Part
    name: str
    word: str
    of: str = ""
    taken: frozenset[str] = frozenset()


def typed(text: str) -> Typed | None:
    """Return what is typed at the end of a text; None in a URL, or where nothing can follow."""
    name = _TYPING_NAME.match(text)
    if name is not None:
        return Typed("name", "", name["word"])
    match = _NAME.match(text)
    if match is None:
        return None
    normal, rest = normalize(match["name"]), text[match.end() :]
    extras = _EXTRAS.match(rest)
    if extras is not None:
        if extras["closed"] is None:
            return _extra(normal, extras["inside"])
        rest = rest[extras.end() :]
    specifiers, semicolon, marker = rest.partition(";")
    if semicolon:
        return _marker(normal, marker)
    return None if specifiers.lstrip().startswith("@") else _specifier(normal, specifiers)


def marker(text: str) -> Typed | None:
    """Return what is typed at the end of a marker that stands by itself."""
    return _marker("", text)


def _extra(name: str, inside: str) -> Typed:
    *taken, word = inside.split(",")
    return Typed("extra", name, word.strip(), taken=frozenset(normalize(one.strip()) for one in taken if one.strip()))


def _specifier(name: str, text: str) -> Typed | None:
    version = _VERSION.search(text)
    if version is not None:
        return Typed("version", name, version["word"], version["operator"])
    operator = _OPERATOR.search(text)
    return Typed("operator", name, operator["word"]) if operator is not None else None


def _marker(name: str, text: str) -> Typed | None:
    """Go through the whole words of a marker, and say which one comes next or is being typed."""
    expected: Part = "variable"
    variable, at = "", 0
    while match := _TOKEN.match(text, at):
        if match.end() == len(text) and match["word"] is not None:
            break
        at = match.end()
        if match["paren"] == "(":
            expected = "variable"
        elif match["paren"] == ")":
            expected = "join"
        elif match["operator"] is not None or match["word"] in {"in", "not"}:
            expected = "value"
        elif match["word"] in JOINS:
            expected, variable = "variable", ""
        elif match["word"] is not None:
            expected, variable = "comparison", match["word"]
        else:
            expected = "join"
    return _next(name, text[at:], expected, variable)


def _next(name: str, rest: str, expected: Part, variable: str) -> Typed | None:
    rest = rest.lstrip()
    if expected == "value":
        return Typed("value", name, rest.lstrip("\"'"), variable) if rest[:1] in {"", '"', "'"} else None
    word = _WORD.search(rest)
    found = rest if expected == "comparison" else word[0] if word is not None else ""
    return Typed(expected, name, found, variable) if found == rest else None
