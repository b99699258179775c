"""The checker of histories finds what is wrong in known-bad ones and nothing in known-good ones."""

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.history import checker
from bench.history.checker import Event, judge, linearizable
from bench.history.model import Act, Effect, Outcome, Record, Source, Value


def act(
    call: float,
    end: float,
    value: Value,
    *,
    source: Source = "ours",
    outcome: Outcome = "done",
    seen: float | None = None,
    bumps: bool = False,
    maybe: bool = False,
    tears: bool = False,
) -> Act:
    effects = {"a": Effect(value, bumps=bumps, maybe=maybe)}
    looks = {} if seen is None else {"a": seen}
    return Act("x", f"writes {value}", source, call, end, outcome, effects, looks, tears, rewrites=source in {"uv", "exec"})


def beside(call: float, end: float, source: Source = "uv") -> Act:
    """A writer of whole files whose own edit is another register's."""
    return Act("y", "uv add b", source, call, end, "done", rewrites=source == "uv")


def judged(after: Value, *acts: Act, before: Value = "0", told: list[tuple[str, str]] | None = None) -> list[str]:
    trace = [(one.end, "a", one.effects["a"].to) for one in acts if "a" in one.effects]
    record = Record(0.0, {"a": before}, {"a": after}, list(acts), told=told or [], trace=trace)
    return [one.blame for one in judge(record)]


GOOD = {
    "one after the other": ("2", act(0, 1, "1"), act(2, 3, "2")),
    "at once, either": ("1", act(0, 3, "1"), act(1, 2, "2")),
    "one that failed did nothing": ("1", act(0, 1, "1"), act(2, 3, "2", outcome="failed")),
    "one that was killed has happened": ("2", act(0, 1, "1"), act(2, 3, "2", outcome="unknown")),
    "one that was killed has not": ("1", act(0, 1, "1"), act(2, 3, "2", outcome="unknown")),
    "one whose server was killed happens later": ("2", act(0, math.inf, "2", outcome="unknown"), act(2, 3, "1")),
    "taken away": (None, act(0, 1, "1"), act(2, 3, None)),
    "bumped": ("0.1.3", act(0, 1, "0.1.1"), act(2, 5, None, bumps=True), act(3, 4, None, bumps=True)),
    "contradicted after it was seen": ("2", act(0, 5, "1", seen=2), act(3, 4, "2")),
    "git had nothing to decide": ("1", act(0, 1, "1"), act(2, 3, "0", maybe=True, source="git")),
}
BAD = {
    "a lost write": ("0", act(0, 1, "1")),
    "an older write wins": ("1", act(0, 1, "1"), act(2, 3, "2")),
    "a failed write stands": ("2", act(0, 1, "1"), act(2, 3, "2", outcome="failed")),
    "a killed write comes back after it had ended": ("2", act(0, 1, "2", outcome="unknown"), act(2, 3, "1")),
    "nobody wrote it": ("7", act(0, 1, "1")),
    "taken away and back": ("1", act(0, 1, "1"), act(2, 3, None)),
    "a lost bump": ("0.1.2", act(0, 1, "0.1.1"), act(2, 5, None, bumps=True), act(3, 4, None, bumps=True)),
    "what was said after it was seen is taken back": ("1", act(0, 5, "1", seen=2), act(3, 4, "2")),
    "an entry stands twice": (">=1 and >=1", act(0, 1, ">=1")),
    "a checkout is fought": ("1", act(0, 1, "1"), act(2, 3, "0", source="git")),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_history_has_no_anomaly(name: str) -> None:
    after, *acts = GOOD[name]
    assert judged(after, *acts) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_history_is_found_and_ours(name: str) -> None:
    after, *acts = BAD[name]
    assert judged(after, *acts) == ["ours"]  # type: ignore[arg-type]


def test_what_uv_loses_against_uv_is_told_apart() -> None:
    lost = act(1, 3, "1", source="uv")
    assert judged("0", lost, beside(2, 4)) == ["uv against uv"]
    assert judged("0", act(1, 3, "1", source="exec"), beside(2, 4)) == ["uv against uv"]
    assert judged("0", lost, beside(5, 6)) == ["ours"], "the other one began after it"
    assert judged("0", act(1, 3, "1"), beside(2, 4)) == ["ours"], "an operation of ours has to outlast a uv"
    assert judged("0", act(1, 3, "1", source="save"), beside(2, 4)) == ["ours"], "and so has a save"


def test_a_failed_uv_whose_half_done_text_another_uv_read_may_stand() -> None:
    failed = act(0, 2, "1", source="uv", outcome="failed")
    assert judged("1", failed, beside(1, 3)) == ["uv against uv"]
    assert judged("1", failed, beside(3, 4)) == ["ours"]


def test_a_text_that_went_into_a_file_that_was_replaced_under_uv_is_nobodys_fault() -> None:
    torn = Act("z", "saves", "save", 2, 2.1, "done", tears=True)
    assert judged("0", act(1, 3, "1", source="uv"), torn) == []
    assert judged("0", act(1, 3, "1"), torn) == ["ours"], "we write no file in place"


def test_a_save_that_met_another_write_and_was_offered_is_counted_apart() -> None:
    lost, other = act(1, 3, "v1", source="save"), act(0, 0.5, "v2")
    assert judged("v2", other, lost, told=[("v2", "v1")]) == ["told"]
    assert judged("v2", other, lost, told=[("v2", "v3")]) == ["ours"], "of another one"
    assert judged("v2", other, lost, told=[("v1", "v1")]) == ["ours"], "of another register in the same text"
    assert judged("0", lost, told=[("v2", "v1")]) == ["ours"], "nobody else wrote it: there was nothing to ask about"


def test_what_another_program_wrote_has_to_have_stood_for_a_moment() -> None:
    def blames(source: Source, ends: float) -> list[str]:
        trace: list[tuple[float, str, Value]] = [(1.5, "a", "1"), (ends, "a", "0")]
        return [one.blame for one in judge(Record(0.0, {"a": "0"}, {"a": "0"}, [act(1, 3, "1", source=source)], trace=trace))]

    assert blames("tool", 1.55) == ["unseen"]
    assert blames("tool", 1.7) == ["ours"]
    assert blames("save", 1.55) == blames("ours", 1.55) == ["ours"]


def test_an_absence_that_was_seen_may_be_anothers_doing() -> None:
    remove = act(0, 5, None, seen=2)
    assert judged(None, remove, act(3, 4, "2")) == ["ours"]
    assert judged(None, remove, act(1, 1.5, None, source="tool"), act(3, 4, "2")) == [], "what was seen was the tool's"
    assert judged(None, remove, beside(-1, 3), act(-1, -0.5, "1"), act(3, 4, "2")) == [], "or an older text"


def test_a_lost_write_in_a_long_history_is_found_and_named() -> None:
    acts = [act(2 * each, 2 * each + 1, str(each)) for each in range(1, 40)]
    assert judged("39", *acts) == []
    record = Record(0.0, {"a": "0"}, {"a": "38"}, acts)
    assert [one.words.endswith("lost: x: writes 39 (39)") for one in judge(record)] == [True]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Event], Value]:
    events = []
    for number in range(draw(st.integers(0, 4))):
        call = draw(st.integers(0, 6))
        end = call + draw(st.integers(0, 4))
        effect = Effect(str(number))
        events.append(Event(call, end, effect, draw(st.booleans()), act(call, end, str(number))))
    return events, draw(st.sampled_from([None, *map(str, range(4))]))


@given(histories())
def test_the_search_finds_what_trying_every_order_finds(case: tuple[list[Event], Value]) -> None:
    events, after = case
    assert linearizable(events, None, after) == any(
        fits(order, after)
        for chosen in range(2 ** len(events))
        for order in permutations([event for place, event in enumerate(events) if chosen >> place & 1 or not event.optional])
    )


def fits(order: tuple[Event, ...], after: Value) -> bool:
    in_time = all(one.call <= other.end for place, one in enumerate(order) for other in order[place + 1 :])
    return in_time and (order[-1].effect.to if order else None) == after


def test_twelve_writes_at_once_are_searched_in_a_moment() -> None:
    events = [Event(0, 1, Effect(str(each)), optional=False, act=act(0, 1, str(each))) for each in range(12)]
    assert linearizable(events, None, "7")
    assert checker.events_of(Record(0.0, {}), "a") == []
