"""`uv.lock` as a graph, read once: versions, who needs whom, and the way from a declared dependency to any other."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lsp_server.core import lockfile, uvlock
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
    packages = uvlock.packages(text)
    for package in packages:
        lists = (package.dependencies, *package.optional.values(), *package.dev.values())
        needs[package.name] = needs.get(package.name, frozenset()) | {edge.name for edges in lists for edge in edges}
        extras[package.name] = extras.get(package.name, frozenset()) | package.optional.keys()
    return Locked(
        versions=lockfile.versions(text),
        needs=needs,
        local=lockfile.local(text),
        registries={one.name: one.source["registry"] for one in packages if one.source.get("registry")},
        extras=extras,
        sizes={one.name: one.size for one in packages if one.size},
    )
