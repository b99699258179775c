"""Is the history of each register linearizable? And if not, whose loss is it?

The method is that of Jepsen's Knossos and of porcupine: the search of Wing and Gong (1993) with the cache of Lowe (2017),
one register at a time (P-compositionality, Horn and Kroening 2015). It is written here because both are programs for
other runtimes (Clojure, Go), no maintained one for Python is known, and a register of ten writes needs forty lines.

A register may take an act's effect at one moment between the call and the answer. An act with an unknown outcome may
have happened or not. All histories end with one read, when everything rests.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from bench.history.model import Act, Effect, Key, Record, Value

_LONG = 100
Blame = Literal["ours", "uv against uv", "told", "unseen"]
SEEN_WITHIN = 0.1
"""Seconds for which a text has to stand so that anybody can know of it."""


@dataclass(frozen=True, slots=True)
class Event:
    """One act on one register; `optional` may have happened or not."""

    call: float
    end: float
    effect: Effect
    optional: bool
    act: Act


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A promise that a history broke: of a register, or of the whole."""

    kind: str
    blame: Blame
    words: str
    key: Key = ""


def linearizable(events: Sequence[Event], before: Value, after: Value) -> bool:
    """Tell whether some order of the events, each in its time, leads from one value to the other."""
    seen: set[tuple[frozenset[int], Value]] = set()
    waiting: list[tuple[frozenset[int], Value]] = [(frozenset(), before)]
    needed = {number for number, event in enumerate(events) if not event.optional}
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        done, value = place
        if value == after and needed <= done:
            return True
        waiting += [(done | {number}, events[number].effect.apply(value)) for number in _next(events, needed, done)]
    return False


def _next(events: Sequence[Event], needed: set[int], done: frozenset[int]) -> Iterable[int]:
    """Return those that may come now: nobody needed ended before their call, nobody who came was called after their end."""
    first_end = min((events[number].end for number in needed - done), default=math.inf)
    last_call = max((events[number].call for number in done), default=-math.inf)
    for number, event in enumerate(events):
        if number not in done and event.call <= first_end and last_call <= event.end:
            yield number


def events_of(record: Record, key: Key, forgiven: Callable[[Act], bool] = lambda _act: False) -> list[Event]:
    """Return what happened to a register, or may have; a forgiven act may have happened or not, whatever it said."""
    found = []
    for act in record.acts:
        effect = act.effects.get(key)
        if effect is None:
            continue
        seen = act.seen.get(key, math.inf) if _is_its_own(record, act, key) else math.inf
        is_forgiven = forgiven(act)
        if act.outcome != "failed" or seen < math.inf or is_forgiven:
            optional = is_forgiven or effect.maybe or (act.outcome == "unknown" and seen == math.inf)
            found.append(Event(act.call, min(act.end, seen), effect, optional or _went_into_a_dead_file(record, act), act))
    return found


def _is_its_own(record: Record, act: Act, key: Key) -> bool:
    """Tell whether what was seen can only be this act's doing: values are unique, absence and versions are not."""
    seen = act.seen.get(key)
    effect = act.effects[key]
    if seen is None or (effect.to is not None and not effect.bumps):
        return True
    until = replace(act, end=seen)
    # A stale text that somebody wrote meanwhile shows the register as it was when they began.
    began = min([act.call, *(one.call for one in record.acts if one.rewrites and one.overlaps(until) and one is not act)])
    others = (one for one in record.acts if one is not act and key in one.effects)
    return not any(one.call <= seen and one.end >= began for one in others)


def _went_into_a_dead_file(record: Record, act: Act) -> bool:
    """Tell whether a uv may have written into a file that was replaced or deleted under it: nobody can find that text."""
    return act.rewrites and any(one.tears and one.overlaps(act) for one in record.acts)


def judge(record: Record) -> list[Anomaly]:
    """Return what is wrong with a history."""
    found = [Anomaly(kind, _blame_of(record, kind), words) for kind, words in record.wrong]
    if any(kind == "broken" for kind, _ in record.wrong):
        return found  # there is no last text to judge
    for key in sorted(set(record.before) | set(record.after)):
        events, before, after = events_of(record, key), record.before.get(key), record.after.get(key)
        if not linearizable(events, before, after):
            found.append(_anomaly(record, key, events))
    return found


def _blame_of(record: Record, kind: str) -> Blame:
    """Two uvs side by side may leave anything: one reads what the other has truncated, and writes that back with its package."""
    excused = kind in {"lock", "environment", "broken"} and any(_is_beside_a_uv(record, act) for act in record.acts)
    return "uv against uv" if excused else "ours"


def _anomaly(record: Record, key: Key, events: Sequence[Event]) -> Anomaly:
    before, after = record.before.get(key), record.after.get(key)
    words = f"{key} is {_shown(after)} at the end, was {_shown(before)} at the start; " + _lost(events, before, after)
    lenient = events_of(record, key, partial(_is_beside_a_uv, record))
    if linearizable(lenient, before, after):
        return Anomaly("register", "uv against uv", words, key)
    for blame, excused in _EXCUSES.items():
        lenient = [replace(one, optional=one.optional or excused(record, key, one)) for one in lenient]
        if linearizable(lenient, before, after):
            return Anomaly("register", blame, words, key)
    return Anomaly("register", "ours", words, key)


def _is_beside_a_uv(record: Record, act: Act) -> bool:
    """Tell whether this is a uv that another one wrote beside, not both by `exec`: uv has no queue, one may erase the other."""
    others = (one for one in record.acts if one.rewrites and "uv" in {one.source, act.source} and one.overlaps(act))
    return act.rewrites and any(others)


def _was_told(record: Record, key: Key, event: Event) -> bool:
    """Tell whether a save met another's write of the same register, and its text was offered to a person."""
    value = event.effect.to
    others = (act for act in record.acts if act is not event.act and key in act.effects and act.outcome != "failed")
    offered = any(value is not None and value in after and value not in before for before, after in record.told)
    return event.act.source == "save" and offered and any(others)


def _stood_unseen(record: Record, key: Key, event: Event) -> bool:
    """Tell whether another program's write was replaced so soon that only who had read it meanwhile can know of it."""
    if event.act.source not in {"uv", "exec", "tool", "git"}:
        return False  # ours, or an editor's: its server is told the text
    changes = [(at, value) for at, name, value in record.trace if name == key]
    begins = next((at for at, value in changes if value == event.effect.to and at >= event.call), math.inf)
    ends = next((at for at, _ in changes if at > begins), math.inf)
    return begins == math.inf or ends - begins < SEEN_WITHIN


_EXCUSES: Mapping[Blame, Callable[[Record, Key, Event], bool]] = {"told": _was_told, "unseen": _stood_unseen}


def _lost(events: Sequence[Event], before: Value, after: Value) -> str:
    """Name the acts without any one of which all would be well."""
    for place, event in enumerate(events):
        if not event.optional and linearizable([*events[:place], *events[place + 1 :]], before, after):
            return f"lost: {event.act.client}: {event.act.what} ({event.effect})"
    return "no single lost act explains it" if events else "nobody wrote it"


def _shown(value: Value) -> str:
    return "absent" if value is None else repr(value if len(value) < _LONG else f"{value[:_LONG]}…")
