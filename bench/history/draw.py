"""What a history does, drawn from its seed before it begins. Choices are the seed's, moments are the machine's."""

import math
from collections.abc import Collection, Mapping
from random import Random

from bench.history import texts
from bench.history.model import Plan, Step

_BETWEEN = ("type", "untype", "save")
PAUSES = (0.0, 0.0, 0.0, 0.02, 0.1, 0.3)
_PACKAGES = (*texts.PACKAGES, *texts.GROUP)
_EDITOR = {"add": 4, "remove": 4, "version": 1, "bump": 2, "type": 5, "untype": 1, "save": 5, "sync": 1, "lock": 1}
_UV = {"add": 4, "remove": 4, "version": 1, "bump": 1, "missing": 2}
ACTIONS = {
    "editor 1": _EDITOR,
    "editor 2": _EDITOR,
    "terminal 1": _UV | {"sync": 1, "lock": 1},
    "terminal 2": _UV | {"sync": 1, "lock": 1},
    "exec": _UV | {"sync": 1},
    "command line": {"add": 3, "remove": 3, "version": 1, "bump": 1},
    "contradictor": {f"{what} by {whom}": 1 for what in ("add", "remove", "version", "bump") for whom in ("uv", "tool", "exec")},
    "tool": {"write": 4, "drop": 1},
    "git": {"commit": 4, "restore": 1, "stash": 1, "pop": 1, "hold index": 1},
    "killer": {"server": 2, "uv INT": 1, "uv TERM": 1, "uv KILL": 1, "our uv KILL": 1},
}
"""What each client does, and how often, in proportion."""
_PRESENCE = {"terminal 1": 0.8, "terminal 2": 0.3, "killer": 0.25, "git": 0.35}
_SHARE = {"editor 1": 6, "editor 2": 6, "terminal 1": 6, "terminal 2": 5, "contradictor": 4, "exec": 4, "killer": 1}


def draw(seed: int, operations: int, clients: Collection[str] = ()) -> Plan:
    """Draw a plan of at least so many operations, by these clients only or by any."""
    lots = Random(seed)  # noqa: S311  no secret
    there = [name for name in ACTIONS if lots.random() < _PRESENCE.get(name, 1.0 if "editor" in name else 0.55)]
    there = [name for name in ACTIONS if name in clients] if clients else there
    total = sum(_SHARE.get(name, 3) for name in there)
    counts = {name: math.ceil(operations * _SHARE.get(name, 3) / total) for name in there}
    number, plan = 0, {}
    for name, count in counts.items():
        actions = _actions(ACTIONS[name], count, lots)
        if name == "git" and lots.random() < 0.5:  # noqa: PLR2004  half of them
            actions[0] = "pull"  # it can be done only before the first commit
        steps = []
        for action in actions:
            number += 1
            steps.append(Step(number, lots.choice(PAUSES), action, _key(action, lots)))
        plan[name] = tuple(steps)
    return Plan(seed, plan)


def _actions(table: Mapping[str, float], count: int, lots: Random) -> list[str]:
    """Return so many operations, and what a person types and saves between them."""
    found: list[str] = []
    while sum(action not in _BETWEEN for action in found) < count:
        found += lots.choices(list(table), list(table.values()))
    return found


def _key(action: str, lots: Random) -> str:
    match action.split(maxsplit=1)[0]:
        case "add" | "remove" | "drop":
            return lots.choice(_PACKAGES)
        case "version" | "bump":
            return "version"
        case "type" | "write":
            return lots.choice((*texts.NOTES, *texts.NOTES, *_PACKAGES, "version"))
        case _:
            return ""
