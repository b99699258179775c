"""What the header of an `if`, `except` or `with` says about the imports below it."""

import re
from dataclasses import dataclass

_CATCHING = re.compile(r"\b(?:ImportError|ModuleNotFoundError|Exception|BaseException)\b|^\s*:")
_SUPPRESSING = re.compile(r"\bsuppress\s*\([^)]*\b(?:ImportError|ModuleNotFoundError|Exception)\b")
_TYPING = re.compile(r"^\s*\(?\s*(?P<not>not\s+)?(?:\w+\.)*(?:TYPE_CHECKING|MYPY)\b")
_NEVER = re.compile(r"^\s*\(?\s*(?:False|0)\s*\)?\s*:")
_VERSION = re.compile(
    r"^\s*\(?\s*(?:\w+\.)?version_info(?:\s*\[\s*:\s*2\s*\])?\s*(?P<sign>>=|<=|<|>|==|!=)\s*\((?P<parts>[\d,\s]+)\)\s*\)?\s*:"
)
_SYSTEM = re.compile(
    r"^\s*\(?\s*(?:(?P<what>sys\.platform|os\.name|platform\.system\(\))\s*(?P<sign>==|!=)\s*['\"](?P<value>\w+)['\"]"
    r"|(?P<not>not\s+)?sys\.platform\.startswith\(\s*['\"](?P<start>\w+)['\"]\s*\))\s*\)?\s*:"
)
_VARIABLES = {"sys.platform": "sys_platform", "os.name": "os_name", "platform.system()": "platform_system"}
_STARTS = {"win": "win32", "win32": "win32", "linux": "linux", "darwin": "darwin", "cygwin": "cygwin"}
_OPPOSITE = {">=": "<", "<": ">=", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}


@dataclass(frozen=True, slots=True)
class Condition:
    """What is known of a condition.

    Attributes:
        typing: True for `if TYPE_CHECKING`, False for its negation, None for anything else.
        marker: The PEP 508 marker that is true when the block runs, if there is one.
        negated: The marker that is true when it does not.
        never: Whether the block is dead code, such as `if False:`.
    """

    typing: bool | None = None
    marker: str | None = None
    negated: str | None = None
    never: bool = False


NOTHING = Condition()


def catches_import_error(header: str) -> bool:
    """Tell whether an `except` header, without its word, catches a failed import."""
    return _CATCHING.search(header) is not None


def suppresses_import_error(header: str) -> bool:
    """Tell whether a `with` header suppresses a failed import (`contextlib.suppress`)."""
    return _SUPPRESSING.search(header) is not None


def read(header: str) -> Condition:
    """Read the header of an `if` or `elif`, without its word. What is not understood is `NOTHING`."""
    if match := _TYPING.match(header):
        return Condition(typing=match["not"] is None)
    if _NEVER.match(header):
        return Condition(never=True)
    if match := _VERSION.match(header):
        return _version(match["sign"], [part.strip() for part in match["parts"].split(",") if part.strip()])
    if match := _SYSTEM.match(header):
        return _system(match)
    return NOTHING


def both(one: str | None, other: str | None) -> str | None:
    """Return the marker that is true where both are; None is the marker that says nothing."""
    if one is None or other is None or one == other:
        return one or other
    return f"{one} and {other}"


def _version(sign: str, parts: list[str]) -> Condition:
    """The marker of a comparison; `version_info > (3, 11)` is true for 3.11.1, as tuples compare."""
    if len(parts) == 1:
        parts = [*parts, "0"]
    if len(parts) > 3 or sign in {"==", "!="}:  # noqa: PLR2004  major, minor, micro
        return NOTHING
    sign = {">": ">=", "<=": "<"}.get(sign, sign)
    variable = "python_version" if len(parts) == 2 else "python_full_version"  # noqa: PLR2004  major and minor
    version = ".".join(parts)
    return _comparison(variable, sign, version)


def _system(match: re.Match[str]) -> Condition:
    if match["start"]:
        value = _STARTS.get(match["start"])
        return NOTHING if value is None else _comparison("sys_platform", "!=" if match["not"] else "==", value)
    return _comparison(_VARIABLES[match["what"]], match["sign"], match["value"])


def _comparison(variable: str, sign: str, value: str) -> Condition:
    return Condition(marker=f"{variable} {sign} '{value}'", negated=f"{variable} {_OPPOSITE[sign]} '{value}'")
