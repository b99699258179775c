"""Diagnostics of a manifest or of a script's block, and the quick fixes of those at a place."""

from collections.abc import Iterator

from lsp_server.core import toml
from lsp_server.core.lsp import WARNING, CodeAction, Diagnostic, Position
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Span
from lsp_server.features.checks.finding import Finding, action, diagnostic
from lsp_server.features.checks.packages import packages
from lsp_server.features.checks.requirements import requirements
from lsp_server.features.checks.tables import tables


def diagnostics(snapshot: Snapshot) -> list[Diagnostic]:
    """Return what is wrong, in the order of the text."""
    found = (diagnostic(snapshot, finding) for finding in findings(snapshot))
    return [one for one in found if one is not None]


def quick_fixes(snapshot: Snapshot, span: Span) -> Iterator[CodeAction]:
    """Yield what would mend the findings that a range touches."""
    for finding in findings(snapshot):
        if finding.fixes and finding.span.meets(span):
            yield from (action(snapshot, finding, fix) for fix in finding.fixes)


def findings(snapshot: Snapshot) -> list[Finding]:
    """Return the findings, in the order of the text; a syntax error first."""
    found = sorted((*requirements(snapshot), *tables(snapshot), *packages(snapshot)), key=lambda one: one.span.start)
    problem = toml.problem(snapshot.text)
    if problem is not None:
        place = min(problem.offset, len(snapshot.text))
        found.insert(0, Finding("invalid-toml", Span(place, min(place + 1, len(snapshot.text))), problem.message))
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
