"""The lock protocol, in every interleaving: nobody waits for ever, nobody commits beside another, nothing is lost."""

import pytest

from tests.race.lock_model import Kind, Model, Variant, explore

CASTS: tuple[tuple[Kind, ...], ...] = (
    ("server", "server", "sync"),
    ("server", "server", "add"),
    ("server", "server", "remove"),
    ("server", "server", "exec"),
    ("server", "exec", "sync", "sync"),
    ("server", "exec", "exec"),
    ("server", "add", "sync"),
    ("server", "remove", "sync"),
    ("server", "add", "add"),
    ("server", "add", "remove"),
    ("server", "exec", "add"),
)
ONE_TERMINAL = tuple(cast for cast in CASTS if sum(kind in {"add", "remove", "exec"} for kind in cast) == 1)


@pytest.mark.parametrize("cast", CASTS, ids="-".join)
def test_nobody_waits_for_ever(cast: tuple[Kind, ...]) -> None:
    explored = explore(Model(cast))
    assert not explored.deadlocks()
    assert not explored.traps()


@pytest.mark.parametrize("cast", CASTS, ids="-".join)
def test_a_server_commits_only_while_it_alone_holds_all_three_locks(cast: tuple[Kind, ...]) -> None:
    assert not explore(Model(cast)).unguarded()


@pytest.mark.parametrize("cast", CASTS, ids="-".join)
def test_no_edit_of_a_server_is_lost_whatever_the_terminal_does(cast: tuple[Kind, ...]) -> None:
    assert not explore(Model(cast)).lost(["server"])


@pytest.mark.parametrize("cast", ONE_TERMINAL, ids="-".join)
def test_no_edit_of_a_terminal_is_lost_to_a_server(cast: tuple[Kind, ...]) -> None:
    assert not explore(Model(cast)).lost(["add", "remove", "exec"])


def test_two_commands_in_a_turn_lose_nothing_to_each_other() -> None:
    assert not explore(Model(("exec", "exec", "server"))).lost(["exec", "server"])


def test_the_model_is_not_blind_two_bare_adds_lose_one() -> None:
    assert explore(Model(("add", "add"))).lost(["add"])


@pytest.mark.parametrize(
    ("variant", "cast"),
    [
        ("wrong-order", ("server", "add")),
        ("uv-under-locks", ("server",)),
        ("manifest-last", ("server", "server")),
    ],
)
def test_a_wrong_order_is_found_as_a_deadlock(variant: Variant, cast: tuple[Kind, ...]) -> None:
    explored = explore(Model(cast, variant))
    assert explored.deadlocks() or explored.traps()


def test_a_commit_without_comparison_is_found_as_a_lost_edit_of_the_terminal() -> None:
    assert explore(Model(("server", "remove"), "no-comparison")).lost(["remove"])


def test_a_server_that_does_not_settle_is_found_as_its_own_lost_edit() -> None:
    assert explore(Model(("server", "remove"), "no-settling")).lost(["server"])


def test_a_server_that_waits_only_for_those_alive_at_its_commit_is_found_as_its_own_lost_edit() -> None:
    assert explore(Model(("server", "add", "add"), "early-settling")).lost(["server"])
