"""What the terminal's `uv` in front costs: the time that a command takes through it, over the bare uv.

The file that the VS Code extension installs is written by the extension's own code and called as a shell calls it. Both
ways take turns, so that whatever else the machine does meets both alike. Two commands:

  lock      changes a project, so it takes its turn in the queue (`pyproject-lsp exec`); the lock file is up to date, and uv
            itself has as little to do as it ever has
  version   changes nothing, so it goes straight to the real uv

Goal: p50 of the added time at most 100 ms. Of the added time, `cpu` is what the processor worked: on a busy machine the
rest is waiting for it.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import measure
from bench.worksite import Site, site
from tests.support.projects import Project
from tests.vscode import install

if sys.platform != "win32":
    import resource

COMMANDS: Mapping[str, Sequence[str]] = {"lock": ("lock",), "version": ("--version",)}
GOAL = {"p50": 100.0}
SHIM = install.EXTENSION / "src" / "terminal" / "shim.ts"


@dataclass(frozen=True, slots=True)
class Taken:
    """One run: milliseconds on the clock, and of the processor's work."""

    wall: float
    cpu: float


def write_shim(folder: Path) -> Path:
    """Let the extension's own code write its `uv`, as it does when the setting `terminal.intercept` is switched on."""
    folder.mkdir()
    server = {"command": sys.executable, "args": ["-I", "-X", "utf8", "-m", "lsp_server"]}
    call = f"process.stdout.write(posixShim({json.dumps(str(folder))}, {json.dumps(server)}))"
    source = f"import {{ posixShim }} from {json.dumps(SHIM.as_uri())};{call}"
    words = [str(install.node()), "--disable-warning=ExperimentalWarning", "--input-type=module", "-e", source]
    made = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    shim = folder / "uv"
    shim.write_text(made)
    shim.chmod(0o755)
    return shim


def timed(command: Sequence[str | Path], project: Project, environment: Mapping[str, str]) -> Taken:
    """Run a command to its end.

    Raises:
        RuntimeError: it failed.

    """
    before = _worked()
    began = time.monotonic_ns()
    done = subprocess.run(command, cwd=project.root, env=environment, capture_output=True, text=True, check=False)
    wall = measure.since(began)
    worked = _worked() - before
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stderr}")
    return Taken(wall, worked)


def _worked() -> float:
    """Milliseconds that the processor has worked for children which have ended; Windows does not tell."""
    if sys.platform == "win32":
        return 0.0
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def run(place: Site, rounds: int) -> dict[str, tuple[list[Taken], list[Taken]]]:
    """Return for each command what the bare uv took, and what it took through the shim."""
    project = place.project("terminal", dependencies=["alpha"])
    project.uv_ok("lock")
    shim = write_shim(place.base / "bin")
    real = Path(project.tools.uv)
    path = os.pathsep.join(map(str, (shim.parent, real.parent, os.environ.get("PATH", os.defpath))))
    environment = {**project.tools.environment, "PATH": path}
    found: dict[str, tuple[list[Taken], list[Taken]]] = {name: ([], []) for name in COMMANDS}
    for number in range(rounds + 1):
        for name, words in COMMANDS.items():
            bare, through = (timed([program, *words], project, environment) for program in (real, shim))
            if number:  # the first round warms up
                found[name][0].append(bare)
                found[name][1].append(through)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 if the goal is missed."""
    options = measure.parser(__doc__ or "", rounds=40).parse_args(arguments)
    with measure.load() as noted, site() as place:
        found = run(place, options.rounds)
    figures: dict[str, measure.Spread] = {}
    for name, (bare, through) in found.items():
        pairs = list(zip(bare, through, strict=True))
        figures[f"uv {name}: bare"] = measure.spread([one.wall for one in bare])
        figures[f"uv {name}: through"] = measure.spread([one.wall for one in through])
        figures[f"uv {name}: added"] = measure.spread([late.wall - soon.wall for soon, late in pairs])
        figures[f"uv {name}: added, cpu"] = measure.spread([late.cpu - soon.cpu for soon, late in pairs])
    judged = [name for name in figures if name.endswith("added")]
    return measure.conclude(figures, GOAL, noted, judged=judged, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
