"""Figures said honestly: quantiles of what was measured, beside how busy the machine was meanwhile."""

import argparse
import json
import math
import os
import platform
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import psutil

NANOSECONDS_IN_MILLISECOND = 1e6


@dataclass(frozen=True, slots=True)
class Spread:
    """What came out of many rounds. All but `rounds` are in the unit of the values."""

    rounds: int
    p50: float
    p99: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """Return the quantiles (nearest rank) of at least one value."""
    ordered = sorted(values)
    return Spread(len(ordered), quantile(ordered, 0.5), quantile(ordered, 0.99), ordered[0], ordered[-1])


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the nearest-rank quantile of ascending values: a value that really occurred, never one in between."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def since(started: int) -> float:
    """Return the milliseconds since a time of `time.monotonic_ns`."""
    return (time.monotonic_ns() - started) / NANOSECONDS_IN_MILLISECOND


@dataclass(slots=True)
class Load:
    """How busy the machine was: load averages before and after, and the share of all processors that was in use."""

    processors: int
    before: tuple[float, float, float]
    after: tuple[float, float, float] = (0.0, 0.0, 0.0)
    busy_percent: float = 0.0
    seconds: float = 0.0

    def line(self) -> str:
        """Say it in one line."""
        return (
            f"machine: {self.processors} processors, {platform.system()} {platform.release()}, "
            f"Python {platform.python_version()}; load average {self.before[0]:.2f} before, {self.after[0]:.2f} after; "
            f"{self.busy_percent:.0f} % busy (ours included) over {self.seconds:.0f} s"
        )


@contextmanager
def load() -> Iterator[Load]:
    """Note how busy the machine is while the block runs; filled in at its end."""
    noted = Load(os.cpu_count() or 1, psutil.getloadavg())
    psutil.cpu_percent()
    started = time.monotonic()
    yield noted
    noted.busy_percent = psutil.cpu_percent()
    noted.after = psutil.getloadavg()
    noted.seconds = time.monotonic() - started


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return columns that line up; numbers stand at the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(line[index]) for line in [list(headers), *cells]) for index in range(len(headers))]
    lines = [[header.ljust(width) for header, width in zip(headers, widths, strict=True)]]
    lines.append(["-" * width for width in widths])
    for row, shown in zip(rows, cells, strict=True):
        aligned = zip(row, shown, widths, strict=True)
        lines.append(
            [text.rjust(width) if isinstance(value, int | float) else text.ljust(width) for value, text, width in aligned]
        )
    return "\n".join("  ".join(line).rstrip() for line in lines)


def _cell(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def spreads(found: Mapping[str, Spread]) -> str:
    """Return a table of spreads by name."""
    rows = [(name, one.rounds, one.p50, one.p99, one.least, one.most) for name, one in found.items()]
    return table(("milliseconds", "rounds", "p50", "p99", "min", "max"), rows)


def conclude(
    found: Mapping[str, Spread],
    goal: Mapping[str, float],
    noted: Load,
    *,
    judged: Collection[str],
    as_json: bool,
    details: str = "",
    **figures: object,
) -> int:
    """Print spreads and whether the judged ones reach the goal; return the exit code.

    Args:
        found: what was measured, by name.
        goal: the most that a quantile of `Spread` may be.
        noted: how busy the machine was.
        judged: the names that the goal is for.
        as_json: print it for programs.
        details: what else to tell people.
        figures: what else to tell programs.

    """
    missed = [name for name in judged if any(getattr(found[name], which) > most for which, most in goal.items())]
    limits = ", ".join(f"{which} {most:g}" for which, most in goal.items())
    verdict = f"goal {limits} ({', '.join(judged)}): " + (f"missed by {', '.join(missed)}" if missed else "met")
    shown = {"goal": goal, "missed": missed, "figures": {name: asdict(one) for name, one in found.items()}, **figures}
    say(f"{spreads(found)}\n{verdict}{details}", noted, shown, as_json=as_json)
    return 1 if missed else 0


def parser(description: str, *, rounds: int) -> argparse.ArgumentParser:
    """Return a parser with what every measurement takes."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--rounds", type=int, default=rounds, help=f"how often (default {rounds})")
    made.add_argument("--seed", type=int, default=0, help="orders and choices come from it (default 0)")
    made.add_argument("--json", action="store_true", help="the figures as one JSON object, without the table")
    return made


def say(text: str, noted: Load, figures: Mapping[str, Any], *, as_json: bool) -> None:
    """Print a result, for people or for programs."""
    if as_json:
        print(json.dumps({**figures, "machine": asdict(noted)}, indent=1))
    else:
        print(f"{text}\n{noted.line()}")
