"""The parts of a manifest or a block: document symbols, folding, and selection that grows."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from lsp_server.core.lsp import DocumentSymbol, FoldingRange, Position, SelectionRange
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Entry, Header, Span, Value

_NAMESPACE, _ARRAY, _PROPERTY, _PACKAGE = 3, 18, 7, 4
"""`SymbolKind`."""
_MOST_CHARACTERS = 100


def symbols(snapshot: Snapshot) -> list[DocumentSymbol]:
    """Return the tables with their keys, and the requirements in the lists of packages."""
    document = snapshot.manifest.document
    starts = [one.span.start for one in document.headers]
    named = {one.span: one.name for one in snapshot.manifest.dependencies if one.name}
    below: list[list[Entry]] = [[] for _ in range(len(starts) + 1)]
    for entry in document.entries:
        below[bisect_right(starts, entry.key.start)].append(entry)
    above = [_entry(snapshot, one, named) for one in below[0]]
    return [
        *above,
        *(_table(snapshot, header, inside, named) for header, inside in zip(document.headers, below[1:], strict=True)),
    ]


def _table(snapshot: Snapshot, header: Header, inside: Sequence[Entry], named: Mapping[Span, str]) -> DocumentSymbol:
    end = max([header.span.end, *(one.value.span.end for one in inside)])
    return {
        "name": ".".join(str(step) for step in header.path),
        "kind": _NAMESPACE,
        "range": snapshot.range(Span(header.span.start, end)),
        "selectionRange": snapshot.range(header.span),
        "children": [_entry(snapshot, one, named) for one in inside],
    }


def _entry(snapshot: Snapshot, entry: Entry, named: Mapping[Span, str]) -> DocumentSymbol:
    found: DocumentSymbol = {
        "name": str(entry.path[-1]) or '""',
        "kind": _ARRAY if entry.value.kind == "array" else _PROPERTY,
        "range": snapshot.range(Span(entry.key.start, max(entry.key.end, entry.value.span.end))),
        "selectionRange": snapshot.range(entry.key),
    }
    children = [_requirement(snapshot, item, named[item.span]) for item in entry.value.items if item.span in named]
    if children:
        found["children"] = children
    elif entry.value.kind == "string":
        found["detail"] = entry.value.text[:_MOST_CHARACTERS]
    return found


def _requirement(snapshot: Snapshot, item: Value, name: str) -> DocumentSymbol:
    where = snapshot.range(item.span)
    return {"name": name, "kind": _PACKAGE, "range": where, "selectionRange": where, "detail": item.text}


def folding(snapshot: Snapshot) -> list[FoldingRange]:
    """Return the tables and the values of several lines."""
    document = snapshot.manifest.document
    spans = [Span(one.span.start, _content_end(document.text, one)) for one in document.headers]
    spans += [one.value.span for one in document.walk() if one.value.kind in {"array", "table", "string"}]
    lines = ((snapshot.range(span)["start"]["line"], snapshot.range(span)["end"]["line"]) for span in spans)
    return [{"startLine": start, "endLine": end} for start, end in dict.fromkeys(lines) if end > start]


def _content_end(text: str, header: Header) -> int:
    """Return where the last line of a table ends; blank lines before the next one are not in it."""
    return header.body.start + len(text[header.body.start : header.body.end].rstrip())


def selection(snapshot: Snapshot, positions: Iterable[Position]) -> list[SelectionRange]:
    """Return for each position the value it is in, the entry around that, the table, and the whole."""
    return [_selection(snapshot, snapshot.offset(position)) for position in positions]


def _selection(snapshot: Snapshot, offset: int) -> SelectionRange:
    document = snapshot.manifest.document
    spans = {Span(0, len(snapshot.text)), *(Span(one.span.start, one.body.end) for one in document.headers)}
    for entry in document.walk():
        spans |= {entry.key, entry.value.span, Span(entry.key.start, max(entry.key.end, entry.value.span.end))}
        spans |= {item.span for item in entry.value.items}
        if entry.value.kind == "string":
            spans.add(Span(entry.value.span.start + 1, max(entry.value.span.start + 1, entry.value.span.end - 1)))
    around = sorted((one for one in spans if one.start <= offset <= one.end), key=lambda one: one.start - one.end)
    found: SelectionRange = {"range": snapshot.range(around[0])}
    for inner, outer in zip(around[1:], around, strict=False):
        if outer.start <= inner.start and inner.end <= outer.end:
            found = {"range": snapshot.range(inner), "parent": found}
    return found
