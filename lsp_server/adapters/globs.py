"""Folders by a pattern that a stranger wrote: each place is looked at once, and no more than so many.

`*/../` ten times over leads to one place by a million ways, and `**` into a whole disk.
"""

import fnmatch
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

MOST_FOLDERS = 10_000
"""So many folders are looked into for all patterns of a manifest together: about a second."""


class Search:
    """Looks for folders below, beside and above a root, until `left` more have been looked into."""

    def __init__(self, root: Path, left: int = MOST_FOLDERS) -> None:
        self.root = root
        self.left = left

    def matches(self, pattern: str) -> frozenset[Path]:
        """Return the real folders that a relative pattern of uv's leads to; none for one that is broken or absolute."""
        return frozenset(self.ways(pattern))

    def ways(self, pattern: str) -> Mapping[Path, Path]:
        """Return the same, each with one path by which the pattern leads there: another one where there is a link."""
        parts = [part for part in pattern.split("/") if part not in {"", "."}]
        if not parts or pattern.startswith("/") or "\0" in pattern or any("**" in part and part != "**" for part in parts):
            return {}
        here = {os.path.realpath(self.root): str(self.root)}
        for part in parts:
            here = dict(self._step(here, part))
        return {Path(real): Path(way) for real, way in here.items()}

    def _step(self, folders: Mapping[str, str], part: str) -> Iterator[tuple[str, str]]:
        """Yield where one part of a pattern leads to from some folders, the real path and the way."""
        if part == "**":
            yield from self._below(folders)
        elif not _MAGIC.search(part):
            for folder, way in folders.items():
                real = os.path.realpath(os.path.join(folder, part))  # noqa: PTH118  thousands of times
                if os.path.isdir(real):  # noqa: PTH112
                    yield real, os.path.join(way, part)  # noqa: PTH118
        else:
            fits = re.compile(fnmatch.translate(part)).match
            for folder, way in folders.items():
                for entry in self._entries(folder):
                    if fits(entry.name) and _is_folder(entry):
                        yield _real(entry), os.path.join(way, entry.name)  # noqa: PTH118

    def _below(self, folders: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        waiting = list(folders.items())
        while waiting:
            folder, way = waiting.pop()
            yield folder, way
            below = (one for one in self._entries(folder) if not one.is_symlink() and _is_folder(one))
            waiting += [(entry.path, os.path.join(way, entry.name)) for entry in below]  # noqa: PTH118

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        if self.left <= 0:
            return []
        self.left -= 1
        try:
            with os.scandir(folder) as entries:
                return list(entries)
        except OSError:
            return []


_MAGIC = re.compile(r"[*?[]")


def _real(entry: os.DirEntry[str]) -> str:
    return os.path.realpath(entry.path) if entry.is_symlink() else entry.path


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False
