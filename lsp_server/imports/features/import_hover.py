"""Hover on an import: which distribution it comes from, which version is locked and installed, why it is there."""

from collections.abc import Iterator

from lsp_server.core import markdown
from lsp_server.core.lsp import Hover, Position
from lsp_server.imports.core import judge
from lsp_server.imports.core.candidates import candidates
from lsp_server.imports.core.judge import Place
from lsp_server.imports.core.python_file import PythonFile
from lsp_server.imports.core.scanner import Import


def import_hover(file: PythonFile, position: Position) -> Hover | None:
    """Return what is known of the import at a position; None where there is none, or where it needs no distribution."""
    offset, place = file.offset(position), file.place
    one = next((one for one in file.imports if one.span.start <= offset <= one.span.end), None)
    if one is None or place is None or one.level or judge.is_given(file.view, place, one):
        return None
    lines = list(_lines(file, place, one))
    if not lines:
        return None
    return {"contents": {"kind": "markdown", "value": "\n\n".join(lines)}, "range": file.range(one.span)}


def _lines(file: PythonFile, place: Place, one: Import) -> Iterator[str]:
    found = candidates(file.view, place.member, one.targets())
    if not found:
        return
    first = found[0]
    there = file.view.installed.distributions.get(first.name) if file.view.installed is not None else None
    said = "provides" if first.verified else "may provide"
    yield f"**{markdown.escaped(first.name)}** {said} {markdown.code(one.module)}"
    if there is not None and there.summary:
        yield markdown.escaped(there.summary)
    locked = file.view.locked.versions.get(first.name, frozenset())
    facts = [
        f"locked: {markdown.escaped(', '.join(sorted(locked)))}" if locked else "not locked",
        f"installed: {markdown.escaped(there.version)}" if there is not None else "not installed",
    ]
    if not place.script:
        yield " · ".join(facts)
    yield markdown.escaped(_why(file, place, first.name))


def _why(file: PythonFile, place: Place, name: str) -> str:
    """Say why a distribution is there: the tables that declare it, or the way from one that they do."""
    tables = place.declared.tables.get(name, ())
    if tables:
        where = "this script's metadata" if place.script else " and ".join(dict.fromkeys(table.label() for table in tables))
        return f"declared in {where}"
    way = file.view.locked.way(place.declared.names(), name)
    if len(way) > 1:
        return f"not declared; here because {' → '.join(way)}"
    needing = file.view.installed.needed_by(name) if file.view.installed is not None else ()
    return f"not declared; needed by {', '.join(needing)}" if needing else "not declared"
