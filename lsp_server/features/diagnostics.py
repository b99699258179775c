"""Diagnostics of a manifest that stop an operation: a syntax error, a requirement that is none."""

from lsp_server.core import requirement, toml
from lsp_server.core.lsp import ERROR, WARNING, Diagnostic, Position
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Span


def diagnostics(snapshot: Snapshot) -> list[Diagnostic]:
    """Return what is wrong in a manifest, in the order of the text."""
    found = [
        _diagnostic(snapshot, dependency.span, "invalid-requirement", parsed.message)
        for dependency in snapshot.manifest.dependencies
        if isinstance(parsed := requirement.parse(dependency.text), requirement.Invalid)
    ]
    problem = toml.problem(snapshot.text)
    if problem is not None:
        place = min(problem.offset, len(snapshot.text))
        found.insert(0, _diagnostic(snapshot, Span(place, min(place + 1, len(snapshot.text))), "invalid-toml", problem.message))
    return found


def too_large(most: int) -> Diagnostic:
    """Return what is said of a manifest that is not looked at, at its first line."""
    start: Position = {"line": 0, "character": 0}
    return {
        "range": {"start": start, "end": start},
        "severity": WARNING,
        "code": "too-large",
        "source": "pyproject-lsp",
        "message": f"more than {most:,} characters: not looked at; operations work on files of up to 10 MB",
    }


def _diagnostic(snapshot: Snapshot, span: Span, code: str, message: str) -> Diagnostic:
    return {
        "range": snapshot.range(span),
        "severity": ERROR,
        "code": code,
        "source": "pyproject-lsp",
        "message": message,
    }
