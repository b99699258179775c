"""What `uv.lock` says, typed: whatever somebody wrote there has these shapes, or is not there at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import unquote

from lsp_server.core import shapes, toml
from lsp_server.core.shapes import Table


@dataclass(frozen=True, slots=True)
class Edge:
    """One package that another one needs.

    Attributes:
        version: Which one, where several are locked.
        extras: What else of it is needed.
        specifier: What the manifest asks for; in what uv keeps of a manifest only.
        placed: Whether it has a source instead (a path, a URL, git): uv keeps no specifier of it then.
    """

    name: str
    version: str | None = None
    extras: tuple[str, ...] = ()
    marker: str | None = None
    specifier: str = ""
    placed: bool = False


Edges = tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """One `[[package]]`.

    Attributes:
        version: None for one whose version its build says.
        source: Where it comes from: the kind ("registry", "editable", ...) and the place.
        optional: What each extra needs.
        dev: What each group needs.
        requires_dist: What its manifest said of dependencies and extras when it was locked.
        requires_dev: What it said of groups.
        recorded: Whether it is kept what the manifest said; previews of uv leave that out.
        wheels: The file names of its wheels.
        size: Bytes of a wheel, else of the source archive; 0 where it is not said.
    """

    name: str
    version: str | None = None
    source: Mapping[str, str] = field(default_factory=dict)
    resolution_markers: tuple[str, ...] = ()
    dependencies: Edges = ()
    optional: Mapping[str, Edges] = field(default_factory=dict)
    dev: Mapping[str, Edges] = field(default_factory=dict)
    requires_dist: Edges = ()
    requires_dev: Mapping[str, Edges] = field(default_factory=dict)
    recorded: bool = False
    wheels: tuple[str, ...] = ()
    size: int = 0

    @property
    def is_local(self) -> bool:
        """Whether it is one of the workspace's own, which have no archive to fetch."""
        return not self.source.keys().isdisjoint({"editable", "virtual"})

    @property
    def needs_nothing(self) -> bool:
        """Whether it depends on no other package, with no extra or group."""
        return not any((self.dependencies, *self.optional.values(), *self.dev.values()))


@lru_cache(maxsize=16)
def packages(text: str) -> tuple[Package, ...]:
    """Return the packages of a lock file; none of a text that is no TOML. Read once for each text."""
    parsed = toml.parse(text)
    return () if isinstance(parsed, toml.Problem) else tuple(map(_package, shapes.tables(parsed.get("package"))))


def _package(found: Table) -> Package:
    metadata = shapes.table(found.get("metadata"))
    archives = (*shapes.tables(found.get("wheels")), shapes.table(found.get("sdist")))
    return Package(
        name=shapes.text(found.get("name")) or "",
        version=shapes.text(found.get("version")),
        source={kind: place for kind, place in shapes.table(found.get("source")).items() if isinstance(place, str)},
        resolution_markers=shapes.texts(found.get("resolution-markers")),
        dependencies=_edges(found.get("dependencies")),
        optional=_by_name(found.get("optional-dependencies")),
        dev=_by_name(found.get("dev-dependencies")),
        requires_dist=_edges(metadata.get("requires-dist")),
        requires_dev=_by_name(metadata.get("requires-dev")),
        recorded=bool(metadata),
        wheels=tuple(name for wheel in shapes.tables(found.get("wheels")) if (name := _file_name(wheel))),
        size=next((size for one in archives if (size := shapes.number(one.get("size"))) > 0), 0),
    )


def _by_name(value: object) -> Mapping[str, Edges]:
    return {name: _edges(edges) for name, edges in shapes.table(value).items()}


_PLACES = frozenset({"directory", "editable", "virtual", "path", "url", "git"})


def _edges(value: object) -> Edges:
    return tuple(
        Edge(
            name,
            shapes.text(found.get("version")),
            shapes.texts(found.get("extra")) or shapes.texts(found.get("extras")),
            shapes.text(found.get("marker")),
            shapes.text(found.get("specifier")) or "",
            not _PLACES.isdisjoint(found),
        )
        for found in shapes.tables(value)
        if (name := shapes.text(found.get("name"))) is not None
    )


def _file_name(wheel: Table) -> str:
    named = (shapes.text(wheel.get(key)) for key in ("filename", "url", "path"))
    return PurePosixPath(unquote((next(filter(None, named), "")).replace("\\", "/"))).name
