"""Hover on a requirement: what it is, its versions, what is wrong with them, why it is there and where it comes from."""

from collections.abc import Iterator

from lsp_server.core import markdown, releases
from lsp_server.core.lsp import Hover, Position
from lsp_server.core.metadata import Metadata
from lsp_server.core.pyproject import Dependency
from lsp_server.core.releases import Page, Release
from lsp_server.core.snapshot import Snapshot
from lsp_server.features.completion.requirements import lowest_python

_HOMES = ("homepage", "home", "documentation", "docs", "repository", "source", "source code", "github", "changelog", "changes")
_MOST_LINKS = 4
_MOST_NEEDING = 6


def dependency_hover(snapshot: Snapshot, position: Position) -> Hover | None:
    """Return what is known of the requirement at a position; None where there is none."""
    dependency = dependency_at(snapshot, position)
    if dependency is None:
        return None
    value = "\n\n".join(_lines(snapshot, dependency))
    return {"contents": {"kind": "markdown", "value": value}, "range": snapshot.range(dependency.span)}


def dependency_at(snapshot: Snapshot, position: Position) -> Dependency | None:
    """Return the requirement at a position, if it has a name."""
    found = snapshot.manifest.at(snapshot.offset(position)) if snapshot.holds(position) else None
    return found if found is not None and found.name else None


def _lines(snapshot: Snapshot, dependency: Dependency) -> Iterator[str]:
    name, page = dependency.name, snapshot.known.get(dependency.name)
    said = (page.metadata if page is not None else None) or snapshot.packages.described.get(name)
    yield f"**{markdown.escaped(name)}** in {markdown.escaped(dependency.table.label())}"
    if said is not None and said.summary:
        yield markdown.escaped(said.summary)
    yield _versions(snapshot, name)
    if page is not None:
        yield from _of_index(snapshot, dependency, page)
    if dependency.requirement is not None and dependency.requirement.marker is not None:
        yield f"only where {markdown.code(str(dependency.requirement.marker))}"
    if name in snapshot.manifest.sources:
        yield "its source is set in `tool.uv.sources`"
    yield from _of_lock(snapshot, dependency)
    if said is not None:
        yield from _links(said)


def _versions(snapshot: Snapshot, name: str) -> str:
    known = snapshot.packages
    locked, there, newer = ", ".join(sorted(known.locked.get(name, ()))), (known.installed or {}).get(name), known.newer(name)
    facts = [
        f"locked: {markdown.escaped(locked)}" if locked else "not locked",
        f"installed: {markdown.escaped(there)}" if there is not None else "not installed",
        *([f"available: {markdown.escaped(newer)}"] if newer is not None else []),
    ]
    return " · ".join(facts)


def _of_index(snapshot: Snapshot, dependency: Dependency, page: Page) -> Iterator[str]:
    """Say what the index has: the newest version that the requirement allows, the newest of all, what was withdrawn."""
    if not page.exists:
        yield f"no index that may be asked has a package {markdown.code(page.name)}"
        return
    allowed = dependency.requirement.specifier if dependency.requirement is not None else None
    newest, fitting = page.newest(), page.newest(allowed, lowest_python(snapshot))
    shown = [f"newest: {_dated(newest)}"] if newest is not None else []
    if fitting is not None and fitting != newest:
        shown.insert(0, f"newest allowed: {_dated(fitting)}")
    if fitting is None and page.releases:
        shown.insert(0, "no version that is allowed")
    if shown:
        yield " · ".join(shown)
    yield from _warnings(snapshot, page)


def _dated(release: Release) -> str:
    return markdown.escaped(f"{release.version} ({release.uploaded})" if release.uploaded else release.version)


def _warnings(snapshot: Snapshot, page: Page) -> Iterator[str]:
    if page.status != releases.ACTIVE:
        yield f"⚠ the package is **{markdown.escaped(page.status)}**" + (
            f": {markdown.escaped(page.reason)}" if page.reason else ""
        )
    for version in sorted(snapshot.packages.locked.get(page.name, ())):
        release = page.release(version)
        if release is not None and release.yanked is not None:
            yield f"⚠ {markdown.escaped(version)} is **yanked**" + (
                f": {markdown.escaped(release.yanked)}" if release.yanked else ""
            )


def _of_lock(snapshot: Snapshot, dependency: Dependency) -> Iterator[str]:
    lock, name = snapshot.packages.lock, dependency.name
    facts = []
    extras = sorted(dependency.requirement.extras) if dependency.requirement is not None else []
    if extras:
        facts.append(f"extras: {', '.join(extras)}")
    needing = [one for one in lock.needed_by(name) if one not in lock.local]
    if needing:
        more = f" and {len(needing) - _MOST_NEEDING} more" if len(needing) > _MOST_NEEDING else ""
        facts.append(f"needed by {markdown.escaped(', '.join(needing[:_MOST_NEEDING]))}{more}")
    needs = len(lock.needs.get(name, ()))
    if needs:
        facts.append(f"needs {needs} package{'s' if needs > 1 else ''}")
    if name in lock.sizes:
        facts.append(size(lock.sizes[name]))
    if facts:
        yield " · ".join(facts)


def size(count: int) -> str:
    """Return a number of bytes for people to read."""
    value, units = float(count), iter(("bytes", "kB", "MB", "GB"))
    unit = next(units)
    while value >= 1000 and unit != "GB":  # noqa: PLR2004  as package indexes count
        value, unit = value / 1000, next(units)
    return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"


def _links(said: Metadata) -> Iterator[str]:
    known = sorted(said.urls.items(), key=lambda one: _HOMES.index(one[0].lower()) if one[0].lower() in _HOMES else len(_HOMES))
    shown = [markdown.link(label, url) for label, url in known[:_MOST_LINKS]]
    if said.licence:
        shown.insert(0, markdown.escaped(said.licence))
    if shown:
        yield " · ".join(shown)
