"""The answer of `textDocument/completion` in a manifest or a block: what the cursor is in decides who makes it."""

from collections.abc import Iterable

from lsp_server.core import cursor, toml
from lsp_server.core.cursor import Place
from lsp_server.core.lsp import CompletionItem, CompletionList, Position
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Span
from lsp_server.core.typed_requirement import Typed, marker, typed
from lsp_server.features.completion import requirements, tables
from lsp_server.features.completion.suggestions import Suggestion, items

NOTHING: CompletionList = {"isIncomplete": False, "items": []}
_BOOLEANS = frozenset({"true", "false"})


def completion(snapshot: Snapshot, position: Position) -> CompletionList:
    """Return what may stand at a position."""
    place = _place(snapshot, position)
    if place is None:
        return NOTHING
    said = _typed(snapshot, place)
    if said is not None:
        return _of_requirement(snapshot, place, said)
    if place.kind in {"key", "header"}:
        return _whole(_items(snapshot, place, tables.keys(snapshot, place)))
    return _whole(_values(snapshot, place))


def wanted(snapshot: Snapshot, position: Position) -> str | None:
    """Return the package of which more would be shown at a position, if more was known."""
    place = _place(snapshot, position)
    said = _typed(snapshot, place) if place is not None else None
    return said.name or None if said is not None and said.part in {"extra", "operator", "version"} else None


def _place(snapshot: Snapshot, position: Position) -> Place | None:
    return cursor.find(snapshot.manifest.document, snapshot.offset(position)) if snapshot.holds(position) else None


def _typed(snapshot: Snapshot, place: Place) -> Typed | None:
    """Return what is typed of a requirement or a marker; None elsewhere."""
    if place.kind in {"key", "header"}:
        return None
    text = snapshot.text[place.start : place.offset]
    if is_requirement(place.path, script=snapshot.script is not None):
        return typed(text)
    match place.path:
        case ("tool", "uv", "sources", *_, "marker") | ("tool", "uv", "environments" | "required-environments", int()):
            return marker(text)
    return None


def is_requirement(path: toml.Path, *, script: bool) -> bool:
    """Tell whether a string at a path is a requirement (PEP 508)."""
    match path:
        case ("project", "dependencies", int()) | ("dependency-groups", str(), int()) | ("build-system", "requires", int()):
            return not script
        case ("project", "optional-dependencies", str(), int()):
            return not script
        case ("dependencies", int()):
            return script
        case ("tool", "uv", str(key), int()):
            return key == "dev-dependencies" or key.endswith(("constraint-dependencies", "override-dependencies"))
    return False


def _of_requirement(snapshot: Snapshot, place: Place, said: Typed) -> CompletionList:
    word = requirements.word_span(snapshot, place, said)
    found = items(snapshot, place, word, requirements.suggestions(snapshot, place, said))
    # A name may fit more than is shown; of a package more is known once its index has answered.
    unknown = said.part in {"extra", "operator", "version"} and said.name not in snapshot.known
    return {"isIncomplete": said.part == "name" or unknown or len(found) >= requirements.MOST_VERSIONS, "items": found}


def _values(snapshot: Snapshot, place: Place) -> list[CompletionItem]:
    found = list(tables.values(snapshot, place))
    if place.kind == "bare" and all(one.label in _BOOLEANS for one in found):
        place = Place("string", place.path, place.start, place.offset, place.end)
    return _items(snapshot, place, found)


def _items(snapshot: Snapshot, place: Place, found: Iterable[Suggestion]) -> list[CompletionItem]:
    # Of a path or a number the dots and slashes belong to the word.
    end = place.end if place.kind == "string" else max(place.end, place.offset)
    return items(snapshot, place, Span(place.start, end), found)


def _whole(found: list[CompletionItem]) -> CompletionList:
    return {"isIncomplete": False, "items": found}
