"""Many operations from several servers on one project, beside a terminal that runs uv all the time.

Every server adds and removes packages of its own, bumps the version and locks, in bursts; the terminal adds and removes
as well, one command after the other, and locks and syncs in between, half of them by `pyproject-lsp exec`. At the end
every package has to be where its last operation put it, the version has to count every bump, and `uv lock --check` has
to agree. When nothing ends for a minute the run stops and shows who waits for whom: that would be a deadlock.

Exit code 1 when an edit is lost, an operation fails, or nothing moves any more.
"""

import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil

from bench import measure
from bench.scene import at_least, has, manifest, patch_of
from bench.worksite import Site, site
from lsp_server.adapters.processes import ProcessId
from lsp_server.core.operation import FINISHED
from lsp_server.jobs.journal import Journal
from tests.support.client import NO_SYNC, Client
from tests.support.projects import Project

LONG = 10_000
PACKAGES = 10
STUCK_SECONDS = 60.0


@dataclass(slots=True)
class Tally:
    """What all of them did; changed under its lock."""

    ended: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    bumps: int = 0
    expected: dict[str, bool] = field(default_factory=dict)
    moved: float = field(default_factory=time.monotonic)
    over: threading.Event = field(default_factory=threading.Event)
    mutex: threading.Lock = field(default_factory=threading.Lock)

    def end(self, what: str, state: str, message: str = "") -> None:
        """Count one end."""
        with self.mutex:
            self.moved = time.monotonic()
            self.ended[f"{what} {state}"] += 1
            if state != "done":
                self.failures.append(f"{what}: {message}")


@dataclass(slots=True)
class Person:
    """One server with somebody who gives it commands, on packages that nobody else touches."""

    client: Client
    project: Project
    packages: Sequence[str]
    lots: Random
    present: set[str] = field(default_factory=set)

    def burst(self, count: int) -> list[tuple[str, str]]:
        """Give so many commands; return kind and id of each."""
        given = []
        for _ in range(count):
            command, argument = self._choose()
            uri = self.project.manifest.as_uri()
            answer = self.client.execute(command, {"uri": uri, **argument}, timeout=STUCK_SECONDS)
            given.append((command.removeprefix("pyproject."), str(answer["id"])))
        return given

    def _choose(self) -> tuple[str, dict[str, object]]:
        lot = self.lots.random()
        if lot < 0.1:  # noqa: PLR2004  a tenth
            return "pyproject.bumpVersion", {"bump": "patch"}
        if lot < 0.15:  # noqa: PLR2004  a twentieth
            return "pyproject.lock", {}
        package = self.lots.choice(self.packages)
        if package in self.present:
            self.present.discard(package)
            return "pyproject.remove", {"packages": [package]}
        self.present.add(package)
        return "pyproject.add", {"requirements": [package]}


def work(person: Person, tally: Tally, state: Path, *, count: int, burst: int) -> None:
    """Give commands until they are `count`, each burst when the one before has ended."""
    # The status names the last 20 that finished, so the journal is asked: 80 may finish between two of them.
    journal = Journal(state / "journal.sqlite3", ProcessId(0, ""))
    try:
        left = count
        while left and not tally.over.is_set():
            given = person.burst(min(burst, left))
            left -= len(given)
            for kind, name in given:
                _await(journal, tally, kind, name)
            person.client.wire.transcript.clear()  # thousands of statuses would fill the memory
    finally:
        journal.close()
        with tally.mutex:
            tally.expected |= {package: package in person.present for package in person.packages}


def _await(journal: Journal, tally: Tally, kind: str, name: str) -> None:
    while not tally.over.is_set():
        operation = journal.get(name)
        if operation is not None and operation.state in FINISHED:
            tally.end(kind, operation.state, operation.message)
            with tally.mutex:
                tally.bumps += kind == "bumpVersion" and operation.state == "done"
            return
        tally.over.wait(0.01)


def terminal(
    place: Site, project: Project, packages: Sequence[str], tally: Tally, *, lots: Random, ended: threading.Event
) -> None:
    """Run one uv after the other until the servers have ended, every second one in its turn by `exec`."""
    present: set[str] = set()
    while not ended.is_set() and not tally.over.is_set():
        package = lots.choice(packages)
        add_or_remove = ("remove" if package in present else "add", "--no-sync", package)
        words = lots.choice([add_or_remove, add_or_remove, ("lock",), ("sync", "--inexact")])
        turn = lots.choice(("uv", "exec uv"))
        code = in_turn(place, project, *words) if turn == "exec uv" else project.uv(*words).returncode
        if len(words) > 2 and code == 0:  # noqa: PLR2004  an add or a remove
            present ^= {package}
        # A bare uv may fail: it read one of two files that changed between its two reads.
        tally.end(f"{turn} {words[0]}", "done" if code == 0 else f"ended with {code}")
        ended.wait(lots.random())
    with tally.mutex:
        tally.expected |= {package: package in present for package in packages}


def in_turn(place: Site, project: Project, *words: str) -> int:
    """Run uv by `pyproject-lsp exec` and return its exit code."""
    command = [sys.executable, "-m", "lsp_server", "exec", "--", project.tools.uv, *words]
    process = project.tools.start(command, project.root, place.server_environment())
    process.communicate(timeout=STUCK_SECONDS)
    return process.returncode


def run(place: Site, *, operations: int, servers: int, burst: int, seed: int) -> tuple[Tally, list[str]]:
    """Run it all and return what was done and what was wrong."""
    project = place.project("stress", text=manifest(place))
    project.uv_ok("sync")
    tally, finished = Tally(), threading.Event()
    names = [[place.package(f"own-{who}-{number}") for number in range(PACKAGES)] for who in range(servers + 1)]
    with ExitStack() as stack:
        clients = [stack.enter_context(place.server(NO_SYNC)) for _ in range(servers)]
        people = [Person(one, project, names[who], Random(seed + who)) for who, one in enumerate(clients)]  # noqa: S311  no secret
        state = Path(place.tools.environment["PYPROJECT_LSP_STATE_DIR"])
        threads = [
            threading.Thread(target=work, args=(one, tally, state), kwargs={"count": operations // servers, "burst": burst})
            for one in people
        ]
        shell = threading.Thread(
            target=terminal,
            args=(place, project, names[-1], tally),
            kwargs={"lots": Random(seed - 1), "ended": finished},  # noqa: S311  no secret
        )
        for thread in (*threads, shell):
            thread.start()
        wrong = _watch(threads, tally, clients)
        finished.set()
        shell.join()
    return tally, wrong + judge(project, tally)


def _watch(threads: Sequence[threading.Thread], tally: Tally, clients: Sequence[Client]) -> list[str]:
    """Wait for all; when nothing ends for too long, stop and say who waits for whom."""
    while any(thread.is_alive() for thread in threads):
        threads[0].join(1) if threads[0].is_alive() else time.sleep(0.1)
        if time.monotonic() - tally.moved > STUCK_SECONDS:
            tally.over.set()
            waiting = {
                f"{operation['title']}: {operation['state']}, {operation['message']}"
                for client in clients
                for operation in client.operations().values()
                if operation["state"] not in FINISHED
            }
            return [f"nothing ended for {STUCK_SECONDS:g} s", *sorted(waiting)]
    return []


def judge(project: Project, tally: Tally) -> list[str]:
    """Compare the files at the end with what every operation said."""
    text = project.text()
    wrong = [
        f"{package} is {'missing' if present else 'still there'}"
        for package, present in sorted(tally.expected.items())
        if has(package)(text) != present
    ]
    if not at_least(tally.bumps)(text) or patch_of(text) != tally.bumps:
        wrong.append(f"the version's patch is {patch_of(text)} after {tally.bumps} bumps")
    if project.uv("lock", "--check").returncode != 0:
        wrong.append("uv.lock does not fit pyproject.toml")
    return wrong


def main(arguments: list[str] | None = None) -> int:
    """Stress and print; 1 if anything is wrong."""
    parser = measure.parser(__doc__ or "", rounds=200)
    parser.add_argument("--long", action="store_true", help=f"{LONG} operations (the default is --rounds, 200)")
    parser.add_argument("--servers", type=int, default=4, help="how many servers (default 4)")
    parser.add_argument("--burst", type=int, default=10, help="commands a server is given at once (default 10)")
    options = parser.parse_args(arguments)
    operations = LONG if options.long else options.rounds
    with measure.load() as noted, site() as place:
        tally, wrong = run(place, operations=operations, servers=options.servers, burst=options.burst, seed=options.seed)
        memory = psutil.Process().memory_info().rss // 2**20
    ours = sum(count for what, count in tally.ended.items() if "uv " not in what)
    rate = ours / noted.seconds if noted.seconds else 0.0
    failed = [failure for failure in tally.failures if not failure.startswith("uv ")]
    text = measure.table(("what", "times"), sorted(tally.ended.items()))
    text += f"\n{ours} operations by {options.servers} servers, {rate:.1f} a second, this process {memory} MB"
    text += "".join(f"\nwrong: {one}" for one in (*wrong, *failed[:10]))
    text += "" if wrong or failed else "\nnothing was lost, nobody waited for ever"
    figures = {"ended": tally.ended, "wrong": wrong, "failures": failed, "per_second": rate}
    measure.say(text, noted, figures, as_json=options.json)
    return 1 if wrong or failed else 0


if __name__ == "__main__":
    sys.exit(main())
