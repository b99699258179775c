"""Edits that race: how many are lost by bare uv and by ours, row by row, in one run.

Every row is run by bare uv processes and, in turns with them, by ours: real servers, one process an editor, on a fresh
copy of the same project, while a reader looks at the files all the time. 'lost' are edits that were said to be done (a
command that ended with 0, an operation that is done, a save of the user) and are gone at the end; 'torn' are reads that
saw half a file, and in brackets how often one was; 'unfit' are rounds after which manifest, lock and environment do not
fit together; 'failed' are edits of ours that were refused or never ended, and on both sides what broke a round, by
waiting for ever for instance.

Exit code 1 when ours loses an edit, refuses one, leaves files that do not fit, or shows a torn file. In the rows marked
'*' a bare uv of the row itself writes the manifest, by truncating it, which nobody can prevent: there a torn read is
ours if the file had never been whole before, for we put whole files in place and truncate none.
"""

import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
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
from tests.support.client import NO_SYNC, Client

Side = Literal["bare", "ours"]
SHORT_ROUNDS = 1
# Servers keep every project that they have worked for; a run of hundreds of rounds gets new ones now and then.
ROUNDS_OF_A_SERVER = 12
ROUNDS_TO_TELL = 10


@dataclass(slots=True)
class Tally:
    """The sums of one row on one side."""

    stake: int = 0
    lost: int = 0
    failed: int = 0
    unfit: int = 0
    torn: int = 0
    times: int = 0
    unborn: int = 0
    reads: int = 0
    what: list[str] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count one round."""
        self.stake += result.stake
        self.lost += len(result.lost)
        self.failed += len(result.failed)
        self.unfit += bool(result.mismatch)
        self.torn += result.torn
        self.times += result.times
        self.unborn += result.unborn
        self.reads += result.reads
        self.what += [f"lost: {each}" for each in result.lost]
        self.what += [f"failed: {each}" for each in result.failed]
        self.what += [f"unfit: {each}" for each in result.mismatch]
        self.what += ["torn: a file that had never been whole"] * result.unborn

    def is_bad(self, row: Row) -> bool:
        """Whether ours broke its promise in this row."""
        return bool(self.lost or self.failed or self.unfit or self.unborn or (self.torn and not row.terminal_writes))


class Editors:
    """The servers of a run: as many processes, made anew after a while and after a round that broke."""

    def __init__(self, place: Site, count: int) -> None:
        self._place = place
        self._count = count
        self._clients: list[Client] = []
        self._ends = ExitStack()
        self._used = 0

    def get(self, *, syncs: bool) -> Sequence[Client]:
        """Return running servers with this setting and no open document."""
        if self._used >= ROUNDS_OF_A_SERVER:
            self.close()
        while len(self._clients) < self._count:
            self._clients.append(self._ends.enter_context(self._place.server()))
        self._used += 1
        for client in self._clients:
            client.configure({} if syncs else NO_SYNC)
            for path in list(client.buffers):
                client.close(path)
        return self._clients

    def close(self, error: Exception | None = None) -> None:
        """End them all; after an error at once, since one of them may be stuck."""
        self._clients, self._used = [], 0
        self._ends.__exit__(type(error) if error else None, error, None)


def play(place: Site, row: Row, side: Side, *, number: int, editors: Editors, lots: Random) -> Result:
    """Run one round of a row on one side; one that breaks counts as failed, and is judged as far as it goes."""
    project = place.project(f"{row.name}-{side}-{number}/demo", text=manifest(place, row.dependencies))
    scene = Scene(place, project, (), lots, row.dependencies)
    result, counts = Result(), Counter[str]()
    with _outlived(scene, editors):
        project.uv_ok("sync")
        scene.editors = editors.get(syncs=row.syncs) if side == "ours" else ()
        row.prepare(scene)
        if not row.syncs:
            scene.checks -= {"environment"}
        with _reading(scene, counts):
            with _outlived(scene, editors):
                (row.ours if side == "ours" else row.bare)(scene)
            result = scene.judge()
            with _outlived(scene, editors):
                result = replace(result, mismatch=scene.mismatch())
    failed = tuple(scene.failed)
    torn, times, unborn = counts["torn"], counts["times"], counts["unborn"]
    return replace(result, failed=failed, torn=torn, times=times, unborn=unborn, reads=counts["reads"])


@contextmanager
def _outlived(scene: Scene, editors: Editors) -> Iterator[None]:
    """Note what breaks, whatever it is: a run of hours goes on after it.

    What waits in the round ends then, since the judgement's own uv would wait behind it.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001  the traceback tells a bug of the measurement
        print(f"{scene.name} broke", file=sys.stderr)
        traceback.print_exc()
        scene.failed.append(f"the round broke: {str(error).partition(chr(10))[0] or repr(error)}")
        scene.gate.open()
        scene.site.tools.clear()
        editors.close(error)


@contextmanager
def _reading(scene: Scene, counts: Counter[str]) -> Iterator[None]:
    reader = Reader([scene.file, scene.project.lock] if scene.checks else [scene.file])
    try:
        yield
    finally:
        counts.update(reader.stop())


def race(
    place: Site,
    rows: Sequence[Row],
    *,
    rounds: int,
    seed: int,
    editors: int,
    bare_every: int = 1,
) -> dict[str, dict[Side, Tally]]:
    """Run all rows, bare in every so many rounds and ours in each, in turns; stderr tells now and then how far it is."""
    found: dict[str, dict[Side, Tally]] = {}
    servers = Editors(place, editors)
    try:
        for row in rows:
            lots = Random(f"{seed} {row.name}")  # noqa: S311  no secret
            sides: dict[Side, Tally] = {"bare": Tally(), "ours": Tally()}
            for number in range(rounds):
                for side, tally in sides.items():
                    if side == "bare" and number % bare_every:
                        continue
                    result = play(place, row, side, number=number, editors=servers, lots=lots)
                    tally.add(result)
                    wrong = (*result.lost, *result.failed, *result.mismatch)
                    if side == "ours" and wrong:
                        print(f"{row.name} {number}: {'; '.join(wrong)}", file=sys.stderr, flush=True)
                if (number + 1) % ROUNDS_TO_TELL == 0 or number + 1 == rounds:
                    so_far = ", ".join(f"{side} lost {tally.lost} of {tally.stake}" for side, tally in sides.items())
                    print(f"... {row.name}: {number + 1} of {rounds} rounds, {so_far}", file=sys.stderr, flush=True)
            found[row.name] = sides
    finally:
        servers.close()
    return found


_SIDE = ("of", "torn", "unfit", "failed")
_HEADERS = ("row", "rounds", "bare: lost", *_SIDE, "ours: lost", *_SIDE)


def line(row: Row, rounds: int, sides: dict[Side, Tally]) -> list[object]:
    """Return one row of the table."""
    cells: list[object] = [f"{row.name}: {row.title}", rounds]
    for side, tally in sides.items():
        torn = f"{tally.torn} ({tally.times})" if tally.torn else "0"
        torn += "*" if side == "ours" and row.terminal_writes else ""
        cells += [tally.lost, tally.stake, torn, tally.unfit, tally.failed]
    return cells


def _options(arguments: list[str] | None) -> Any:  # noqa: ANN401  a namespace
    parser = measure.parser(__doc__ or "", rounds=100)
    names = [row.name for row in ALL_ROWS]
    parser.add_argument("--rows", nargs="+", choices=names, metavar="ROW", help="only these of: " + ", ".join(names))
    parser.add_argument(
        "--bare-every", type=int, default=1, help="bare uv runs in every so many rounds only; what it loses shows soon"
    )
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

    with measure.load() as noted, site() as place:
        found = race(
            place,
            rows,
            rounds=rounds,
            seed=options.seed,
            editors=options.editors,
            bare_every=options.bare_every,
        )
    bad = [row for row in rows if found[row.name]["ours"].is_bad(row)]
    text = measure.table(_HEADERS, [line(row, rounds, found[row.name]) for row in rows])
    for row in bad:
        text += f"\n{row.name}, ours:"
        text += "".join(f"\n  {count} x {what}" for what, count in Counter(found[row.name]["ours"].what).most_common(5))
    reads = sum(tally.reads for sides in found.values() for tally in sides.values())
    text += f"\n{reads} reads; seed {options.seed}; "
    text += f"promise broken in {', '.join(row.name for row in bad)}" if bad else "ours lost nothing"
    figures = {name: {side: asdict(tally) for side, tally in sides.items()} for name, sides in found.items()}
    measure.say(text, noted, {"rounds": rounds, "seed": options.seed, "rows": figures}, as_json=options.json)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
