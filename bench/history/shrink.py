"""Make a failing plan smaller: drop clients, then parts of their steps, and keep what still fails.

A race does not fail each time, so that each smaller plan is played several times at once; none of them failing counts as
'it does not fail any more' (Zeller's delta debugging, with Claessen's repeated runs for races).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bench.history.model import Plan, Step

Fails = Callable[[Sequence[Plan]], list[bool]]
"""Plays plans beside each other; tells of each whether it failed in the way that is looked for."""


def shrink(plan: Plan, fails: Fails, *, tries: int, seconds: float) -> Plan:
    """Return a smaller plan that failed too, or the same one.

    Args:
        plan: one that failed.
        fails: see there.
        tries: how often a smaller plan is played before it counts as good.
        seconds: when to be content with what there is.

    """
    end = time.monotonic() + seconds
    smaller = True
    while smaller and time.monotonic() < end:
        smaller = False
        for candidate in candidates(plan):
            if time.monotonic() > end:
                break
            if any(fails([candidate] * tries)):
                plan, smaller = candidate, True
                break
    return plan


def candidates(plan: Plan) -> Iterator[Plan]:
    """Return smaller plans, the smallest first: without a client, without half of one's steps, without one step."""
    for name in plan.clients:
        if len(plan.clients) > 1:
            yield replace(plan, clients={key: steps for key, steps in plan.clients.items() if key != name})
    for size in (4, 2, 1):
        for name, steps in plan.clients.items():
            for start in range(0, len(steps), size):
                rest = (*steps[:start], *steps[start + size :])
                if rest and len(steps) >= size:
                    yield _with(plan, name, rest)


def _with(plan: Plan, name: str, steps: tuple[Step, ...]) -> Plan:
    return replace(plan, clients={**plan.clients, name: steps})
