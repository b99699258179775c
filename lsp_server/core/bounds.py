"""The version bounds of one requirement: loosened to let the resolver choose, and moved to what it has chosen.

Both change only the versions in the text, so extras, markers, blanks, parentheses and the order of the bounds stay as
a person wrote them. Sources: PEP 440 (version specifiers), PEP 508 (requirements).
"""

import re
from collections.abc import Callable, Sequence
from typing import Literal

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

Strategy = Literal["latest", "within", "lock"]
Level = Literal["patch", "minor", "major"]
_CLAUSE = re.compile(r"(===|~=|==|!=|<=|>=|<|>)(\s*)([^\s,;)]+)")
_NUMBERS = re.compile(r"^v?(\d+!)?\d+(\.\d+)*")
_LEVEL_PLACES = {"patch": 2, "minor": 1}


def loosened(text: str) -> str:
    """Return a requirement without caps and pins: what it has now is the least, and what it excludes stays out.

    A bound that is no version, which only `===` can have, stays as it is.
    """
    head, mark, marker = text.partition(";")
    start = _name_end(head)
    clauses = [_loose(match) for match in _CLAUSE.finditer(head)]
    wanted = ",".join(clause for clause in clauses if clause)
    return f"{head[:start]}{wanted}{' ' if mark else ''}{mark}{marker}"


def moved(text: str, versions: Sequence[str], *, over_caps: bool) -> str:
    """Return a requirement whose bounds follow what the resolver has chosen, each in its own style.

    `==` and `~=` keep their operator and their number of parts, `==1.*` its star, a cap that is in the way becomes the
    next one of its kind, and a lower bound becomes the lowest version chosen.

    Args:
        text: the requirement.
        versions: what was chosen; several where markers split the package.
        over_caps: whether pins and caps move too; they would only be in the way of versions beyond them.

    """
    try:
        chosen = sorted(Version(one) for one in versions)
    except InvalidVersion:
        return text
    if not chosen:
        return text
    head, mark, marker = text.partition(";")
    change: Callable[[re.Match[str]], str] = lambda match: _moved(match, chosen[0], chosen[-1], over_caps=over_caps)  # noqa: E731
    new = _CLAUSE.sub(change, head)
    return f"{new}{mark}{marker}" if _admits(new, chosen) else text


def limit(version: str, level: Level) -> str | None:
    """Return the cap that keeps a package on its step: `<2` for a minor one from 1.4; None for a major one, which has none."""
    try:
        present = Version(version)
    except InvalidVersion:
        return None
    places = _LEVEL_PLACES.get(level)
    return None if places is None else f"<{_next(present, places)}"


def limited(text: str, cap: str) -> str:
    """Return a requirement with a cap more; without a cap as it is."""
    head, mark, marker = text.partition(";")
    if not cap:
        return text
    clauses = [match[0] for match in _CLAUSE.finditer(head)]
    return f"{head[: _name_end(head)]}{','.join([*clauses, cap])}{' ' if mark else ''}{mark}{marker}"


def lowest(text: str) -> str | None:
    """Return the version that a requirement's lower bound or pin names, the highest of several; None without one."""
    found = [_version(match[3]) for match in _CLAUSE.finditer(text.partition(";")[0]) if match[1] in _FLOORS]
    known = [version for version in found if version is not None]
    return str(max(known)) if known else None


def newest(versions: Sequence[str]) -> str | None:
    """Return the highest of some versions; None without one that is a version."""
    known = [version for version in map(_version, versions) if version is not None]
    return str(max(known)) if known else None


def excluded(text: str) -> tuple[str, ...]:
    """Return the bounds of a requirement that exclude single versions."""
    return tuple(match[0] for match in _CLAUSE.finditer(text.partition(";")[0]) if match[1] == "!=")


def public(version: str) -> str:
    """Return a version without its local part, which no bound but a pin may have."""
    return version.partition("+")[0]


def is_newer(one: str | None, other: str) -> bool:
    """Tell whether a version comes after another; of what is no version, no."""
    first, second = _version(one or ""), _version(other)
    return first is not None and second is not None and first > second


def is_major(before: str | None, after: str | None) -> bool:
    """Tell whether the step from one version to another changes the first part, or the epoch."""
    try:
        old, new = Version(before or ""), Version(after or "")
    except InvalidVersion:
        return False
    return (old.epoch, old.release[0]) != (new.epoch, new.release[0])


_FLOORS = frozenset({"===", "==", "~=", ">=", ">"})


def _name_end(head: str) -> int:
    """Return where the name and its extras end."""
    clause = _CLAUSE.search(head)
    return len(head.rstrip(" \t(")) if clause is None else len(head[: clause.start()].rstrip(" \t("))


def _loose(match: re.Match[str]) -> str:
    operator, _blank, number = match.groups()
    version = _version(number)
    if operator in {"<", "<="}:
        return ""
    if operator == "!=" or version is None:
        return match[0]
    return f"{'>' if operator == '>' else '>='}{version.public}"


def _moved(match: re.Match[str], low: Version, high: Version, *, over_caps: bool) -> str:
    operator, blank, number = match.groups()
    present = _version(number)
    if present is None:
        return match[0]
    if operator in {">=", ">"}:
        # A version that is excluded as the least cannot be the one that was chosen, so `>` gives way.
        return f">={blank}{low.public}" if present < low else match[0]
    if operator in {"<", "<="}:
        return f"{operator}{blank}{_cap(operator, number, high)}" if over_caps else match[0]
    return f"{operator}{blank}{_pinned(operator, number, low, over_caps=over_caps)}"


def _pinned(operator: str, number: str, version: Version, *, over_caps: bool) -> str:
    if operator == "~=":
        return _like(number, version) if over_caps or _admits(operator + number, [version]) else number
    return _pin(number, version) if over_caps and operator in {"==", "==="} else number


def _pin(number: str, version: Version) -> str:
    if number.endswith(".*"):
        return f"{_parts(version, number.count('.'))}.*"
    return str(version) if "+" in number else version.public


def _like(number: str, version: Version) -> str:
    """Return a version with as many parts as the number has; all of a pre-release, which a shorter one would not be."""
    return version.public if version.is_prerelease else _parts(version, len(Version(number).release))


def _cap(operator: str, number: str, version: Version) -> str:
    """Return the next cap that holds a version, of the kind of the present one: `<2.0` counts majors, `<0.28` minors."""
    if _admits(operator + number, [version]):
        return number
    if operator == "<=":
        return version.public
    release = Version(number).release
    counted = max((place for place, part in enumerate(release) if part), default=0) + 1
    tail = ".0" * (len(release) - counted)
    mark = _NUMBERS.sub("", number)  # the `a0` or `.dev0` of a cap that keeps pre-releases out, too
    return f"{_next(version, counted)}{tail}{mark}"


def _next(version: Version, places: int) -> str:
    """Return the version after all that share the first `places` parts with it."""
    release = [*version.release, *([0] * places)][:places]
    return _numbered(version.epoch, [*release[:-1], release[-1] + 1])


def _parts(version: Version, places: int) -> str:
    return _numbered(version.epoch, [*version.release, *([0] * places)][:places])


def _numbered(epoch: int, release: Sequence[int]) -> str:
    return (f"{epoch}!" if epoch else "") + ".".join(map(str, release))


def _version(number: str) -> Version | None:
    try:
        return Version(number.removesuffix(".*"))
    except InvalidVersion:
        return None


def _admits(head: str, chosen: Sequence[Version]) -> bool:
    """Tell whether the bounds allow the lowest version chosen; a pin cannot hold more than that one."""
    clauses = ",".join(match[0] for match in _CLAUSE.finditer(head))
    try:
        return SpecifierSet(clauses).contains(chosen[0], prereleases=True)
    except InvalidSpecifier:
        return False
