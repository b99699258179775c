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
    """

    versions: Versions = field(default_factory=dict)
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    local: frozenset[str] = frozenset()

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
    for package in lockfile.packages(text):
        name = str(package.get("name", ""))
        needs[name] = needs.get(name, frozenset()) | _edges(package)
    return Locked(lockfile.versions(text), needs, lockfile.local(text))


def _edges(entry: Mapping[str, Any]) -> frozenset[str]:
    lists = [entry.get("dependencies", [])]
    for table in ("optional-dependencies", "dev-dependencies"):
        below = entry.get(table, {})
        lists += below.values() if isinstance(below, dict) else []
    return frozenset(
        str(edge["name"]) for one in lists if isinstance(one, list) for edge in one if isinstance(edge, dict) and "name" in edge
    )
