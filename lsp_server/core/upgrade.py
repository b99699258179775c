"""What an upgrade is about, and the texts of it: loosened ones for the resolver, and those with the bounds moved."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from lsp_server.core import bounds, declarations, lockfile, pyproject, requirement, sources
from lsp_server.core.bounds import Level
from lsp_server.core.declarations import BUILD, VERSIONS_ONLY, Declaration
from lsp_server.core.intent import Upgrade
from lsp_server.core.requirement import Invalid, normalize
from lsp_server.core.resolution import Resolution

Files = Mapping[PurePath, str]
"""The texts of all manifests of a workspace, the root's first, or the one of a script."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What may move.

    Attributes:
        names: The packages, those that are declared first.
        declared: Their requirements, by file.
        left_out: Packages that no index has a newer version of, with where they come from.
        absent: Packages that were named and are nowhere.

    """

    names: tuple[str, ...]
    declared: Mapping[PurePath, tuple[Declaration, ...]]
    left_out: Mapping[str, str]
    absent: tuple[str, ...]


def scope(files: Files, here: PurePath, wanted: Upgrade, locked: Resolution) -> Scope:
    """Return what an upgrade may move.

    What `here` declares, or any member for the whole workspace, says which packages those are. Every member's
    requirement of such a package follows, since all of them share one version, unless only one table is meant.
    """
    asked = [*files] if wanted.workspace else [here]
    own = {path: normalize(pyproject.read(text).name or "") for path, text in files.items() if path.suffix == ".toml"}
    listed = {path: _in_table(path, text, wanted) for path, text in files.items()}
    away = _away(files, listed, frozenset(own.values()))
    known = dict.fromkeys(one.name for path in asked for one in listed[path] if one.name != own.get(path))
    names = dict.fromkeys(wanted.packages or known)
    if not wanted.packages and wanted.table is None:
        roots = [*known, *(own[path] for path in asked if path in own)]
        names |= dict.fromkeys(sorted(locked.needed(roots) - names.keys() - frozenset(own.values())))
    free = {one.name for path, found in listed.items() for one in found if (path, one) not in away}
    movable = {name for name in names if name in free or (name not in known and locked.is_from_index(name))}
    left_out = {one.name: words for (_, one), words in away.items() if one.name in names and one.name not in movable}
    if wanted.packages:
        left_out |= dict.fromkeys(locked.packages.keys() & names.keys() - movable - left_out.keys(), "no index")
    follow = asked if wanted.table is not None else [*files]
    declared = {path: tuple(one for one in listed[path] if one.name in movable and (path, one) not in away) for path in follow}
    absent = tuple(name for name in wanted.packages if name not in movable and name not in left_out)
    return Scope(tuple(name for name in names if name in movable), declared, left_out, absent)


def loosened(files: Files, found: Scope, names: Collection[str], limits: Mapping[str, str], *, over_caps: bool) -> Files:
    """Return the files as the resolver is shown them: without the caps and pins of some packages, with limits instead.

    Args:
        files: the true texts.
        found: the scope.
        names: those of its packages that may move.
        limits: the cap of each package that is limited.
        over_caps: whether declared caps and pins give way.

    """
    result = dict(files)
    for path, listed in found.declared.items():
        here = [one for one in listed if one.name in names and one.table not in BUILD]
        texts = {one: bounds.loosened(one.text) if over_caps else one.text for one in here}
        capped = {one: bounds.limited(text, limits.get(one.name, "")) for one, text in texts.items()}
        result[path] = declarations.rewritten(files[path], capped)
    first = next(iter(files))
    constraints = [f"{name}{limits[name]}" for name in sorted(names) if name in limits]
    result[first] = declarations.constrained(first.name, result[first], constraints)
    return result


def moved(files: Files, found: Scope, names: Collection[str], resolved: Resolution, *, over_caps: bool) -> Files:
    """Return the files with the bounds of some packages moved to what was resolved."""
    result = dict(files)
    for path, listed in found.declared.items():
        owner = pyproject.read(files[path]).name if path.suffix == ".toml" else None
        texts = {one: _moved(one, owner, resolved, over_caps=over_caps) for one in listed if one.name in names}
        result[path] = declarations.rewritten(files[path], texts)
    return result


def limits(found: Scope, locked: Resolution, level: Level) -> Mapping[str, str]:
    """Return the cap of each package for a level, from the version that is locked, else from its bounds."""
    capped = {name: bounds.limit(present, level) for name in found.names if (present := _present(found, locked, name))}
    return {name: cap for name, cap in capped.items() if cap is not None}


def declared(found: Scope, names: Collection[str]) -> tuple[str, ...]:
    """Return those of some packages that a dependency table names, in the order of the files."""
    listed = (one for each in found.declared.values() for one in each if one.table not in VERSIONS_ONLY)
    return tuple(dict.fromkeys(one.name for one in listed if one.name in names))


def newer_than(found: Scope, present: Mapping[str, str]) -> str:
    """Return requirements of packages that are at these versions or newer, one a line, without what is excluded."""
    listed = [one for each in found.declared.values() for one in each]
    excluded = {name: {clause for one in listed if one.name == name for clause in bounds.excluded(one.text)} for name in present}
    clauses = {name: [f">={bounds.public(version)}", *sorted(excluded[name])] for name, version in present.items()}
    return "\n".join(f"{name}{','.join(each)}" for name, each in clauses.items())


def builds(found: Scope) -> Mapping[PurePath, tuple[Declaration, ...]]:
    """Return the requirements of builds, which uv.lock does not tell the versions of."""
    listed = {path: tuple(one for one in each if one.table in BUILD) for path, each in found.declared.items()}
    return {path: each for path, each in listed.items() if each}


def notes(files: Files, wanted: Upgrade, found: Scope, before: str, after: str) -> tuple[str, ...]:
    """Say what an upgrade leaves as it is, and what moves in the lock file alone."""
    said = []
    if found.left_out:
        said.append("left out: " + ", ".join(f"{name} ({words})" for name, words in found.left_out.items()))
    if not wanted.packages and any("dependencies" in _dynamic(text) for text in files.values()):
        said.append("dependencies that the build backend computes move in the lock file only")
    declared = {one.name for listed in found.declared.values() for one in listed}
    only = [one for one in lockfile.difference(before, after) if one.before and one.after and one.name not in declared]
    if only and wanted.strategy != "lock":
        said.append("only in the lock file: " + _steps((one.name, one.before, one.after) for one in only))
    return tuple(said)


MOST_NAMED = 5
"""So many packages are named in a line; the rest is counted."""


def _steps(moves: Iterable[tuple[str, str | None, str | None]]) -> str:
    found = [*moves]
    shown = [f"{name} {old} → {new}{' (major)' if bounds.is_major(old, new) else ''}" for name, old, new in found[:MOST_NAMED]]
    return ", ".join(shown) + (f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else "")


def _dynamic(text: str) -> tuple[str, ...]:
    value = pyproject.read(text).document.get("project", "dynamic")
    return tuple(item.text for item in value.items) if value is not None else ()


def _in_table(path: PurePath, text: str, wanted: Upgrade) -> tuple[Declaration, ...]:
    found = declarations.of_file(path.name, text)
    if wanted.table is None:
        return found
    name = wanted.table.name or ""
    names = declarations.included(text, name) if wanted.table.kind == "group" else {name}
    return tuple(one for one in found if one.table in {f"{wanted.table.kind}:{each}" for each in names})


def _away(
    files: Files, listed: Mapping[PurePath, Iterable[Declaration]], members: frozenset[str]
) -> Mapping[tuple[PurePath, Declaration], str]:
    """Return the requirements that no index serves, with where they come from; a project's extras of itself among them."""
    root = next(iter(files))
    shared = sources.elsewhere(root.name, files[root])
    found: dict[tuple[PurePath, Declaration], str] = {}
    for path, ones in listed.items():
        own = {**shared, **sources.elsewhere(path.name, files[path])}
        for one in ones:
            words = sources.of_url(one) or own.get(one.name) or ("workspace member" if one.name in members else None)
            if words:
                found[path, one] = words
    return found


def _present(found: Scope, locked: Resolution, name: str) -> str | None:
    versions = locked.versions(name)
    if versions:
        return bounds.newest(versions)
    floors = [bounds.lowest(one.text) for listed in found.declared.values() for one in listed if one.name == name]
    return bounds.newest([floor for floor in floors if floor])


def _moved(one: Declaration, owner: str | None, resolved: Resolution, *, over_caps: bool) -> str:
    parsed = requirement.parse(one.text)
    if isinstance(parsed, Invalid) or one.table in BUILD:
        return one.text
    return bounds.moved(one.text, resolved.chosen(owner, one.table, parsed), over_caps=over_caps)
