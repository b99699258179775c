"""What the tables of a pyproject.toml mean: dependency lists, groups, extras, version, workspace.

Works on text that is broken, because it reads what `lsp_server.core.toml.scan` finds. Sources: PEP 621 (project),
PEP 735 (dependency groups), PEP 685 (names of extras) and uv's documentation (tool.uv).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from packaging.requirements import Requirement

from lsp_server.core import requirement, toml

_UV = ("tool", "uv")
_DEFAULT_GROUPS = ("dev",)


@dataclass(frozen=True, slots=True)
class Table:
    """A list of dependencies: the runtime ones, an extra or a group. Names are normalised."""

    kind: Literal["runtime", "extra", "group"]
    name: str | None = None

    def label(self) -> str:
        """The table in words for a person: "dependencies", "extra 'x'" or "group 'x'"."""
        return "dependencies" if self.kind == "runtime" else f"{self.kind} {self.name!r}"


RUNTIME = Table("runtime")


@dataclass(frozen=True, slots=True)
class Dependency:
    """One requirement in one table.

    Attributes:
        table: Where it stands. The legacy `tool.uv.dev-dependencies` counts as the group "dev".
        name: Normalised; of a requirement that does not parse, the name it begins with, or "".
        text: The requirement; of a string that was never closed, what follows its opening quotes.
        span: The whole string literal with its quotes.
        requirement: The parsed requirement, None if it does not parse. Shared: do not change it.
    """

    table: Table
    name: str
    text: str
    span: toml.Span
    requirement: Requirement | None


@dataclass(frozen=True, slots=True)
class Workspace:
    """The globs of `[tool.uv.workspace]`, relative to the folder of the manifest."""

    members: tuple[str, ...]
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a pyproject.toml says, as far as it can be read. Dependencies come in the order of the text.

    Attributes:
        dynamic: What `project.dynamic` names: a build backend computes it.
        dynamic_version: Whether `project.dynamic` names the version, so that there is none to bump here.
        groups: Normalised names of all groups, each once, the legacy "dev" included.
        default_groups: `tool.uv.default-groups`; uv's default is "dev", and "all" means every group.
        workspace: None if the manifest is not the root of a uv workspace.
        sources: Normalised names of the packages in `tool.uv.sources`.
    """

    document: toml.Document
    name: str | None
    version: str | None
    version_span: toml.Span | None
    dynamic: frozenset[str]
    dynamic_version: bool
    has_project: bool
    requires_python: str | None
    dependencies: tuple[Dependency, ...]
    groups: tuple[str, ...]
    extras: tuple[str, ...]
    default_groups: tuple[str, ...]
    workspace: Workspace | None
    sources: frozenset[str]

    def tables(self) -> tuple[Table, ...]:
        """Every table that exists, runtime first; a project has a runtime table even before it has a list."""
        runtime = (RUNTIME,) if self.has_project else ()
        extras = (Table("extra", name) for name in self.extras)
        groups = (Table("group", name) for name in self.groups)
        return (*runtime, *extras, *groups)

    def at(self, offset: int) -> Dependency | None:
        """The dependency whose literal holds the offset; the offset right behind its closing quote counts too."""
        return next((found for found in self.dependencies if found.span.start <= offset <= found.span.end), None)


@lru_cache(maxsize=16)
def read(text: str) -> Manifest:
    """Reads a manifest. Never raises: what is missing or ill-typed is None or empty."""
    return _read(text, ("project",))


@lru_cache(maxsize=16)
def read_block(text: str) -> Manifest:
    """Reads the TOML of a script's metadata block (PEP 723), which has the keys of a project at its top."""
    return _read(text, ())


def _read(text: str, project: tuple[str, ...]) -> Manifest:
    document = toml.scan(text)
    arrays = tuple(lists(document, project))
    extras = _tables_below(document, ("project", "optional-dependencies"))
    legacy = ("dev",) if document.get(*_UV, "dev-dependencies") else ()
    groups = _unique((*_tables_below(document, ("dependency-groups",)), *legacy))
    version = document.get("project", "version")
    return Manifest(
        document=document,
        name=_string(document.get("project", "name")),
        version=_string(version),
        version_span=version.span if version is not None and version.kind == "string" else None,
        dynamic=frozenset(_strings(document.get("project", "dynamic"))),
        dynamic_version="version" in _strings(document.get("project", "dynamic")),
        has_project=_has(document, ("project",)),
        requires_python=_string(document.get(*project, "requires-python")),
        dependencies=tuple(found for table, value in arrays for found in _dependencies(table, value)),
        groups=groups,
        extras=extras,
        default_groups=_default_groups(document, groups),
        workspace=_workspace(document),
        sources=frozenset(_tables_below(document, (*_UV, "sources"))),
    )


def source_folders(text: str) -> tuple[str, ...]:
    """Return the places of all path sources of a manifest, as they stand there; none of a text that is no TOML."""
    found: object = toml.parse(text)
    for name in (*_UV, "sources"):
        found = found.get(name) if isinstance(found, dict) else None
    values = found.values() if isinstance(found, dict) else ()
    listed = [each for value in values for each in (value if isinstance(value, list) else [value])]
    places = (each.get("path") for each in listed if isinstance(each, dict))
    return tuple(dict.fromkeys(place for place in places if isinstance(place, str)))


def lists(document: toml.Document, project: tuple[str, ...] = ("project",)) -> Iterator[tuple[Table, toml.Value]]:
    """The arrays of requirements, in the order of the text."""
    for path, value in document.index.items():
        match path:
            case (*above, "dependencies") if tuple(above) == project:
                yield RUNTIME, value
            case ("project", "optional-dependencies", str(name)):
                yield Table("extra", requirement.normalize(name)), value
            case ("dependency-groups", str(name)):
                yield Table("group", requirement.normalize(name)), value
            case ("tool", "uv", "dev-dependencies"):
                yield Table("group", "dev"), value


def _dependencies(table: Table, value: toml.Value) -> Iterator[Dependency]:
    """The strings of an array; an `{include-group = "..."}` of PEP 735 is not a dependency."""
    for item in value.items:
        if item.kind == "string":
            yield _dependency(table, item.text, item.span)
        elif item.kind == "broken" and item.text[0] in "\"'":
            yield _dependency(table, item.text.lstrip("\"'").rstrip(" \t,]"), item.span)


def _dependency(table: Table, text: str, span: toml.Span) -> Dependency:
    parsed = requirement.parse(text)
    if isinstance(parsed, Requirement):
        return Dependency(table, requirement.normalize(parsed.name), text, span, parsed)
    return Dependency(table, requirement.leading_name(text), text, span, None)


def _default_groups(document: toml.Document, groups: tuple[str, ...]) -> tuple[str, ...]:
    value = document.get(*_UV, "default-groups")
    if value is None or value.kind not in {"array", "string"}:
        return _DEFAULT_GROUPS
    if value.kind == "string":
        return groups if value.text == "all" else _DEFAULT_GROUPS
    return _unique(requirement.normalize(name) for name in _strings(value))


def _workspace(document: toml.Document) -> Workspace | None:
    path = (*_UV, "workspace")
    if not _has(document, path):
        return None
    return Workspace(_strings(document.get(*path, "members")), _strings(document.get(*path, "exclude")))


def _paths(document: toml.Document) -> Iterator[toml.Path]:
    yield from (header.path for header in document.headers)
    yield from document.index


def _has(document: toml.Document, path: toml.Path) -> bool:
    """Whether a table exists, however it is written: header, dotted key or inline."""
    return any(found[: len(path)] == path for found in _paths(document))


def _tables_below(document: toml.Document, path: toml.Path) -> tuple[str, ...]:
    """The normalised keys of a table, however it is written, each once."""
    deep = len(path)
    keys = (found[deep] for found in _paths(document) if len(found) > deep and found[:deep] == path)
    return _unique(requirement.normalize(key) for key in keys if isinstance(key, str))


def _string(value: toml.Value | None) -> str | None:
    return value.text if value is not None and value.kind == "string" else None


def _strings(value: toml.Value | None) -> tuple[str, ...]:
    return tuple(item.text for item in value.items if item.kind == "string") if value is not None else ()


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
