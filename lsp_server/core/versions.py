"""What `uv version --bump` makes of a version (PEP 440), for choices that show the number before it is asked for."""

from collections.abc import Sequence
from itertools import product
from typing import get_args

from packaging.version import InvalidVersion, Version

from lsp_server.core.intent.newer import PRE_RELEASE, RELEASE, BumpPart, is_possible

_LETTERS = {"alpha": "a", "beta": "b", "rc": "rc"}
_UV_MAXIMUM = 2**64 - 1
"""uv counts as far; a longer number is none to it."""


def bumped(version: str, *parts: str) -> str | None:
    """Return the version after a bump; None where uv would refuse it or it cannot be told.

    As uv does: the parts of the release after the one that is raised become zero and none is added behind it; a new
    release has no pre-, post- and development marks but those that are asked for with it; a local part stays. What
    does not come after the present version is refused. A part with a value, such as `patch=10`, is left to uv.
    """
    try:
        present = Version(version)
    except InvalidVersion:
        return None
    if max(present.release) >= _UV_MAXIMUM or not is_possible(parts):
        return None
    made = _made(present, parts)
    return made if made is not None and Version(made) > present else None


def choices(version: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Return every bump that is possible from a version, with the number that it makes; single parts come first."""
    alone = [(part,) for part in get_args(BumpPart)]
    numbers = [(parts, bumped(version, *parts)) for parts in [*alone, *product(RELEASE, PRE_RELEASE)]]
    return tuple((parts, number) for parts, number in numbers if number is not None)


def _made(present: Version, parts: Sequence[str]) -> str | None:
    epoch = f"{present.epoch}!" if present.epoch else ""
    local = f"+{present.local}" if present.local else ""
    release = next((part for part in parts if part in RELEASE), None)
    numbers = _raised(present.release, release) if release else present.release
    mark = next((part for part in parts if part not in RELEASE), None)
    marks = _marks(None if release else present, mark) if mark else ""
    return f"{epoch}{'.'.join(map(str, numbers))}{marks}{local}"


def _raised(release: Sequence[int], part: str) -> tuple[int, ...]:
    place = RELEASE.index(part)
    padded = [*release, *([0] * (place + 1 - len(release)))]
    return (*padded[:place], padded[place] + 1, *([0] * (len(padded) - place - 1)))


def _marks(present: Version | None, part: str) -> str:
    """Return the pre-, post- and development marks after a bump of one of them; `present` is None for a new release."""
    pre = present.pre if present else None
    shown = f"{pre[0]}{pre[1]}" if pre else ""
    post = present.post if present else None
    if part == "stable":
        return ""
    if part == "post":
        return f"{shown}.post{(post or 0) + 1}"
    if part == "dev":
        tail = "" if post is None else f".post{post}"
        return f"{shown}{tail}.dev{((present.dev if present else None) or 0) + 1}"
    letter = _LETTERS[part]
    return f"{letter}{pre[1] + 1 if pre and pre[0] == letter else 1}"
