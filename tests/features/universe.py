"""What the case files of a manifest know beside their text: an index, a lock file, members. For the functions and the server."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from lsp_server.adapters import offered
from lsp_server.core import locked, metadata
from lsp_server.core.lsp import Range
from lsp_server.core.names import Names
from lsp_server.core.packages import Packages
from lsp_server.core.releases import Page
from lsp_server.core.settings import Settings
from lsp_server.core.snapshot import Around, Snapshot
from lsp_server.core.toml import Span
from lsp_server.index import pages
from tests.support.index_server import page

URI = "file:///project/pyproject.toml"
PAGES = (
    page(
        "alpha",
        {"version": "1.0", "upload-time": "2025-01-02T00:00:00Z", "size": 12_345},
        {"version": "1.1", "upload-time": "2025-03-04T00:00:00Z"},
        {"version": "1.5", "upload-time": "2025-05-06T00:00:00Z", "yanked": "lost *data*"},
        {"version": "2.0", "upload-time": "2026-01-02T00:00:00Z", "requires-python": ">=3.12"},
        {"version": "3.0rc1", "upload-time": "2026-06-01T00:00:00Z"},
    ),
    page("beta", {"version": "0.9", "upload-time": "2024-01-02T00:00:00Z"}, status="archived", reason="use alpha"),
    page("gamma", {"version": "1.0", "yanked": True}),
)
METADATA = {
    "alpha-2.0-py3-none-any.whl": """Metadata-Version: 2.4
Name: alpha
Version: 2.0
Summary: The <first> of [all](x)
License-Expression: MIT
Project-URL: Source, https://example.org/alpha
Project-URL: Homepage, https://alpha.example
Provides-Extra: fast
Provides-Extra: Slow_Mode

Text
"""
}
ABSENT = "absent"
LOCK = """version = 1
revision = 3

[[package]]
name = "alpha"
version = "1.0"
source = { registry = "INDEX" }
wheels = [{ url = "x", size = 12345 }]

[package.optional-dependencies]
fast = [{ name = "gamma" }]

[[package]]
name = "beta"
version = "0.9"
source = { registry = "INDEX" }
dependencies = [{ name = "alpha" }]

[[package]]
name = "gamma"
version = "1.0"
source = { registry = "INDEX" }

[[package]]
name = "demo"
version = "1.0"
source = { virtual = "." }
dependencies = [{ name = "alpha" }, { name = "beta" }]
"""
MANIFEST = f'[project]\nname = "demo"\nversion = "1.0"\ndependencies = ["alpha", "beta", "gamma", "{ABSENT}"]\n'
MANIFEST += '[tool.uv.workspace]\nmembers = ["packages/*"]\n'
MEMBERS = {"packages/one": '[project]\nname = "member-one"\nversion = "1.0"\n'}


def write(root: Path, index: str) -> Path:
    """Write the project, locked from an index; return its manifest."""
    for folder, text in {".": MANIFEST, **MEMBERS}.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / "pyproject.toml").write_text(text, "utf-8")
    (root / "uv.lock").write_text(LOCK.replace("INDEX", index), "utf-8")
    return root / "pyproject.toml"


def snapshot(text: str) -> Snapshot:
    """What the server knows when all indexes have answered."""
    lock = locked.read(LOCK)
    offer = {name: max(versions) for name, versions in lock.versions.items() if name not in lock.local}
    packages = Packages(lock.versions, lock=lock, offered=offer)
    around = Around({"demo": ".", "member-one": "packages/one"}, folders=("packages/one",))
    return Snapshot(URI, 1, text, "utf-16", Settings(), packages, known=_known(), around=around, names=Names(offered.listed()))


def _known() -> dict[str, Page]:
    found = {str(one["name"]): _page(one) for one in PAGES}
    return found | {ABSENT: Page(ABSENT, "index", exists=False)}


def _page(said: dict[str, Any]) -> Page:
    name = str(said["name"])
    parsed = pages.parse(name, "index", "http://index/simple/", "application/json", json.dumps(said).encode()).page
    newest = parsed.newest()
    text = METADATA.get(f"{name}-{newest.version}-py3-none-any.whl") if newest is not None else None
    return replace(parsed, metadata=metadata.parse(newest.version, text.encode()) if newest is not None and text else None)


def place(marked: str, cursor: str) -> tuple[str, Range]:
    """The text without its cursor, and the range of one or two of them."""
    parts = marked.split(cursor)
    assert len(parts) in {2, 3}, "one cursor or two"
    text = "".join(parts)
    return text, snapshot(text).range(Span(len(parts[0]), len("".join(parts[:-1]))))
