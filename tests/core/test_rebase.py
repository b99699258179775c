"""What was said last stands: the rule over every order in which a few writers can write one file, and wrong rules found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import permutations
from unittest.mock import patch

import pytest

from lsp_server.core import facts, rebase, statements
from lsp_server.core.rebase import Appeared, Command, History, Ruling, Save, Uv, Version

NAME = "pyproject.toml"


def manifest(*packages: str, version: str = "0.1.0", lines: str = "") -> str:
    listed = "".join(f'    "{each}",\n' for each in packages)
    return f'[project]\nname = "demo"\nversion = "{version}"\ndependencies = [\n{listed}]\n{lines}'


START = manifest("alpha", "eta")
MINE = "\n[tool.mine]\nkey = 1\n"


def uv(name: str, began: float, *packages: str) -> Uv:
    command = Command("dependencies", frozenset(packages)) if packages else Command("version")
    return Uv(name, f"uv {name}", began, command)


def after(*texts: tuple[str, str, float]) -> History:
    """A history: what each text's writer was, and when."""
    history = rebase.first(START, 0.0)
    for kind, text, since in texts:
        history = (*history, Version(text, history[-1].text, kind, since))  # type: ignore[arg-type]
    return history


class TestOne:
    """One text after one edit of ours, which removed alpha at second 1."""

    OURS = after(("ours", manifest("eta"), 1.0))

    def rule(self, text: str, *uvs: Uv, **more: object) -> Ruling:
        return rebase.rule(NAME, self.OURS, Appeared(text, 2.0, uvs, **more))  # type: ignore[arg-type]

    def test_a_uv_that_began_after_it_may_say_the_opposite(self) -> None:
        assert self.rule(START, uv("a", 1.5, "alpha")).text == START

    def test_a_uv_that_began_before_it_adds_and_takes_nothing_back(self) -> None:
        ruling = self.rule(manifest("alpha", "eta", "zeta"), uv("a", 0.5, "zeta"))
        assert ruling.text == manifest("eta", "zeta")
        assert [each.kind for each in ruling.restored] == ["ours"]

    def test_its_rollback_decides_nothing(self) -> None:
        assert self.rule(START, uv("a", 0.5, "zeta")).text == manifest("eta")

    def test_another_tool_and_git_are_not_fought(self) -> None:
        assert self.rule(START).text == START
        assert self.rule(START, uv("a", 0.5, "zeta"), by_git=True).text == START

    def test_a_person_who_saves_what_they_had_loaded_before_it_keeps_it(self) -> None:
        assert self.rule(START + MINE, saved=START).text == manifest("eta", lines=MINE)
        assert self.rule(START, saved=manifest("eta")).text == START, "they have seen it, and brought alpha back"

    def test_the_newest_base_that_explains_a_text_is_taken(self) -> None:
        ruling = self.rule(manifest("eta", "zeta"), uv("a", 0.5, "zeta"))
        assert (ruling.version.base, ruling.text) == (manifest("eta"), manifest("eta", "zeta"))

    def test_two_uvs_one_after_the_other_are_told_though_the_text_between_was_not_seen(self) -> None:
        text = manifest("alpha", "delta", "eta", "zeta")
        assert self.rule(text, uv("a", 0.5, "zeta"), uv("b", 0.6, "delta")).text == manifest("delta", "eta", "zeta")


def test_a_uv_takes_back_its_own_line_and_not_what_was_saved_beside_it() -> None:
    one = uv("a", 0.5, "zeta")
    history = rebase.first(START, 0.0)
    for text, saved, since in (
        (manifest("alpha", "eta", "zeta"), None, 1.0),
        (manifest("alpha", "eta", "zeta", lines=MINE), manifest("alpha", "eta", "zeta"), 2.0),
    ):
        history = rebase.noted(history, rebase.rule(NAME, history, Appeared(text, since, (one,), saved)), since)
    ruling = rebase.rule(NAME, history, Appeared(START, 3.0, (one,)))
    assert ruling.text == START + MINE


def test_a_line_of_a_uv_that_a_person_saved_away_unseen_goes_with_its_rollback() -> None:
    one = uv("a", 0.5, "zeta")
    history = after(("first", START, 0.1))
    for text, saved, since in ((manifest("alpha", "eta", "zeta"), None, 1.0), (START + MINE, START, 2.0)):
        history = rebase.noted(history, rebase.rule(NAME, history, Appeared(text, since, (one,), saved)), since)
    assert history[-1].text == manifest("alpha", "eta", "zeta", lines=MINE)
    assert rebase.rule(NAME, history, Appeared(START, 3.0, (one,))).text == START + MINE


def test_what_two_say_of_one_statement_is_told() -> None:
    history = after(("save", manifest("alpha", "eta", version="0.3.0", lines=MINE), 1.0))
    ruling = rebase.rule(NAME, history, Appeared(manifest("alpha", "eta", version="0.2.0"), 2.0, (uv("a", 0.5),)))
    assert ruling.text == manifest("alpha", "eta", version="0.2.0", lines=MINE)
    assert [each.kind for each in ruling.lost] == ["save"]


class TestToldLate:
    """An editor tells of a save after the text was seen, or was gone again."""

    SAVED = START + MINE

    def test_of_a_text_that_stands_and_was_taken_for_another_tools(self) -> None:
        history, pending = rebase.told_of_save(after(("other", self.SAVED, 1.0)), Save(self.SAVED, START), self.SAVED)
        assert (len(history), pending) == (1, Save(self.SAVED, START))

    def test_of_a_text_that_is_gone(self) -> None:
        history, pending = rebase.told_of_save(rebase.first(START, 0.0), Save(self.SAVED, START), START)
        assert (len(history), pending) == (1, Save(self.SAVED, START))

    def test_of_a_text_that_was_seen_last_and_is_gone_keeps_its_time(self) -> None:
        history, pending = rebase.told_of_save(after(("other", self.SAVED, 1.0)), Save(self.SAVED, START), START)
        assert ([(each.kind, each.since) for each in history], pending) == ([("first", 0.0), ("save", 1.0)], None)
        ended = replace(uv("a", 0.5, "zeta"), ended=1.2)
        assert rebase.rule(NAME, history, Appeared(START, 1.1, (ended,))).text == self.SAVED

    def test_what_came_after_it_and_nobody_explained_is_judged_anew(self) -> None:
        known = after(("other", self.SAVED, 1.0), ("other", START + "# x\n", 2.0))
        history, pending = rebase.told_of_save(known, Save(self.SAVED, START), START + "# x\n")
        assert ([each.kind for each in history], pending) == (["first", "save"], None)

    def test_our_own_edit_that_we_asked_to_save_is_ours(self) -> None:
        edit = manifest("eta")
        known = after(("ours", edit, 1.0))
        assert rebase.told_of_save(known, Save(edit, START, loaded=True), edit) == (known, None)

    def test_a_buffer_without_changes_that_was_saved_over_anothers_text_decides_nothing(self) -> None:
        edit = manifest("eta")
        known = after(("ours", edit, 1.0), ("uv", manifest("eta", "zeta"), 2.0))
        history, pending = rebase.told_of_save(known, Save(edit, START, loaded=True), edit)
        assert (history, pending) == (known, Save(edit, edit, loaded=True))
        assert rebase.rule(NAME, history, Appeared(edit, 3.0, saved=edit)).text == manifest("eta", "zeta")


# Every order of a few writers


@dataclass(frozen=True)
class World:
    """What really happened: the file, what each writer has read, and what the last word on each thing is."""

    history: History
    read: dict[str, str]
    uvs: dict[str, Uv]
    now: float = 0.0


PACKAGES = {"ours": ("-", "alpha"), "uv": ("+", "zeta"), "again": ("+", "alpha"), "fails": ("+", "theta"), "save": ("", "")}


def made(name: str, text: str) -> str:
    """What a writer makes of the text that it has read."""
    sign, package = PACKAGES[name]
    if not sign:
        return text + MINE if MINE not in text else text
    key = ("dependency", "runtime", "", package)
    return statements.with_statements(NAME, text, {key: package if sign == "+" else None})


def acts(name: str) -> list[tuple[str, str]]:
    """What one writer does, in its order."""
    if name == "fails":
        return [(name, "reads"), (name, "writes"), (name, "rolls back")]
    return [(name, "reads"), (name, "writes")]


def play(world: World, name: str, act: str) -> World:
    now = world.now + 1.0
    if act == "reads":
        text = world.history[-1].text
        uvs = world.uvs if name in {"ours", "save"} else {**world.uvs, name: uv(name, now - 0.5, PACKAGES[name][1])}
        return replace(world, read={**world.read, name: text}, uvs=uvs, now=now)
    text = world.read[name] if act == "rolls back" else made(name, world.read[name])
    if name == "ours" and text != world.history[-1].text and world.read[name] != world.history[-1].text:
        text = made(name, world.history[-1].text)  # a commit compares, and is planned anew
        world = replace(world, read={**world.read, name: world.history[-1].text})
    if text == world.history[-1].text:
        return replace(world, now=now)
    world = replace(world, uvs=ended(world.uvs, name, act, now))
    if name == "ours":
        ruling = Ruling(Version(text, world.history[-1].text, "ours", now), text)
    else:
        saved = world.read[name] if name == "save" else None
        ruling = rebase.rule(NAME, world.history, Appeared(text, now, tuple(world.uvs.values()), saved))
    return replace(world, history=rebase.noted(world.history, ruling, now), now=now)


def ended(uvs: dict[str, Uv], name: str, act: str, now: float) -> dict[str, Uv]:
    """A uv ends with its last write, and one that fails with its rollback."""
    is_over = name in uvs and (act == "rolls back" or name != "fails")
    return {**uvs, name: replace(uvs[name], ended=now)} if is_over else uvs


def orders(names: tuple[str, ...]) -> Iterator[tuple[tuple[str, str], ...]]:
    steps = [step for name in names for step in acts(name)]
    for order in permutations(range(len(steps))):
        if all(order.index(at) < order.index(at + 1) for at in range(len(steps) - 1) if steps[at][0] == steps[at + 1][0]):
            yield tuple(steps[at] for at in order)


def wrong(order: tuple[tuple[str, str], ...]) -> str | None:
    """What is wrong at the end of one order; None if all that was said last stands."""
    world = World(rebase.first(START, 0.0), {}, {})
    for name, act in order:
        world = play(world, name, act)
    text = world.history[-1].text
    stated = {key[-1] for key in facts.of(NAME, text) if key[0] == "dependency"}
    done = {name: order.index((name, "writes")) for name, act in order if act == "writes"}
    began = {name: order.index((name, "reads")) for name in done}
    both, has_ours = {"ours", "again"} <= done.keys(), "ours" in done
    told = {
        "a saved line is gone": "save" in done and MINE not in text,
        "what a uv added is gone": "uv" in done and "zeta" not in stated,
        "what a uv took back is here": "theta" in stated,
        "a package stands twice": any(text.count(f'"{each}') > 1 for each in ("alpha", "zeta")),
        "what we removed is back": has_ours and not both and "alpha" in stated,
        "what was added after us is gone": both and began["again"] > done["ours"] and "alpha" not in stated,
        "what we removed last is back": both and began["ours"] > done["again"] and "alpha" in stated,
    }
    return next((said for said, is_so in told.items() if is_so), None)


PROGRAMS = [
    ("ours", "uv", "save"),
    ("ours", "again", "save"),
    ("ours", "fails", "save"),
    ("uv", "fails", "save"),
    ("ours", "uv", "fails"),
    ("ours", "again", "fails"),
]


@pytest.mark.parametrize("names", PROGRAMS, ids="+".join)
def test_in_every_order_what_was_said_last_stands(names: tuple[str, ...]) -> None:
    found = {order: said for order in orders(names) if (said := wrong(order))}
    assert not found


def _looks_only(name: str, history: History, found: Appeared) -> Ruling:
    """The former rule: an edit of ours is to be there, whoever wrote what, as long as a uv lives."""
    ours = [each for each in history if each.kind == "ours"]
    version = Version(found.text, history[-1].text, "other", found.since)
    if not ours or not found.uvs:
        return Ruling(version, found.text)
    merged = statements.merge(name, ours[-1].base, found.text, ours[-1].text)
    return Ruling(version, getattr(merged, "text", found.text))


def _trusts_all(name: str, history: History, found: Appeared) -> Ruling:
    """Whatever appears stands."""
    del name
    return Ruling(Version(found.text, history[-1].text, "other", found.since), found.text)


def _resurrects(name: str, history: History, found: Appeared) -> Ruling:
    """All that stood is made again, also what a uv takes back itself."""
    unsigned = tuple(replace(each, writers=()) for each in history)
    return RULE(name, unsigned, found)


RULE = rebase.rule


@pytest.mark.parametrize(
    ("variant", "says"),
    [
        (_looks_only, "what was added after us is gone"),
        (_trusts_all, "a saved line is gone"),
        (_resurrects, "what a uv took back is here"),
    ],
)
def test_a_wrong_rule_is_found(variant: Callable[[str, History, Appeared], Ruling], says: str) -> None:
    with patch.object(rebase, "rule", variant):
        assert says in {wrong(order) for names in PROGRAMS for order in orders(names)}
