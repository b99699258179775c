"""uv.lock as data: what changed between two of them, and whether it fits a manifest or an environment."""

from collections.abc import Iterator, Mapping
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from lsp_server.core import toml
from lsp_server.core.operation import Moved
from lsp_server.core.pyproject import Manifest
from lsp_server.core.requirement import normalize

Versions = Mapping[str, frozenset[str]]


def versions(text: str) -> Versions:
    """Return each locked package's versions; several where a marker splits them. Text that is no TOML locks nothing."""
    found: dict[str, frozenset[str]] = {}
    for package in packages(text):
        name = str(package.get("name", ""))
        found[name] = found.get(name, frozenset()) | {str(package.get("version", "0"))}
    return found


def local(text: str) -> frozenset[str]:
    """Return the packages that are the workspace's own: they have no archive to fetch."""
    return frozenset(
        str(package.get("name", ""))
        for package in packages(text)
        if isinstance(package.get("source"), dict) and package["source"].keys() & {"editable", "virtual"}
    )


def difference(before: str, after: str) -> tuple[Moved, ...]:
    """Return what changed between two lock files, by name."""
    old, new = versions(before), versions(after)
    return tuple(
        Moved(name, _shown(old.get(name)), _shown(new.get(name)))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


def fits(manifest: Manifest, text: str) -> bool | None:
    """Tell whether a lock file was made from this manifest, by what uv writes of it there; None if it cannot be told.

    uv itself has the last word (`uv lock --check`); this is for a status that starts no process.
    """
    if manifest.name is None:
        return None
    own = next((p for p in packages(text) if p.get("name") == normalize(manifest.name)), None)
    if own is None:
        return False
    if not manifest.dynamic_version and own.get("version") != manifest.version:
        return False
    metadata = own.get("metadata", {})
    recorded = {_recorded(entry) for entry in metadata.get("requires-dist", [])}
    for entries in metadata.get("requires-dev", {}).values():
        recorded |= {_recorded(entry) for entry in entries}
    declared = {
        (dependency.name, _specifier(str(dependency.requirement.specifier)))
        for dependency in manifest.dependencies
        if dependency.requirement is not None
    }
    return declared == recorded


def expected(text: str, manifest: Manifest, marker_environment: Mapping[str, str]) -> Versions:
    """Return what a plain `uv sync` of the manifest's project would have installed: runtime and default groups."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for package in packages(text):
        by_name.setdefault(str(package.get("name", "")), []).append(package)
    roots = by_name.get(normalize(manifest.name or ""), [])
    waiting = [edge for root in roots for edge in _edges(root, (), manifest.default_groups)]
    found: dict[str, frozenset[str]] = {}
    seen: set[tuple[str, str]] = set()
    while waiting:
        edge = waiting.pop()
        if not _applies(edge.get("marker"), marker_environment):
            continue
        name = str(edge.get("name", ""))
        extras = tuple(edge.get("extra", ()))
        for package in by_name.get(name, []):
            if edge.get("version") not in (None, package.get("version")):
                continue
            if not _any_applies(package.get("resolution-markers", ()), marker_environment):
                continue
            found[name] = found.get(name, frozenset()) | {str(package.get("version", "0"))}
            for wanted in ("", *extras):
                if (name, wanted) not in seen:
                    seen.add((name, wanted))
                    waiting.extend(_edges(package, (wanted,) if wanted else (), ()))
    return found


def _edges(package: Mapping[str, Any], extras: tuple[str, ...], groups: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    if not extras:
        yield from package.get("dependencies", [])
    for extra in extras:
        yield from package.get("optional-dependencies", {}).get(extra, [])
    for group in groups:
        yield from package.get("dev-dependencies", {}).get(group, [])


def packages(text: str) -> list[dict[str, Any]]:
    """Return the packages of a lock file as they stand there; none of a text that is no TOML."""
    parsed = toml.parse(text)
    if isinstance(parsed, toml.Problem):
        return []
    found = parsed.get("package", [])
    return [package for package in found if isinstance(package, dict)] if isinstance(found, list) else []


def _recorded(entry: Mapping[str, Any]) -> tuple[str, str]:
    return str(entry.get("name", "")), _specifier(str(entry.get("specifier", "")))


def _specifier(text: str) -> str:
    try:
        return str(SpecifierSet(text))
    except InvalidSpecifier:
        return text


def _applies(marker: object, environment: Mapping[str, str]) -> bool:
    if not isinstance(marker, str) or not marker:
        return True
    try:
        return Marker(marker).evaluate(dict(environment))
    except (InvalidMarker, KeyError, ValueError):
        return True


def _any_applies(markers: object, environment: Mapping[str, str]) -> bool:
    return not isinstance(markers, list) or not markers or any(_applies(marker, environment) for marker in markers)


def _shown(found: frozenset[str] | None) -> str | None:
    return None if found is None else ", ".join(sorted(found))
