"""What a status needs to know of a project without starting a process: is the environment, is the lock as they should."""

from lsp_server.adapters import environment, files, live
from lsp_server.adapters.project import MANIFEST
from lsp_server.core import lockfile, pyproject
from lsp_server.jobs.place import Place


def of_lock(place: Place) -> str:
    """Return "up-to-date", "stale", "missing" or "unknown"; `uv lock --check` has the last word."""
    lock = files.read(place.project.lockfile)
    if place.project.kind == "script":
        return "unknown"
    if lock is None:
        return "missing"
    fits = lockfile.fits(_manifest(place), lock.decode("utf-8", "replace"))
    return {True: "up-to-date", False: "stale", None: "unknown"}[fits]


def of_environment(place: Place) -> str:
    """Return "in-sync", "stale", "syncing", "missing" or "unknown", by what is installed; never waits for a sync."""
    if place.project.kind == "script":
        return "unknown"
    found = environment.read(place.environment)
    if found is None:
        return "missing"
    users = live.lock_users(place.environment_lock)
    if users is not None and users.holders:
        return "syncing"
    lock = files.read(place.project.lockfile)
    manifest = _manifest(place)
    if lock is None or manifest.name is None:
        return "unknown"
    wanted = lockfile.expected(lock.decode("utf-8", "replace"), manifest, environment.marker_environment(found))
    installed = environment.installed(place.environment)
    fits = all(name in installed and installed[name] in versions | {"0"} for name, versions in wanted.items())
    return "in-sync" if fits else "stale"


def _manifest(place: Place) -> pyproject.Manifest:
    return pyproject.read((files.read(place.project.root / MANIFEST) or b"").decode("utf-8", "replace"))
