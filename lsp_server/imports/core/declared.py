"""Everything that a manifest declares, by name: PEP 621 and 735, and what older tools keep in tables of their own."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lsp_server.core import pyproject, requirement, toml
from lsp_server.core.pyproject import RUNTIME, Manifest, Table

BUILD = Table("group", "build-system")
"""Stands for `build-system.requires`, which only the files of a build may import."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a project says that it depends on.

    Attributes:
        tables: By normalised name, the tables that name it.
        markers: By normalised name, the markers of those requirements, if each of them has one.
        complete: Whether that is all: false where a build backend computes the list, or where there is no project.
    """

    tables: Mapping[str, tuple[Table, ...]]
    markers: Mapping[str, tuple[str, ...]]
    complete: bool

    def names(self) -> frozenset[str]:
        """All names."""
        return frozenset(self.tables)


NOTHING = Declared({}, {}, complete=False)


def of_manifest(manifest: Manifest) -> Declared:
    """Return what a manifest declares."""
    tables: dict[str, tuple[Table, ...]] = {}
    markers: dict[str, list[str | None]] = {}
    for one in manifest.dependencies:
        if one.name:
            tables[one.name] = (*tables.get(one.name, ()), one.table)
            marker = one.requirement.marker if one.requirement is not None else None
            markers.setdefault(one.name, []).append(str(marker) if marker else None)
    for name, table in _of_other_tools(manifest.document):
        tables[name] = (*tables.get(name, ()), table)
        markers.setdefault(name, []).append(None)
    dynamic = _strings(manifest.document.get("project", "dynamic"))
    complete = (manifest.has_project or bool(manifest.groups)) and not {"dependencies", "optional-dependencies"} & set(dynamic)
    always = {name: tuple(m for m in found if m) for name, found in markers.items() if all(found)}
    return Declared(tables, always, complete)


def of_script(content: str) -> Declared:
    """Return what the metadata block of a script declares (PEP 723); `content` is its TOML."""
    value = toml.scan(content).get("dependencies")
    names = (requirement.leading_name(text) for text in _strings(value))
    return Declared({name: (RUNTIME,) for name in names if name}, {}, complete=True)


def in_requirements(text: str) -> frozenset[str]:
    """Return the names in a requirements file: one requirement a line, options and comments among them."""
    lines = (line.strip() for line in text.splitlines())
    return frozenset(name for line in lines if line and line[0] not in "#-" and (name := requirement.leading_name(line)))


def _of_other_tools(document: toml.Document) -> Iterator[tuple[str, Table]]:
    """What Poetry, PDM and Hatch keep in their own tables: it counts as declared, and uv does not read it."""
    for path, value in document.index.items():
        match path:
            case ("build-system", "requires"):
                yield from _named(_strings(value), BUILD)
            case ("tool", "poetry", "dependencies", str(name)) if name != "python":
                yield requirement.normalize(name), RUNTIME
            case ("tool", "poetry", "dev-dependencies", str(name)):
                yield requirement.normalize(name), Table("group", "dev")
            case ("tool", "poetry", "group", str(group), "dependencies", str(name)):
                yield requirement.normalize(name), Table("group", requirement.normalize(group))
            case ("tool", "pdm", "dev-dependencies", str(group)):
                yield from _named(_strings(value), Table("group", requirement.normalize(group)))
            case ("tool", "hatch", "envs", str(group), "dependencies" | "extra-dependencies"):
                yield from _named(_strings(value), Table("group", requirement.normalize(group)))


def _named(texts: Iterable[str], table: Table) -> Iterator[tuple[str, Table]]:
    for text in texts:
        if name := requirement.leading_name(text):
            yield name, table


def _strings(value: toml.Value | None) -> tuple[str, ...]:
    return tuple(item.text for item in value.items if item.kind == "string") if value is not None else ()


def requires_python(content: str) -> str | None:
    """Return `requires-python` of a script's metadata block, None where it has none."""
    value = toml.scan(content).get("requires-python")
    return value.text if value is not None and value.kind == "string" else None


def empty_manifest() -> Manifest:
    """Return the manifest of a file that belongs to no project."""
    return pyproject.read("")
