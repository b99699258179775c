"""What a lock file means: what changed between two of them, and whether it fits a manifest or an environment."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from lsp_server.core import uvlock
from lsp_server.core.operation import Moved
from lsp_server.core.pyproject import Manifest
from lsp_server.core.requirement import normalize
from lsp_server.core.uvlock import Edge, Package

Versions = Mapping[str, frozenset[str]]


def versions(text: str) -> Versions:
    """Return each locked package's versions; several where a marker splits them. Text that is no TOML locks nothing."""
    found: dict[str, frozenset[str]] = {}
    for package in uvlock.packages(text):
        found[package.name] = found.get(package.name, frozenset()) | {_version(package)}
    return found


def local(text: str) -> frozenset[str]:
    """Return the packages that are the workspace's own: they have no archive to fetch."""
    return frozenset(package.name for package in uvlock.packages(text) if package.is_local)


def difference(before: str, after: str) -> tuple[Moved, ...]:
    """Return what changed between two lock files, by name."""
    old, new = versions(before), versions(after)
    return tuple(
        Moved(name, _shown(old.get(name)), _shown(new.get(name)))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


def fits(manifest: Manifest, text: str) -> bool | None:
    """Tell whether a lock file was made from this manifest, by what uv records of it there; None if it cannot be told.

    A requirement with a source is recorded without its specifier, and what a build backend computes is not in the
    manifest. uv itself has the last word (`uv lock --check`); this is for what starts no process.
    """
    if manifest.name is None or any(dependency.requirement is None for dependency in manifest.dependencies):
        return None
    own = next((package for package in uvlock.packages(text) if package.name == normalize(manifest.name or "")), None)
    if own is None:
        return False
    if manifest.version is not None and own.version is not None and not _same_version(manifest.version, own.version):
        return False
    return _states(manifest, own)


def _states(manifest: Manifest, own: Package) -> bool | None:
    """Tell whether a lock file's own package records the requirements of a manifest."""
    declared = [(d.table.kind, d.name, str(d.requirement.specifier)) for d in manifest.dependencies if d.requirement]
    if declared and not own.recorded:  # a preview of uv, or an older lock file of a project that declared nothing
        is_bare = any(d.requirement is not None and d.requirement.marker is None for d in manifest.dependencies)
        return False if own.needs_nothing and is_bare else None
    grouped = [(name, specifier) for kind, name, specifier in declared if kind == "group"]
    if not _same(grouped, [edge for edges in own.requires_dev.values() for edge in edges]):
        return False
    if manifest.dynamic & {"dependencies", "optional-dependencies"}:
        return None
    return _same([(name, specifier) for kind, name, specifier in declared if kind != "group"], own.requires_dist)


def _same(declared: Iterable[tuple[str, str]], recorded: Collection[Edge]) -> bool:
    """Tell whether each declared requirement is recorded, and each recorded one declared."""
    stated = {(name, _specifier(specifier)) for name, specifier in declared}
    names = {each[0] for each in stated}
    placed = {one.name for one in recorded if one.placed}
    plain = {(one.name, _specifier(one.specifier)) for one in recorded if not one.placed}
    return placed <= names and plain <= stated and all(one[0] in placed or one in plain for one in stated)


def _same_version(one: str, other: str) -> bool:
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other


def expected(text: str, manifest: Manifest, marker_environment: Mapping[str, str]) -> Versions:
    """Return what a plain `uv sync` of the manifest's project would have installed: runtime and default groups."""
    by_name: dict[str, list[Package]] = {}
    for package in uvlock.packages(text):
        by_name.setdefault(package.name, []).append(package)
    roots = by_name.get(normalize(manifest.name or ""), [])
    waiting = [edge for root in roots for edge in _needed(root, groups=manifest.default_groups)]
    found: dict[str, frozenset[str]] = {}
    seen: set[tuple[str, str]] = set()
    while waiting:
        edge = waiting.pop()
        if not _applies(edge.marker, marker_environment):
            continue
        for package in by_name.get(edge.name, []):
            if edge.version not in {None, package.version}:
                continue
            markers = package.resolution_markers
            if markers and not any(_applies(marker, marker_environment) for marker in markers):
                continue
            found[edge.name] = found.get(edge.name, frozenset()) | {_version(package)}
            for wanted in ("", *edge.extras):
                if (edge.name, wanted) not in seen:
                    seen.add((edge.name, wanted))
                    waiting.extend(_needed(package, extra=wanted))
    return found


def _needed(package: Package, *, extra: str = "", groups: Iterable[str] = ()) -> Iterator[Edge]:
    yield from package.optional.get(extra, ()) if extra else package.dependencies
    for group in groups:
        yield from package.dev.get(group, ())


def _version(package: Package) -> str:
    return package.version or "0"


@lru_cache(maxsize=8192)
def _specifier(text: str) -> SpecifierSet | str:
    try:
        return SpecifierSet(text)
    except ValueError:  # InvalidSpecifier, and numbers of absurd length
        return text


def _applies(marker: str | None, environment: Mapping[str, str]) -> bool:
    found = _marker(marker or "")
    try:
        return found is None or found.evaluate(dict(environment))
    except (KeyError, ValueError, RecursionError):
        return True


@lru_cache(maxsize=8192)
def _marker(text: str) -> Marker | None:
    try:
        return Marker(text) if text else None
    except (ValueError, RecursionError):  # InvalidMarker, numbers of absurd length, brackets of absurd depth
        return None


def _shown(found: frozenset[str] | None) -> str | None:
    return None if found is None else ", ".join(sorted(found))
