"""What one operation is to the planner, and what the sync after it has to install."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_server.adapters.project import MANIFEST
from lsp_server.core import commandline, pyproject
from lsp_server.core.intent import Intent
from lsp_server.core.text import decoded
from lsp_server.jobs.journal import Texts


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation as the planner sees it: its id, its intent, the manifest it is about, and where the person stands.

    Relative paths in what was asked, in variables of uv and in its settings count from there; None is the manifest's folder.
    """

    operation: str
    intent: Intent
    manifest: Path
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What a sync installs, besides the default groups.

    `packages` are the members of a workspace, the root among them; none means the project that uv finds by itself,
    which for a workspace root without `[project]` is all members.
    """

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    packages: frozenset[str] = frozenset()
    everything: bool = False

    def arguments(self) -> tuple[str, ...]:
        """Return the uv arguments of that sync."""
        return commandline.sync_arguments(
            groups=self.groups, extras=self.extras, packages=sorted(self.packages), everything=self.everything
        )

    def joined(self, other: "Selection") -> "Selection":
        """Return what both select."""
        return Selection(
            tuple(dict.fromkeys(self.groups + other.groups)),
            tuple(dict.fromkeys(self.extras + other.extras)),
            self.packages | other.packages if self.packages and other.packages else frozenset(),
            self.everything or other.everything,
        )


def selection(texts: Texts, asked: Sequence[Asked]) -> Selection:
    """Return what the sync after these operations installs: the tables and the members they touched, if they exist."""
    manifests = {one.manifest: pyproject.read(decoded(texts.get(one.manifest))) for one in asked}
    groups = {name for manifest in manifests.values() for name in manifest.groups}
    extras = {name for manifest in manifests.values() for name in manifest.extras}
    picked = [one.intent.touched() for one in asked]
    if any(pick.members for pick in picked):
        manifests = {path: pyproject.read(decoded(text)) for path, text in texts.items() if path.name == MANIFEST}
    names = frozenset(manifest.name for manifest in manifests.values() if manifest.name)
    is_workspace = sum(path.name == MANIFEST for path in texts) > 1
    return Selection(
        tuple(dict.fromkeys(name for pick in picked for name in pick.groups if name in groups)),
        tuple(dict.fromkeys(name for pick in picked for name in pick.extras if name in extras)),
        names if is_workspace and len(names) == len(manifests) else frozenset(),
        any(pick.everything for pick in picked),
    )
