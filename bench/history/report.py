"""A history for people: who did what and when, and what of it matters to a register that went wrong."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

from bench.history.checker import Anomaly
from bench.history.model import Act, Key, Plan, Record

_LATE = 0.05
"""Seconds by which a busy machine lets the reader see a change later than its writer had its answer."""


def told(record: Record, anomalies: Sequence[Anomaly]) -> str:
    """Return the anomalies, each with the acts that touch its register and what a reader saw of it."""
    lines = []
    for anomaly in anomalies:
        lines.append(f"{anomaly.blame}: {anomaly.kind}: {anomaly.words}")
        if anomaly.key:
            lines += _story(record, anomaly.key)
    return "\n".join(lines)


def _story(record: Record, key: Key) -> list[str]:
    """Return who wrote a register, what was seen of it, and who wrote when it changed."""
    seen = [(at, value) for at, name, value in record.trace if name == key]
    acts = [act for act in record.acts if key in act.effects or any(_can_be_of(act, at) for at, _ in seen)]
    lines = [(act.call, _line(record, act, key)) for act in acts]
    lines += [(at, f"  {at - record.start:8.3f} {'':8}  {'':12}  the file has {key} = {value}") for at, value in seen]
    return [line for _, line in sorted(lines)]


def _can_be_of(act: Act, at: float) -> bool:
    """Whether an act that writes whole files may have made a change that was seen at this moment."""
    return (act.rewrites or act.source in {"save", "tool", "git", "killer"}) and act.call <= at <= act.end + _LATE


def listing(record: Record) -> str:
    """Return the whole history, in the order of the calls."""
    return "\n".join(_line(record, act) for act in sorted(record.acts, key=lambda act: act.call))


def _line(record: Record, act: Act, key: Key = "") -> str:
    end = "     ..." if math.isinf(act.end) else f"{act.end - record.start:8.3f}"
    effect = f"  [{key} := {act.effects[key]}]" if key in act.effects else ""
    seen = f", seen at {act.seen[key] - record.start:.3f}" if key in act.seen else ""
    words = f" ({act.detail[:160]})" if act.detail else ""
    return f"  {act.call - record.start:8.3f} {end}  {act.client:<12}  {act.what} -> {act.outcome}{seen}{effect}{words}"


def keep(folder: Path, plan: Plan, record: Record, anomalies: Sequence[Anomaly], *, name: str) -> Path:
    """Write a history into a file that `--replay` takes; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    data = plan.as_json() | {
        "anomalies": [f"{one.blame}: {one.kind}: {one.words}" for one in anomalies],
        "history": listing(record).splitlines(),
        "told": record.told,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
