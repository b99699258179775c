"""Diagnostics of a manifest: dependencies that no file of the project imports (setting `imports.unused`).

Only what must be imported to be used is reported: what plugs itself in by an entry point, has no module, is a stub, a
tool of a build or belongs to a group of development is used in ways that no import shows.
"""

from collections.abc import Iterable

from lsp_server.core.lsp import UNNECESSARY, Diagnostic
from lsp_server.core.pyproject import Dependency
from lsp_server.core.snapshot import Snapshot
from lsp_server.imports.core.installed import Distribution
from lsp_server.imports.core.scanner import Import
from lsp_server.imports.core.view import View

_SEVERITIES = {"warning": 2, "information": 3, "hint": 4}


def unused_dependencies(snapshot: Snapshot, view: View, path: str) -> list[Diagnostic]:
    """Return the dependencies of a manifest that nothing imports, in the order of the text.

    Args:
        snapshot: the manifest.
        view: its project; nothing is reported before `View.usage` is there, or without an environment.
        path: the manifest's path relative to the workspace.

    """
    severity = _SEVERITIES.get(snapshot.settings.imports_unused)
    member = view.member_of(path)
    if severity is None or member is None or view.usage is None or view.installed is None:
        return []
    imported = _imported(one for file, ones in view.usage.items() if view.member_of(file) is member for one in ones)
    there = view.installed.distributions
    return [
        _diagnostic(snapshot, dependency, severity)
        for dependency in snapshot.manifest.dependencies
        if dependency.table.kind != "group"
        and (one := there.get(dependency.name)) is not None
        and can_be_seen(one)
        and not imported & one.modules
    ]


def can_be_seen(one: Distribution) -> bool:
    """Tell whether a distribution is used by importing it, so that its imports would be seen."""
    is_types = one.name.startswith("types-") or one.name.endswith("-stubs")
    return bool(one.modules) and not one.plugs_in and not is_types


def _imported(imports: Iterable[Import]) -> frozenset[str]:
    """Every dotted name that is imported, with the names above it: `a.b` uses a distribution that has `a`."""
    found: set[str] = set()
    for one in imports:
        for target in one.targets():
            name = target
            while name and name not in found:
                found.add(name)
                name = name.rpartition(".")[0]
    return frozenset(found)


def _diagnostic(snapshot: Snapshot, dependency: Dependency, severity: int) -> Diagnostic:
    return {
        "range": snapshot.range(dependency.span),
        "severity": severity,
        "code": "dependency-unused",
        "source": "pyproject-lsp",
        "message": f"'{dependency.name}' is declared in {dependency.table.label()}, and no file of the project imports it",
        "tags": [UNNECESSARY],
    }
