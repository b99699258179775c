"""Which locked packages come as a wheel that fits, so that nothing has to be built for them."""

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from lsp_server.core import lockfile, toml

_FORCES_BUILDS = ("no-binary", "no-binary-package")


def ready(lock: str, manifest: str, tags: Collection[Tag]) -> frozenset[str]:
    """Return the packages of a uv.lock that an environment can install without a build.

    Args:
        lock: the text of uv.lock.
        manifest: the root's manifest; `[tool.uv]` may force builds there.
        tags: what the environment's interpreter supports (PEP 425).

    A name counts only if every locked version of it has a fitting wheel from an index.

    """
    settings = _table(_table(_table(toml.parse(manifest)).get("tool")).get("uv"))
    if any(settings.get(name) for name in _FORCES_BUILDS):
        return frozenset()
    listed = lockfile.packages(lock)
    built = {str(package.get("name")) for package in listed if not _has_wheel(package, frozenset(tags))}
    return frozenset(str(package.get("name")) for package in listed) - built


def _has_wheel(package: Mapping[str, Any], tags: frozenset[Tag]) -> bool:
    if "registry" not in _table(package.get("source")):
        return False
    wheels = package.get("wheels", [])
    return isinstance(wheels, list) and any(_fits(_table(wheel), tags) for wheel in wheels)


def _fits(wheel: Mapping[str, Any], tags: frozenset[Tag]) -> bool:
    place = wheel.get("filename") or wheel.get("url") or wheel.get("path")
    if not isinstance(place, str):
        return False
    try:
        _name, _version, _build, supported = parse_wheel_filename(PurePosixPath(unquote(place.replace("\\", "/"))).name)
    except InvalidWheelFilename:
        return False
    return not tags.isdisjoint(supported)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
