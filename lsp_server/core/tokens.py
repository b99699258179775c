"""The words of TOML 1.1 as compiled patterns, and what its keys and strings say. Nothing here fails on any text.

Every pattern is deterministic: after each character at most one branch can go on, so a match takes linear time.
Source: https://toml.io/en/v1.1.0. Where TOML allows less (control characters, a bare CR), the patterns allow more,
because `lsp_server.core.toml` wants to find things in text that is wrong.
"""

import re
import sys
from functools import lru_cache

BOM = "\ufeff"

_BASIC = r'"[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*"'
_LITERAL = r"'[^'\r\n]*'"
_QUOTED = rf"(?:{_BASIC}|{_LITERAL})"
_BARE = r"[A-Za-z0-9_-]+"
_KEY = rf"(?:{_BARE}|{_QUOTED})"
_KEYS = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
# `==` is never TOML, but it is how somebody writes a requirement before the quotes are there.
_EQUALS = r"[ \t]*=(?!=)"
# A line in an array that can only be a header: `[1]`, `[true]`, `["a"]` can be nested arrays, `[a]`, `["a".b]` can not.
_WORD = r"(?!(?:true|false|inf|nan)(?![A-Za-z0-9_-]))[A-Za-z_][A-Za-z0-9_-]*[ \t]*(?:\.|\](?![ \t\]]*,)|[\r\n]|\Z)"
_CERTAIN_HEADER = rf"\[\[?[ \t]*(?:{_WORD}|{_QUOTED}[ \t]*\.)"
_BREAK = rf"(?:{_KEYS}{_EQUALS}|{_CERTAIN_HEADER})"

SKIP = re.compile(r"[ \t\r\n]*(?:#[^\r\n]*[ \t\r\n]*)*")
"""Blanks, line ends and comments."""
SKIP_IN_ARRAY = re.compile(r"[ \t\r\n,]*(?:#[^\r\n]*[ \t\r\n,]*)*")
"""The same and commas."""
REST_OF_LINE = re.compile(r"[^\r\n]*")
KEY_EQUALS = re.compile(rf"({_KEYS}){_EQUALS}[ \t]*")
"""`a.b =` and the blanks behind it; group 1 is the key."""
HEADER = re.compile(rf"(\[\[?)[ \t]*({_KEYS})[ \t]*(\]\]?)?(?![ \t\]]*,)")
"""`[a.b]`, `[[a.b]]`, or half of one; an array's element, which a comma follows, is none."""
STATEMENT = re.compile(_BREAK)
"""What, at the start of a line inside an array, shows that the array was never closed."""
STATEMENT_LINE = re.compile(rf"[\r\n][ \t]*{_BREAK}")

SIMPLE_ITEM = re.compile(
    # The comment must end in a line end: without it the pattern could give characters back and find a string inside.
    r"[ \t\r\n,]*(?:#[^\r\n]*[\r\n][ \t\r\n,]*)*"
    r"""("[^"\\\r\n]*"|'[^'\r\n]*')(?=[ \t]*[,\]\r\n#])"""
)
"""An array's element that is a string without escapes, nine in ten of them; group 1 is the string."""

STRINGS = {
    '"': re.compile(_BASIC),
    "'": re.compile(_LITERAL),
    '"""': re.compile(r'"""[^"\\]*(?:(?:\\[\s\S]|"{1,2}(?!"))[^"\\]*)*"{3,5}'),
    "'''": re.compile(r"'''[^']*(?:'{1,2}(?!')[^']*)*'{3,5}"),
}
"""By opening quotes. A multi-line string may end in one or two quotes of its own before the closing three."""
AFTER_VALUE = re.compile(r"[ \t]*(?:[,\]}#\r\n]|\Z)")
"""What may follow a value."""

_DIGITS = r"[0-9](?:_?[0-9])*"
_DECIMAL = r"[+-]?(?:0|[1-9](?:_?[0-9])*)"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
SCALAR = re.compile(
    rf"""(?:
    (?P<boolean>true|false)
    |(?P<datetime>{_DATE}(?:[Tt\ ]{_TIME}(?:[Zz]|[+-][0-9]{{2}}:[0-9]{{2}})?)?|{_TIME})
    |(?P<integer>{_DECIMAL}|0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*)
    |(?P<float>[+-]?(?:inf|nan)|{_DECIMAL}(?:\.{_DIGITS})?(?:[eE][+-]?{_DIGITS})?)
    )(?=[ \t\r\n,\]}}\#]|\Z)""",
    re.VERBOSE,
)
"""A value that is no string, array or table; the group's name is its kind."""
JUNK = re.compile(r"[^\r\n#]*")
"""What stands for a value on a line of its own, and is none."""
JUNK_INSIDE = re.compile(r"[^\r\n#,\]}]*")
"""The same inside an array or an inline table."""

_KEY_PART = re.compile(_KEY)
_ESCAPE = re.compile(r"\\(?:([btnfre\"\\])|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|[ \t]*\r?\n[ \t\r\n]*)")
_SURROGATES = range(0xD800, 0xE000)
_NAMED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}


def decode(literal: str) -> str:
    """The text that a string literal, with its quotes, stands for.

    An escape that TOML does not know, or that names no Unicode scalar value, stays as it is written.
    """
    quote = literal[0]
    is_long = literal.startswith(quote * 3)
    # The line end right behind the opening quotes is not part of the text.
    body = literal[3:-3].replace("\r\n", "\n").removeprefix("\n") if is_long else literal[1:-1]
    return _ESCAPE.sub(_unescape, body) if quote == '"' and "\\" in body else body


@lru_cache(maxsize=4096)
def split_key(raw: str) -> tuple[str, ...]:
    """The parts of a key as written, `a."b.c"` -> ("a", "b.c")."""
    if "." not in raw and raw[0] not in "\"'":
        return (raw,)
    return tuple(decode(part) if part[0] in "\"'" else part for part in _KEY_PART.findall(raw))


def _unescape(match: re.Match[str]) -> str:
    named = match[1]
    if named is not None:
        return _NAMED[named]
    digits = match[2] or match[3] or match[4]
    if digits is None:
        return ""  # A backslash at the end of a line eats the line end and the blanks that follow.
    code = int(digits, 16)
    is_scalar = code <= sys.maxunicode and code not in _SURROGATES
    return chr(code) if is_scalar else match[0]
