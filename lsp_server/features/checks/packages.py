"""What indexes, the lock file and the last plan say of what a manifest requires."""

import re
from collections.abc import Iterator

from packaging.specifiers import SpecifierSet

from lsp_server.core import releases
from lsp_server.core.pyproject import Dependency
from lsp_server.core.releases import Page
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Span
from lsp_server.core.vulnerabilities import UNKNOWN, Vulnerability
from lsp_server.features.checks.finding import Finding, Fix
from lsp_server.features.checks.requirements import contradicts


def packages(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield what is wrong with the packages that are required, as far as it is known."""
    for one in snapshot.manifest.dependencies:
        page = snapshot.known.get(one.name) if one.requirement is not None and one.requirement.url is None else None
        if page is not None and one.name not in snapshot.around.members:
            yield from _of_index(snapshot, one, page)
    yield from _vulnerable(snapshot)
    yield from _state(snapshot)
    yield from _failed_plan(snapshot)


def _of_index(snapshot: Snapshot, one: Dependency, page: Page) -> Iterator[Finding]:
    if not page.exists:
        fix = Fix(f"Remove {one.name} from {one.table.label()}", "pyproject.remove", _place(one))
        yield Finding("unknown-package", one.span, f"no index that may be asked has a package '{one.name}'", (fix,))
        return
    allowed = one.requirement.specifier if one.requirement is not None else None
    upgrade = Fix(f"Upgrade {one.name}", "pyproject.upgrade", {"packages": [one.name]})
    locked = snapshot.packages.locked.get(one.name, ())
    if (
        allowed
        and not any(allowed.contains(version, prereleases=True) for version in locked)
        and not _is_satisfiable(page, allowed)
    ):
        newest = page.newest() or page.releases[0]
        message = f"no version of '{one.name}' satisfies '{allowed}'; the newest is {newest.version}"
        yield Finding("no-version-satisfies", one.span, message, (upgrade,))
    if page.status != releases.ACTIVE:
        why = f": {page.reason}" if page.reason else ""
        yield Finding(page.status, one.span, f"'{one.name}' is {page.status} on its index{why}")
    for version in sorted(snapshot.packages.locked.get(one.name, ())):
        release = page.release(version)
        if release is not None and release.yanked is not None:
            why = f": {release.yanked}" if release.yanked else ""
            yield Finding("yanked", one.span, f"'{one.name}' {version}, which is locked, was withdrawn{why}", (upgrade,))


def _vulnerable(snapshot: Snapshot) -> Iterator[Finding]:
    """Show each advisory at the requirement of its package, or at those that bring it; not after another version is locked."""
    for found in snapshot.packages.vulnerable:
        if found.version not in snapshot.packages.locked.get(found.name, ()):
            continue
        roots = {path[0]: path for path in found.paths}
        for one in snapshot.manifest.dependencies:
            if one.name == found.name or one.name in roots:
                yield _advisory(one, found, roots.get(one.name, (found.name,)))


def _advisory(one: Dependency, found: Vulnerability, way: tuple[str, ...]) -> Finding:
    brought = f" (here because {' → '.join(way)})" if len(way) > 1 else ""
    fixed = f"; fixed in {', '.join(found.fixed)}" if found.fixed else "; no version is fixed yet"
    how = f", {found.severity}" if found.severity != UNKNOWN else ""
    message = f"{found.name} {found.version} is vulnerable: {found.id}{how}: {found.summary}{brought}{fixed}"
    title = f"Upgrade {found.name} in uv.lock to a version that is not vulnerable"
    fixes = (Fix(title, "pyproject.upgrade", {"packages": [found.name], "strategy": "lock"}),) if found.fixed else ()
    return Finding("vulnerable", one.span, message, fixes)


_satisfiable: dict[tuple[str, str, float, str], bool] = {}
"""What was found of a page and bounds: hundreds of releases take a millisecond, and each keystroke asks for all packages."""
_MOST_REMEMBERED = 4096


def _is_satisfiable(page: Page, allowed: SpecifierSet) -> bool:
    """Tell whether a page has a version inside the bounds; true where it has none at all, or where the bounds contradict."""
    key = (page.name, page.index, page.fetched, str(allowed))
    if key not in _satisfiable:
        if len(_satisfiable) >= _MOST_REMEMBERED:
            _satisfiable.clear()
        fits = any(allowed.contains(release.version, prereleases=True) for release in page.releases)
        _satisfiable[key] = fits or not page.releases or contradicts(allowed)
    return _satisfiable[key]


def _place(one: Dependency) -> dict[str, object]:
    place: dict[str, object] = {} if one.table.kind == "runtime" else {one.table.kind: one.table.name}
    return {"packages": [one.name], **place}


def _state(snapshot: Snapshot) -> Iterator[Finding]:
    """Say on the name of the project that uv.lock or the environment is behind; only of a text that is saved."""
    span = _name_span(snapshot)
    if span is None or snapshot.state.text != snapshot.text:
        return
    if snapshot.state.lock == "stale":
        fix = Fix("Update uv.lock", "pyproject.lock")
        yield Finding("lock-stale", span, "uv.lock was not made from this manifest; lock to bring it up to date", (fix,))
    if snapshot.state.environment == "stale":
        fix = Fix("Sync the environment", "pyproject.sync")
        yield Finding("environment-stale", span, "the environment has other packages than uv.lock", (fix,))


def _name_span(snapshot: Snapshot) -> Span | None:
    found = snapshot.manifest.document.get("project", "name")
    return found.span if found is not None else None


def _failed_plan(snapshot: Snapshot) -> Iterator[Finding]:
    """Show why the last plan failed on the requirements that uv names, until the text changes."""
    failure = snapshot.state.failure
    if failure is None or snapshot.state.failed_text != snapshot.text:
        return
    found = [one for one in snapshot.manifest.dependencies if one.name and _names(failure, one.name)]
    for one in found:
        yield Finding("unresolvable", one.span, failure)
    span = _name_span(snapshot)
    if not found and span is not None:
        yield Finding("unresolvable", span, failure)


def _names(text: str, name: str) -> bool:
    pattern = r"[-_.]+".join(map(re.escape, name.split("-")))
    return re.search(rf"(?<![\w.-]){pattern}(?![\w-])", text, re.IGNORECASE) is not None
