"""From intents to uv's arguments, and which intents one uv command can do together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from lsp_server.core.facts import Facts, Key
from lsp_server.core.intent import Add, Bump, Intent, Lock, Move, Remove, Sync, Undo, Upgrade
from lsp_server.core.pyproject import Table
from lsp_server.core.requirement import Invalid, normalize, parse


@dataclass(frozen=True, slots=True)
class Target:
    """Where a command works: the folder of the manifest (in the shadow), or a script."""

    folder: PurePath
    script: PurePath | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One operation's intent with the place it is meant for."""

    operation: str
    intent: Intent
    target: Target


@dataclass(frozen=True, slots=True)
class Batch:
    """Operations that one uv command does at once."""

    requests: tuple[Request, ...]

    @property
    def first(self) -> Request:
        """The request that says what kind of batch it is."""
        return self.requests[0]


def batches(requests: Sequence[Request]) -> tuple[Batch, ...]:
    """Put together what one uv command can do, so that twenty queued adds are resolved once.

    A request joins an earlier batch of the same kind and place, unless a batch in between touches one of its
    packages: then the order of the two matters and is kept.
    """
    found: list[list[Request]] = []
    for request in requests:
        place = _place(found, request)
        if place is None:
            found.append([request])
        else:
            found[place].append(request)
    return tuple(Batch(tuple(members)) for members in found)


def _place(found: Sequence[Sequence[Request]], request: Request) -> int | None:
    if not isinstance(request.intent, Add | Remove):
        return None
    names = _names(request.intent)
    for index in range(len(found) - 1, -1, -1):
        members = found[index]
        touched = frozenset[str]().union(*(_names(member.intent) for member in members))
        if _shape(members[0]) == _shape(request) and not names & touched:
            return index
        if names & touched or isinstance(members[0].intent, Upgrade | Undo):
            return None
    return None


def _shape(request: Request) -> object:
    """Return what two requests must share to go into one command."""
    match request.intent:
        case Add(table=table, script=script, marker=marker, bounds=bounds, index=index, editable=editable, member=member):
            return ("add", request.target, table, script, marker, bounds, index, editable, member)
        case Remove(table=table, script=script):
            return ("remove", request.target, table, script)
        case _:
            return request.operation


def _names(intent: Intent) -> frozenset[str]:
    match intent:
        case Add(requirements=requirements):
            parsed = [parse(text) for text in requirements]
            return frozenset(normalize(p.name) for p in parsed if not isinstance(p, Invalid))
        case Remove(packages=packages) | Upgrade(packages=packages):
            return frozenset(packages)
        case Move(package=package):
            return frozenset({package})
        case _:
            return frozenset()


def arguments(batch: Batch, facts: Facts) -> tuple[tuple[str, ...], ...]:
    """Return the uv commands (without the executable) that do a batch in the shadow.

    Args:
        batch: what to do.
        facts: what the manifest states now; a move takes the requirement from there.

    A lock or a sync changes no manifest, so each is one `uv lock`; an undo is a merge of texts, so it has none
    of its own either. `--` keeps a requirement from being read as an option, whatever it begins with.
    """
    match batch.first.intent:
        case Add():
            return (_add(batch),)
        case Remove(table=table):
            packages = [name for request in batch.requests for name in _packages(request.intent)]
            return (("remove", *_place_options(batch.first), *_table_options(table), "--", *dict.fromkeys(packages)),)
        case Upgrade(packages=packages):
            # The bounds are raised before (`raising`); `uv upgrade` leaves uv.lock as it was.
            wanted = [f"--upgrade-package={name}" for name in packages] or ["--upgrade"]
            return (("lock", *_script_options(batch.first), *wanted),)
        case Bump(part=part, version=version):
            return (("version", "--no-sync", *(("--bump", part) if part else ("--", version or ""))),)
        case Move(package=package, source=source, target=target):
            key = ("dependency", source.kind, source.name or "", package)
            requirements = facts.get(key, package).split("\n")
            # Added before it is removed: uv forgets the source of a package that no table names any more.
            return (
                ("add", "--no-sync", "--raw", *_table_options(target), "--", *requirements),
                ("remove", "--no-sync", *_table_options(source), "--", package),
            )
        case Lock() | Sync() | Undo():
            return (("lock", *_script_options(batch.first)),)


def restoring(key: Key, value: str | None) -> tuple[str, ...] | None:
    """Return the uv command that gives one statement of a manifest a value, or none; None if no command does that."""
    match key, value:
        case ("version",), str():
            return ("version", "--frozen", "--", value)
        case ("dependency", kind, table, name), None:
            return ("remove", "--frozen", *_table_options(_table_of(kind, table)), "--", name)
        case ("dependency", kind, table, _name), str():
            options = _table_options(_table_of(kind, table))
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


def _add(batch: Batch) -> tuple[str, ...]:
    intent = batch.first.intent
    assert isinstance(intent, Add)  # noqa: S101  arguments() looked
    options = [*_place_options(batch.first), *_table_options(intent.table)]
    if intent.marker:
        options.append(f"--marker={intent.marker}")
    if intent.bounds:
        options.append(f"--bounds={intent.bounds}")
    if intent.index:
        options.append(f"--index={intent.index}")
    if intent.editable:
        options.append("--editable")
    if intent.member:
        options.append(f"--package={intent.member}")
    wanted = [text for request in batch.requests for text in _requirements(request.intent)]
    return ("add", *options, "--", *dict.fromkeys(wanted))


def _requirements(intent: Intent) -> tuple[str, ...]:
    return intent.requirements if isinstance(intent, Add) else ()


def _packages(intent: Intent) -> tuple[str, ...]:
    return intent.packages if isinstance(intent, Remove) else ()


def _place_options(request: Request) -> tuple[str, ...]:
    return _script_options(request) or ("--no-sync",)


def _script_options(request: Request) -> tuple[str, ...]:
    return (f"--script={request.target.script}",) if request.target.script else ()


def _table_options(table: Table) -> tuple[str, ...]:
    match table.kind:
        case "group":
            return (f"--group={table.name}",)
        case "extra":
            return (f"--optional={table.name}",)
        case "runtime":
            return ()


@dataclass(frozen=True, slots=True)
class Touched:
    """What an operation's sync has to install besides the default groups."""

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    everything: bool = False


def touched(intent: Intent) -> Touched:
    """Return the groups and extras that an intent is about."""
    match intent:
        case Add(table=table) | Remove(table=table):
            tables = [table]
        case Move(source=source, target=target):
            tables = [source, target]
        case Sync(groups=groups, extras=extras, everything=everything):
            return Touched(groups, extras, everything)
        case _:
            tables = []
    return Touched(
        tuple(table.name or "" for table in tables if table.kind == "group"),
        tuple(table.name or "" for table in tables if table.kind == "extra"),
    )


def needs_project(intent: Intent) -> bool:
    """Tell whether an intent needs a `[project]` table: a workspace root without one may still have groups."""
    match intent:
        case Add(table=table, member=member):
            return member is None and table.kind != "group"
        case Remove(table=table):
            return table.kind != "group"
        case Bump() | Move() | Upgrade():
            return True
        case Lock() | Sync() | Undo():
            return False


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
