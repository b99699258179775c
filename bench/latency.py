"""From the release of uv's environment lock to our bytes on disk.

A real server has one planned operation that waits for the environment lock. Then the lock is let go of, and the time
is taken until both files (pyproject.toml and uv.lock) are the new ones. Three cases:

  lock  a small process that holds the lock as uv does and says when it lets go
  open  the same, and the manifest is open in the editor, which has to answer an edit before the files are replaced
  sync  a real `uv sync` that stops in a build until a gate opens; when it let go is known to 0.1 ms

Goal on Linux: p50 5 ms, p99 25 ms over 200 rounds.
"""

import sys
from collections.abc import Callable

from bench import measure
from bench.stopwatch import Stopwatch
from bench.worksite import Site, site
from demo import parts
from lsp_server.core.operation import FINISHED
from tests.support.client import NO_SYNC, Client
from tests.support.projects import Project

HOLDERS = ("lock", "open", "sync")
GOAL = {"p50": 5.0, "p99": 25.0}


def behind_a_lock(client: Client, project: Project, watch: Stopwatch) -> float:
    """One round with the small holder; milliseconds."""
    watch.tell("hold", project.environment_lock)
    watch.answer()
    _queue(client, project)
    watch.tell("release", project.manifest, project.lock)
    return watch.latency()


def behind_a_sync(client: Client, project: Project, watch: Stopwatch, gate: parts.Gate) -> float:
    """One round with a real uv sync that builds; milliseconds."""
    gate.close()
    sync = project.uv_start("sync", "--reinstall-package=slow")
    gate.wait_reached()
    _queue(client, project)
    watch.tell("watch", project.environment_lock, project.manifest, project.lock)
    watch.answer()
    gate.open()
    taken = watch.latency()
    if sync.wait(30) != 0:
        raise RuntimeError(sync.communicate()[1])
    return taken


def _queue(client: Client, project: Project) -> None:
    """Queue a bump and return when it is planned and waits, with the release as the only thing that it needs."""
    after = client.mark()
    argument = {"uri": project.manifest.as_uri(), "bump": "patch"}
    queued = client.execute("pyproject.bumpVersion", argument)
    client.wait_operation(queued["id"], "waiting", after=after)


def run(place: Site, holder: str, rounds: int, on_round: Callable[[float], None] = lambda _taken: None) -> list[float]:
    """Return the milliseconds of each round."""
    project = place.project(f"latency-{holder}", dependencies=["alpha", "beta"])
    gate = project.add_gated_dependency() if holder == "sync" else project.gate()
    gate.open()
    project.uv_ok("sync")
    watch = Stopwatch()
    taken: list[float] = []
    try:
        with place.server(NO_SYNC) as client:
            if holder == "open":
                client.open(project.manifest)
            for number in range(rounds + 1):
                found = behind_a_sync(client, project, watch, gate) if holder == "sync" else behind_a_lock(client, project, watch)
                if number:  # the first round warms up
                    taken.append(found)
                    on_round(found)
                _wait_idle(client)
    finally:
        watch.close()
    return taken


def _wait_idle(client: Client) -> None:
    for name, operation in client.operations().items():
        if operation["state"] not in FINISHED:
            client.wait_operation(name, "done")


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 if a goal is missed."""
    parser = measure.parser(__doc__ or "", rounds=200)
    parser.add_argument("--holder", choices=(*HOLDERS, "all"), default="all", help="only this case")
    options = parser.parse_args(arguments)
    holders = HOLDERS if options.holder == "all" else (options.holder,)
    found: dict[str, measure.Spread] = {}
    with measure.load() as noted, site() as place:
        for holder in holders:
            found[f"release: {holder}"] = measure.spread(run(place, holder, options.rounds))
    return measure.conclude(found, GOAL, noted, judged=found.keys(), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
