"""What is known of a project's packages beside its manifest: the versions that are locked, installed and newest."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.version import InvalidVersion, Version

from lsp_server.core.locked import Locked
from lsp_server.core.metadata import Metadata
from lsp_server.core.vulnerabilities import Vulnerability


@dataclass(frozen=True, slots=True)
class Packages:
    """Normalized names (PEP 503) to versions (PEP 440).

    Attributes:
        locked: what uv.lock has; several versions where a marker splits them.
        installed: what the environment has, None where there is none.
        lock: what uv.lock says beside the versions.
        vulnerable: the known vulnerabilities of what is locked, as the last audit found them.
        python: the version of the environment's Python, "" where there is none.
        described: what the installed ones that are declared say of themselves.
        offered: what the project's own places offer, with the newest version there.
        only_offered: whether packages come from these places only (`no-index`).
        latest: what the index had when it was last asked; only packages for which that was news.

    """

    locked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    installed: Mapping[str, str] | None = None
    latest: Mapping[str, str] = field(default_factory=dict)
    lock: Locked = field(default_factory=Locked)
    vulnerable: tuple[Vulnerability, ...] = ()
    python: str = ""
    described: Mapping[str, Metadata] = field(default_factory=dict)
    offered: Mapping[str, str | None] = field(default_factory=dict)
    only_offered: bool = False

    def newer(self, name: str) -> str | None:
        """Return the newest version of a package if no locked one is as new."""
        latest = self.latest.get(name)
        if latest is None or any(_at_least(version, latest) for version in self.locked.get(name, ())):
            return None
        return latest


def _at_least(one: str, other: str) -> bool:
    try:
        return Version(one) >= Version(other)
    except InvalidVersion:
        return one == other
