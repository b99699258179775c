"""Code lenses in pyproject.toml: the next versions above the version, sync above the dependencies."""

from typing import Any

from lsp_server.core import versions
from lsp_server.core.lsp import CodeLens
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Span


def code_lenses(snapshot: Snapshot) -> list[CodeLens]:
    """Return the lenses of a manifest; none where `codeLens.enable` is false or another manager has the project."""
    if not snapshot.settings.code_lens or not snapshot.is_ours:
        return []
    return [*_version(snapshot), *_dependencies(snapshot)]


def _version(snapshot: Snapshot) -> list[CodeLens]:
    manifest = snapshot.manifest
    if manifest.version is None or manifest.version_span is None:
        return []
    numbers = [(part, versions.bumped(manifest.version, part)) for part in ("patch", "minor", "major")]
    return [
        _lens(snapshot, manifest.version_span, f"{part} → {number}", "pyproject.bumpVersion", {"bump": part})
        for part, number in numbers
        if number is not None
    ]


def _dependencies(snapshot: Snapshot) -> list[CodeLens]:
    listed = snapshot.manifest.document.get("project", "dependencies")
    if listed is None:
        return []
    span = Span(listed.span.start, listed.span.start)
    return [
        _lens(snapshot, span, "sync", "pyproject.sync", {}),
        _lens(snapshot, span, "upgrade all", "pyproject.upgrade", {"all": True}),
    ]


def _lens(snapshot: Snapshot, span: Span, title: str, command: str, argument: dict[str, Any]) -> CodeLens:
    return {
        "range": snapshot.range(span),
        "command": {"title": title, "command": command, "arguments": [{"uri": snapshot.uri, **argument}]},
    }
