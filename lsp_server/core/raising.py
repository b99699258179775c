"""Raising the bounds of dependencies in groups and extras, which `uv upgrade` looks for in the runtime table only.

uv decides in any case what the new bounds are: it is shown a text in which the requirements in question stand in the
runtime table, and what it makes of them there is written where they really stand.
"""

from collections.abc import Collection
from dataclasses import dataclass

from lsp_server.core import diff, literals, pyproject, requirement
from lsp_server.core.pyproject import Dependency


@dataclass(frozen=True, slots=True)
class Scratch:
    """A text for `uv upgrade`, and the dependencies of the true text in the order of the scratch's runtime table."""

    true: str
    text: str
    order: tuple[Dependency, ...]


def scratch(text: str, packages: Collection[str]) -> Scratch | None:
    """Return a text in which what is to be raised stands in the runtime table; None if it all does already.

    Args:
        text: a valid manifest.
        packages: normalized names; none means all.

    """
    manifest = pyproject.read(text)
    runtime = [one for one in manifest.dependencies if one.table.kind == "runtime"]
    moved = [one for one in manifest.dependencies if one not in runtime and (not packages or one.name in packages)]
    own = requirement.normalize(manifest.name or "")  # an extra may name the project's other extras
    moved = [one for one in moved if one.requirement and not one.requirement.url and one.name != own]
    listed = manifest.document.get("project", "dependencies")
    header = next((found for found in manifest.document.headers if found.path == ("project",)), None)
    if not moved:
        return None
    items = ", ".join(literals.literal(one.text) for one in moved)
    edits = [diff.Edit(one.span.start, one.span.end, literals.literal(one.name)) for one in moved]
    if listed is not None and listed.kind == "array":
        start = listed.span.start + 1
        edits.append(diff.Edit(start, start, items + (", " if listed.items else "")))
    elif header is not None:
        edits.append(diff.Edit(header.body.start, header.body.start, f"dependencies = [{items}]\n"))
    else:
        return None
    edits.sort(key=lambda edit: edit.start)
    return Scratch(text, diff.apply(text, edits), (*moved, *runtime))


def raised(made: Scratch, upgraded: str) -> str | None:
    """Return the true text with the bounds that uv gave the scratch; None if uv made another list of it."""
    found = [one for one in pyproject.read(upgraded).dependencies if one.table.kind == "runtime"]
    if [one.name for one in found] != [one.name for one in made.order]:
        return None
    pairs = zip(made.order, found, strict=True)
    return literals.rewritten(made.true, ((old, new.text) for old, new in pairs))
