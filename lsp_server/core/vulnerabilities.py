"""Known vulnerabilities of what is locked, as `uv audit` says them, with the way by which each package came in."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lsp_server.core.locked import Locked
from lsp_server.core.metadata import is_link, line

UNKNOWN = "unknown"
"""The severity of what its database gives none."""
SEVERITIES = ("low", "moderate", "high", "critical")


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """One advisory about one locked package.

    Attributes:
        fixed: The versions in which it is mended.
        paths: From each declared dependency that brings the package, the names on the way to it, both included.
    """

    name: str
    version: str
    id: str
    summary: str = ""
    severity: str = UNKNOWN
    link: str = ""
    fixed: tuple[str, ...] = ()
    paths: tuple[tuple[str, ...], ...] = ()


def read(output: str, locked: Locked) -> tuple[Vulnerability, ...] | None:
    """Return what `uv audit --output-format json` said, by name; None if it said something else."""
    try:
        found = json.loads(output)
    except ValueError:
        return None
    listed = found.get("vulnerabilities") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        return None
    every = (_vulnerability(one, locked) for one in listed if isinstance(one, dict))
    return tuple(sorted((one for one in every if one is not None), key=lambda one: (one.name, one.version, one.id)))


def severity_of(advisory: object) -> str:
    """Return the severity that an advisory of OSV gives in words; its numbers need the whole of CVSS."""
    said = advisory.get("database_specific") if isinstance(advisory, dict) else None
    found = str(said.get("severity", "")).lower() if isinstance(said, dict) else ""
    found = {"medium": "moderate"}.get(found, found)
    return found if found in SEVERITIES else UNKNOWN


def as_json(found: Sequence[Vulnerability]) -> list[dict[str, Any]]:
    """Return the findings of `pyproject.audit`."""
    return [
        {
            "name": one.name,
            "version": one.version,
            "id": one.id,
            "severity": one.severity,
            "fixed": list(one.fixed),
            "paths": [list(path) for path in one.paths],
            "summary": one.summary,
            "link": one.link,
        }
        for one in found
    ]


def _vulnerability(one: Mapping[str, Any], locked: Locked) -> Vulnerability | None:
    package = one.get("dependency")
    name, version = (package.get("name"), package.get("version")) if isinstance(package, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(version, str):
        return None
    fixed, link = one.get("fix_versions"), one.get("link")
    return Vulnerability(
        name=name,
        version=version,
        id=line(str(one.get("display_id") or one.get("id") or "")),
        summary=line(str(one.get("summary") or "")),
        link=str(link) if is_link(link) else "",
        fixed=tuple(str(each) for each in fixed) if isinstance(fixed, list) else (),
        paths=tuple(_ways(locked, name)),
    )


def _ways(locked: Locked, name: str) -> Iterator[tuple[str, ...]]:
    roots = {need for own in locked.local for need in locked.needs.get(own, ())} - locked.local
    for root in sorted(roots):
        way = locked.way([root], name)
        if way:
            yield way
