"""Names that stand for something in a manifest: groups, extras, indexes and packages, where they are made and used.

Definition, references and rename are of one file: what other files say of these names is not looked at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lsp_server.core import requirement
from lsp_server.core.lsp import DocumentLink, Location, Position, WorkspaceEdit
from lsp_server.core.pyproject import Dependency
from lsp_server.core.requirement import normalize
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Entry, Span, Value

Kind = Literal["group", "extra", "index", "package"]
_EXTRAS = re.compile(r"\[([^\]]*)\]")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_RENAMED = frozenset({"group", "extra", "index"})


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where a name stands; `makes` tells whether it is what the others refer to."""

    kind: Kind
    name: str
    span: Span
    makes: bool


def definition(snapshot: Snapshot, position: Position) -> list[Location]:
    """Return where the name at a position is made."""
    return [_location(snapshot, one) for one in _same(snapshot, position) if one.makes]


def references(snapshot: Snapshot, position: Position, *, declaration: bool) -> list[Location]:
    """Return where the name at a position is used, and where it is made if that is wanted."""
    return [_location(snapshot, one) for one in _same(snapshot, position) if declaration or not one.makes]


def renamed(snapshot: Snapshot, position: Position, name: str) -> WorkspaceEdit | None:
    """Return the edit that gives a group, an extra or an index another name; None for what has none of its own."""
    found = [one for one in _same(snapshot, position) if one.kind in _RENAMED]
    if not found or isinstance(requirement.parse_name(name), requirement.Invalid):
        return None
    return {"changes": {snapshot.uri: [snapshot.edit(one.span, name) for one in found]}}


def links(snapshot: Snapshot) -> list[DocumentLink]:
    """Return links from requirements to their home page or repository, as their metadata says it."""
    found: list[DocumentLink] = []
    for one in snapshot.manifest.dependencies:
        page = snapshot.known.get(one.name)
        said = (page.metadata if page is not None else None) or snapshot.packages.described.get(one.name)
        target = next(iter(said.urls.values()), None) if said is not None else None
        span = _name_span(snapshot, one)
        if target is not None and span is not None:
            found.append({"range": snapshot.range(span), "target": target, "tooltip": f"{one.name} on the web"})
    return found


def _same(snapshot: Snapshot, position: Position) -> list[Mention]:
    """Return all mentions of what is named at a position."""
    if not snapshot.holds(position):
        return []
    offset = snapshot.offset(position)
    every = list(mentions(snapshot))
    here = next((one for one in every if one.span.start <= offset <= one.span.end), None)
    return [one for one in every if here is not None and (one.kind, one.name) == (here.kind, here.name)]


def mentions(snapshot: Snapshot) -> Iterator[Mention]:
    """Yield every name that stands for something."""
    for entry in snapshot.manifest.document.walk():
        yield from _of_table(snapshot, entry)
        if entry.path[:2] == ("tool", "uv"):
            yield from _of_uv(snapshot, entry)
    for one in snapshot.manifest.dependencies:
        yield from _of_requirement(snapshot, one)


def _of_table(snapshot: Snapshot, entry: Entry) -> Iterator[Mention]:
    match entry.path:
        case ("dependency-groups", str(name)):
            yield Mention("group", normalize(name), _bare(snapshot, entry.key), makes=True)
        case ("dependency-groups", _, _, "include-group"):
            yield from _named("group", entry.value)
        case ("project", "optional-dependencies", str(name)):
            yield Mention("extra", normalize(name), _bare(snapshot, entry.key), makes=True)


def _of_uv(snapshot: Snapshot, entry: Entry) -> Iterator[Mention]:
    match entry.path[2:]:
        case ("default-groups",):
            for item in entry.value.items:
                yield from _named("group", item)
        case ("index", int(), "name"):
            yield from _named("index", entry.value, makes=True)
        case ("sources", str(), *_, "index" | "group" | "extra" as kind):
            yield from _named(kind, entry.value)
        case ("sources", str(name)):
            yield Mention("package", normalize(name), _bare(snapshot, entry.key), makes=True)


def _named(kind: Kind, value: Value, *, makes: bool = False) -> Iterator[Mention]:
    if value.kind == "string":
        yield Mention(kind, normalize(value.text), Span(value.span.start + 1, value.span.end - 1), makes)


def _bare(snapshot: Snapshot, key: Span) -> Span:
    """Return the last part of a key, without its quotes."""
    text = snapshot.text[key.start : key.end]
    last = text.rstrip("\"'")
    start = max(last.rfind(mark) for mark in ".\"'") + 1
    return Span(key.start + start, key.start + len(last))


def _of_requirement(snapshot: Snapshot, one: Dependency) -> Iterator[Mention]:
    span = _name_span(snapshot, one)
    if span is None:
        return
    yield Mention("package", one.name, span, makes=False)
    own = normalize(snapshot.manifest.name or "")
    extras = _EXTRAS.match(snapshot.text, span.end) if one.name == own else None
    for match in _NAME.finditer(extras[1]) if extras is not None else ():
        start = extras.start(1) + match.start() if extras is not None else 0
        yield Mention("extra", normalize(match[0]), Span(start, start + len(match[0])), makes=False)


def _name_span(snapshot: Snapshot, one: Dependency) -> Span | None:
    match = _NAME.search(snapshot.text, one.span.start, one.span.end)
    return Span(*match.span()) if match is not None and one.name else None


def _location(snapshot: Snapshot, one: Mention) -> Location:
    return {"uri": snapshot.uri, "range": snapshot.range(one.span)}
