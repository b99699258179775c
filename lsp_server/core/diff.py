"""Two texts to the smallest edits between them, and three texts to one that has the changes of both sides.

Offsets are indexes into the Python string (code points).  Lines end where `lsp_server.core.text` says.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import chain
from typing import Any, Literal

from merge3 import Merge3

from lsp_server.core.text import split_lines
from lsp_server.core.toml import Problem, parse

_BLANK_OR_COMMENT = re.compile(r"\s*(#.*)?$")
_ITEM = re.compile(
    r"""(?P<item>\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|\{[^{}]*\})\s*)(?P<comma>,?)\s*(?P<rest>(?:\#.*)?)$""", re.VERBOSE
)
_HEADER = re.compile(r"\s*\[[^\[\],]+\]\s*(#.*)?$|\s*\[\[[^\[\],]+\]\]\s*(#.*)?$")
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace ``old[start:end]`` by ``text``; offsets are those of the old text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Merged:
    """One text with the changes of both sides."""

    text: str


@dataclass(frozen=True, slots=True)
class Region:
    """A place that both sides changed in different ways: its three texts and its first line in ours (from 1)."""

    line: int
    base: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """No text has the changes of both sides, or none that could be trusted.

    Args:
        base: The text that both sides started from.
        ours: One side.
        theirs: The other side.
        regions: Where both changed the same lines; empty when it is the whole that does not fit together.
        reason: Whether lines overlap, the joined lines are no TOML, or they are but mean something else.
    """

    base: str
    ours: str
    theirs: str
    regions: tuple[Region, ...] = ()
    reason: Literal["overlap", "invalid", "meaning"] = "overlap"


@dataclass(frozen=True, slots=True)
class _Hunk:
    """Lines ``start`` to ``end`` of the old text (from zero, half-open) became ``lines``."""

    start: int
    end: int
    lines: list[str]


def edits(old: str, new: str) -> tuple[Edit, ...]:
    """The edits that make ``old`` into ``new``: ascending, not overlapping, none touching an unchanged line.

    Whole lines that came or went are one edit; lines that changed are cut down to the characters that differ, so
    that a cursor beside the change stays where it is.  No edit starts or ends inside a CR LF.
    """
    return tuple(_inside(_trimmed(edit, old), old) for edit in _line_edits(split_lines(old), split_lines(new)))


def apply(old: str, changes: Iterable[Edit]) -> str:
    """The text after ``changes``, which are ascending and do not overlap."""
    pieces: list[str] = []
    position = 0
    for change in changes:
        pieces += old[position : change.start], change.text
        position = change.end
    return "".join([*pieces, old[position:]])


def distance(one: str, other: str) -> int:
    """How many characters two texts do not share, by the edits between them."""
    return sum(len(edit.text) + edit.end - edit.start for edit in edits(one, other))


def merge(base: str, ours: str, theirs: str) -> Merged | Conflict:
    """The changes from ``base`` to each side in one text, by lines (diff3).

    Equal changes of both sides count once.  Where plain diff3 sees a clash, three kinds of it are none:

    * Both sides only insert lines at one place: both stay, ours first.  What they insert alike stands once, and
      what belongs to the table above goes before what opens a new table.
    * One side changes items of an array (a line each) beside items that the other side changed.
    * Both sides spread the same array over several lines and add to it.

    When all three texts are valid TOML, the outcome must be valid too and must hold each side's changes at their
    place: a key that slid into another table, or an item that was dropped, is a `Conflict`.  When one of the three is
    no TOML (a script, a text being typed), only the lines are looked at.  A line that a side added is never dropped.
    """
    if ours in (base, theirs):
        return Merged(theirs)
    if theirs == base:
        return Merged(ours)
    text, regions = _merge_lines(base, ours, theirs)
    if regions:
        return Conflict(base, ours, theirs, regions)
    parsed = [parse(side) for side in (base, ours, theirs)]
    if any(isinstance(side, Problem) for side in parsed):
        return Merged(text)
    outcome = parse(text)
    if isinstance(outcome, Problem):
        return Conflict(base, ours, theirs, reason="invalid")
    try:
        kept = all(_keeps(parsed[0], side, outcome) for side in parsed[1:])
    except RecursionError:  # Tables nested a thousand deep: what cannot be checked is not trusted.
        kept = False
    return Merged(text) if kept else Conflict(base, ours, theirs, reason="meaning")


# Edits


def _shared_start(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))


def _shared_ends(one: Sequence[str], other: Sequence[str]) -> tuple[int, int]:
    """How many items two sequences share at their start and, of what is left, at their end."""
    start = _shared_start(one, other)
    return start, _shared_start(one[start:][::-1], other[start:][::-1])


def _hunks(old: list[str], new: list[str]) -> Iterator[_Hunk]:
    """The changed places from top to bottom, with an unchanged line between any two."""
    # Most edits touch one place of a long file: what both share around it need not be searched.
    head, tail = _shared_ends(old, new)
    matcher = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail])
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind != "equal":
            yield _Hunk(head + i1, head + i2, new[head + j1 : head + j2])


def _line_edits(old: list[str], new: list[str]) -> Iterator[Edit]:
    line = offset = 0
    for hunk in _hunks(old, new):
        start = offset + sum(map(len, old[line : hunk.start]))
        offset = start + sum(map(len, old[hunk.start : hunk.end]))
        line = hunk.end
        yield Edit(start, offset, "".join(hunk.lines))


def _trimmed(edit: Edit, text: str) -> Edit:
    old, new = text[edit.start : edit.end], edit.text
    head, tail = _shared_ends(old, new)
    if _splits_crlf(old, head) or _splits_crlf(new, head):
        head -= 1
    if _splits_crlf(old, len(old) - tail) or _splits_crlf(new, len(new) - tail):
        tail -= 1
    return Edit(edit.start + head, edit.end - tail, new[head : len(new) - tail])


def _inside(edit: Edit, text: str) -> Edit:
    """Return the same edit, with lines that are added behind the last line end put before that one.

    A position past the last line end is a line that no editor shows. LSP 3.17 allows it, but Neovim makes an empty line
    of it.
    """
    end = next((each for each in ("\r\n", "\n") if text.endswith(each) and edit.text.endswith(each)), None)
    if end is None or edit.start != len(text):
        return edit
    before = len(text) - len(end)
    return Edit(before, before, end + edit.text[: -len(end)])


def _splits_crlf(text: str, offset: int) -> bool:
    return offset > 0 and text[offset - 1 : offset + 1] == "\r\n"


# Merge, by lines


def _merge_lines(base: str, ours: str, theirs: str) -> tuple[str, tuple[Region, ...]]:
    base_lines, our_lines, their_lines = split_lines(base), split_lines(ours), split_lines(theirs)
    pieces: list[str] = []
    regions: list[Region] = []
    for region in Merge3(base_lines, our_lines, their_lines).merge_regions():
        match region:
            case ("conflict", b1, b2, o1, o2, t1, t2):
                clash = base_lines[b1:b2], our_lines[o1:o2], their_lines[t1:t2]
                resolved = _resolve(*clash)
                pieces += resolved or []
                if resolved is None:
                    regions.append(Region(o1 + 1, *map("".join, clash)))
            case ("unchanged", start, end):
                pieces += base_lines[start:end]
            case ("b", start, end):
                pieces += their_lines[start:end]
            case (_, start, end):  # Ours alone, or the same on both sides.
                pieces += our_lines[start:end]
    return _joined(pieces), tuple(regions)


def _joined(lines: list[str]) -> str:
    """The lines as one text; one that was the last of its text without a line end gets one if others follow it."""
    line_end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    ended = [line if line.endswith(("\n", "\r")) else line + line_end for line in lines[:-1]]
    return "".join([*ended, *lines[-1:]])


def _resolve(base: list[str], ours: list[str], theirs: list[str]) -> list[str] | None:
    """Both sides' lines for a place where diff3 sees a clash, or None if it is one."""
    only_items = all(map(_is_item, chain(base, ours, theirs)))
    start, end = _shared_ends(ours, theirs)
    if not base and not only_items:
        # Two new tables may end alike, and each needs its own end.
        end = 0
    while start and start < min(len(ours), len(theirs)) and not ours[start - 1].strip():
        # A blank line belongs to what follows it: each side keeps its own.
        start -= 1
    agreed = ours[:start] + ours[len(ours) - end :]
    if not base or _squeezed(base) == _squeezed(agreed):
        # Nothing of the base was changed except in the way both agree on: what remains are insertions.
        inserted = _both(ours[start : len(ours) - end], theirs[start : len(theirs) - end])
        return ours[:start] + inserted + ours[len(ours) - end :]
    return _merge_neighbours(base, ours, theirs)


def _squeezed(lines: list[str]) -> str:
    """What the lines say, without the spaces, line ends and commas that come and go when an array is spread."""
    return re.sub(r"[\s,]", "", "".join(lines))


def _both(ours: list[str], theirs: list[str]) -> list[str]:
    """Lines inserted at one place by both sides."""
    if not (ours and theirs):
        return ours or theirs
    if all(map(_is_item, ours + theirs)):
        known = _units(ours)
        new = [unit for unit in _units(theirs) if unit not in known]
        return _with_comma(ours) + list(chain(*new)) if new else ours
    (our_keys, our_tables), (their_keys, their_tables) = _at_first_header(ours), _at_first_header(theirs)
    return our_keys + their_keys + our_tables + their_tables


def _merge_neighbours(base: list[str], ours: list[str], theirs: list[str]) -> list[str] | None:
    """Changes of neighbouring lines, which diff3 takes for a clash; None if both sides changed the same line differently."""
    our_hunks, their_hunks = list(_hunks(base, ours)), list(_hunks(base, theirs))
    for our in our_hunks:
        for their in their_hunks:
            overlap = max(our.start, their.start) < min(our.end, their.end)
            if overlap and our != their and (our.lines or their.lines):
                return None
    gone = {line for hunk in our_hunks + their_hunks for line in range(hunk.start, hunk.end)}
    merged: list[str] = []
    for line in range(len(base) + 1):
        merged += _both(_inserted(our_hunks, line), _inserted(their_hunks, line))
        merged += base[line : line + 1] if line not in gone else []
    return merged


def _inserted(hunks: list[_Hunk], line: int) -> list[str]:
    return next((hunk.lines for hunk in hunks if hunk.start == line), [])


def _is_item(line: str) -> bool:
    """Whether the line is one whole item of an array, a comment or blank: what may stand in any order."""
    return bool(_ITEM.match(line) or _BLANK_OR_COMMENT.match(line))


def _units(lines: list[str]) -> list[list[str]]:
    """Items, each with the comments above it."""
    units: list[list[str]] = [[]]
    for line in lines:
        units[-1].append(line)
        if not _BLANK_OR_COMMENT.match(line):
            units.append([])
    return [unit for unit in units if unit]


def _with_comma(lines: list[str]) -> list[str]:
    """The items with a comma after the last one, which TOML wants once another item follows.

    Not before a comment: the line would not be found again as it was written.
    """
    match = _ITEM.match(lines[-1])
    if match is None or match["comma"] or match["rest"]:
        return lines
    item = match["item"].rstrip()
    return [*lines[:-1], f"{item},{lines[-1].removeprefix(item)}"]


def _at_first_header(lines: list[str]) -> tuple[list[str], list[str]]:
    """Lines that belong to the table above, and lines from the first new table on, with the comments before it."""
    split = next((index for index, line in enumerate(lines) if _HEADER.match(line)), len(lines))
    while split < len(lines) and split and _BLANK_OR_COMMENT.match(lines[split - 1]):
        split -= 1
    return lines[:split], lines[split:]


# Merge, by meaning


def _keeps(base: Any, side: Any, merged: Any) -> bool:  # noqa: ANN401 - values of TOML, walked by their shape
    """Whether all that ``side`` changed in ``base`` is so in ``merged``."""
    if side == base:
        return True
    if isinstance(side, dict) and isinstance(merged, dict):
        before = base if isinstance(base, dict) else {}
        return all(
            _keeps_key(before.get(key, _NOTHING), side.get(key, _NOTHING), merged.get(key, _NOTHING))
            for key in before.keys() | side.keys()
        )
    if isinstance(side, list) and isinstance(merged, list):
        return _keeps_items(base if isinstance(base, list) else [], side, merged)
    return bool(side == merged)


def _keeps_key(base: Any, side: Any, merged: Any) -> bool:  # noqa: ANN401 - values of TOML
    if side is _NOTHING or merged is _NOTHING:
        # Taken away by this side, so it must be away; or taken away by the other one, and this one did not mind.
        return side is merged or (side is not _NOTHING and bool(side == base))
    return _keeps(base, side, merged)


def _keeps_items(base: list[Any], side: list[Any], merged: list[Any]) -> bool:
    added = all(merged.count(item) >= min(side.count(item), base.count(item) + 1) for item in side if _more(item, side, base))
    removed = all(merged.count(item) < base.count(item) for item in base if _more(item, base, side))
    if added and removed:
        return True
    # An array of tables: each side may have changed another key of the same table.
    same_length = len(base) == len(side) == len(merged)
    return same_length and all(map(_keeps, base, side, merged))


def _more(item: object, many: list[Any], few: list[Any]) -> bool:
    return many.count(item) > few.count(item)
