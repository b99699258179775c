"""The index settings of uv for a project, read from where uv reads them (https://docs.astral.sh/uv/concepts/configuration-files/)."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lsp_server.adapters import files
from lsp_server.adapters.project import MANIFEST
from lsp_server.core import indexes, toml
from lsp_server.core.indexes import Index, Indexes, Origin

SETTINGS = "uv.toml"
Layer = tuple[Mapping[str, Any], Origin]


def read(folder: Path, environ: Mapping[str, str], block: str | None = None, member: Path | None = None) -> Indexes:
    """Read the indexes of a project.

    Args:
        folder: where uv finds its settings: the root of the workspace, or a script's folder.
        environ: the environment of uv.
        block: the TOML of a script's block, whose settings go first (PEP 723).
        member: the manifest of a member of the workspace: its sources may name indexes of its own.

    """
    found = indexes.read(_layers(folder, environ, block, member), environ)
    listed = tuple(_absolute(one, folder) for one in found.listed)
    return replace(found, listed=listed, named={name: _absolute(one, folder) for name, one in found.named.items()})


def _absolute(index: Index, folder: Path) -> Index:
    """Return an index that is a folder with its whole path; a single letter before a colon is a drive of Windows."""
    if len(urlsplit(index.url).scheme) > 1:
        return index
    return replace(index, url=(folder / os.path.expanduser(index.url)).absolute().as_uri())  # noqa: PTH111  `~` in a setting


def _layers(folder: Path, environ: Mapping[str, str], block: str | None, member: Path | None) -> Iterator[Layer]:
    if block is not None:
        yield _of_uv(block), "workspace"
    if environ.get("UV_CONFIG_FILE"):
        yield _parsed(Path(environ["UV_CONFIG_FILE"])), "person"
    elif not environ.get("UV_NO_CONFIG"):
        yield from ((found, "workspace") for found in _of_project(folder))
        yield from ((_parsed(path), "person") for path in _own(environ))
    for manifest in (folder / MANIFEST, *(() if member is None else (member,))):
        yield _only_named(_of_uv(files.read_text(manifest))), "workspace"


def _of_project(folder: Path) -> Iterator[Mapping[str, Any]]:
    """The first settings at or above a folder: its `uv.toml`, or `[tool.uv]` of its manifest."""
    for place in (folder, *folder.parents):
        if (place / SETTINGS).is_file():
            yield _parsed(place / SETTINGS)
            return
        found = _of_uv(files.read_text(place / MANIFEST))
        if found:
            yield found
            return


def _own(environ: Mapping[str, str]) -> Iterator[Path]:
    """The settings of the person and of the machine."""
    if sys.platform == "win32":
        places = [environ.get("APPDATA"), environ.get("PROGRAMDATA")]
    else:
        home = environ.get("XDG_CONFIG_HOME") or os.path.join(environ.get("HOME", ""), ".config")  # noqa: PTH118  may be ""
        machine = environ.get("XDG_CONFIG_DIRS", "").split(":")
        places = [home, *machine, "/etc"]
    yield from (Path(place) / "uv" / SETTINGS for place in places if place)


def _of_uv(text: str) -> Mapping[str, Any]:
    parsed = toml.parse(text)
    found: Any = {} if isinstance(parsed, toml.Problem) else parsed
    for name in ("tool", "uv"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _parsed(path: Path) -> Mapping[str, Any]:
    parsed = toml.parse(files.read_text(path))
    return {} if isinstance(parsed, toml.Problem) else parsed


def _only_named(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the named indexes of a manifest for its sources alone: its other settings may be overruled."""
    listed = settings.get("index")
    tables = [one for one in listed if isinstance(one, dict) and "name" in one] if isinstance(listed, list) else []
    return {"index": [{**one, "explicit": True, "default": False} for one in tables]}
