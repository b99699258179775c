"""The short form of `python -m bench.history`, and that it is not blind."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.history import __main__ as history
from bench.history.draw import ACTIONS, draw
from bench.history.model import plan_of
from bench.history.shrink import shrink


def play(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any], str]:
    code = history.main([*words, "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out), said.err


@pytest.mark.timeout(240)
def test_no_history_of_those_who_stand_in_the_queue_has_an_anomaly_of_ours(
    base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--seed", "100", "--rounds", "2", "--keep", str(base), "--clients", "editor 1", "command line", "exec")
    code, figures, said = play(capsys, *words)
    assert code == 0, said
    assert figures["acts"] >= 80


@pytest.mark.timeout(120)
def test_the_same_clients_with_bare_uv_lose_edits_and_it_is_found_and_kept(
    base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--seed", "4", "--rounds", "2", "--keep", str(base), "--bare")
    code, figures, said = play(capsys, *words)
    assert code == 1
    assert "lost: " in said
    kept = json.loads(next(base.glob("seed-*.json")).read_text())
    assert plan_of(kept) in [draw(seed, history.OPERATIONS) for seed in range(4, 6)]
    assert figures["bad"]["uv against uv"]


@pytest.mark.timeout(120)
def test_where_one_step_follows_the_other_and_nobody_saves_an_old_text_nothing_is_found(
    base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clients = ("editor 1", "terminal 1", "terminal 2", "tool", "git")
    words = ("--seed", "1", "--rounds", "2", "--keep", str(base), "--bare", "--in-turn", "--clients", *clients)
    _, figures, said = play(capsys, *words)
    assert figures["anomalies"] == {}, said


@pytest.mark.parametrize("seed", range(20))
def test_a_plan_has_as_many_operations_as_are_asked_for_and_is_the_seeds(seed: int) -> None:
    plan = draw(seed, 40)
    assert plan == draw(seed, 40)
    assert plan_of(json.loads(json.dumps(plan.as_json()))) == plan
    acts = [step for steps in plan.clients.values() for step in steps if step.action not in {"type", "untype", "save"}]
    assert len(acts) >= 40
    assert len({step.number for steps in plan.clients.values() for step in steps}) == plan.size
    assert all(step.action in ACTIONS[name] or step.action == "pull" for name, steps in plan.clients.items() for step in steps)


def test_a_plan_becomes_as_small_as_still_fails() -> None:
    plan = draw(3, 40)
    wanted = {plan.clients["editor 1"][2], plan.clients["editor 2"][5]}

    def fails(candidates: Any) -> list[bool]:
        return [wanted <= {step for steps in each.clients.values() for step in steps} for each in candidates]

    small = shrink(plan, fails, tries=1, seconds=20)
    assert {step for steps in small.clients.values() for step in steps} == wanted
