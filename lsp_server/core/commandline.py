"""uv's words: its arguments and options for what intents and jobs need, and the environment that it runs in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from lsp_server.core.facts import Key
from lsp_server.core.pyproject import Table

Words = tuple[str, ...]
"""A uv command without the executable."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a command works: the folder of the manifest (in the shadow), or a script."""

    folder: PurePath
    script: PurePath | None = None


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


def raising(packages: Sequence[str]) -> tuple[str, ...]:
    """Return the uv command that raises the bounds of packages in the manifest, of all without one."""
    return ("upgrade", *(("--", *packages) if packages else ()))


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
    """Return the environment for a uv of ours: the user's, less what would send it to another project.

    Settings that the user made for every uv (indexes, cache, credentials, offline) stay.
    """
    kept = {name: value for name, value in environ.items() if name not in _MISLEADING}
    return {**kept, "NO_COLOR": "1", "UV_NO_PROGRESS": "1", **overrides}


_MISLEADING = frozenset(
    {
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "UV_ACTIVE",
        "UV_PROJECT",
        "UV_WORKING_DIR",
        "UV_FROZEN",
        "UV_LOCKED",
        "UV_NO_SYNC",
        "UV_SCRIPT",
        "FORCE_COLOR",
        "CLICOLOR_FORCE",
        # A person's own choice of groups for `uv sync` must not make a plan fail for a missing group.
        "UV_ISOLATED",
    }
)
