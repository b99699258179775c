"""`uv.lock` as a graph, read once: versions, who needs whom, and the way from a declared dependency to any other."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lsp_server.core import lockfile
from lsp_server.core.lockfile import Versions


@dataclass(frozen=True, slots=True)
class Locked:
    """What is locked.

    Attributes:
        versions: Versions by name; several where markers split a package.
        needs: The names that each package needs, with any extra or group.
        local: The workspace's own packages.
        registries: The index that each package comes from, as uv writes it; packages of other places have none.
        extras: The extras of each package that something locked takes.
        sizes: Bytes of a wheel of each package, else of its source archive.
    """

    versions: Versions = field(default_factory=dict)
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    local: frozenset[str] = frozenset()
    registries: Mapping[str, str] = field(default_factory=dict)
    extras: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)

    def needed_by(self, name: str) -> tuple[str, ...]:
        """Return the locked packages that need one, in the order of their names."""
        return tuple(sorted(one for one, needs in self.needs.items() if name in needs and one != name))

    def way(self, roots: Iterable[str], name: str) -> tuple[str, ...]:
        """Return the shortest chain of names from one of the roots to `name`, both included; () if there is none."""
        before: dict[str, str | None] = dict.fromkeys(sorted(roots))
        waiting = deque(before)
        while waiting:
            here = waiting.popleft()
            if here == name:
                return _chain(before, here)
            for following in sorted(self.needs.get(here, ())):
                if following not in before:
                    before[following] = here
                    waiting.append(following)
        return ()


def _chain(before: Mapping[str, str | None], last: str) -> tuple[str, ...]:
    chain = [last]
    while (previous := before[chain[-1]]) is not None:
        chain.append(previous)
    return tuple(reversed(chain))


def read(text: str) -> Locked:
    """Read a lock file. Text that is no TOML locks nothing."""
    needs: dict[str, frozenset[str]] = {}
    extras: dict[str, frozenset[str]] = {}
    packages = lockfile.packages(text)
    for package in packages:
        name = str(package.get("name", ""))
        needs[name] = needs.get(name, frozenset()) | _edges(package)
        optional = package.get("optional-dependencies")
        extras[name] = extras.get(name, frozenset()) | frozenset(optional if isinstance(optional, dict) else ())
    registries = {str(one.get("name", "")): _registry(one) for one in packages}
    sizes = {str(one.get("name", "")): _size(one) for one in packages}
    return Locked(
        versions=lockfile.versions(text),
        needs=needs,
        local=lockfile.local(text),
        registries={name: url for name, url in registries.items() if url},
        extras=extras,
        sizes={name: size for name, size in sizes.items() if size},
    )


def _registry(package: Mapping[str, Any]) -> str:
    source = package.get("source")
    found = source.get("registry") if isinstance(source, dict) else None
    return found if isinstance(found, str) else ""


def _size(package: Mapping[str, Any]) -> int:
    wheels = package.get("wheels")
    files = [*(wheels if isinstance(wheels, list) else ()), package.get("sdist")]
    sizes = (one.get("size") for one in files if isinstance(one, dict))
    return next((size for size in sizes if isinstance(size, int)), 0)


def _edges(entry: Mapping[str, Any]) -> frozenset[str]:
    lists = [entry.get("dependencies", [])]
    for table in ("optional-dependencies", "dev-dependencies"):
        below = entry.get(table, {})
        lists += below.values() if isinstance(below, dict) else []
    return frozenset(
        str(edge["name"]) for one in lists if isinstance(one, list) for edge in one if isinstance(edge, dict) and "name" in edge
    )
