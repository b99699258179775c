"""The life of an operation, as a state machine: whatever happens in whatever order, it ends once and says how."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lsp_server.core.operation import (
    CANCELLABLE,
    FINISHED,
    HOLDS_QUEUE,
    Blocked,
    Failure,
    IllegalTransition,
    Operation,
    Origin,
    State,
    advance,
    requests,
)

STATES: tuple[State, ...] = get_args(State)
BLOCKED = Blocked("environment", 1, "uv sync", "2026-01-01T00:00:00", "/p/.venv/.lock")


def operation(state: State = "queued") -> Operation:
    return Operation("1", 1, "p", "file:///p", "pyproject.lock", {}, "lock", "Lock", state, Origin("t", 1), "t0")


class Life(RuleBasedStateMachine):
    """Steps in any order; `advance` lets through those that are possible."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.operation = operation()
        self.was_planned = False

    @rule(state=st.sampled_from(STATES))
    def goes_on(self, state: State) -> None:
        self.now += 1
        before = self.operation
        failure = Failure("uv-failed", "no") if state == "failed" else before.failure
        try:
            self.operation = advance(before, state, f"t{self.now}", failure=failure)
        except IllegalTransition:
            assert self.operation is before
            return
        self.was_planned |= state == "planning"

    @precondition(lambda self: not self.operation.finished)
    @rule()
    def is_blocked(self) -> None:
        self.operation = advance(self.operation, self.operation.state, f"t{self.now}", blocked=BLOCKED)

    @invariant()
    def a_finished_one_has_an_end_and_an_unfinished_one_has_none(self) -> None:
        assert (self.operation.finished_at is not None) == self.operation.finished

    @invariant()
    def it_starts_when_it_is_first_planned(self) -> None:
        assert (self.operation.started_at is not None) == self.was_planned

    @invariant()
    def nothing_finished_waits_for_anybody(self) -> None:
        assert not (self.operation.finished and self.operation.blocked)

    @invariant()
    def its_identity_never_changes(self) -> None:
        fresh = operation()
        assert (self.operation.id, self.operation.ticket, self.operation.created_at) == (fresh.id, 1, fresh.created_at)


TestLife = Life.TestCase


def reachable(state: State) -> set[State]:
    found: set[State] = set()
    for target in STATES:
        try:
            advance(operation(state), target, "t1")
        except IllegalTransition:
            continue
        found.add(target)
    return found - {state}


@pytest.mark.parametrize("state", STATES)
def test_every_unfinished_state_can_fail_and_each_that_can_be_cancelled_is_one_that_ends_so(state: State) -> None:
    if state in FINISHED:
        assert reachable(state) <= {"queued"}
    else:
        assert "failed" in reachable(state)
        assert ("cancelled" in reachable(state)) == (state in CANCELLABLE)


def test_an_edit_is_made_in_one_place_only() -> None:
    assert [state for state in STATES if "syncing" in reachable(state) and state != "queued"] == ["committing"]
    assert [state for state in STATES if "committing" in reachable(state)] == ["waiting"]


def test_what_is_done_stays_done() -> None:
    assert reachable("done") == set()


def test_who_waits_for_a_person_or_for_the_sync_holds_nobody_up() -> None:
    assert {"needsSave", "syncing"} & HOLDS_QUEUE == set()


def test_queueing_again_forgets_the_failure_and_the_end() -> None:
    failed = advance(operation(), "failed", "t1", failure=Failure("x", "y"))
    again = advance(failed, "queued", "t2")
    assert (again.failure, again.finished_at) == (None, None)


@pytest.mark.parametrize(
    ("state", "asked"),
    [
        *((state, ["cancel"]) for state in ("queued", "planning", "waiting", "needsSave", "syncing")),
        ("committing", []),
        ("done", []),
        ("failed", ["retry"]),
        ("cancelled", ["retry"]),
    ],
)
def test_what_may_be_asked_is_what_can_be_done(state: State, asked: list[str]) -> None:
    assert requests(operation(state), undoable=False) == asked
    assert "retry" not in requests(replace(operation(state), kind="exec"), undoable=False)
    assert requests(operation(state), undoable=True) == [*asked, "undo"]
