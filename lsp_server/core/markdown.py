"""Texts of strangers in Markdown: shown as they are, never as links, images, HTML or code that they would make."""

import re

from lsp_server.core import shown

# All that begins something in CommonMark or in what editors add to it: a bare address is a link there, so `:` and `@`.
_SPECIAL = re.compile(r"([\\`*_\[\](){}<>#!|~&:@$])")
# A marker of a list is one only before a blank; a version such as 1.0 begins none. A line of dashes makes a heading.
_LIST = re.compile(r"^(\s*(?:\d+(?=[.)]))?)([-+=.)])(?=\s|[-=]*\s*$)")
_BARE_HOST = re.compile(r"\b(www)\.", re.IGNORECASE)


def escaped(text: str) -> str:
    """Return a text as Markdown that shows it, in one line (CommonMark 2.4)."""
    plain = _BARE_HOST.sub(r"\1\\.", _SPECIAL.sub(r"\\\1", shown.line(text)))
    return _LIST.sub(r"\1\\\2", plain)


def link(label: str, url: str) -> str:
    """Return a link; the URL was checked before (`core.metadata.is_link`)."""
    return f"[{escaped(label)}]({url})"


def code(text: str) -> str:
    """Return a text as code, whatever backticks are in it (CommonMark 6.1)."""
    plain = shown.line(text)
    fence = "`" * (max(map(len, re.findall("`+", plain)), default=0) + 1)
    pad = " " if "`" in (plain[:1], plain[-1:]) else ""
    return f"{fence}{pad}{plain}{pad}{fence}"
