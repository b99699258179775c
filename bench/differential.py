"""What we write against what the real uv writes, over generated projects and operations: `python -m bench.differential`.

Prints the operations that were done, by kind, how many of them uv refused, and each difference; exit 1 if there is one.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.differential.operations import Operation, operation, scenes
from tests.differential.rig import Difference, Rig, rig
from tests.differential.scenes import Scene

BATCH = 6
EACH = 3
"""Operations in one generated project, at most."""


def run(found: Rig, operations: int, number: int, shown: int = 10) -> list[Difference]:
    """Work through generated projects until so many operations are done; the same seed makes the same ones."""
    different: list[Difference] = []
    batch = 0
    while found.operations < operations:
        # A few examples for each seed: later ones of a run are only variations of earlier ones.
        for scene, asked in _drawn(f"{number} {batch}"):
            if found.operations < operations:
                different += _told(found.differences(scene, asked), len(different), shown)
        batch += 1
    return different


def _drawn(name: str) -> list[tuple[Scene, list[Operation]]]:
    drawn: list[tuple[Scene, list[Operation]]] = []

    @seed(name)
    @settings(max_examples=BATCH, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def one(data: st.DataObject) -> None:
        scene = data.draw(scenes())
        drawn.append((scene, data.draw(st.lists(operation(scene), min_size=1, max_size=EACH))))

    one()
    return drawn[1:]  # the first one is always the smallest


def _told(found: Iterable[Difference], before: int, shown: int) -> list[Difference]:
    different: list[Difference] = []
    for each in found:
        different.append(each)
        if before + len(different) <= shown:
            print(f"\n=== difference {before + len(different)}\n{each}", flush=True)
    return different


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--uv", default=str(Path(sys.executable).with_name("uv")), help="the uv to compare with, and to plan with"
    )
    options = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="pl-diff-")).resolve()
    began = time.monotonic()
    try:
        with rig(base, options.uv) as made:
            different = run(made, options.operations, options.seed)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print(f"{made.operations} operations in {time.monotonic() - began:.0f} s, seed {options.seed}: {made.kinds}")
    print(f"{made.refused} of them refused by uv; {len(different)} differences")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
