"""What to add to make all missing imports work: for each table the verified distributions that belong in it."""

from collections.abc import Iterable, Mapping

from lsp_server.core.pyproject import RUNTIME
from lsp_server.imports.core import judge, placement
from lsp_server.imports.core.candidates import candidates
from lsp_server.imports.core.judge import Finding, Place
from lsp_server.imports.core.view import Fixes, Target, View


def of_findings(view: View, place: Place, findings: Iterable[Finding]) -> Fixes:
    """Return what would fix the findings of one file. What nothing vouches for is never added in passing."""
    found: dict[Target, dict[str, None]] = {}
    for finding in findings:
        if not finding.told or finding.problem not in {"missing", "transitive"}:
            continue
        first = next(iter(candidates(view, place.member, finding.targets)), None)
        table = RUNTIME if place.script else next(iter(placement.tables(view, place, finding.found)), None)
        if first is not None and first.verified and table is not None:
            marker = finding.found.marker if finding.found.guard == "marker" and not place.script else None
            found.setdefault(Target(table, marker), {})[first.name] = None
    return {target: tuple(names) for target, names in found.items()}


def of_project(view: View) -> Mapping[str, Fixes]:
    """Return for each member, by its folder, what would fix all its files, of those that `View.usage` has.

    A distribution that the library needs is not added to a group as well. It takes seconds for thousands of files.
    """
    found: dict[str, dict[Target, dict[str, None]]] = {}
    for path, modules in (view.usage or {}).items():
        place = judge.place_of(view, path)
        if place is None:
            continue
        here = found.setdefault(place.member.folder, {})
        for target, names in of_findings(view, place, judge.judge(view, place, modules)).items():
            here.setdefault(target, {}).update(dict.fromkeys(names))
    return {folder: _without_repeats(targets) for folder, targets in found.items()}


def _without_repeats(targets: Mapping[Target, Mapping[str, None]]) -> Fixes:
    runtime = set(targets.get(Target(RUNTIME), ()))
    kept = {target: tuple(n for n in names if target == Target(RUNTIME) or n not in runtime) for target, names in targets.items()}
    return {target: names for target, names in kept.items() if names}
