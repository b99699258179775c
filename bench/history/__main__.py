"""Histories of real editors, terminals, tools and git on one project, judged as Jepsen judges a database.

Each history is drawn from its seed: random clients act at once and note what they did, with the times of call and
answer. When all rests, each register (a dependency, the version, a line of the user's) has to be linearizable in real
time; every operation has to have ended, and to have said on whom it waited; manifest, lock and environment have to
fit. bench/README.md says more. Nothing here imports the product: it is run as a user runs it.

Exit code 1 when a history has an anomaly of ours. What uv lost against uv alone is told apart.
"""

import json
import multiprocessing
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any

from bench import measure
from bench.history import report
from bench.history.draw import ACTIONS, draw
from bench.history.ground import template
from bench.history.model import Plan, plan_of
from bench.history.play import How, Played, run
from bench.history.shrink import shrink

OPERATIONS = 40


def main(arguments: list[str] | None = None) -> int:
    """Play, judge, print; 1 if a history has an anomaly of ours."""
    options = _options(arguments)
    plans = _plans(options)
    played: list[Played] = []
    context = multiprocessing.get_context("spawn")
    with measure.load() as noted, template(options.checkout) as made, ProcessPoolExecutor(options.jobs, context) as pool:
        play_one = partial(run, made, How(is_bare=options.bare, in_turn=options.in_turn))
        for future in as_completed([pool.submit(play_one, plan) for plan in plans]):
            played.append(future.result())
            _tell(played[-1], options)
        for one in [one for one in played if one.ours][: options.shrink]:
            _make_smaller(one, options, lambda candidates: list(pool.map(play_one, candidates)))
    text, figures = _sums(played, options)
    measure.say(text, noted, figures, as_json=options.json)
    return 1 if any(one.ours for one in played) else 0


def _options(arguments: list[str] | None) -> Any:  # noqa: ANN401  a namespace
    parser = measure.parser(__doc__ or "", rounds=100)
    parser.add_argument("--operations", type=int, default=OPERATIONS, help=f"at least so many in each (default {OPERATIONS})")
    parser.add_argument("--jobs", type=int, default=2, help="so many histories at once (default 2)")
    parser.add_argument(
        "--clients", nargs="+", choices=list(ACTIONS), metavar="CLIENT", default=(), help="only these of: " + ", ".join(ACTIONS)
    )
    parser.add_argument(
        "--bare", action="store_true", help="bare uv does what our operations, exec and the command line do otherwise"
    )
    parser.add_argument(
        "--in-turn",
        action="store_true",
        help="one step after the other: what is found then is no race, or the checker's fault",
    )
    parser.add_argument(
        "--shrink", type=int, default=0, metavar="N", help="make the first N failing histories smaller by playing parts of them"
    )
    parser.add_argument("--shrink-seconds", type=float, default=180, help="at most so long for each (default 180)")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="play the history of this file, --rounds times")
    parser.add_argument(
        "--keep",
        type=Path,
        default=Path(tempfile.gettempdir()) / "pyproject-lsp-histories",
        metavar="FOLDER",
        help="where failing histories are written (default %(default)s)",
    )
    parser.add_argument("--checkout", type=Path, metavar="FOLDER", help="take the product from another checkout")
    return parser.parse_args(arguments)


def _plans(options: Any) -> list[Plan]:  # noqa: ANN401
    if options.replay:
        return [plan_of(json.loads(options.replay.read_text(encoding="utf-8")))] * options.rounds
    seeds = range(options.seed, options.seed + options.rounds)
    return [draw(seed, options.operations, options.clients) for seed in seeds]


def _tell(one: Played, options: Any) -> None:  # noqa: ANN401
    """Say on stderr how a history went; one with an anomaly of ours is kept."""
    counts = Counter(anomaly.blame for anomaly in one.anomalies)
    said = ", ".join(f"{count} {blame}" for blame, count in counts.items()) or "good"
    print(f"seed {one.plan.seed}: {len(one.record.acts)} acts in {one.record.seconds:.1f} s: {said}", file=sys.stderr, flush=True)
    if one.ours:
        path = report.keep(options.keep, one.plan, one.record, one.anomalies, name=f"seed-{one.plan.seed}")
        print(
            f"{report.told(one.record, one.ours)}\n  again: python -m bench.history --replay {path}", file=sys.stderr, flush=True
        )


def _make_smaller(one: Played, options: Any, play_all: Any) -> None:  # noqa: ANN401
    kinds = {(anomaly.kind, anomaly.key) for anomaly in one.ours}
    last: list[Played] = []

    def fails(candidates: Sequence[Plan]) -> list[bool]:
        found = play_all(candidates)
        alike = [any((anomaly.kind, anomaly.key) in kinds for anomaly in each.ours) for each in found]
        last.extend(each for each, is_alike in zip(found, alike, strict=True) if is_alike)
        return alike

    smaller = shrink(one.plan, fails, tries=2 * options.jobs, seconds=options.shrink_seconds)
    if not last:
        print(f"seed {one.plan.seed}: no part of it failed again", file=sys.stderr)
        return
    best = next(each for each in reversed(last) if each.plan == smaller)
    path = report.keep(options.keep, smaller, best.record, best.anomalies, name=f"seed-{smaller.seed}-small")
    print(f"seed {smaller.seed}: {one.plan.size} steps became {smaller.size}:\n{report.listing(best.record)}", file=sys.stderr)
    print(f"{report.told(best.record, best.ours)}\n  again: python -m bench.history --replay {path}", file=sys.stderr, flush=True)


def _sums(played: Sequence[Played], options: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
    found = Counter((anomaly.blame, anomaly.kind) for one in played for anomaly in one.anomalies)
    bad = {
        blame: sum(any(a.blame == blame for a in one.anomalies) for one in played) for blame in ("ours", "told", "uv against uv")
    }
    acts = sum(len(one.record.acts) for one in played)
    seconds = measure.spread([one.record.seconds for one in played])
    text = measure.table(("whose", "what", "times"), [(*key, count) for key, count in sorted(found.items())])
    whose = " of bare uv" if options.bare else ""
    text += f"\n{len(played)} histories{whose} from seed {options.seed}, {acts} acts"
    text += f"; {seconds.p50:.1f} s each (p50), {seconds.p99:.1f} s (p99)"
    shown = {"ours": "others'" if options.bare else "ours", "uv against uv": "uv's against uv"}
    good = sum(not one.anomalies for one in played)
    text += f"\n{good} histories were good; with an anomaly: " + ", ".join(
        f"{count} {shown.get(blame, blame)}" for blame, count in bad.items()
    )
    seeds = [one.plan.seed for one in played if one.ours]
    figures = {
        "histories": len(played),
        "acts": acts,
        "bad": bad,
        "good": good,
        "bare": options.bare,
        "seeds": seeds,
        "seconds": seconds.p50,
    }
    return text, figures | {"anomalies": {f"{blame}: {kind}": count for (blame, kind), count in found.items()}}


if __name__ == "__main__":
    sys.exit(main())
