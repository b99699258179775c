"""What a uv.lock says of the versions that were chosen: for a package, and for one requirement where markers split it."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement

from lsp_server.core import bounds, shapes, toml
from lsp_server.core.requirement import normalize

Package = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resolution:
    """The packages of a lock file, by name; several of one name where markers or conflicts split it."""

    packages: Mapping[str, tuple[Package, ...]]

    def versions(self, name: str) -> tuple[str, ...]:
        """Return the versions that a package is locked at."""
        return tuple(str(each["version"]) for each in self.packages.get(name, ()) if "version" in each)

    def newest(self, name: str) -> str | None:
        """Return the highest version that a package is locked at."""
        return bounds.newest(self.versions(name))

    def is_from_index(self, name: str) -> bool:
        """Tell whether a package comes from an index, and from nowhere else."""
        found = self.packages.get(name, ())
        return bool(found) and all("registry" in shapes.table(each.get("source")) for each in found)

    def chosen(self, owner: str | None, table: str, wanted: Requirement) -> tuple[str, ...]:
        """Return the versions that a requirement of one table has got.

        Args:
            owner: the name of the project that states it; None for a script, or for a list that uv.lock does not keep.
            table: as in `Declaration`.
            wanted: the requirement.

        """
        name = normalize(wanted.name)
        edges = [edge for edge in self._edges(owner, table) if edge.get("name") == name]
        mine = [edge for edge in edges if overlap(wanted.marker, edge.get("marker"))] or edges
        found = {str(edge["version"]) for edge in mine if "version" in edge}
        return tuple(sorted(found)) if found else self.versions(name)

    def needed(self, roots: Iterable[str]) -> frozenset[str]:
        """Return all that some packages need, themselves included."""
        found: set[str] = set()
        waiting = deque(roots)
        while waiting:
            name = waiting.popleft()
            if name not in found:
                found.add(name)
                waiting += (str(edge.get("name", "")) for each in self.packages.get(name, ()) for edge in _all_edges(each))
        return frozenset(found)

    def _edges(self, owner: str | None, table: str) -> list[Package]:
        kind, _, name = table.partition(":")
        lists = {"dependencies": "dependencies", "extra": "optional-dependencies", "group": "dev-dependencies"}
        if owner is None or kind not in lists:
            return []
        found: list[Package] = []
        for each in self.packages.get(normalize(owner), ()):
            listed = each.get(lists[kind], [])
            found += shapes.tables(listed if not name else shapes.table(listed).get(name))
        return found


@lru_cache(maxsize=4)
def read(text: str) -> Resolution:
    """Read a lock file; text that is no TOML locks nothing."""
    found: dict[str, tuple[Package, ...]] = {}
    for package in shapes.tables(shapes.table(toml.parse(text)).get("package")):
        name = str(package.get("name", ""))
        found[name] = (*found.get(name, ()), package)
    return Resolution(found)


def overlap(one: Marker | None, other: object) -> bool:
    """Tell whether some machine may need both of two markers; of those that cannot be read, yes.

    Tried on the systems, processors and Pythons that there are, since no library decides it.
    """
    if one is None or not isinstance(other, str):
        return True
    try:
        second = Marker(other)
        return any(one.evaluate(machine) and second.evaluate(machine) for machine in _MACHINES)
    except (ValueError, RecursionError):  # packaging's own, numbers of absurd length, brackets of absurd depth
        return True


def _machine(python: int, system: tuple[str, str, str], processor: str) -> dict[str, str]:
    sys_platform, os_name, platform_system = system
    return {
        "python_version": f"3.{python}",
        "python_full_version": f"3.{python}.1",
        "implementation_version": f"3.{python}.1",
        "sys_platform": sys_platform,
        "os_name": os_name,
        "platform_system": platform_system,
        "platform_machine": processor,
        "extra": "",
    }


_SYSTEMS = (("linux", "posix", "Linux"), ("darwin", "posix", "Darwin"), ("win32", "nt", "Windows"))
_MACHINES = [_machine(*each) for each in product(range(8, 16), _SYSTEMS, ("x86_64", "arm64", "aarch64", "AMD64"))]


def _all_edges(package: Package) -> list[Package]:
    found = [*shapes.tables(package.get("dependencies"))]
    for key in ("optional-dependencies", "dev-dependencies"):
        for listed in shapes.table(package.get(key)).values():
            found += shapes.tables(listed)
    return found
