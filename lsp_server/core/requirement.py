"""One PEP 508 requirement string, and the names in it."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

# ASCII spelled out: with IGNORECASE a class of letters also matches the Kelvin sign and the long s.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_LEADING_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")


@dataclass(frozen=True, slots=True)
class Invalid:
    """A text that is no requirement or no name, and why, in words for a person."""

    text: str
    message: str


def normalize(name: str) -> str:
    """The name under which two spellings are the same project (PEP 503), extra (PEP 685) or group (PEP 735)."""
    return str(canonicalize_name(name))


@lru_cache(maxsize=8192)
def parse(text: str) -> Requirement | Invalid:
    """A PEP 508 requirement, or why it is none.

    Never raises. Results are cached, as one parse takes tens of microseconds: do not change what you get.
    """
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        return Invalid(text, str(error).partition("\n")[0])
    except (ValueError, RecursionError) as error:
        # Versions of absurd length and markers of absurd depth leave packaging by other doors.
        return Invalid(text, f"not a requirement: {type(error).__name__}")


def local_path(found: Requirement) -> str | None:
    """Return where a requirement on this machine is (`name @ file:...` or `name @ path`), unquoted; None for all others.

    Source: PEP 508, "Direct references"; uv takes what has no scheme for a path.
    """
    if not found.url:
        return None
    parts = urlsplit(found.url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        path = unquote(parts.path)
        return path[1:] if re.match(r"/[A-Za-z]:[\\/]", path) else path
    is_drive = len(parts.scheme) == 1
    return found.url.partition("#")[0] if not parts.scheme or is_drive else None


def at(text: str, path: PurePath) -> str:
    """Return a requirement with another place on this machine; its extras, marker and fragment stay."""
    url = parse(text)
    assert isinstance(url, Requirement)  # noqa: S101  the caller has parsed it
    assert url.url is not None  # noqa: S101  and it names a place
    fragment = url.url.partition("#")[1:]
    return text.replace(url.url, path.as_uri() + "".join(fragment), 1)


def combined(one: str, other: str) -> str | None:
    """Return a requirement that means both of two of the same package; None where none can.

    One that says all that the other says stays as it is written. Both have to hold in the same places (markers).
    """
    first, second = parse(one), parse(other)
    if isinstance(first, Invalid) or isinstance(second, Invalid):
        return None
    if first.url or second.url or str(first.marker) != str(second.marker):
        return one if first == second else None
    bounds, more = set(first.specifier), set(second.specifier)
    extras = first.extras | second.extras
    for text, said, has in ((one, bounds, first.extras), (other, more, second.extras)):
        if said >= bounds | more and has == extras:
            return text
    named = f"[{','.join(sorted(extras))}]" if extras else ""
    marker = f" ; {first.marker}" if first.marker else ""
    listed = [*str(first.specifier).split(","), *(str(each) for each in second.specifier if each not in bounds)]
    return f"{first.name}{named}{','.join(filter(None, listed))}{marker}"


def parse_name(text: str) -> str | Invalid:
    """A bare project name, normalised: no extras, version, URL, blanks, and nothing an option could hide in.

    Source: PEP 508, "Names".
    """
    if _NAME.fullmatch(text):
        return normalize(text)
    allowed = "letters, digits, '.', '_' and '-', with a letter or digit at both ends"
    return Invalid(text, f"{text!r} is not a package name: allowed are {allowed}")


def leading_name(text: str) -> str:
    """The normalised name that a requirement begins with, also of one half typed; "" if it begins with none."""
    match = _LEADING_NAME.match(text)
    return normalize(match[1]) if match else ""
