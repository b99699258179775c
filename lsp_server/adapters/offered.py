"""What a project's own places offer to add: its lock file, and the folders that uv is told to find packages in."""

import os
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.utils import parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from lsp_server.adapters import files
from lsp_server.adapters import project as projects
from lsp_server.adapters.project import Project
from lsp_server.core import locked, package_search, requirement, shapes, toml
from lsp_server.core.package_search import Offered

_SETTINGS = "uv.toml"


def read(project: Project, environ: Mapping[str, str]) -> Offered:
    """Read the lock file and the folders. Only file names are looked at, no process is started.

    A name has the newest version of the folders, else the locked one.
    """
    settings = _settings(project.folder)
    versions: dict[str, str | None] = {}
    known = locked_in(project.lockfile)
    for name in known.versions.keys() - known.local:
        versions[name] = str(max(map(_version, known.versions[name]), key=_rank))
    for folder, flat in _places(project.folder, settings, environ):
        stamp = _stamp(folder)
        if stamp is not None and flat:
            versions |= {name: str(version) for name, version in _packages(folder, stamp).items()}
        elif stamp is not None:
            versions = dict.fromkeys(_names(folder, stamp)) | versions
    only = settings.get("no-index") is True or environ.get("UV_NO_INDEX", "").lower() in {"1", "true"}
    return Offered(versions, only)


@cache
def listed() -> tuple[str, ...]:
    """Return the names of the shipped list, the most downloaded first."""
    return package_search.by_downloads((Path(__file__).parent.parent / "data" / "import_names.txt").read_text("utf-8"))


def locked_in(lockfile: Path) -> locked.Locked:
    """Return what a lock file locks; read again only when it is another one."""
    stamp = _stamp(lockfile)
    return locked.Locked() if stamp is None else _locked(lockfile, stamp)


@lru_cache(maxsize=8)
def _locked(lockfile: Path, _stamp: tuple[int, int, int]) -> locked.Locked:
    return locked.read(files.read_text(lockfile))


def _settings(folder: Path) -> Mapping[str, Any]:
    """Return uv's settings of a project: its `uv.toml`, or else `[tool.uv]` of its manifest."""
    own = _stamp(folder / _SETTINGS) is not None
    parsed = toml.parse(files.read_text(folder / (_SETTINGS if own else projects.MANIFEST)))
    return shapes.table(parsed, *(() if own else ("tool", "uv")))


def _places(root: Path, settings: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[tuple[Path, bool]]:
    """The folders of `find-links` and of indexes, and whether a folder holds files (else a folder for each name, PEP 503).

    What is on other machines is not looked at.
    """
    named = settings.get("find-links")
    links = [*(named if isinstance(named, list) else []), *environ.get("UV_FIND_LINKS", "").replace(",", " ").split()]
    listed = settings.get("index")
    indexes = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    for place, flat in (*((link, True) for link in links), *((one.get("url"), one.get("format") == "flat") for one in indexes)):
        folder = _folder(root, place)
        if folder is not None:
            yield folder, flat


def _folder(root: Path, place: object) -> Path | None:
    if not isinstance(place, str) or not place:
        return None
    if place.startswith("file:"):
        try:
            return projects.path_of(place)
        except ValueError:
            return None
    # A single letter before the colon is a drive of Windows.
    return None if len(urlsplit(place).scheme) > 1 else root / os.path.expanduser(unquote(place))  # noqa: PTH111  '~' in a setting


@lru_cache(maxsize=16)
def _packages(folder: Path, _stamp: tuple[int, int, int]) -> Mapping[str, Version]:
    found: dict[str, Version] = {}
    for entry in _entries(folder):
        parsed = _parsed(entry.name)
        if parsed is not None and (parsed[0] not in found or _rank(parsed[1]) > _rank(found[parsed[0]])):
            found[parsed[0]] = parsed[1]
    return found


@lru_cache(maxsize=16)
def _names(folder: Path, _stamp: tuple[int, int, int]) -> tuple[str, ...]:
    names = (requirement.parse_name(entry.name) for entry in _entries(folder) if entry.is_dir())
    return tuple(name for name in names if isinstance(name, str))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _parsed(file: str) -> tuple[str, Version] | None:
    try:
        if file.endswith(".whl"):
            name, version, _build, _tags = parse_wheel_filename(file)
            return name, version
        return parse_sdist_filename(file)
    except ValueError:  # no such name, and numbers of absurd length
        return None


def _rank(version: Version) -> tuple[bool, Version]:
    """Order versions as uv would rather take them: a pre-release only where there is nothing else."""
    return not version.is_prerelease, version


def _version(text: str) -> Version:
    try:
        return Version(text)
    except ValueError:  # whatever somebody wrote into uv.lock
        return Version("0")


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a name with a NUL, from a setting
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
