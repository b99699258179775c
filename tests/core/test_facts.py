"""What a manifest states, and whose edit it was that is not stated any more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.core import facts
from lsp_server.core.intent import Add, Bump, Intent, Lock, Move, Remove, Undo, Upgrade
from lsp_server.core.pyproject import Table

TEXT = """
[project]
name = "x"
version = "1.0"
dependencies = ["Alpha_b>=1 ; os_name == 'nt'", "alpha-b>=2 ; os_name != 'nt'"]
optional-dependencies.fast = ["beta"]
[dependency-groups]
dev = ["gamma", { include-group = "lint" }]
[tool.uv.sources]
beta = { path = "../beta" }
"""
RUNTIME = ("dependency", "runtime", "")


def test_what_a_manifest_states() -> None:
    assert facts.of_manifest(TEXT) == {
        ("version",): "1.0",
        (*RUNTIME, "alpha-b"): "Alpha_b>=1 ; os_name == 'nt'\nalpha-b>=2 ; os_name != 'nt'",
        ("dependency", "extra", "fast", "beta"): "beta",
        ("dependency", "group", "dev", "gamma"): "gamma",
        ("source", "beta"): '{ path = "../beta" }',
    }


@pytest.mark.parametrize("change", [lambda t: t.replace("\n", "\r\n"), lambda t: f"\ufeff{t}", lambda t: f"{t}\n# more"])
def test_how_it_is_written_states_nothing(change: object) -> None:
    assert callable(change)
    before, after = facts.of_manifest(TEXT), facts.of_manifest(change(TEXT))
    assert not facts.changed(before, after)


def test_a_script_states_its_block() -> None:
    text = '# /// script\n# dependencies = ["a>1"]\n# ///\nprint()\n'
    assert facts.of_script(text) == {(*RUNTIME, "a"): "a>1"}
    assert facts.of_script("print()") == {}


def test_a_key_with_a_third_value_is_somebodys_decision_and_no_loss() -> None:
    before, after, third = (facts.of_manifest(f'[project]\nversion = "{number}"') for number in "123")
    assert facts.dropped(before, after, before) == {("version",)}
    assert not facts.dropped(before, after, third)
    assert not facts.dropped(before, after, after)


@pytest.mark.parametrize(
    ("intent", "key", "concerned"),
    [
        (Add(("A>=1",)), (*RUNTIME, "a"), True),
        (Add(("a",)), ("dependency", "group", "dev", "a"), False),
        (Add(("a",)), (*RUNTIME, "b"), False),
        (Remove(("a",), Table("group", "dev")), ("dependency", "group", "dev", "a"), True),
        (Upgrade(("a",)), ("dependency", "extra", "x", "a"), True),
        (Upgrade(), (*RUNTIME, "b"), True),
        (Upgrade(("a",)), ("version",), False),
        (Move("a", Table("runtime"), Table("group", "dev")), (*RUNTIME, "a"), True),
        (Bump(("major",)), ("version",), True),
        (Bump(("major",)), (*RUNTIME, "a"), False),
        (Undo("x"), ("version",), True),
        (Lock(), ("version",), False),
    ],
)
def test_whose_a_key_is(intent: Intent, key: facts.Key, *, concerned: bool) -> None:
    assert intent.concerns(key) == concerned


FACTS = st.dictionaries(st.sampled_from([("version",), (*RUNTIME, "a"), (*RUNTIME, "b")]), st.sampled_from("123"))


@given(FACTS, FACTS, FACTS)
def test_what_is_dropped_was_changed_and_is_as_before(before: facts.Facts, after: facts.Facts, now: facts.Facts) -> None:
    for key in facts.dropped(before, after, now):
        assert key in facts.changed(before, after)
        assert now.get(key) == before.get(key) != after.get(key)


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    facts.of_manifest(text)
    facts.of_script(text)
