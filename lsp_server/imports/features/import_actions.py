"""Quick fixes for imports: add what is missing to the fitting table, sync, move; also on other servers' diagnostics.

Each is a command, as in `code_actions`: the edit is made in the queue, never from an old text here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lsp_server.core.lsp import CodeAction, Diagnostic, Range, command_action, of_kinds
from lsp_server.core.pyproject import RUNTIME, Table
from lsp_server.core.toml import Span
from lsp_server.imports.core import foreign, judge, placement
from lsp_server.imports.core.candidates import Candidate, candidates
from lsp_server.imports.core.judge import Finding, Place
from lsp_server.imports.core.python_file import PythonFile
from lsp_server.imports.core.scanner import Import
from lsp_server.imports.features.fix_all import fix_all

_MOST_CANDIDATES = 4
_MOST_TABLES = 4


@dataclass(frozen=True, slots=True)
class _Ask:
    """One import that a fix is asked for, with the client's diagnostics that it would settle."""

    finding: Finding
    diagnostics: tuple[Diagnostic, ...]
    stubs: bool = False


def import_actions(
    file: PythonFile,
    where: Range,
    diagnostics: Sequence[Diagnostic] = (),
    only: Sequence[str] | None = None,
    *,
    automatic: bool = False,
) -> list[CodeAction]:
    """Return the fixes for the imports in a range.

    Args:
        file: the document with its project.
        where: the cursor or the selection.
        diagnostics: those of the request's context, of every server.
        only: kinds as in the LSP; a wanted kind covers its sub-kinds. None wants all.
        automatic: whether the editor asks by itself, as on a save: then nothing that adds many packages at once.

    """
    place = file.place
    is_ours = file.settings.manager == "uv" or file.view.managers.other is None
    if place is None or not (is_ours or place.script):
        return []
    asks = _asked(file, place, file.span(where), diagnostics)
    actions = [action for ask in asks for action in _unique(_fixes(file, place, ask))]
    actions += [] if automatic else fix_all(file, place)
    return of_kinds(actions, only)


def _asked(file: PythonFile, place: Place, span: Span, diagnostics: Sequence[Diagnostic]) -> list[_Ask]:
    """Each import that the range touches or a diagnostic is about, once."""
    found: dict[tuple[Span, tuple[str, ...]], _Ask] = {}
    complaints = [(one, foreign.complaint(one)) for one in diagnostics]
    for one in file.imports:
        if one.level or not one.module:
            continue
        settled = tuple(d for d, said in complaints if said is not None and _is_about(file, d, said, one))
        ours = tuple(d for d in diagnostics if d.get("source") == "pyproject-lsp" and file.span(d["range"]).meets(one.span))
        if not settled and not ours and not span.meets(one.span):
            continue
        stubs = any(said is not None and said.stubs for d, said in complaints if d in settled)
        for finding in _findings(file, place, one, complained=bool(settled)):
            found.setdefault((one.span, finding.targets), _Ask(finding, (*ours, *settled), stubs))
    return list(found.values())


def _findings(file: PythonFile, place: Place, one: Import, *, complained: bool) -> list[Finding]:
    """What we found of an import; if only another server complains of it, what we would say of an unknown module."""
    found = [finding for finding in file.findings if finding.found is one or finding.found == one]
    if found or judge.is_given(file.view, place, one):
        return found
    sibling = file.view.provider(one.top, place.member)
    if sibling is not None and sibling.name not in place.declared.names():
        return [Finding(one, "missing", one.targets())]
    if not complained:
        return []
    known = candidates(file.view, place.member, one.targets())
    declared = tuple(name.name for name in known if name.name in place.declared.names())
    tables = tuple(table for name in declared for table in place.declared.tables[name])
    return [Finding(one, "not-installed" if declared else "missing", one.targets(), declared, tables=tables)]


def _is_about(file: PythonFile, diagnostic: Diagnostic, said: foreign.Complaint, one: Import) -> bool:
    same = said.module is None or said.module in {one.module, one.top, *one.targets()} or one.module.startswith(f"{said.module}.")
    return same and _lines_touch(diagnostic["range"], file.range(one.span))


def _lines_touch(where: Range, other: Range) -> bool:
    """Tell whether two ranges share a line: servers underline the module, the name taken from it, or the statement."""
    return where["start"]["line"] <= other["end"]["line"] and other["start"]["line"] <= where["end"]["line"]


def _fixes(file: PythonFile, place: Place, ask: _Ask) -> Iterator[CodeAction]:
    finding = ask.finding
    if ask.stubs:
        yield from _stubs(file, place, ask)
    match finding.problem:
        case "not-installed":
            yield _sync(file, ask)
        case "wrong-table":
            yield from _into_runtime(file, ask)
        case "missing" | "transitive":
            yield from _adds(file, place, ask)


def _adds(file: PythonFile, place: Place, ask: _Ask) -> Iterator[CodeAction]:
    found = candidates(file.view, place.member, ask.finding.targets)[:_MOST_CANDIDATES]
    if place.script:
        for number, candidate in enumerate(found):
            yield _add(file, ask, candidate, None, preferred=number == 0 and candidate.verified)
        return
    tables = placement.tables(file.view, place, ask.finding.found)[:_MOST_TABLES]
    first = [(candidate, table) for candidate in found[:1] for table in tables]
    others = [(candidate, table) for candidate in found[1:] for table in tables[:1]]
    for number, (candidate, table) in enumerate([*first, *others]):
        yield _add(file, ask, candidate, table, preferred=number == 0 and candidate.verified)


def _add(file: PythonFile, ask: _Ask, candidate: Candidate, table: Table | None, *, preferred: bool) -> CodeAction:
    one = ask.finding.found
    argument: dict[str, Any] = {"uri": file.uri, "requirements": [candidate.name]}
    if table is None:
        argument["script"] = True
    elif table.kind != "runtime":
        argument[table.kind] = table.name
    if one.marker is not None and one.guard == "marker" and table is not None:
        argument["marker"] = one.marker
    where = "this script" if table is None else table.label()
    title = f"Add '{candidate.name}'{_provides(candidate, one, ask.finding.targets[0])} to {where}"
    return _action(title, "pyproject.add", argument, ask.diagnostics, preferred=preferred)


def _provides(candidate: Candidate, one: Import, module: str) -> str:
    """What a title says of how it is known that this is the one."""
    if candidate.evidence == "workspace":
        return f" (this workspace's member, has '{one.top}')"
    if not candidate.verified and candidate.evidence == "index":
        warning = f", one typo away from '{candidate.resembles}'" if candidate.resembles else ""
        return f" (unverified{warning}: nothing says that it provides '{module}')"
    said = "provides" if candidate.verified else "may provide"
    return "" if candidate.name == module else f" ({said} '{module}')"


def _stubs(file: PythonFile, place: Place, ask: _Ask) -> Iterator[CodeAction]:
    """Types for a module that has none of its own, if the shipped list knows a distribution of them."""
    one = ask.finding.found
    name = file.view.names.stubs_of(one.top)
    if name is not None and not place.script:
        title = f"Add '{name}' (types of '{one.module}') to group 'dev'"
        argument = {"uri": file.uri, "requirements": [name], "group": "dev"}
        yield _action(title, "pyproject.add", argument, ask.diagnostics, preferred=True)


def _sync(file: PythonFile, ask: _Ask) -> CodeAction:
    argument: dict[str, Any] = {"uri": file.uri}
    tables = ask.finding.tables
    if not any(table.kind == "runtime" for table in tables):
        groups = [table.name for table in tables if table.kind == "group"]
        extras = [table.name for table in tables if table.kind == "extra"]
        argument |= {key: names for key, names in (("groups", groups), ("extras", extras)) if names}
    name = ask.finding.distributions[0] if ask.finding.distributions else ask.finding.found.top
    return _action(f"Sync the environment (installs '{name}')", "pyproject.sync", argument, ask.diagnostics, preferred=True)


def _into_runtime(file: PythonFile, ask: _Ask) -> Iterator[CodeAction]:
    """Two ways to let library code use what is declared for development only."""
    name, source = ask.finding.distributions[0], ask.finding.tables[0]
    move = {"uri": file.uri, "package": name, "from": {source.kind: source.name}, "to": {}}
    title = f"Move '{name}' from {source.label()} to {RUNTIME.label()}"
    yield _action(title, "pyproject.move", move, ask.diagnostics, preferred=True)
    add = {"uri": file.uri, "requirements": [name]}
    yield _action(f"Add '{name}' to {RUNTIME.label()} too", "pyproject.add", add, ask.diagnostics, preferred=False)


def _action(
    title: str, command: str, argument: Mapping[str, Any], diagnostics: Sequence[Diagnostic], *, preferred: bool
) -> CodeAction:
    action = command_action(title, "quickfix", command, argument)
    if diagnostics:
        action["diagnostics"] = list(diagnostics)
    if preferred:
        action["isPreferred"] = True
    return action


def _unique(actions: Iterable[CodeAction]) -> Iterator[CodeAction]:
    """Each title once, and one preferred action at most."""
    seen: set[str] = set()
    preferred = False
    for action in actions:
        if action["title"] not in seen:
            seen.add(action["title"])
            if preferred:
                action.pop("isPreferred", None)
            preferred = preferred or bool(action.get("isPreferred"))
            yield action
