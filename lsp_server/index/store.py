"""The pages of indexes on the disk: one small file for each index and package, shared by all servers of a user.

What is kept is what was understood of a page, with its ETag and its age; it holds no URL of a file and no credential,
and only the user may read it. A file that cannot be read, or is of another version of this program, is none.
"""

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lsp_server.adapters import private
from lsp_server.core.indexes import Index
from lsp_server.core.metadata import Metadata
from lsp_server.core.releases import Page, Release

_FORMAT = 1
_MOST_BYTES = 4 * 1024 * 1024
_MOST_FILES = 5000
_KEPT_FILES = 4000


@dataclass(frozen=True, slots=True)
class Entry:
    """One page as it was when it was fetched.

    Attributes:
        etag: What the index calls this state of it, "" if it does not.
        fresh: For how many seconds it need not be asked for again.
    """

    page: Page
    etag: str = ""
    fresh: float = 0.0

    def is_fresh(self, now: float) -> bool:
        """Tell whether it need not be asked for again; a clock that was set back makes everything old."""
        return 0 <= now - self.page.fetched < self.fresh


class Store:
    """The folder of pages. Used by several threads and processes: a file is always replaced whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, index: Index, name: str) -> Entry | None:
        """Return what is kept of a package's page."""
        try:
            with self._path(index, name).open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
            return _entry(json.loads(content)) if len(content) <= _MOST_BYTES else None
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def put(self, index: Index, entry: Entry) -> None:
        """Keep a page. A disk that is full or read-only costs only that it is asked for again."""
        path = self._path(index, entry.page.name)
        with contextlib.suppress(OSError):
            private.folder(path.parent)
            # `mkstemp` makes a file that only the user may read.
            descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump({"format": _FORMAT, **asdict(entry)}, file, separators=(",", ":"))
                Path(temporary).replace(path)
            except OSError:
                Path(temporary).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Take away the oldest files where there are very many."""
        with contextlib.suppress(OSError):
            found = [(path.stat().st_mtime, path) for path in self._folder.glob("*/*")]
            for _, path in sorted(found)[: len(found) - _KEPT_FILES] if len(found) > _MOST_FILES else ():
                path.unlink(missing_ok=True)

    def _path(self, index: Index, name: str) -> Path:
        # Not the bare name: Windows has no file `con.json`.
        return self._folder / hashlib.sha256(index.url.encode()).hexdigest()[:16] / f"p-{name}.json"


def _entry(found: Any) -> Entry | None:  # noqa: ANN401  JSON
    if found["format"] != _FORMAT:
        return None
    page = dict(found["page"])
    page["releases"] = tuple(Release(**one) for one in page["releases"])
    if page["metadata"] is not None:
        page["metadata"] = Metadata(**{**page["metadata"], "extras": tuple(page["metadata"]["extras"])})
    return Entry(Page(**page), found["etag"], found["fresh"])
