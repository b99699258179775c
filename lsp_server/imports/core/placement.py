"""Which table a new dependency belongs in, by the place of the file that imports it."""

from collections.abc import Iterator

from lsp_server.core.pyproject import RUNTIME, Manifest, Table
from lsp_server.imports.core.judge import Place
from lsp_server.imports.core.scanner import Import
from lsp_server.imports.core.tree import Role
from lsp_server.imports.core.view import View, top_folder

_NAMES: dict[Role, tuple[str, ...]] = {
    "library": (),
    "tests": ("test", "tests", "testing", "unittest", "pytest"),
    "docs": ("docs", "doc", "documentation"),
    "scripts": ("scripts", "script", "tools"),
    "examples": ("examples", "example", "samples", "demo"),
    "build": ("build",),
}
_TYPING = ("types", "typing", "type-check", "mypy", "lint")
_DEV = Table("group", "dev")


def tables(view: View, place: Place, one: Import) -> tuple[Table, ...]:
    """Return the tables to offer for the distribution of an import, the fitting one first, each once.

    A group of a name that is usual for this kind of file goes first, then what other files of the same folder use,
    then `dev`, which uv makes where it is missing. The library's imports belong in the runtime dependencies, except
    those that only type checkers see.
    """
    manifest = place.member.manifest
    return tuple(dict.fromkeys(table for table in _ordered(view, place, one, manifest) if _fits(table, manifest)))


def _ordered(view: View, place: Place, one: Import, manifest: Manifest) -> Iterator[Table]:
    role = place.role
    extras = tuple(Table("extra", name) for name in manifest.extras)
    if role == "library" and one.guard != "typing":
        if one.guard == "optional":
            yield from extras
        yield RUNTIME
        yield from extras
        yield _DEV
        return
    names = _TYPING if role == "library" else _NAMES[role]
    existing = manifest.tables()
    yield from (table for name in names for table in existing if table.name == name)
    yield from _learned(view, place)
    yield _DEV
    yield RUNTIME
    yield from existing


def _learned(view: View, place: Place) -> Iterator[Table]:
    """The tables that the other files of this folder use, the most used one first. One use may be chance."""
    used = view.layout.get((place.member.folder, top_folder(place.member, place.path)), {})
    yield from (
        table for table, count in sorted(used.items(), key=lambda item: -item[1]) if count > 1 and table.name != "build-system"
    )


def _fits(table: Table, manifest: Manifest) -> bool:
    return manifest.has_project or table.kind == "group"
