"""One thing that is wrong, what would mend it, and how loudly each kind is said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_server.core.codes import BY_NAME, OFF, SEVERITIES
from lsp_server.core.lsp import UNNECESSARY, CodeAction, Diagnostic, command_action
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Span

PAGE = (Path(__file__).parent.parent.parent / "data" / "diagnostics.md").as_uri()
"""The page that explains every code, at an anchor of its name. It is shipped, so that it can be read without a network."""

_FADED = frozenset({"unused-source"})


@dataclass(frozen=True, slots=True)
class Fix:
    """What would mend a finding: a command through the queue, or a change of the text as it stands."""

    title: str
    command: str = ""
    argument: Mapping[str, Any] = field(default_factory=dict)
    edits: tuple[tuple[Span, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a place."""

    code: str
    span: Span
    message: str
    fixes: tuple[Fix, ...] = ()


def diagnostic(snapshot: Snapshot, finding: Finding) -> Diagnostic | None:
    """Return the LSP diagnostic of a finding; None where the setting turns its code off."""
    wanted = snapshot.settings.severity(finding.code)
    if wanted == OFF:
        return None
    found: Diagnostic = {
        "range": snapshot.range(finding.span),
        "severity": BY_NAME.get(wanted or "", SEVERITIES[finding.code]),
        "code": finding.code,
        "codeDescription": {"href": f"{PAGE}#{finding.code}"},
        "source": "pyproject-lsp",
        "message": finding.message,
    }
    if finding.code in _FADED:
        found["tags"] = [UNNECESSARY]
    return found


def action(snapshot: Snapshot, finding: Finding, fix: Fix) -> CodeAction:
    """Return a fix as a code action on its diagnostic."""
    if fix.command:
        script = {"script": True} if snapshot.script is not None else {}
        found = command_action(fix.title, "quickfix", fix.command, {"uri": snapshot.uri, **script, **fix.argument})
    else:
        edits = [snapshot.edit(span, text) for span, text in fix.edits]
        found = {"title": fix.title, "kind": "quickfix", "edit": {"changes": {snapshot.uri: edits}}}
    shown = diagnostic(snapshot, finding)
    if shown is not None:
        found["diagnostics"] = [shown]
    return found
