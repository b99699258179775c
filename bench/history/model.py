"""The words of a history: registers, what clients are to do, and what they did when."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Key = str
"""A register: 'version', 'note 3', a package in the dependencies ('many-01') or in a group ('dev/many-09')."""
Value = str | None
"""What a register holds; None where the entry is not there."""
Source = Literal["ours", "uv", "exec", "save", "tool", "git", "killer"]
"""Who acts: our operations, bare uv, uv by `pyproject-lsp exec`, an editor's save, another tool, git, a signal."""
Outcome = Literal["done", "failed", "unknown"]
"""Whether the act has happened; 'unknown' may have, as in Jepsen's 'info'."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: a pause before it in seconds, an action, its register, and a number that makes its value unique."""

    number: int
    pause: float
    action: str
    key: Key = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a seed says: each client's steps by its name."""

    seed: int
    clients: Mapping[str, tuple[Step, ...]]

    @property
    def size(self) -> int:
        """The number of steps."""
        return sum(map(len, self.clients.values()))

    def as_json(self) -> dict[str, Any]:
        """Return the plan for a file that can be played again."""
        steps = {name: [[one.number, one.pause, one.action, one.key] for one in each] for name, each in self.clients.items()}
        return {"seed": self.seed, "clients": steps}


def plan_of(data: Mapping[str, Any]) -> Plan:
    """Return the plan that `Plan.as_json` wrote."""
    return Plan(data["seed"], {name: tuple(Step(*one) for one in steps) for name, steps in data["clients"].items()})


@dataclass(frozen=True, slots=True)
class Effect:
    """What an act does to a register: sets it, or raises the last number of a version; `maybe` it does not reach it."""

    to: Value = None
    bumps: bool = False
    maybe: bool = False

    def apply(self, value: Value) -> Value:
        """Return the register's next value."""
        if not self.bumps or value is None:
            return self.to
        head, _, last = value.rpartition(".")
        return f"{head}.{int(last) + 1}"

    def __str__(self) -> str:
        what = "next patch" if self.bumps else "absent" if self.to is None else self.to
        return f"{what}?" if self.maybe else what


@dataclass(slots=True)
class Act:
    """One act of a client, in seconds of one monotonic clock.

    Attributes:
        client: who did it.
        what: the command or action, for people.
        source: the kind of writer.
        call: when it was asked.
        end: when it was answered; infinite for one that may still act, as an operation whose server was killed.
        outcome: what the answer said.
        effects: what it does to which registers.
        seen: when its effect on a register was seen in the file, so that it has happened by then.
        tears: it replaced a file that somebody was just writing in place; that writer's bytes are gone with the old file.
        rewrites: it writes whole manifests from an earlier read, as uv does.
        detail: the answer's own words.

    """

    client: str
    what: str
    source: Source
    call: float
    end: float = math.inf
    outcome: Outcome = "unknown"
    effects: dict[Key, Effect] = field(default_factory=dict)
    seen: dict[Key, float] = field(default_factory=dict)
    tears: bool = False
    rewrites: bool = False
    detail: str = ""

    def overlaps(self, other: "Act") -> bool:
        """Whether both were under way at one time."""
        return self is not other and self.call <= other.end and other.call <= self.end


@dataclass(slots=True)
class Record:
    """What a history showed.

    Attributes:
        start: its first moment.
        before: the registers at that moment.
        after: the registers when all rested.
        acts: what the clients did.
        wrong: what needs no register to be wrong: an operation without an end, a lock that does not fit, as (kind, words).
        told: what servers told persons of put-back and kept texts, as the file's text and the other one.
        trace: when a reader saw that a register had another value, for people; it misses what lasts no millisecond.

    """

    start: float
    before: dict[Key, Value]
    after: dict[Key, Value] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    trace: list[tuple[float, Key, Value]] = field(default_factory=list)
    seconds: float = 0.0
