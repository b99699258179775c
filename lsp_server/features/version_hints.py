"""Inlay hints behind the requirements of a manifest: the locked version, and what differs from it."""

from collections.abc import Iterator

from lsp_server.core import releases
from lsp_server.core.lsp import InlayHint, Range
from lsp_server.core.pyproject import Dependency
from lsp_server.core.snapshot import Snapshot


def version_hints(snapshot: Snapshot, where: Range) -> list[InlayHint]:
    """Return the hints of the requirements in a range; none where the setting `hints.versions` is false."""
    if not snapshot.settings.hints_versions:
        return []
    span = snapshot.span(where)
    hints: list[InlayHint] = []
    for dependency in snapshot.manifest.dependencies:
        words = " · ".join(_words(snapshot, dependency))
        if words and dependency.span.meets(span):
            position = snapshot.range(dependency.span)["end"]
            hints.append({"position": position, "label": words, "paddingLeft": True, "tooltip": _TOOLTIP})
    return hints


_TOOLTIP = "The version in uv.lock; and the one that is installed, and the newest one, where they differ."


def _words(snapshot: Snapshot, dependency: Dependency) -> Iterator[str]:
    known, name = snapshot.packages, dependency.name
    locked = known.locked.get(name)
    if not locked:
        return
    there = (known.installed or {}).get(name)
    others = [f"{there} installed"] if there is not None and there not in locked else []
    newer = known.newer(name)
    others += [f"{newer} available ({_step(locked, newer)})"] if newer is not None else []
    if others or not _says(dependency, locked):
        yield ", ".join(sorted(locked))
        yield from others


def _says(dependency: Dependency, locked: frozenset[str]) -> bool:
    """Tell whether the requirement says the locked version itself, so that a hint would only repeat it."""
    specifiers = dependency.requirement.specifier if dependency.requirement is not None else ()
    said = {releases.version(one.version) for one in specifiers if one.operator in {"==", "===", ">=", "~=", "<="}}
    return said >= {releases.version(version) for version in locked}


def _step(locked: frozenset[str], newer: str) -> str:
    """Return which part of the version changes: major, minor or patch."""
    before = max((one for version in locked if (one := releases.version(version)) is not None), default=None)
    after = releases.version(newer)
    if before is None or after is None or before.major != after.major or before.epoch != after.epoch:
        return "major"
    return "minor" if before.minor != after.minor else "patch"
