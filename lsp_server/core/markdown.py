"""Texts of strangers in Markdown: shown as they are, never as links, images or code that they would make."""

import re

_SPECIAL = re.compile(r"([\\`*_\[\](){}<>#!|~&])")


def escaped(text: str) -> str:
    """Return a text as Markdown that shows it."""
    return _SPECIAL.sub(r"\\\1", text)


def link(label: str, url: str) -> str:
    """Return a link; the URL was checked before (`core.metadata.is_link`)."""
    return f"[{escaped(label)}]({url})"


def code(text: str) -> str:
    """Return a text as code, whatever is in it."""
    return f"`{text.replace('`', chr(0x27))}`"
