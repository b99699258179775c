"""Hover on a requirement in a manifest: its versions, locked, installed and newest, and where it comes from."""

from lsp_server.core.lsp import Hover, Position
from lsp_server.core.snapshot import Snapshot


def dependency_hover(snapshot: Snapshot, position: Position) -> Hover | None:
    """Return what is known of the requirement at a position; None where there is none."""
    span = snapshot.span({"start": position, "end": position})
    dependency = snapshot.manifest.at(span.start)
    if dependency is None or not dependency.name:
        return None
    known, name = snapshot.packages, dependency.name
    locked = ", ".join(sorted(known.locked.get(name, ())))
    there = (known.installed or {}).get(name)
    newer = known.newer(name)
    facts = [
        f"locked: {locked}" if locked else "not locked",
        f"installed: {there}" if there is not None else "not installed",
        *([f"available: {newer}"] if newer is not None else []),
    ]
    lines = [f"**{name}** in {dependency.table.label()}", " · ".join(facts)]
    if dependency.requirement is not None and dependency.requirement.marker is not None:
        lines.append(f"only where `{dependency.requirement.marker}`")
    if name in snapshot.manifest.sources:
        lines.append("its source is set in `tool.uv.sources`")
    return {"contents": {"kind": "markdown", "value": "\n\n".join(lines)}, "range": snapshot.range(dependency.span)}
