"""Generated operations: uv's words for one, and the command of ours that means the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from lsp_server.core.requirement import leading_name
from tests.differential.public import public
from tests.differential.scenes import NAMES, ROOT, Draw, Scene, project, requirement, script, without_project

PLACES = (
    "pkg05 @ file:{up}app/wh/pkg05-1.0-py3-none-any.whl",
    "glib @ file:{up}glib",
    "glib @ {up}glib",
    "glib @ file://{base}/glib",
    "inner @ file:{up}app/inner",
    "glib @ file:{up}nowhere",
)
UNKNOWN = ("nosuch", "kappa", "alpha==9.9", "theta", "iota")
PARTS = ("major", "minor", "patch", "stable", "alpha", "beta", "rc", "post", "dev")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes:
        words: uv's, without options that say where it works.
        command: ours, without `pyproject.`.
        argument: its argument, without `uri` and `folder`.
        member: The workspace's member that it is about, if not the root.
    """

    words: tuple[str, ...]
    command: str
    argument: Mapping[str, Any] = field(default_factory=dict)
    member: str | None = None


@st.composite
def operation(draw: Draw, scene: Scene) -> Operation:
    """One operation that may be asked for in a scene; some of them fail."""
    kind = draw(st.sampled_from(("add", "add", "add", "add", "remove", "remove", "bump", "lock")))
    if scene.script:
        kind = draw(st.sampled_from(("add", "add", "remove", "lock")))
    member = draw(st.sampled_from((None, None, *scene.members)))
    match kind:
        case "add":
            return draw(_add(scene, member))
        case "remove":
            if scene.declared and draw(st.integers(0, 3)) > 0:
                name = leading_name(draw(st.sampled_from(list(scene.declared))))
                return Operation(("remove", name), "remove", {"packages": [name], **_of_script(scene)})
            options, where = draw(_table(scene))
            packages = draw(st.lists(st.sampled_from((*NAMES, "glib", "inner")), min_size=1, max_size=2, unique=True))
            return Operation(("remove", *options, *packages), "remove", {"packages": packages, **where}, member)
        case "bump":
            return draw(_bump(member))
        case _:
            return Operation(("lock",), "lock")


@st.composite
def _add(draw: Draw, scene: Scene, member: str | None) -> Operation:
    options, where = draw(_table(scene))
    argument: dict[str, Any] = dict(where)
    style = draw(st.sampled_from((*["registry"] * 5, "place", "place", "unknown")))
    if style == "place":
        wanted = [draw(st.sampled_from(PLACES))]
        if "whl" not in wanted[0] and draw(st.integers(0, 3)) == 0:
            argument["editable"] = True
            options = (*options, "--editable")
    elif style == "unknown":
        wanted = [draw(st.sampled_from(UNKNOWN))]
    else:
        found = draw(st.lists(requirement(), min_size=1, max_size=2))
        wanted = list({each.lower()[:4]: each for each in found}.values())
        bounds = draw(st.sampled_from((None, None, None, "lower", "major", "minor", "exact")))
        marker = draw(st.sampled_from((None, None, None, "python_version >= '3.12'")))
        for name, value in (("bounds", bounds), ("marker", marker)):
            if value and not (name == "marker" and any(";" in each for each in wanted)):
                argument[name] = value
                options = (*options, f"--{name}={value}")
    return Operation(("add", *options, "--", *wanted), "add", {"requirements": wanted, **argument}, member)


@st.composite
def _bump(draw: Draw, member: str | None) -> Operation:
    if draw(st.integers(0, 3)) == 0:
        version = draw(st.sampled_from(("2.0", "1.0.0a1", "0.0.1")))
        return Operation(("version", "--", version), "bumpVersion", {"version": version}, member)
    part = draw(st.sampled_from(PARTS))
    return Operation(("version", "--bump", part), "bumpVersion", {"bump": part}, member)


@st.composite
def _table(draw: Draw, scene: Scene) -> tuple[tuple[str, ...], dict[str, str | bool]]:
    if scene.script:
        return (), _of_script(scene)
    kind = draw(st.sampled_from(("runtime", "runtime", "group", "extra")))
    if kind == "group":
        name = draw(st.sampled_from((*scene.groups, "dev", "new-one")))
        return (f"--group={name}",), {"group": name}
    if kind == "extra":
        name = draw(st.sampled_from((*scene.extras, "more")))
        return (f"--optional={name}",), {"extra": name}
    return (), {}


def _of_script(scene: Scene) -> dict[str, str | bool]:
    return {"script": True} if scene.script else {}


def uv_words(one: Operation, scene: Scene) -> tuple[str, ...]:
    """uv's whole command line for the person who stands where the scene says."""
    command, *rest = one.words
    if scene.script:
        return (command, f"--script={{base}}/{scene.script}", *rest)
    options = () if command == "lock" else ("--no-sync",)
    member = (f"--package={one.member}",) if one.member else ()
    project = () if scene.stand.startswith(ROOT) else (f"--project={{base}}/{ROOT}",)
    return (*project, command, *options, *member, *rest)


def scenes() -> st.SearchStrategy[Scene]:
    """All kinds of projects; plain ones and workspaces most often."""
    return st.one_of(project(), project(), project(), project(), without_project(), script(), public())
