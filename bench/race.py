"""Edits that race: how many are lost by bare uv and by ours, row by row, in one run.

Every row is run by bare uv processes and, in turns with them, by ours: real servers, one process an editor, on a fresh
copy of the same project, while a reader looks at the files all the time. 'lost' are edits that were said to be done (a
command that ended with 0, an operation that is done, a save of the user) and are gone at the end; 'torn' are reads that
saw half a file; 'unfit' are rounds after which manifest, lock and environment do not fit together; 'failed' are edits
of ours that were refused or never ended.

Exit code 1 when ours loses an edit, refuses one, leaves files that do not fit, or shows a torn file. In the rows marked
'*' a bare uv of the row itself writes the manifest, by truncating it, which nobody can prevent: there a torn read is
ours if the file had never been whole before, for we put whole files in place and truncate none.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from random import Random
from typing import Any, Literal

from bench import measure
from bench.reader import Reader
from bench.rows import Row
from bench.rows_locks import ALL_ROWS
from bench.scene import Result, Scene, manifest
from bench.worksite import Site, site
from tests.support.client import NO_SYNC, Client, ResponseError

Side = Literal["bare", "ours"]
SHORT_ROUNDS = 1
# Servers keep every project that they have worked for; a run of hundreds of rounds gets new ones now and then.
ROUNDS_OF_A_SERVER = 12


@dataclass(slots=True)
class Tally:
    """The sums of one row on one side."""

    stake: int = 0
    lost: int = 0
    failed: int = 0
    unfit: int = 0
    torn: int = 0
    unborn: int = 0
    reads: int = 0
    what: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        """Count one round."""
        self.stake += result.stake
        self.lost += len(result.lost)
        self.failed += len(result.failed)
        self.unfit += bool(result.mismatch)
        self.torn += result.torn
        self.unborn += result.unborn
        self.reads += result.reads
        self.what.update(f"lost: {each}" for each in result.lost)
        self.what.update(f"failed: {each}" for each in result.failed)
        self.what.update(f"unfit: {each}" for each in result.mismatch)

    def is_bad(self, row: Row) -> bool:
        """Whether ours broke its promise in this row."""
        return bool(self.lost or self.failed or self.unfit or self.unborn or (self.torn and not row.terminal_writes))


class Editors:
    """The servers of a run: as many processes, made anew after a while and after a round that went wrong."""

    def __init__(self, place: Site, count: int) -> None:
        self._place = place
        self._count = count
        self._clients: list[Client] = []
        self._used = 0

    def get(self, *, syncs: bool) -> Sequence[Client]:
        """Return running servers with this setting."""
        if self._used >= ROUNDS_OF_A_SERVER:
            self.close()
        while len(self._clients) < self._count:
            self._clients.append(self._place.server())
        self._used += 1
        for client in self._clients:
            client.configure({} if syncs else NO_SYNC)
        return self._clients

    def close(self) -> None:
        """End them all."""
        clients, self._clients, self._used = self._clients, [], 0
        with ExitStack() as stack:
            for client in clients:
                stack.enter_context(client)


def play(place: Site, row: Row, side: Side, *, number: int, editors: Editors, lots: Random) -> Result:
    """Run one round of a row on one side."""
    project = place.project(f"{row.name}-{side}-{number}/demo", text=manifest(place, row.dependencies))
    project.uv_ok("sync")
    clients = editors.get(syncs=row.syncs) if side == "ours" else ()
    scene = Scene(place, project, clients, lots, row.dependencies)
    row.prepare(scene)
    if not row.syncs:
        scene.checks -= {"environment"}
    with _reading(scene) as counts:
        try:
            (row.ours if side == "ours" else row.bare)(scene)
        except (AssertionError, TimeoutError, StopIteration, RuntimeError, ResponseError) as error:
            print(f"{row.name} {side} {number}: {error}", file=sys.stderr, flush=True)
            scene.failed.append(f"the round broke: {str(error).partition(chr(10))[0] or repr(error)}")
            scene.gate.open()  # what still waits there ends, so that the rest of the run goes on
            editors.close()
        result = scene.judge()
        for client in clients:
            for path in list(client.buffers):
                client.close(path)
    return replace(result, torn=counts["torn"], unborn=counts["unborn"], reads=counts["reads"])


@contextmanager
def _reading(scene: Scene) -> Iterator[dict[str, int]]:
    counts: dict[str, int] = {}
    reader = Reader([scene.file, scene.project.lock] if scene.checks else [scene.file])
    try:
        yield counts
    finally:
        counts.update(reader.stop())


def race(
    place: Site,
    rows: Sequence[Row],
    *,
    rounds: int,
    seed: int,
    editors: int,
    on_row: Callable[[Row, dict[Side, Tally]], None],
) -> dict[str, dict[Side, Tally]]:
    """Run all rows, bare and ours in turns."""
    found: dict[str, dict[Side, Tally]] = {}
    servers = Editors(place, editors)
    try:
        for row in rows:
            lots = Random(f"{seed} {row.name}")  # noqa: S311  no secret
            sides: dict[Side, Tally] = {"bare": Tally(), "ours": Tally()}
            for number in range(rounds):
                for side, tally in sides.items():
                    result = play(place, row, side, number=number, editors=servers, lots=lots)
                    tally.add(result)
                    wrong = (*result.lost, *result.failed, *result.mismatch)
                    if side == "ours" and wrong:
                        print(f"{row.name} {number}: {'; '.join(wrong)}", file=sys.stderr, flush=True)
            found[row.name] = sides
            on_row(row, sides)
    finally:
        servers.close()
    return found


_HEADERS = ("row", "rounds", "bare: lost", "of", "torn", "unfit", "ours: lost", "of", "torn", "unfit", "failed")


def line(row: Row, rounds: int, sides: dict[Side, Tally]) -> tuple[object, ...]:
    """Return one row of the table."""
    bare, ours = sides["bare"], sides["ours"]
    torn: object = f"{ours.torn}*" if row.terminal_writes else ours.torn
    return (
        f"{row.name}: {row.title}",
        rounds,
        bare.lost,
        bare.stake,
        bare.torn,
        bare.unfit,
        ours.lost,
        ours.stake,
        torn,
        ours.unfit,
        ours.failed,
    )


def _options(arguments: list[str] | None) -> Any:  # noqa: ANN401  a namespace
    parser = measure.parser(__doc__ or "", rounds=100)
    names = [row.name for row in ALL_ROWS]
    parser.add_argument("--rows", nargs="+", choices=names, metavar="ROW", help="only these of: " + ", ".join(names))
    parser.add_argument("--editors", type=int, default=4, help="how many servers ours has (default 4)")
    parser.add_argument(
        "--short", action="store_true", help=f"{SHORT_ROUNDS} round a row, under three minutes when the machine is idle"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Race and print; 1 if ours breaks a promise."""
    options = _options(arguments)
    rounds = SHORT_ROUNDS if options.short else options.rounds
    rows = [row for row in ALL_ROWS if not options.rows or row.name in options.rows]

    def show(row: Row, sides: dict[Side, Tally]) -> None:
        if not options.json:
            words = " ".join(str(value) for value in line(row, rounds, sides)[1:])
            print(f"... {row.name}: {words}", file=sys.stderr, flush=True)

    with measure.load() as noted, site() as place:
        found = race(place, rows, rounds=rounds, seed=options.seed, editors=options.editors, on_row=show)
    bad = [row for row in rows if found[row.name]["ours"].is_bad(row)]
    text = measure.table(_HEADERS, [line(row, rounds, found[row.name]) for row in rows])
    for row in bad:
        text += f"\n{row.name}, ours:"
        text += "".join(f"\n  {count} x {what}" for what, count in found[row.name]["ours"].what.most_common(5))
    reads = sum(tally.reads for sides in found.values() for tally in sides.values())
    text += f"\n{reads} reads; seed {options.seed}; "
    text += f"promise broken in {', '.join(row.name for row in bad)}" if bad else "ours lost nothing"
    figures = {name: {side: asdict(tally) for side, tally in sides.items()} for name, sides in found.items()}
    measure.say(text, noted, {"rounds": rounds, "seed": options.seed, "rows": figures}, as_json=options.json)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
