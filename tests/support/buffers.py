"""An editor's open documents: the same rules of LSP as the server's, written a second time to check the first."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def uri_of(path: str | Path) -> str:
    """The URI of a path; a string that is one already stays as it is."""
    return path if isinstance(path, str) and path.startswith("file:") else Path(path).absolute().as_uri()


def path_of(uri: str | Path) -> Path:
    """The path of a file URI or of a path."""
    if isinstance(uri, str) and uri.startswith("file:"):
        return Path(url2pathname(unquote(urlsplit(uri).path) if os.name != "nt" else urlsplit(uri).path))
    return Path(uri).absolute()


def read_text(path: Path) -> str:
    """The text as it is: an editor keeps CR LF."""
    return path.read_bytes().decode()


def write_text(path: Path, text: str) -> None:
    """Replace the file in one step, through a symbolic link."""
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".save-")
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode())
    Path(name).replace(target)


@dataclass(slots=True)
class Buffer:
    """One open document.

    Args:
        path: Where it is saved to.
        uri: As the server was told.
        text: What the editor shows.
        version: The number of the last `didChange`.
        disk: What the editor last read from or wrote to the disk.
        typed: Whether a person (not the server) changed it since it was saved.
    """

    path: Path
    uri: str
    text: str
    disk: str
    version: int = 1
    typed: bool = False

    @property
    def dirty(self) -> bool:
        return self.typed or self.text != self.disk


def offset(text: str, position: dict[str, int], encoding: str) -> int:
    """Where an LSP position is: split by hand, counted by encoding for real."""
    at = 0
    for _ in range(position["line"]):
        ends = [found + 1 for mark in "\r\n" if (found := text.find(mark, at)) >= 0]
        if not ends:
            return len(text)
        at = min(ends)
        if text[at - 1 : at + 1] == "\r\n":
            at += 1
    content = text[at:].split("\n", 1)[0].split("\r", 1)[0]
    codec, size = CODECS[encoding]
    units = content.encode(codec, "surrogatepass")[: position["character"] * size]
    return at + len(units.decode(codec, "ignore"))


def position(text: str, at: int, encoding: str) -> dict[str, int]:
    """The LSP position of an offset."""
    before = text[:at].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    codec, size = CODECS[encoding]
    return {"line": len(before) - 1, "character": len(before[-1].encode(codec, "surrogatepass")) // size}


def apply_edits(text: str, edits: Sequence[dict[str, Any]], encoding: str) -> str:
    """The text after the TextEdits of one document; all ranges are of the old text, equal starts keep their order."""
    spots = [
        (offset(text, edit["range"]["start"], encoding), offset(text, edit["range"]["end"], encoding), edit["newText"])
        for edit in edits
    ]
    spots.sort(key=lambda spot: spot[:2])
    for before, after in pairwise(spots):
        assert before[1] <= after[0], f"the server sent overlapping edits: {before} and {after}"
    for start, end, new in reversed(spots):
        text = text[:start] + new + text[end:]
    return text


def single_edit(old: str, new: str, encoding: str) -> dict[str, Any]:
    """One TextEdit from one text to the other."""
    limit = min(len(old), len(new))
    start = end = 0
    while start < limit and old[start] == new[start]:
        start += 1
    while end < limit - start and old[-1 - end] == new[-1 - end]:
        end += 1
    # An end between CR and LF has no position.
    while start and old[start - 1] == "\r":
        start -= 1
    while end and old[len(old) - end] == "\n":
        end -= 1
    where = {"start": position(old, start, encoding), "end": position(old, len(old) - end, encoding)}
    return {"range": where, "newText": new[start : len(new) - end]}
