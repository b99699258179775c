"""What is to be said of each import of a Python file: nothing, or why it will fail somewhere and what would help."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from packaging.markers import InvalidMarker, Marker

from lsp_server.core.pyproject import Table
from lsp_server.core.requirement import normalize
from lsp_server.imports.core import declared, stdlib, tree
from lsp_server.imports.core.declared import BUILD, Declared
from lsp_server.imports.core.scanner import Import, absolute, is_generated
from lsp_server.imports.core.tree import Member, Role
from lsp_server.imports.core.view import View

Problem = Literal["missing", "not-installed", "transitive", "wrong-table"]
# Distributions that every environment of a build or of a test has, whoever asked for them.
_TEST_EXTRAS = frozenset(Table("extra", name) for name in ("test", "tests", "testing", "dev", "docs", "doc", "all"))
_BUILD_TOOLS = frozenset({"setuptools", "wheel", "pip"})


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one import.

    Attributes:
        targets: The dotted names that the import may load, the most specific first.
        distributions: Who provides it, as far as that is known.
        needed_by: For "transitive", a distribution that needs it.
        tables: For "wrong-table", the tables that declare it.
        told: Whether to tell it unasked; what may fail without harm is only offered a fix.
    """

    found: Import
    problem: Problem
    targets: tuple[str, ...]
    distributions: tuple[str, ...] = ()
    needed_by: str | None = None
    tables: tuple[Table, ...] = ()
    told: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """The file that is judged: its member, its path in the workspace, and what it may rely on.

    Attributes:
        script: Whether it has a metadata block of its own (PEP 723): then only that counts.
    """

    member: Member
    path: str
    declared: Declared
    requires_python: str | None
    script: bool = False

    @property
    def role(self) -> Role:
        """What kind of file it is. The project's own package is the library, also if it is called `demo` or `tools`."""
        below = self.path[len(self.member.folder) :].lstrip("/").removeprefix("src/")
        own = self.member.name.replace("-", "_")
        if own and below.startswith(f"{own}/"):
            below = below[len(own) + 1 :]
            return "tests" if tree.role(below) == "tests" else "library"
        return tree.role(below)


def place_of(view: View, path: str, *, script: str | None = None) -> Place | None:
    """Return the place of a file, by its path relative to the workspace; None where no project says anything of it.

    Args:
        view: the project.
        path: relative, with `/`.
        script: the TOML of the file's metadata block, if it has one.

    """
    member = view.member_of(path)
    if script is not None:
        own = declared.of_script(script)
        requires = declared.requires_python(script)
        return Place(member or Member("", _EMPTY), path, own, requires, script=True)
    if member is None:
        return None
    return Place(member, path, view.declared_by(member), member.manifest.requires_python)


def judge(view: View, place: Place, imports: Iterable[Import]) -> tuple[Finding, ...]:
    """Return what is wrong with the imports of a file, in the order of the text."""
    known: dict[tuple[object, ...], Finding | None] = {}
    found: list[Finding] = []
    named = absolute(tuple(imports))
    # A file that catches the failure in one place has thought of it in the others.
    tried = {one.top for one in named if one.guard == "optional"}
    for one in (replace(one, guard="optional", marker=None) if one.top in tried else one for one in named):
        if is_given(view, place, one):
            continue
        for targets in _targets(view, one):
            finding = _judged(view, place, one, targets, known)
            if finding is not None:
                found.append(finding)
    return tuple(found)


def is_given(view: View, place: Place, one: Import) -> bool:
    """Tell whether an import needs no dependency: the standard library, the project's own code, a stub."""
    if stdlib.contains(one.top, place.requires_python) or one.top.endswith("_stubs"):
        return True
    return view.is_own(place.member, place.path, one.top)


def _targets(view: View, one: Import) -> Iterator[tuple[str, ...]]:
    """For a namespace each name that is taken out of it, for that may be another distribution's; else the module."""
    if any(map(is_generated, one.targets())):
        yield one.targets()
        return
    installed = view.installed
    shared = view.names.is_namespace(one.top) or (installed is not None and installed.is_shared(one.module))
    names = [name for name in one.names if name != "*"]
    if not (shared and names):
        yield (one.module,)
        return
    seen: set[tuple[str, ...]] = set()
    for name in names:
        owners = view.owners(f"{one.module}.{name}")
        if owners not in seen:
            seen.add(owners)
            yield (f"{one.module}.{name}", one.module)


def _judged(
    view: View, place: Place, one: Import, targets: tuple[str, ...], known: dict[tuple[object, ...], Finding | None]
) -> Finding | None:
    """As `_find`, but what is imported again in the same way is not looked up again."""
    key = (targets, one.guard, one.deferred, one.marker)
    if key not in known:
        known[key] = _find(view, place, one, targets)
    finding = known[key]
    if finding is None or finding.found is one:
        return finding
    return Finding(one, finding.problem, targets, finding.distributions, finding.needed_by, finding.tables, finding.told)


def _find(view: View, place: Place, one: Import, targets: tuple[str, ...]) -> Finding | None:
    names = place.declared.names()
    installed = _installed_owners(view, targets) if not place.script else ()
    listed = tuple(known.name for target in targets for known in view.names.lookup(target))
    likely = dict.fromkeys((*installed, *listed, normalize(one.top)))
    matching = tuple(name for name in likely if name in names)
    told = one.guard != "optional"
    if matching:
        return _declared_finding(view, place, one, targets, matching, installed=bool(installed))
    if not place.script and _spoken_for(view, place, (*likely,)):
        return None
    brought = installed or (() if place.script else tuple(name for name in likely if name in view.locked.versions))
    told = told and place.declared.complete and not _is_in_every_checker(one)
    if brought:
        return Finding(one, "transitive", targets, brought, _needed_by(view, place, brought[0]), told=told)
    unclear = not place.script and ((not listed and _may_be_unknown(view, names)) or _is_said_elsewhere(view, place))
    return Finding(one, "missing", targets, listed, told=told and not unclear)


def _is_in_every_checker(one: Import) -> bool:
    """Tell whether type checkers bring a module themselves."""
    return one.guard == "typing" and one.top == "typing_extensions"


def _is_said_elsewhere(view: View, place: Place) -> bool:
    """Tell whether what tests and the like need is probably written where uv does not look: there is no group for them.

    In an environment it can be seen whether the import fails, so then it is told all the same.
    """
    return place.role != "library" and view.installed is None and not _has_group_for(place)


def _has_group_for(place: Place) -> bool:
    tables = {table for named in place.declared.tables.values() for table in named}
    return any(table.kind == "group" and table != BUILD for table in tables) or bool(tables & _TEST_EXTRAS)


def _declared_finding(
    view: View,
    place: Place,
    one: Import,
    targets: tuple[str, ...],
    matching: tuple[str, ...],
    *,
    installed: bool,
) -> Finding | None:
    """What is wrong with a module whose distribution the project declares: the wrong table, or it is not installed."""
    tables = tuple(dict.fromkeys(table for name in matching for table in place.declared.tables[name]))
    if not any(_may_use(place, one, table) for table in tables):
        return Finding(one, "wrong-table", targets, matching, tables=tables, told=one.guard == "plain")
    if installed or place.script or view.installed is None or not view.installed.distributions:
        return None
    if any(name in view.installed.distributions for name in matching):
        return None  # it is there, only its module is not: a backport, or a list that is wrong
    if not any(_applies(place.declared, name, view.marker_environment) for name in matching):
        return None
    runs_here = one.marker is None or _true(one.marker, view.marker_environment)
    return Finding(one, "not-installed", targets, matching, tables=tables, told=one.guard != "optional" and runs_here)


def _may_use(place: Place, one: Import, table: Table) -> bool:
    """Tell whether an import in this file may rely on a table.

    The library is installed without groups, so it may rely on them only where nothing fails without. An extra may be
    missing too, but which modules are for it cannot be seen; only what every import of the package runs is certain.
    """
    role = place.role
    if table == BUILD:
        return role != "library"
    if role != "library" or table.kind == "runtime" or one.guard in {"typing", "optional"}:
        return True
    if table.kind == "group":
        # Without a [project] table nothing is installed from here, so the groups are all there is.
        return not place.member.manifest.has_project
    below = place.path[len(place.member.folder) :].lstrip("/").removeprefix("src/")
    return one.deferred or below.count("/") != 1 or not below.endswith("/__init__.py")


def _spoken_for(view: View, place: Place, likely: tuple[str, ...]) -> bool:
    """Tell whether something else sees to it: a requirements file, the build, another member's project."""
    if any(name in view.elsewhere for name in likely):
        return True
    if place.role != "library" and any(name in _BUILD_TOOLS for name in likely):
        return True
    own = {one.name for one in view.members}
    return any(name in own for name in likely) or view.provider(likely[-1].replace("-", "_"), place.member) is not None


def _may_be_unknown(view: View, names: Iterable[str]) -> bool:
    """Tell whether a declared distribution, of which neither environment nor list knows the modules, may be the one."""
    there = view.installed.distributions if view.installed is not None else {}
    return any(name not in there and name not in view.names.all_names for name in names)


def _installed_owners(view: View, targets: tuple[str, ...]) -> tuple[str, ...]:
    if view.installed is None:
        return ()
    return next((found for target in targets if (found := view.installed.owners(target))), ())


def _needed_by(view: View, place: Place, name: str) -> str | None:
    """Return who brought an installed distribution: the last link from a declared one, or whoever needs it."""
    way = view.locked.way(place.declared.names(), name)
    if len(way) > 1:
        return way[-2]
    for member in view.members:
        if member.name and name in view.declared_by(member).tables:
            return member.name
    needing = view.installed.needed_by(name) if view.installed is not None else ()
    return needing[0] if needing else None


def _applies(known: Declared, name: str, environment: Mapping[str, str]) -> bool:
    markers = known.markers.get(name)
    return not markers or any(_true(marker, environment) for marker in markers)


def _true(marker: str, environment: Mapping[str, str]) -> bool:
    try:
        return Marker(marker).evaluate(dict(environment))
    except (InvalidMarker, KeyError, ValueError):
        return True


_EMPTY = declared.empty_manifest()
