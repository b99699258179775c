"""Which locked packages come as a wheel that fits, so that nothing has to be built for them."""

from collections.abc import Collection

from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from lsp_server.core import shapes, toml, uvlock
from lsp_server.core.uvlock import Package

_FORCES_BUILDS = ("no-binary", "no-binary-package")


def ready(lock: str, manifest: str, tags: Collection[Tag]) -> frozenset[str]:
    """Return the packages of a uv.lock that an environment can install without a build.

    Args:
        lock: the text of uv.lock.
        manifest: the root's manifest; `[tool.uv]` may force builds there.
        tags: what the environment's interpreter supports (PEP 425).

    A name counts only if every locked version of it has a fitting wheel from an index.

    """
    settings = shapes.table(toml.parse(manifest), "tool", "uv")
    if any(settings.get(name) for name in _FORCES_BUILDS):
        return frozenset()
    listed = uvlock.packages(lock)
    return frozenset(one.name for one in listed) - {one.name for one in listed if not _has_wheel(one, frozenset(tags))}


def _has_wheel(package: Package, tags: frozenset[Tag]) -> bool:
    return "registry" in package.source and any(_fits(wheel, tags) for wheel in package.wheels)


def _fits(wheel: str, tags: frozenset[Tag]) -> bool:
    try:
        _name, _version, _build, supported = parse_wheel_filename(wheel)
    except ValueError:  # InvalidWheelFilename, and numbers of absurd length
        return False
    return not tags.isdisjoint(supported)
