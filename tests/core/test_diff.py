"""Edits and merges: what is checked here is that nothing is lost, torn or moved."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.core.diff import Conflict, Edit, Merged, apply, edits, merge
from lsp_server.core.text import split_lines
from lsp_server.core.toml import problem

LINE_ENDS = st.sampled_from(["\n", "\n", "\r\n", "\r"])
WORDS = st.sampled_from(["a", "b", "a b", "", "é", "\u2028", "😀", "\ud83d", '    "x>=1",', '    "y",', "[t]", "]"])
LINES = st.lists(st.builds(lambda word, end: word + end, WORDS, LINE_ENDS), max_size=8)
TEXTS = st.builds(lambda lines, tail: "".join(lines) + tail, LINES, WORDS) | st.text(max_size=20)

PROJECT = '[project]\nname = "p"\ndependencies = [\n{items}]\n\n[tool.x]\nk = 1\n'


def project(*items: str) -> str:
    return PROJECT.format(items="".join(f"    {item}\n" for item in items))


def merged(base: str, ours: str, theirs: str) -> str:
    outcome = merge(base, ours, theirs)
    assert isinstance(outcome, Merged), outcome
    return outcome.text


def added(base: str, side: str) -> set[str]:
    return {line.rstrip("\r\n") for line in set(split_lines(side)) - set(split_lines(base))}


# Edits


@given(TEXTS, TEXTS)
def test_applying_the_edits_gives_the_new_text(old: str, new: str) -> None:
    assert apply(old, edits(old, new)) == new


@given(TEXTS, TEXTS)
def test_edits_ascend_do_not_overlap_and_never_split_a_crlf(old: str, new: str) -> None:
    changes = edits(old, new)
    assert all(before.end < after.start for before, after in pairwise(changes))
    for change in changes:
        assert 0 <= change.start <= change.end <= len(old)
        assert all(old[max(at - 1, 0) : at + 1] != "\r\n" for at in (change.start, change.end))
        assert (change.start, change.text) != (change.end, "")


@given(st.lists(st.integers(0, 2), min_size=1, max_size=30))
def test_unchanged_lines_are_untouched_when_every_line_is_different(kinds: list[int]) -> None:
    """Kind 0: the line stays; 1: it changes; 2: it goes."""
    lines = [f"line {number}\r\n" for number in range(len(kinds))]
    new = [line.replace("line", "LINE") if kind else line for line, kind in zip(lines, kinds, strict=True) if kind < 2]
    changes = edits("".join(lines), "".join(new))
    position = 0
    for line, kind in zip(lines, kinds, strict=True):
        if kind == 0:
            assert not any(change.start < position + len(line) and position < change.end for change in changes)
        position += len(line)


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("a\nb\nc\n", "a\nx\nb\nc\n", Edit(2, 2, "x\n")),
        ("a\nb\nc\n", "a\nc\n", Edit(2, 4, "")),
        ('v = "1.0.0"\n', 'v = "1.1.0"\n', Edit(7, 8, "1")),
        ("deps = []\r\n", 'deps = [\r\n  "a",\r\n]\r\n', Edit(8, 8, '\r\n  "a",\r\n')),
        ("a\n", "a\r\n", Edit(1, 2, "\r\n")),
        ("a\r\n", "a\r", Edit(1, 3, "\r")),
        ("", "a", Edit(0, 0, "a")),
    ],
)
def test_one_small_change_is_one_small_edit(old: str, new: str, change: Edit) -> None:
    assert edits(old, new) == (change,)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("added", ["b", "\n[dependency-groups]\ndev = []", "\n"])
def test_lines_added_at_the_end_are_anchored_inside_the_text(added: str, end: str) -> None:
    old, new = f"a{end}", f"a{end}{added}{end}".replace("\r\n", "\n").replace("\n", end)
    (change,) = edits(old, new)
    assert change.end < len(old)
    assert apply(old, [change]) == new


def test_an_empty_text_and_one_without_a_last_line_end_grow_at_their_end() -> None:
    assert edits("", "a\n") == (Edit(0, 0, "a\n"),)
    assert apply("a", edits("a", "a\nb\n")) == "a\nb\n"


def test_equal_texts_need_no_edit() -> None:
    assert edits("a\n", "a\n") == ()


# Merge


@given(TEXTS, TEXTS)
def test_one_changed_side_wins_whole(base: str, other: str) -> None:
    assert merge(base, base, other) == merge(base, other, base) == merge(base, other, other) == Merged(other)


@given(TEXTS, TEXTS, TEXTS)
def test_no_line_that_a_side_added_is_lost(base: str, ours: str, theirs: str) -> None:
    outcome = merge(base, ours, theirs)
    if isinstance(outcome, Merged):
        assert all(line in outcome.text for line in added(base, ours) | added(base, theirs))
    else:
        assert (outcome.base, outcome.ours, outcome.theirs) == (base, ours, theirs)


ITEMS = st.lists(st.sampled_from([f'"{name}{bound}",' for name in "abcd" for bound in ("", ">=1")]), max_size=4)


@given(ITEMS, ITEMS, ITEMS)
def test_merging_valid_projects_gives_a_valid_one_with_every_item(base: list[str], ours: list[str], theirs: list[str]) -> None:
    outcome = merge(project(*base), project(*ours), project(*theirs))
    if isinstance(outcome, Merged):
        assert problem(outcome.text) is None
        assert all(item in outcome.text for item in (set(ours) | set(theirs)) - set(base))
        assert not any(f"    {item}\n" in outcome.text for item in set(base) - set(ours) - set(theirs))


@given(st.permutations(['"a",', '"b",', '"c",', '"d",', '"e",', '"f",']), st.integers(0, 3), st.integers(0, 3))
def test_two_sides_that_only_add_items_never_conflict(items: list[str], first: int, second: int) -> None:
    base = items[:2]
    ours, theirs = items[2:4], items[4:6]
    one = [*base[: min(first, 2)], *ours, *base[min(first, 2) :]]
    other = [*base[: min(second, 2)], *theirs, *base[min(second, 2) :]]
    text = merged(project(*base), project(*one), project(*other))
    assert sorted(split_lines(text)) == sorted(split_lines(project(*items)))


def test_both_sides_append_to_an_array_ours_first() -> None:
    assert merged(project('"a",'), project('"a",', '"b",'), project('"a",', '"c",')) == project('"a",', '"b",', '"c",')


def test_an_item_that_both_add_stands_once() -> None:
    ours, theirs = project('"b",', '"c",'), project('"c",', '"d",')
    assert merged(project(), ours, theirs) == project('"b",', '"c",', '"d",')


def test_an_item_added_beside_one_the_other_side_removed_stays_and_the_removed_one_goes() -> None:
    """The undo of one add after another add: base is after both, ours is now, theirs is before."""
    assert merged(project('"a",', '"x",'), project('"a",', '"x",', '"y",'), project('"a",')) == project('"a",', '"y",')


def test_an_item_raised_by_one_side_beside_an_addition_of_the_other_keeps_both() -> None:
    text = merged(project('"a>=1",'), project('"a>=2",'), project('"a>=1",', '"b",'))
    assert text == project('"a>=2",', '"b",')


def test_an_empty_array_that_both_sides_spread_and_fill_has_both_items() -> None:
    base = "[project]\ndependencies = []\n"
    ours, theirs = (f'[project]\ndependencies = [\n    "{name}",\n]\n' for name in "ab")
    assert merged(base, ours, theirs) == '[project]\ndependencies = [\n    "a",\n    "b",\n]\n'


def test_a_missing_trailing_comma_is_put_in_when_another_item_follows() -> None:
    text = merged(project('"a"'), project('"a",', '"b"'), project('"a",', '"c"'))
    assert text == project('"a",', '"b",', '"c"')


def test_comments_stay_with_their_items() -> None:
    text = merged(project(), project("# why", '"a",'), project("# why", '"b",'))
    assert problem(text) is None
    assert text.index("# why") < text.index('"a"') < text.index('"b"')


def test_two_new_tables_that_end_alike_keep_their_own_ends() -> None:
    base = "[a]\nk = 0\n"
    text = merged(base, base + "\n[x]\nk = 1\n", base + "\n[y]\nk = 1\n")
    assert text == base + "\n[x]\nk = 1\n\n[y]\nk = 1\n"


def test_a_key_added_to_the_table_above_does_not_slide_into_a_new_table() -> None:
    base = "[a]\nk = 0\n"
    text = merged(base, base + "\n[x]\nk = 1\n", base + "z = 2\n")
    assert text == base + "z = 2\n\n[x]\nk = 1\n"


def test_crlf_is_kept_and_given_to_a_last_line_that_had_none() -> None:
    assert merged("a = 1", "a = 1\r\nb = 2", "a = 1\r\nc = 3") == "a = 1\r\nb = 2\r\nc = 3"


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "reason"),
    [
        pytest.param('v = "1"\n', 'v = "2"\n', 'v = "3"\n', "overlap", id="one-value-changed-twice"),
        pytest.param(project('"a",'), project('"a>=2",'), project(), "overlap", id="raised-and-removed"),
        pytest.param("[t]\n", "[t]\nk = 1\n", "[t]\nk = 2\n", "invalid", id="one-key-added-twice"),
        pytest.param(
            "[a]\nx = 1\ny = 1\nz = 1\n[b]\n",
            "[a]\nx = 1\ny = 1\nz = 1\nnew = 1\n[b]\n",
            "[c]\nx = 1\ny = 1\nz = 1\n[b]\n",
            "meaning",
            id="key-added-to-a-renamed-table",
        ),
    ],
)
def test_what_cannot_hold_both_is_a_conflict_with_its_reason(base: str, ours: str, theirs: str, reason: str) -> None:
    outcome = merge(base, ours, theirs)
    assert isinstance(outcome, Conflict)
    assert outcome.reason == reason
    assert bool(outcome.regions) == (reason == "overlap")


def test_a_conflict_names_the_line_and_the_three_texts() -> None:
    outcome = merge("x\nv\ny\n", "n\nx\nours\ny\n", "x\ntheirs\ny\n")
    assert isinstance(outcome, Conflict)
    (region,) = outcome.regions
    assert (region.line, region.base, region.ours, region.theirs) == (3, "v\n", "ours\n", "theirs\n")


def test_changes_of_different_keys_of_one_table_in_an_array_are_both_kept() -> None:
    base = '[[index]]\nname = "n"\nx = 1\ny = 1\nurl = "u"\n'
    ours, theirs = base.replace('"n"', '"m"'), base.replace('"u"', '"v"')
    assert merged(base, ours, theirs) == '[[index]]\nname = "m"\nx = 1\ny = 1\nurl = "v"\n'


def test_a_text_that_is_no_toml_is_merged_by_its_lines() -> None:
    assert merged("def f(:\n", "def f(:\n    a\n", "def f(:\n    b\n") == "def f(:\n    a\n    b\n"


def test_tables_nested_beyond_the_recursion_limit_do_not_raise() -> None:
    deep = ".".join(["k"] * 3000)
    base = f"a = 1\n\n\nb = 1\n\n\n{deep} = 1\n"
    outcome = merge(base, base.replace("a = 1", "a = 2"), base.replace(f"{deep} = 1", f"{deep} = 2"))
    assert isinstance(outcome, Merged | Conflict)
