"""What a person asked for: the argument of a command, checked field by field, as a value."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from packaging.markers import InvalidMarker, Marker
from packaging.version import InvalidVersion, Version

from lsp_server.core import masking, requirement
from lsp_server.core.pyproject import Table

Bounds = Literal["lower", "major", "minor", "exact"]
BumpPart = Literal["major", "minor", "patch", "stable", "alpha", "beta", "rc", "post", "dev"]
RUNTIME = Table("runtime")


@dataclass(frozen=True, slots=True)
class Add:
    """Add or update requirements (PEP 508) in one table, or in the PEP 723 block of a script."""

    requirements: tuple[str, ...]
    table: Table = RUNTIME
    script: bool = False
    marker: str | None = None
    bounds: Bounds | None = None
    index: str | None = None
    editable: bool = False
    member: str | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove packages (normalized names) from one table, or from the PEP 723 block of a script."""

    packages: tuple[str, ...]
    table: Table = RUNTIME
    script: bool = False


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Raise the bounds of packages in the manifest, or in the PEP 723 block of a script; no package means all of them."""

    packages: tuple[str, ...] = ()
    script: bool = False


@dataclass(frozen=True, slots=True)
class Bump:
    """Change the project's version (PEP 440): by one part, or to a given one."""

    part: BumpPart | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """Move a dependency from one table to another, with its bounds, extras and marker."""

    package: str
    source: Table
    target: Table


@dataclass(frozen=True, slots=True)
class Lock:
    """Bring uv.lock up to date with the manifest; `begins` one for a script that has none."""

    begins: bool = True


@dataclass(frozen=True, slots=True)
class Sync:
    """Bring uv.lock and the environment up to date with the manifest."""

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back one finished operation; without an id, the last one."""

    id: str | None = None


Intent = Add | Remove | Upgrade | Bump | Move | Lock | Sync | Undo


@dataclass(frozen=True, slots=True)
class BadArgument:
    """An argument that a command cannot take: which field, what it was, and what speaks against it ("must be ...")."""

    field: str
    value: object
    rule: str

    @property
    def message(self) -> str:
        """One sentence for the JSON-RPC error (-32602)."""
        return _readable(f"'{self.field}' is {_shown(self.value)}, but {self.rule}")


def unknown_field(argument: Mapping[str, Any], fields: Collection[str]) -> BadArgument | None:
    """Find a field that a command does not know: a misspelt `groups` must not silently become an edit of another table."""
    for name, value in argument.items():
        if name not in fields:
            return BadArgument(name, value, "this command has no such field: it takes " + ", ".join(fields))
    return None


class _RefusedError(Exception):
    """Carries a BadArgument out of the field readers; never leaves this module."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__(field)
        self.bad = BadArgument(field, value, rule)


def not_unicode(argument: Mapping[str, Any]) -> BadArgument | None:
    """Find half of a character: JSON can say it, but no file and no command line can hold it."""
    for name, value in argument.items():
        said = _json(value)
        if said != _readable(said):
            return BadArgument(name, value, "must be text of whole characters, without a lone surrogate")
    return None


def from_argument(command: str, argument: Mapping[str, Any]) -> Intent | BadArgument:
    """Read the argument object of one of the changing commands (docs/protocol.md)."""
    reader = _READERS.get(command)
    if reader is None:
        return BadArgument("command", command, "must be one of " + ", ".join(sorted(_READERS)))
    read, fields = reader
    unknown = unknown_field(argument, fields) or not_unicode(argument)
    if unknown is not None:
        return unknown
    try:
        return read(argument)
    except _RefusedError as refused:
        return refused.bad


def kind(intent: Intent) -> str:
    """Return the operation kind that the status notification shows."""
    return type(intent).__name__.lower()


def title(intent: Intent) -> str:  # noqa: PLR0911  one for each kind of intent
    """Say the intent in a few words, for a queue view or a progress title."""
    match intent:
        case Add(requirements=wanted, table=table, script=script):
            return f"Add {masking.text(', '.join(wanted))} to {'the script' if script else table.label()}"
        case Remove(packages=packages, table=table, script=script):
            return f"Remove {', '.join(packages)} from {'the script' if script else table.label()}"
        case Upgrade(packages=packages, script=script):
            return f"Upgrade {', '.join(packages) or 'all dependencies'}{' of the script' if script else ''}"
        case Bump(part=part, version=version):
            return f"Set version {version}" if version else f"Bump {part} version"
        case Move(package=package, source=source, target=target):
            return f"Move {package} from {source.label()} to {target.label()}"
        case Lock():
            return "Lock"
        case Sync():
            return "Sync the environment"
        case Undo(id=operation):
            return f"Undo {operation}" if operation else "Undo the last change"


def _add(argument: Mapping[str, Any]) -> Add:
    return Add(
        requirements=_requirements(argument),
        table=_table(argument),
        script=_boolean(argument, "script"),
        marker=_marker(argument),
        bounds=cast("Bounds | None", _choice(argument, "bounds", get_args(Bounds))),
        index=_index(argument),
        editable=_boolean(argument, "editable"),
        member=_optional_name(argument, "member"),
    )


def _remove(argument: Mapping[str, Any]) -> Remove:
    packages = _names(argument, "packages")
    if not packages:
        raise _RefusedError("packages", argument.get("packages"), "must be a list of at least one package name")
    return Remove(packages, _table(argument), _boolean(argument, "script"))


def _upgrade(argument: Mapping[str, Any]) -> Upgrade:
    packages = _names(argument, "packages")
    if bool(packages) == _boolean(argument, "all"):
        rule = "'all' is true: give one of them" if packages else "must be a list of package names, or else 'all' must be true"
        raise _RefusedError("packages", argument.get("packages"), rule)
    return Upgrade(packages, _boolean(argument, "script"))


def _bump(argument: Mapping[str, Any]) -> Bump:
    part = _choice(argument, "bump", get_args(BumpPart))
    version = argument.get("version")
    if (part is None) == (version is None):
        parts = f"must be one of {', '.join(get_args(BumpPart))}, or else 'version' must be given"
        rule = parts if part is None else "'version' is given too: give one of them"
        raise _RefusedError("bump", argument.get("bump"), rule)
    if version is not None:
        try:
            Version(version)
        except (InvalidVersion, TypeError):
            raise _RefusedError("version", version, "must be a PEP 440 version such as '1.2.0'") from None
    return Bump(cast("BumpPart | None", part), version)


def _move(argument: Mapping[str, Any]) -> Move:
    package = _optional_name(argument, "package")
    if package is None:
        raise _RefusedError("package", None, "must be a package name")
    source, target = _table_object(argument, "from"), _table_object(argument, "to")
    if source == target:
        raise _RefusedError("to", argument.get("to"), "must be another table than 'from'")
    return Move(package, source, target)


def _lock(argument: Mapping[str, Any]) -> Lock:
    _boolean(argument, "script")  # whose lock file it is follows from the project, which the argument names with it
    return Lock()


def _sync(argument: Mapping[str, Any]) -> Sync:
    return Sync(_names(argument, "groups"), _names(argument, "extras"), _boolean(argument, "all"))


def _undo(argument: Mapping[str, Any]) -> Undo:
    operation = argument.get("id")
    if operation is not None and not isinstance(operation, str):
        raise _RefusedError("id", operation, "must be the id of a finished operation, or be left out for the last one")
    return Undo(operation)


_READERS: Mapping[str, tuple[Callable[[Mapping[str, Any]], Intent], tuple[str, ...]]] = {
    "pyproject.add": (
        _add,
        ("uri", "requirements", "group", "extra", "script", "marker", "bounds", "index", "editable", "member"),
    ),
    "pyproject.remove": (_remove, ("uri", "packages", "group", "extra", "script")),
    "pyproject.upgrade": (_upgrade, ("uri", "packages", "all", "script")),
    "pyproject.bumpVersion": (_bump, ("uri", "bump", "version")),
    "pyproject.move": (_move, ("uri", "package", "from", "to")),
    "pyproject.lock": (_lock, ("uri", "script")),
    "pyproject.sync": (_sync, ("uri", "groups", "extras", "all")),
    "pyproject.undo": (_undo, ("uri", "id")),
}
CHANGING_COMMANDS = frozenset(_READERS)


def _requirements(argument: Mapping[str, Any]) -> tuple[str, ...]:
    wanted = _strings(argument, "requirements")
    if not wanted:
        raise _RefusedError("requirements", argument.get("requirements"), "must be a list of at least one requirement")
    for text in wanted:
        parsed = requirement.parse(text)
        if isinstance(parsed, requirement.Invalid):
            why = masking.text(parsed.message)
            raise _RefusedError("requirements", text, f"must be a PEP 508 requirement such as 'httpx>=0.27' ({why})")
    return wanted


def _names(argument: Mapping[str, Any], field: str) -> tuple[str, ...]:
    return tuple(_name(text, field) for text in _strings(argument, field))


def _optional_name(argument: Mapping[str, Any], field: str) -> str | None:
    value = argument.get(field)
    return None if value is None else _name(value, field)


def _name(value: object, field: str) -> str:
    parsed = requirement.parse_name(value) if isinstance(value, str) else requirement.Invalid(str(value), "no text")
    if isinstance(parsed, requirement.Invalid):
        raise _RefusedError(field, value, "must be a plain name as in PEP 508: letters, digits, '-', '_' and '.'")
    return parsed


def _table(argument: Mapping[str, Any]) -> Table:
    group, extra = _optional_name(argument, "group"), _optional_name(argument, "extra")
    if group and extra:
        raise _RefusedError("extra", argument.get("extra"), "'group' is given too: give one of them")
    if _boolean(argument, "script") and (group or extra):
        raise _RefusedError("script", argument["script"], "'group' or 'extra' is given too: a script has neither")
    if group:
        return Table("group", group)
    return Table("extra", extra) if extra else RUNTIME


def _table_object(argument: Mapping[str, Any], field: str) -> Table:
    value = argument.get(field)
    if not isinstance(value, Mapping) or set(value) - {"group", "extra"}:
        raise _RefusedError(field, value, 'must be {} (runtime), {"group": name} or {"extra": name}')
    return _table(value)


def _marker(argument: Mapping[str, Any]) -> str | None:
    value = argument.get("marker")
    if value is None:
        return None
    try:
        Marker(value)
    except (InvalidMarker, TypeError, AttributeError):
        raise _RefusedError("marker", value, "must be an environment marker as in PEP 508") from None
    return cast("str", value)


def _index(argument: Mapping[str, Any]) -> str | None:
    value = argument.get("index")
    if value is None:
        return None
    if not isinstance(value, str) or not value or value.startswith("-") or any(map(str.isspace, value)):
        raise _RefusedError("index", value, "must be the name or the URL of an index")
    return value


def _choice(argument: Mapping[str, Any], field: str, allowed: Sequence[str]) -> str | None:
    value = argument.get(field)
    if value is None:
        return None
    if value not in allowed:
        raise _RefusedError(field, value, "must be one of " + ", ".join(allowed))
    return cast("str", value)


def _boolean(argument: Mapping[str, Any], field: str) -> bool:
    value = argument.get(field, False)
    if not isinstance(value, bool):
        raise _RefusedError(field, value, "must be true or false")
    return value


def _strings(argument: Mapping[str, Any], field: str) -> tuple[str, ...]:
    value = argument.get(field, [])
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise _RefusedError(field, value, "must be a list of strings")
    return tuple(value)


def _readable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _shown(value: object) -> str:
    """Return a value as the client wrote it, in JSON."""
    shown = masking.text(_json(value))
    return shown if len(shown) <= 80 else shown[:77] + "..."  # noqa: PLR2004  a message stays one line
