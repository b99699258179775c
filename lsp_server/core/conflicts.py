"""Git's conflict markers in a manifest or a lock file: seen, taken apart, and resolved by statements."""

import re
from dataclasses import dataclass

from merge3 import Merge3

from lsp_server.core import diff, facts
from lsp_server.core.text import split_lines

_BEGIN = re.compile(r"^<{7}( .*)?$", re.MULTILINE)
_END = re.compile(r"^>{7}( .*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sides:
    """The two texts that git could not merge.

    Attributes:
        ours: The one that was checked out.
        theirs: The other one.
        base: What both came from, where the markers show it (diff3).
        shared: What stands outside of the markers: the base of two sides that only added.
    """

    ours: str
    theirs: str
    base: str | None
    shared: str


@dataclass(frozen=True, slots=True)
class Contested:
    """What both sides changed in different ways: a person has to say."""

    what: tuple[str, ...]


def has_markers(text: str) -> bool:
    """Tell whether a text has conflict markers of git."""
    return bool(_BEGIN.search(text)) and bool(_END.search(text))


def sides(text: str) -> Sides:
    """Take a text with markers apart. What stands outside of them belongs to all sides."""
    found: dict[str, list[str]] = {"ours": [], "theirs": [], "base": [], "shared": []}
    now: str | None = None
    shows_base = False
    for line in split_lines(text):
        following = _following(now, line.rstrip("\r\n"))
        if following is None:
            for side in (now,) if now else found:
                found[side].append(line)
        else:
            now = following or None
            shows_base |= following == "base"
    ours, theirs, base, shared = ("".join(lines) for lines in found.values())
    return Sides(ours, theirs, base if shows_base else None, shared)


def _following(now: str | None, mark: str) -> str | None:
    """Return the side that begins after a line, "" for none of them; None for a line that is no marker here."""
    if now is None and _BEGIN.fullmatch(mark):
        return "ours"
    if now == "ours" and mark.startswith("|" * 7):
        return "base"
    if now in {"ours", "base"} and mark == "=" * 7:
        return "theirs"
    return "" if now == "theirs" and _END.fullmatch(mark) else None


def merged(base: str, ours: str, theirs: str) -> str | Contested:
    """Merge two manifests that came from one, by lines and by statements: an addition of each side survives."""
    before, mine, other = (facts.of_manifest(each) for each in (base, ours, theirs))
    keys = mine.keys() | other.keys() | before.keys()
    contested = [key for key in keys if _is_contested(before.get(key), mine.get(key), other.get(key))]
    if contested:
        return Contested(tuple(sorted(map(_shown, contested))))
    outcome = diff.merge(base, ours, theirs)
    if isinstance(outcome, diff.Merged):
        return outcome.text
    return Contested(tuple(f"line {region.line}" for region in outcome.regions) or ("lines that both sides changed",))


def marked(base: str, ours: str, theirs: str) -> str:
    """Return both texts in one, with markers where they clash, as git writes them."""
    lines = Merge3(split_lines(base), split_lines(ours), split_lines(theirs))
    text = "".join(lines.merge_lines(name_a="ours", name_b="theirs"))
    return text if has_markers(text) else f"<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n"


def _is_contested(before: str | None, mine: str | None, other: str | None) -> bool:
    return mine not in {before, other} and other != before


def _shown(key: facts.Key) -> str:
    return f"{key[-1]} ({' '.join(filter(None, key[1:-1]))})" if key[0] == "dependency" else ".".join(key)
