"""What a command's argument says, field by field: the value of a field, or what is wrong with it."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, cast

from packaging.markers import InvalidMarker, Marker
from packaging.version import InvalidVersion, Version

from lsp_server.core import masking, requirement
from lsp_server.core.pyproject import RUNTIME, Table


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


class RefusedError(Exception):
    """Carries a BadArgument out of the field readers, to `intent.from_argument` and no further."""

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


def not_a_folder(argument: Mapping[str, Any]) -> BadArgument | None:
    """Find a `folder` that says nothing: relative paths count from there, for each command the same."""
    folder = argument.get("folder")
    if folder is None or (isinstance(folder, str) and (PurePath(folder).is_absolute() or folder.startswith("file:///"))):
        return None
    return BadArgument("folder", folder, "must be the absolute path or the file: URI of a folder")


def requirements(argument: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the field `requirements`: PEP 508, at least one."""
    wanted = strings(argument, "requirements")
    if not wanted:
        raise RefusedError("requirements", argument.get("requirements"), "must be a list of at least one requirement")
    for text in wanted:
        parsed = requirement.parse(text)
        if isinstance(parsed, requirement.Invalid):
            why = masking.text(parsed.message)
            raise RefusedError("requirements", text, f"must be a PEP 508 requirement such as 'httpx>=0.27' ({why})")
    return wanted


def names(argument: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Return a list of names (PEP 503), normalised."""
    return tuple(_name(text, field) for text in strings(argument, field))


def optional_name(argument: Mapping[str, Any], field: str) -> str | None:
    """Return one name, normalised; None if the field is absent."""
    value = argument.get(field)
    return None if value is None else _name(value, field)


def _name(value: object, field: str) -> str:
    parsed = requirement.parse_name(value) if isinstance(value, str) else requirement.Invalid(str(value), "no text")
    if isinstance(parsed, requirement.Invalid):
        raise RefusedError(field, value, "must be a plain name as in PEP 508: letters, digits, '-', '_' and '.'")
    return parsed


def table(argument: Mapping[str, Any]) -> Table:
    """Return the table that `group`, `extra` or neither of them names."""
    group, extra = optional_name(argument, "group"), optional_name(argument, "extra")
    if group and extra:
        raise RefusedError("extra", argument.get("extra"), "'group' is given too: give one of them")
    if boolean(argument, "script") and (group or extra):
        raise RefusedError("script", argument["script"], "'group' or 'extra' is given too: a script has neither")
    if group:
        return Table("group", group)
    return Table("extra", extra) if extra else RUNTIME


def table_object(argument: Mapping[str, Any], field: str) -> Table:
    """Return the table that an object such as `{"group": name}` names."""
    value = argument.get(field)
    if not isinstance(value, Mapping) or set(value) - {"group", "extra"}:
        raise RefusedError(field, value, 'must be {} (runtime), {"group": name} or {"extra": name}')
    return table(value)


def marker(argument: Mapping[str, Any]) -> str | None:
    """Return the field `marker` (PEP 508)."""
    value = argument.get("marker")
    if value is None:
        return None
    try:
        Marker(value)
    except (InvalidMarker, TypeError, AttributeError):
        raise RefusedError("marker", value, "must be an environment marker as in PEP 508") from None
    return cast("str", value)


def index(argument: Mapping[str, Any]) -> str | None:
    """Return the field `index`: a name or a URL."""
    value = argument.get("index")
    if value is None:
        return None
    if not isinstance(value, str) or not value or value.startswith("-") or any(map(str.isspace, value)):
        raise RefusedError("index", value, "must be the name or the URL of an index")
    return value


def choice(argument: Mapping[str, Any], field: str, allowed: Sequence[str]) -> str | None:
    """Return one of the allowed words; None if the field is absent."""
    value = argument.get(field)
    if value is None:
        return None
    if value not in allowed:
        raise RefusedError(field, value, "must be one of " + ", ".join(allowed))
    return cast("str", value)


def boolean(argument: Mapping[str, Any], field: str) -> bool:
    """Return a boolean; false if the field is absent."""
    value = argument.get(field, False)
    if not isinstance(value, bool):
        raise RefusedError(field, value, "must be true or false")
    return value


def strings(argument: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Return a list of strings; none if the field is absent."""
    value = argument.get(field, [])
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise RefusedError(field, value, "must be a list of strings")
    return tuple(value)


def _readable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _shown(value: object) -> str:
    """Return a value as the client wrote it, in JSON."""
    shown = masking.text(_json(value))
    return shown if len(shown) <= 80 else shown[:77] + "..."  # noqa: PLR2004  a message stays one line


def version(argument: Mapping[str, Any], field: str) -> str | None:
    """Return a version (PEP 440) as it was written; None if the field is absent."""
    value = argument.get(field)
    if value is None:
        return None
    try:
        Version(value)
    except (InvalidVersion, TypeError):
        raise RefusedError(field, value, "must be a PEP 440 version such as '1.2.0'") from None
    return cast("str", value)
