"""What strangers wrote, made fit to be shown in a terminal or a message; `markdown.py` adds what Markdown needs. Applied last.

A command line, a folder's name, METADATA, uv's words can hold escape sequences that a terminal obeys, line ends that forge a
line of ours, and characters that turn or hide what follows (Unicode TR 36). Escape sequences go; every other such character
is shown by its number, so that nobody takes one text for another.
"""

import codecs
import re
from collections.abc import Mapping
from typing import Any

# CSI, OSC and the other strings with their ends (ECMA-48, 5.4 and 5.6), then two-character sequences; 7 and 8 bit.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
_UNSEEN = (
    r"\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    r"\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
)
_IN_A_LINE = re.compile(rf"[\x00-\x1f{_UNSEEN}]")
_IN_A_TEXT = re.compile(rf"[\x00-\x08\x0b-\x1f{_UNSEEN}]")
_SUSPECT = re.compile(rf"[\x00-\x08\x0b-\x1f{_UNSEEN}]|\n|\t")
_NAMES = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}

# Under these names stand texts that go into a document, or come back to us: they are no display.
_KEPT = frozenset(
    {"newText", "text", "insertText", "filterText", "sortText", "arguments", "data", "uri", "before", "after", "edit", "edits"}
)
_SEVERAL_LINES = frozenset({"value", "detail", "documentation", "tooltip"})


def line(text: str) -> str:
    """Return a text that stays in one line, and does what it shows."""
    if not _SUSPECT.search(text):
        return text
    return _IN_A_LINE.sub(_visible, _SEQUENCE.sub("", text))


def text(shown: str) -> str:
    """Return a text of several lines, such as a tool's own words, that does what it shows."""
    return _IN_A_TEXT.sub(_visible, _SEQUENCE.sub("", shown.replace("\r\n", "\n")))


def json(value: Any, name: str = "") -> Any:  # noqa: ANN401  JSON
    """Return what is sent to an editor with all its texts fit to be shown; what goes into documents stays.

    Args:
        value: JSON.
        name: that of the field it stands in.

    """
    match value:
        case _ if name in _KEPT:
            return value
        case str():
            return text(value) if name in _SEVERAL_LINES else line(value)
        case Mapping():
            return {key: json(each, key) for key, each in value.items()}
        case list() | tuple():
            return [json(each, name) for each in value]
        case _:
            return value


IN_ASCII = "pyproject-lsp"
"""The error handler for a stream whose encoding lacks a character: the next best in ASCII, or its number."""
_PLAIN = {"→": "->", "…": "...", "·": "-", "╰": "`", "─": "-", "▶": ">", "│": "|", "├": "|"}


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_PLAIN.get(each) or _escaped(each) for each in missing), error.end


codecs.register_error(IN_ASCII, _in_ascii)


def ascii_escapes(encoded: str) -> str:
    """Return JSON with the characters that a terminal obeys, or that hide, as its own escapes: it means the same."""
    return re.sub(rf"[{_UNSEEN}]", _escape, encoded)


def _visible(match: re.Match[str]) -> str:
    return _NAMES.get(match[0]) or f"\\u{ord(match[0]):04x}"


def _escape(match: re.Match[str]) -> str:
    return _escaped(match[0])


def _escaped(character: str) -> str:
    return "".join(f"\\u{unit:04x}" for unit in _units(character))


def _units(character: str) -> list[int]:
    encoded = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(encoded[at : at + 2]) for at in range(0, len(encoded), 2)]
