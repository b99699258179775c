"""What is wrong with names that stand for other things: groups, extras, indexes, sources; and with the project's own version."""

from collections.abc import Iterator, Mapping

from lsp_server.core import releases, requirement, toml
from lsp_server.core.requirement import normalize
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Span, Value
from lsp_server.features.checks.finding import Finding, Fix
from lsp_server.features.completion.requirements import extras_of


def tables(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield what is wrong with what the tables of a manifest say of each other."""
    yield from _groups(snapshot)
    yield from _extras(snapshot)
    yield from _sources(snapshot)
    yield from _project(snapshot)
    yield from _legacy(snapshot)


def _groups(snapshot: Snapshot) -> Iterator[Finding]:
    """PEP 735: a group that is included has to be there, and no group may include itself."""
    includes: dict[str, list[tuple[str, Span]]] = {}
    known = set(snapshot.manifest.groups)
    for path, value in snapshot.manifest.document.index.items():
        match path:
            case ("dependency-groups", str(by), int(), "include-group") if value.kind == "string":
                includes.setdefault(normalize(by), []).append((normalize(value.text), value.span))
                if normalize(value.text) not in known:
                    yield Finding("unknown-group", value.span, f"there is no group '{value.text}' to include")
    yield from _cycles(includes)
    default = snapshot.manifest.document.get("tool", "uv", "default-groups")
    for item in default.items if default is not None else ():
        if item.kind == "string" and normalize(item.text) not in known:
            yield Finding("unknown-group", item.span, f"there is no group '{item.text}' to install by default")


def _cycles(includes: Mapping[str, list[tuple[str, Span]]]) -> Iterator[Finding]:
    for start, first in includes.items():
        for name, span in first:
            way = _way(includes, name, start)
            if way is not None:
                yield Finding("group-cycle", span, f"group '{start}' includes itself: {' → '.join((start, *way))}")


def _way(includes: Mapping[str, list[tuple[str, Span]]], start: str, end: str) -> tuple[str, ...] | None:
    """Return the groups from one to another one, each including the next."""
    before: dict[str, str | None] = {start: None}
    waiting = [start]
    for here in waiting:
        if here == end:
            return _chain(before, here)
        for following, _ in includes.get(here, ()):
            if following not in before:
                before[following] = here
                waiting.append(following)
    return None


def _chain(before: Mapping[str, str | None], last: str) -> tuple[str, ...]:
    found = [last]
    while (above := before[found[-1]]) is not None:
        found.append(above)
    return tuple(reversed(found))


def _extras(snapshot: Snapshot) -> Iterator[Finding]:
    """Extras that a package does not have: this project's own, and those of a package whose metadata is known."""
    own = normalize(snapshot.manifest.name or "")
    for one in snapshot.manifest.dependencies:
        if one.requirement is None or not one.requirement.extras or one.name in snapshot.manifest.sources:
            continue
        page = snapshot.known.get(one.name)
        if one.name != own and (page is None or page.metadata is None):
            continue
        has = set(extras_of(snapshot, one.name))
        for extra in sorted(one.requirement.extras):
            if normalize(extra) not in has:
                shown = f"it has {', '.join(sorted(has))}" if has else "it has none"
                yield Finding("unknown-extra", one.span, f"'{one.name}' has no extra '{extra}'; {shown}")


def _sources(snapshot: Snapshot) -> Iterator[Finding]:
    document = snapshot.manifest.document
    known = {*snapshot.around.indexes, *(one.text for one in _index_names(document))}
    required = {one.name for one in snapshot.manifest.dependencies if one.name} | set(_others(document))
    said: set[str] = set()
    for path, value in document.index.items():
        if path[:3] != ("tool", "uv", "sources") or len(path) < 4:  # noqa: PLR2004  a package's name comes fourth
            continue
        name = normalize(str(path[3]))
        if path[-1] == "index" and value.kind == "string" and value.text not in known:
            yield Finding("unknown-index", value.span, f"no index is named '{value.text}' in `tool.uv.index`")
        if name not in required and name not in said and len(snapshot.around.members) <= 1:
            said.add(name)
            entry = next((one for one in document.walk() if one.path == path), None)
            span = entry.key if entry is not None else value.span
            yield Finding("unused-source", span, f"nothing in this file requires '{name}', so its source has no effect")


def _index_names(document: toml.Document) -> Iterator[Value]:
    for path, value in document.index.items():
        if path[:3] == ("tool", "uv", "index") and path[-1] == "name" and value.kind == "string":
            yield value


def _others(document: toml.Document) -> Iterator[str]:
    """Yield the names that uv's constraints and overrides, and the build, name."""
    for path, value in document.index.items():
        match path:
            case ("build-system", "requires") | ("tool", "uv", str()):
                yield from (requirement.leading_name(item.text) for item in value.items if item.kind == "string")


def _project(snapshot: Snapshot) -> Iterator[Finding]:
    """The project's own version and Python (PEP 440, 621)."""
    manifest, document = snapshot.manifest, snapshot.manifest.document
    if manifest.version is not None and manifest.version_span is not None and releases.version(manifest.version) is None:
        yield Finding("invalid-version", manifest.version_span, f"'{manifest.version}' is no version (PEP 440)")
    dynamic = document.get("project", "dynamic")
    for item in dynamic.items if dynamic is not None else ():
        if item.kind == "string" and document.get("project", item.text) is not None:
            yield Finding("static-and-dynamic", item.span, f"'{item.text}' is listed as dynamic and has a value too (PEP 621)")
    wanted = document.get("project", "requires-python") or document.get("requires-python")
    if wanted is not None and wanted.kind == "string":
        allowed = releases.specifiers(wanted.text)
        if allowed is None:
            yield Finding("invalid-requires-python", wanted.span, f"'{wanted.text}' is no list of version bounds (PEP 440)")
        elif snapshot.packages.python and not allowed.contains(snapshot.packages.python, prereleases=True):
            message = f"the environment has Python {snapshot.packages.python}, which '{wanted.text}' excludes"
            yield Finding("requires-python-excludes", wanted.span, message)


def _legacy(snapshot: Snapshot) -> Iterator[Finding]:
    document = snapshot.manifest.document
    entry = next((one for one in document.entries if one.path == ("tool", "uv", "dev-dependencies")), None)
    if entry is None:
        return
    message = "`tool.uv.dev-dependencies` is uv's old way; `[dependency-groups]` is the standard one (PEP 735)"
    text = document.text
    fixes: tuple[Fix, ...] = ()
    if document.get("dependency-groups", "dev") is None and entry.value.kind == "array":
        header = next((one for one in document.headers if one.path == ("dependency-groups",)), None)
        listed = text[entry.value.span.start : entry.value.span.end]
        whole = Span(text.rfind("\n", 0, entry.key.start) + 1, _line_end(text, entry.value.span.end))
        at = Span(header.body.start, header.body.start) if header is not None else Span(len(text), len(text))
        added = f"dev = {listed}\n" if header is not None else f"{_gap(text)}[dependency-groups]\ndev = {listed}\n"
        fixes = (Fix("Move to [dependency-groups]", edits=((whole, ""), (at, added))),)
    yield Finding("legacy-dev-dependencies", entry.key, message, fixes)


def _line_end(text: str, offset: int) -> int:
    found = text.find("\n", offset)
    return len(text) if found < 0 else found + 1


def _gap(text: str) -> str:
    return "\n" if text.endswith("\n") else "\n\n"
