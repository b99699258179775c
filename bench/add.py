"""One uncontended add, from the command to the bytes on disk, against `uv add --no-sync` on a copy of the project.

Ours goes to a real server that runs already, as in an editor; bare uv is started as in a terminal. The two take turns,
each on its own copy, in one run: a busy machine slows both. Every round adds a package that nobody has seen before, so
both resolve it and ours also has to fetch it, and then both copies are put back. Ours is committed when both files are
new on disk; bare uv when it has ended.

Goal: a median ratio of at most 1.5, for a tiny project and for one with about 50 locked packages.
"""

import sys
import time
from dataclasses import dataclass
from random import Random

from bench import breakdown, measure
from bench.stopwatch import Stopwatch
from bench.worksite import Site, site
from tests.support.client import NO_SYNC, Client
from tests.support.projects import Project

GOAL = {"p50": 1.5}
SIZES = {"tiny": 0, "fifty": 50}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Milliseconds of both sides, round by round."""

    ours: tuple[float, ...]
    bare: tuple[float, ...]

    @property
    def ratio(self) -> measure.Spread:
        """How many times longer ours took, pair by pair."""
        return measure.spread([mine / theirs for mine, theirs in zip(self.ours, self.bare, strict=True)])


def make(place: Site, name: str, packages: int) -> Project:
    """Make a locked and synced project with so many packages, half of them required by others."""
    for number in range(packages):
        place.package(f"dep-{number:03}", requires=[f"dep-{number + 1:03}"] if number % 2 == 0 else [])
    direct = [f"dep-{number:03}" for number in range(0, packages, 2)] or ["alpha"]
    project = place.project(name, dependencies=direct)
    project.uv_ok("sync")
    return project


def ours(client: Client, project: Project, package: str, watch: Stopwatch) -> float:
    """Add a package through the server; milliseconds."""
    watch.tell("await", project.manifest, project.lock)
    watch.answer()
    after = client.mark()
    started = time.monotonic_ns()
    queued = client.execute("pyproject.add", {"uri": project.manifest.as_uri(), "requirements": [package]})
    taken = watch.since(started)
    client.wait_operation(queued["id"], "done", after=after)
    return taken


def bare(project: Project, package: str) -> float:
    """Add a package with bare uv; milliseconds."""
    started = time.monotonic_ns()
    project.uv_ok("add", "--no-sync", package)
    return measure.since(started)


def compare(place: Site, size: str, rounds: int, seed: int) -> Pairs:
    """Take turns; who goes first in a round is by lot."""
    lots = Random(seed)  # noqa: S311  no secret
    copies = [make(place, f"{size}-{side}", SIZES[size]) for side in ("ours", "bare")]
    texts = [(copy.manifest.read_bytes(), copy.lock.read_bytes()) for copy in copies]
    taken: dict[str, list[float]] = {"ours": [], "bare": []}
    watch = Stopwatch()
    try:
        with place.server(NO_SYNC) as client:
            for number in range(rounds + 1):
                package = place.package(f"new-{size}-{number:04}")
                sides = ["ours", "bare"]
                lots.shuffle(sides)
                for side in sides:
                    found = ours(client, copies[0], package, watch) if side == "ours" else bare(copies[1], package)
                    if number:  # the first round makes the shadow and fills caches
                        taken[side].append(found)
                for copy, (manifest, lock) in zip(copies, texts, strict=True):
                    copy.manifest.write_bytes(manifest)
                    copy.lock.write_bytes(lock)
    finally:
        watch.close()
    return Pairs(tuple(taken["ours"]), tuple(taken["bare"]))


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 if the goal is missed."""
    parser = measure.parser(__doc__ or "", rounds=30)
    parser.add_argument("--size", choices=(*SIZES, "both"), default="both", help="which project")
    parser.add_argument("--breakdown", action="store_true", help="also say where the time of ours goes")
    options = parser.parse_args(arguments)
    sizes = tuple(SIZES) if options.size == "both" else (options.size,)
    with measure.load() as noted, site() as place:
        found = {size: compare(place, size, options.rounds, options.seed) for size in sizes}
        parts = {}
        if options.breakdown:
            for size in sizes:
                project = make(place, f"{size}-parts", SIZES[size])
                parts[size] = breakdown.of_adds(place, project, options.rounds)
    figures: dict[str, measure.Spread] = {}
    for size, pairs in found.items():
        figures[f"{size}: ours"] = measure.spread(pairs.ours)
        figures[f"{size}: uv add --no-sync"] = measure.spread(pairs.bare)
        figures[f"{size}: ratio of a pair"] = pairs.ratio
    judged = [name for name in figures if name.endswith("ratio of a pair")]
    details = "".join(
        f"\n\n{size}: where a median add goes (parts may lie within others)\n{breakdown.table(one)}"
        for size, one in parts.items()
    )
    return measure.conclude(figures, GOAL, noted, judged=judged, as_json=options.json, details=details, parts=parts)


if __name__ == "__main__":
    sys.exit(main())
