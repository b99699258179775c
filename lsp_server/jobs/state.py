"""What a status needs to know of a project without starting a process: is the environment, is the lock as they should."""

import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from lsp_server.adapters import environment, files
from lsp_server.adapters.lockprobe import LockProbe
from lsp_server.adapters.project import MANIFEST
from lsp_server.core import lockfile, pyproject
from lsp_server.core.packages import Packages
from lsp_server.core.text import decoded
from lsp_server.jobs.place import Place


def of_lock(place: Place) -> str:
    """Return "up-to-date", "stale", "missing" or "unknown"; `uv lock --check` has the last word."""
    if place.project.kind == "script":
        return "unknown"
    try:
        lock = files.read(place.project.lockfile)
    except OSError:
        return "unknown"  # an operation that needs it says what is the matter
    if lock is None:
        return "missing"
    fits = lockfile.fits(_manifest(place), decoded(lock))
    return {True: "up-to-date", False: "stale", None: "unknown"}[fits]


@dataclass(frozen=True, slots=True)
class _Reader:
    """One environment's lock, kept open: opening it anew for each look would wake all who watch it."""

    probe: LockProbe
    mutex: threading.Lock


@lru_cache(maxsize=64)
def _reader(lock: Path) -> _Reader:
    return _Reader(LockProbe(lock), threading.Lock())


def of_environment(place: Place) -> str:
    """Return "in-sync", "stale", "syncing", "missing" or "unknown", by what is installed.

    It is read under a shared lock that is had at once or not at all: half of a running sync is no state, and a
    reader must not hold one up.
    """
    if place.project.kind == "script":
        return "unknown"
    if environment.read(place.environment) is None:
        return "missing"
    reader = _reader(place.environment_lock)
    with reader.mutex, reader.probe.shared() as quiet:
        return _installed(place) if quiet else "syncing"


def packages(place: Place, former: Packages) -> Packages:
    """Return the versions that are locked and installed; while a sync runs, the installed ones as they were before."""
    lock = "" if place.project.kind == "script" else files.read_text(place.project.lockfile)
    locked = lockfile.versions(lock)
    if environment.read(place.environment) is None:
        return replace(former, locked=locked, installed=None)
    reader = _reader(place.environment_lock)
    with reader.mutex, reader.probe.shared() as quiet:
        installed = environment.installed(place.environment) if quiet else former.installed
    return replace(former, locked=locked, installed=installed)


def _installed(place: Place) -> str:
    found = environment.read(place.environment)
    lock = files.read_text(place.project.lockfile)
    manifest = _manifest(place)
    if found is None or not lock or manifest.name is None:
        return "unknown"
    wanted = lockfile.expected(lock, manifest, environment.marker_environment(found))
    installed = environment.installed(place.environment)
    fits = all(name in installed and installed[name] in versions | {"0"} for name, versions in wanted.items())
    return "in-sync" if fits else "stale"


def _manifest(place: Place) -> pyproject.Manifest:
    return pyproject.read(files.read_text(place.project.root / MANIFEST))
