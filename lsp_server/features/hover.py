"""Hover in a manifest or a script's block: on a requirement, and on a group, an extra, an index, a source."""

from collections.abc import Iterator
from dataclasses import dataclass

from lsp_server.core import indexes, markdown, toml
from lsp_server.core.lsp import Hover, Position
from lsp_server.core.requirement import normalize
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Span
from lsp_server.features.dependency_hover import dependency_hover

_MOST_NAMES = 12


@dataclass(frozen=True, slots=True)
class _Thing:
    """What the cursor is on: the path of its key, or of the string that names it."""

    path: toml.Path
    text: str
    span: Span


def hover(snapshot: Snapshot, position: Position) -> Hover | None:
    """Return what is known of the thing at a position; None where there is nothing to say."""
    found = dependency_hover(snapshot, position)
    if found is not None or not snapshot.holds(position):
        return found
    thing = _thing(snapshot, snapshot.offset(position))
    lines = list(_lines(snapshot, thing)) if thing is not None else []
    if thing is None or not lines:
        return None
    return {"contents": {"kind": "markdown", "value": "\n\n".join(lines)}, "range": snapshot.range(thing.span)}


def _thing(snapshot: Snapshot, offset: int) -> _Thing | None:
    for entry in snapshot.manifest.document.walk():
        if entry.key.start > offset:
            return None
        if offset <= entry.key.end:
            return _Thing(entry.path, str(entry.path[-1]), entry.key)
        for number, value in enumerate((entry.value, *entry.value.items)):
            if value.kind == "string" and value.span.start <= offset <= value.span.end:
                return _Thing((*entry.path, number - 1) if number else entry.path, value.text, value.span)
    return None


def _lines(snapshot: Snapshot, thing: _Thing) -> Iterator[str]:
    match thing.path:
        case ("dependency-groups", str()) | ("dependency-groups", _, _, "include-group") if thing.text != "include-group":
            yield from _group(snapshot, normalize(thing.text))
        case ("tool", "uv", "default-groups", int()):
            yield from _group(snapshot, normalize(thing.text))
        case ("project", "optional-dependencies", str()):
            yield from _extra(snapshot, normalize(thing.text))
        case ("tool", "uv", "sources", str(name), *_, "index") if thing.text != "index":
            yield from _index(snapshot, thing.text)
        case ("tool", "uv", "index", int(), "name"):
            yield from _index(snapshot, thing.text)
        case ("tool", "uv", "sources", str(name)):
            yield from _source(snapshot, normalize(name))


def _group(snapshot: Snapshot, name: str) -> Iterator[str]:
    members = [one.name for one in snapshot.manifest.dependencies if (one.table.kind, one.table.name) == ("group", name)]
    if name not in snapshot.manifest.groups:
        yield f"there is no group **{markdown.escaped(name)}** in this file"
        return
    default = "installed by default" if name in snapshot.manifest.default_groups else f"installed by `uv sync --group {name}`"
    yield f"**group {name}**: {_counted(members)}, {default}"
    users = sorted({by for by, included in _included(snapshot) if included == name})
    if users:
        yield f"included in {', '.join(users)}"


def _included(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield each group that includes another one, with that (PEP 735)."""
    for path, value in snapshot.manifest.document.index.items():
        match path:
            case ("dependency-groups", str(by), int(), "include-group") if value.kind == "string":
                yield normalize(by), normalize(value.text)


def _extra(snapshot: Snapshot, name: str) -> Iterator[str]:
    members = [one.name for one in snapshot.manifest.dependencies if (one.table.kind, one.table.name) == ("extra", name)]
    yield f"**extra {name}**: {_counted(members)}, installed by `uv sync --extra {name}`"
    own = normalize(snapshot.manifest.name or "")
    users = sorted({one.table.label() for one in snapshot.manifest.dependencies if _takes(one.requirement, one.name, own, name)})
    if users:
        yield f"taken in {', '.join(users)}"


def _takes(requirement: object, name: str, own: str, extra: str) -> bool:
    extras = getattr(requirement, "extras", ())
    return bool(own) and name == own and extra in {normalize(one) for one in extras}


def _index(snapshot: Snapshot, name: str) -> Iterator[str]:
    document = snapshot.manifest.document
    path = next(
        (p for p, v in document.index.items() if p[:3] == ("tool", "uv", "index") and p[-1:] == ("name",) and v.text == name),
        None,
    )
    url = document.get(*path[:-1], "url") if path is not None else None
    where = url.text if url is not None else snapshot.around.indexes.get(name)
    if where is None:
        yield f"no index is named **{markdown.escaped(name)}** here"
        return
    explicit = document.get(*path[:-1], "explicit") if path is not None else None
    kind = (
        "only for packages whose source names it"
        if explicit is not None and explicit.text == "true"
        else "asked for every package"
    )
    yield f"**index {markdown.escaped(name)}**: {markdown.code(indexes.shown_url(where))}, {kind}"
    users = sorted(package for package, sources in indexes.sources(document).items() if any(one.index == name for one in sources))
    yield f"source of {_named(users)}" if users else "no source names it in this file"


def _source(snapshot: Snapshot, name: str) -> Iterator[str]:
    below = ("tool", "uv", "sources")
    index = snapshot.manifest.document.index
    said = [value.text for path, value in index.items() if path[:-1] == below and normalize(str(path[-1])) == name]
    yield f"**source of {name}**" + (f": {markdown.code(said[0])}" if said else "")
    tables = sorted({one.table.label() for one in snapshot.manifest.dependencies if one.name == name})
    yield f"required in {', '.join(tables)}" if tables else "nothing in this file requires it"


def _counted(names: list[str]) -> str:
    return f"{len(names)} package{'s' if len(names) != 1 else ''}" + (f" ({_named(names)})" if names else "")


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(markdown.escaped(name) for name in names[:_MOST_NAMES]) + more
