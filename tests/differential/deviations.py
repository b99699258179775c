"""Where we mean to do something else than uv, each with its reason. What is not here is a fault."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_server.core import invariant, pyproject, uvlock
from lsp_server.core.text import decoded

if TYPE_CHECKING:
    from tests.differential.operations import Operation
    from tests.differential.rig import Side
    from tests.differential.scenes import Scene


@dataclass(frozen=True, slots=True)
class Deviation:
    """One kind of difference that is meant, when it applies, and why."""

    title: str
    reason: str
    applies: "Callable[[Scene, Operation, Side, Side], bool]"


def _leaves_no_pair(_scene: "Scene", _operation: "Operation", ours: "Side", theirs: "Side") -> bool:
    if ours.refusal is not None or theirs.refusal is not None:
        return False
    differing = [name for name in ours.texts.keys() | theirs.texts.keys() if ours.texts.get(name) != theirs.texts.get(name)]
    return differing == ["app/uv.lock"] and is_unpaired(theirs.texts) and not is_unpaired(ours.texts)


def _locks_the_member(_scene: "Scene", operation: "Operation", ours: "Side", theirs: "Side") -> bool:
    strays = [name for name in theirs.texts.keys() - ours.texts.keys() if name.endswith("/uv.lock") and name != "app/uv.lock"]
    return operation.member is not None and bool(strays) and not is_unpaired(ours.texts)


def is_unpaired(texts: Mapping[str, bytes]) -> bool:
    """Tell whether the lock file of the project is not that of one of the manifests that it has."""
    paths = {Path("/", name): text for name, text in texts.items() if name.endswith(("pyproject.toml", "app/uv.lock"))}
    manifests = {path: text for path, text in paths.items() if path.name == "pyproject.toml"}
    locked = {package.name for package in uvlock.packages(decoded(texts.get("app/uv.lock"))) if package.is_local}
    own = {path: text for path, text in manifests.items() if pyproject.read(decoded(text)).name in locked}
    return any(invariant.unpaired(paths, own))


TABLE: tuple[Deviation, ...] = (
    Deviation(
        "a lock file that uv itself refuses",
        "after an add to a member outside of the root, uv.lock lacks the bound that uv has just written into the manifest, "
        "and `uv lock --check` fails; we lock once more, so that the two are a pair",
        _leaves_no_pair,
    ),
    Deviation(
        "a lock file beside a member",
        "after `uv add --package MEMBER` of a package on this machine, uv locks a member outside of the root by itself, and "
        "leaves the workspace's uv.lock as it was; we bring the workspace's up to date, as for any other edit of a member",
        _locks_the_member,
    ),
)
# Not in this table, since they are no difference in what is stated: uv writes LF, no byte order mark and a last line
# end; a person's file keeps its own, or else each line of it would differ in git (`rig._written`).


def applies(scene: "Scene", operation: "Operation", ours: "Side", theirs: "Side") -> Deviation | None:
    """Return the deviation that explains a difference, if one does."""
    return next((each for each in TABLE if each.applies(scene, operation, ours, theirs)), None)
