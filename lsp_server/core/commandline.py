"""uv's words: its arguments and options for what intents and jobs need, and the environment that it runs in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from lsp_server.core import uvsettings
from lsp_server.core.facts import Key
from lsp_server.core.pyproject import Table

Words = tuple[str, ...]
"""A uv command without the executable."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a command works.

    Attributes:
        folder: uv's current folder.
        script: The script that it is about.
        project: The folder of the manifest, where that is not the nearest one at or above `folder`.
        member: The name of a member outside of the root: uv finds its root only if it is asked from there.
    """

    folder: PurePath
    script: PurePath | None = None
    project: PurePath | None = None
    member: str | None = None


def restoring(key: Key, value: str | None) -> tuple[str, ...] | None:
    """Return the uv command that gives one statement of a manifest a value, or none; None if no command does that."""
    match key, value:
        case ("version",), str():
            return ("version", "--frozen", "--", value)
        case ("dependency", kind, table, name), None:
            return ("remove", "--frozen", *table_options(_table_of(kind, table)), "--", name)
        case ("dependency", kind, table, _name), str():
            options = table_options(_table_of(kind, table))
            return ("add", "--frozen", "--raw", *options, "--", *value.split("\n"))
    return None


def _table_of(kind: str, name: str) -> Table:
    match kind:
        case "group":
            return Table("group", name)
        case "extra":
            return Table("extra", name)
        case _:
            return Table("runtime")


def project_options(target: Target) -> Words:
    """Return the options that go before uv's command and name the project."""
    return (f"--project={target.project}",) if target.project else ()


def placed(words: Sequence[str], target: Target) -> Words:
    """Return uv's arguments with the project and the member that they are for."""
    is_said = words[0] not in {"add", "remove", "version"} or any(word.startswith("--package=") for word in words)
    member = (f"--package={target.member}",) if target.member and not is_said else ()
    return (*project_options(target), words[0], *member, *words[1:])


def place_options(target: Target) -> Words:
    """Return the options of an edit: in a script, or in a project whose environment is left alone."""
    return script_options(target) or ("--no-sync",)


def script_options(target: Target) -> Words:
    """Return the option that names a script; none for a project."""
    return (f"--script={target.script}",) if target.script else ()


def table_options(table: Table) -> Words:
    """Return the option that names a table; none for the runtime dependencies."""
    match table.kind:
        case "group":
            return (f"--group={table.name}",)
        case "extra":
            return (f"--optional={table.name}",)
        case "runtime":
            return ()


def sync_arguments(
    *, groups: Sequence[str] = (), extras: Sequence[str] = (), packages: Sequence[str] = (), everything: bool = False
) -> tuple[str, ...]:
    """Return the arguments of the sync that follows an edit.

    `--locked`: it installs what was committed and never changes uv.lock. `--inexact`: what a person
    installed by hand stays.
    """
    options = [f"--group={name}" for name in groups] + [f"--extra={name}" for name in extras]
    if everything:
        options += ["--all-packages", "--all-groups", "--all-extras"]
    else:
        options += [f"--package={name}" for name in packages]
    return ("sync", "--locked", "--inexact", *options)


def environment_for(environ: Mapping[str, str], **overrides: str) -> dict[str, str]:
    """Return the environment for a uv of ours: the person's, with those settings of uv that mean the same here.

    Which those are stands in `uvsettings.MEANINGS`; `overrides` is what the operation sets itself.
    """
    return {**uvsettings.kept(environ), **_QUIET, **overrides}


def environment_to_install(environ: Mapping[str, str], **overrides: str) -> dict[str, str]:
    """Return the environment for a uv of ours that installs what is locked: a person's choice for syncs counts, too."""
    return {**uvsettings.kept(environ, installs=True), **_QUIET, **overrides}


_QUIET = {"NO_COLOR": "1", "UV_NO_PROGRESS": "1"}
