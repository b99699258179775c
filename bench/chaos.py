"""Chaos: rounds of random actors on a project of a random shape, all at once, and a judgement of what is left.

A round is drawn from its seed before it begins: the project's shape and each actor's steps, with the pauses between
them. The actors are people in editors (each with a real server, which may be killed), the command line, a terminal of
bare uv commands or of commands by `pyproject-lsp exec`, and git. Each edits packages and lines of its own, so that the
end of each is known; a wish of a person (a checkout, a signal, a close without saving) makes an end unknown, and any
does. Choices are the seed's, moments are the machine's: `--seed S --rounds 1` plays a round's choices again.

Exit code 1 when an edit is lost, an operation never ends or waits without a word, a file of ours was seen half-done,
manifest and lock do not fit, a style (line ends, mark, comments, link) is gone, or a server said that it has a bug.
"""

import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Literal

from bench import measure
from bench.actors import Actor, Git, Shell, Shop
from bench.books import Books, slot_line
from bench.person import Person
from bench.reader import Reader
from bench.reader_process import SENTINEL
from bench.worksite import Site, site
from demo import parts
from lsp_server.adapters.processes import ProcessId
from lsp_server.jobs.journal import Journal
from tests.support.client import NO_SYNC, ResponseError
from tests.support.projects import MANY, Project

Kind = Literal["plain", "workspace", "script"]
Slow = Literal["", "build", "metadata"]
ENDS_WITHIN = 60.0
SLOTS = 16
SILENT_SECONDS = 4.0
_SCRIPT_ONLY_WORDS = frozenset({"plain", "inline", "crlf"})

PERSON = {
    **dict.fromkeys(("add", "group", "remove", "save", "type", "bump"), 4),
    **dict.fromkeys(("extra", "move", "undo", "cancel", "save-in-place", "open", "lock", "retry"), 2),
    **dict.fromkeys(("close", "revert", "sync", "upgrade", "broken", "missing", "kill", "hand"), 1),
}
SHELL = {
    **dict.fromkeys(("add", "group", "remove"), 4),
    **dict.fromkeys(("lock", "sync", "run", "bump", "missing", "broken", "interrupt"), 2),
    **dict.fromkeys(("frozen", "clear", "terminate", "murder", "tree"), 1),
}
"""How often each step comes, in proportion."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a pause before it in seconds, what is done, and a number that chooses on what."""

    pause: float
    action: str
    lot: int


@dataclass(frozen=True, slots=True)
class Round:
    """What a seed says: the shape, and each actor's steps by its name."""

    seed: int
    kind: Kind
    words: frozenset[str]
    slow: Slow
    slow_fails: bool
    gate_seconds: float
    steps: dict[str, tuple[Step, ...]]


def draw(seed: int) -> Round:
    """Draw a round."""
    lots = Random(seed)  # noqa: S311  no secret
    kind: Kind = lots.choice(("plain", "plain", "workspace", "script"))
    words = {word for word in ("crlf", "mark", "inline", "comments", "link", "locked", "synced") if lots.random() < 0.3}  # noqa: PLR2004
    slow: Slow = lots.choice(("", "", "build", "metadata"))
    fails, gate = lots.random() < 0.3, lots.uniform(0.5, 4)  # noqa: PLR2004
    terminal = lots.choice(("", "bare", "bare", "exec"))
    names = ["editor 1", *(["editor 2"] if lots.random() < 0.6 else []), *([terminal] if terminal else [])]  # noqa: PLR2004
    names += [name for name, share in (("command line", 0.3), ("git", 0.15)) if lots.random() < share]
    steps = {name: _steps(name, Random(f"{seed} {name}")) for name in names}  # noqa: S311  no secret
    return Round(seed, kind, frozenset(words), slow, fails, gate, steps)


def _steps(name: str, lots: Random) -> tuple[Step, ...]:
    match name.split():
        case ["editor", _]:
            table, count = PERSON, lots.randint(5, 12)
        case ["git"]:
            return (Step(lots.uniform(0, 4), lots.choice(("stash", "checkout")), 0),)
        case ["command", _]:
            table, count = dict.fromkeys(("add", "group", "remove", "undo", "bump"), 1), lots.randint(1, 3)
        case _:
            table, count = SHELL, lots.randint(2, 6)
    actions = lots.choices(list(table), list(table.values()), k=count)
    return tuple(Step(lots.choice((0, 0, 0.05, 0.3, 1.0)), action, lots.randrange(10**6)) for action in actions)


def build(place: Site, drawn: Round, name: str) -> tuple[Project, tuple[Path, ...]]:
    """Make the project; return it and the files that are edited."""
    root = place.base / "work" / name / "demo"
    project = Project(root, place.tools, place.wheels)
    gate = project.gate(name)
    gate.close()
    dependencies = ["alpha", "eta>=1.0"]
    sources = ""
    if drawn.slow and drawn.kind != "script":
        then: parts.Then = "fail" if drawn.slow_fails else "succeed"
        parts.make_package(root.parent / "slow", "slow", "1.0", parts.Backend(gate, drawn.slow, then))
        dependencies, sources = ["slow", *dependencies], '\n[tool.uv.sources]\nslow = { path = "../slow" }\n'
    lines = "\n".join(f"# slot {number}\n{slot_line(number, 'old')}\n" for number in range(SLOTS))
    if drawn.kind == "script":
        file = root / "script.py"
        root.mkdir(parents=True)
        head = f"# dependencies = {parts.toml_value(dependencies)}\n# [tool.uv]\n# no-index = true\n"
        head += f"# find-links = ['{place.wheels.as_posix()}']\n"
        _write(file, f"# /// script\n{head}# ///\n\n{lines}\n{SENTINEL}\n", drawn.words & _SCRIPT_ONLY_WORDS)
        if "locked" in drawn.words:
            project.uv_ok("lock", "--script", file)
        return project, (file,)
    text = parts.manifest(dependencies=dependencies, wheels=place.wheels).replace(
        "\n[tool.uv]", f"\n[tool.chaos]\n{lines}\n[tool.uv]"
    )
    if drawn.kind == "workspace":
        text += '\n[tool.uv.workspace]\nmembers = ["packages/*"]\n'
    files = [_write(root / "pyproject.toml", f"{text}{sources}\n{SENTINEL}\n", drawn.words)]
    for member in ("one", "two") if drawn.kind == "workspace" else ():
        folder = parts.make_package(root / "packages" / member, member, "1.0", requires=["alpha"])
        own = (folder / "pyproject.toml").read_text() + f"\n[tool.chaos]\n{lines}\n{SENTINEL}\n"
        files.append(_write(folder / "pyproject.toml", own, drawn.words))
    if drawn.slow != "metadata":
        for word, command in (("locked", "lock"), ("synced", "venv")):
            if word in drawn.words:
                project.uv_ok(command)
    return project, tuple(files)


def _write(path: Path, text: str, words: frozenset[str]) -> Path:
    """Write a file in the style that these words say."""
    if "inline" in words:
        text = text.replace('= [\n    "', '= ["').replace('",\n    "', '", "').replace('",\n]', '"]')
    if "comments" in words:
        text = text.replace('    "alpha",\n', '    # kept before\n    "alpha",  # kept beside\n')
    text = text.replace("\n", "\r\n") if "crlf" in words else text
    text = f"\ufeff{text}" if "mark" in words else text
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path.with_name("real.toml") if "link" in words else path
    path.unlink(missing_ok=True)
    target.write_bytes(text.encode())
    if target != path:
        path.symlink_to(target.name)
    return path


def play(place: Site, drawn: Round) -> list[str]:
    """Play one round; return what was wrong."""
    name = f"round-{drawn.seed}-{time.monotonic_ns()}"
    project, files = build(place, drawn, name)
    state = Path(place.tools.environment["PYPROJECT_LSP_STATE_DIR"])
    journal = Journal(state / "journal.sqlite3", ProcessId(0, ""))
    books = Books(journal, guarded=not {"bare", "exec"} & drawn.steps.keys())
    settings = NO_SYNC if drawn.slow_fails and drawn.slow == "build" else None
    with ExitStack() as stack:
        stack.callback(journal.close)
        actors: dict[str, Actor] = {}
        for number, who in enumerate(drawn.steps):
            packages = MANY[number * 5 : number * 5 + 5]
            shop = Shop(place, project, files, books, packages, range(number * 4, number * 4 + 4), settings)
            actors[who] = _actor(who, shop)
            stack.callback(actors[who].close)
        for actor in actors.values():
            actor.begin()
        if "git" in actors:
            place.tools.git(project.root, "init", "--quiet")
            (project.root / ".gitignore").write_text(".venv\n")
            place.tools.git(project.root, "add", ".")
            place.tools.git(project.root, "commit", "--quiet", "--message=first")
        reader = Reader([*files, *([] if drawn.kind == "script" else [project.lock])])
        gate = project.gate(name)
        opener = threading.Timer(drawn.gate_seconds, gate.open)
        opener.start()
        threads = [threading.Thread(target=_perform, args=(actors[who], steps, books)) for who, steps in drawn.steps.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        opener.join()
        for actor in actors.values():
            actor.finish()
        wrong = _await_all(books)
        counts = reader.stop()
        for actor in actors.values():
            actor.look_back()
        wrong += books.broken + books.judge()
        if counts["unborn"] and "mark" not in drawn.words and not books.wiped:  # git takes a file away and writes another
            wrong.append(f"{counts['unborn']} reads saw a file that was never whole")
        for actor in actors.values():
            wrong += actor.wrong(SILENT_SECONDS)
        wrong += _style(drawn, files, books) + _fit(drawn, project, files, books) + _leftovers(project)
    return wrong


def _actor(who: str, shop: Shop) -> Actor:
    if who.startswith("editor"):
        return Person(shop)
    return Git(shop) if who == "git" else Shell(shop, who)


def _perform(actor: Actor, steps: Sequence[Step], books: Books) -> None:
    for step in steps:
        time.sleep(step.pause)  # the round that was drawn says when
        try:
            actor.do(step.action, step.lot)
        except (AssertionError, RuntimeError, OSError, ValueError, ResponseError) as error:
            books.broken.append(f"{type(actor).__name__} {step.action}: {str(error)[:3000] or repr(error)}")


def _await_all(books: Books) -> list[str]:
    """Wait until every operation has ended; name those that have not when nothing has moved for a minute."""
    moved, before = time.monotonic(), books.unfinished()
    while before and time.monotonic() - moved < ENDS_WITHIN:
        time.sleep(0.05)  # the servers are other programs: their journal is looked at
        present = books.unfinished()
        if present != before:
            moved, before = time.monotonic(), present
    return [f"never ended: {one}" for one in before]


def _style(drawn: Round, files: Sequence[Path], books: Books) -> list[str]:
    found = []
    for path in files:
        content = path.read_bytes()
        text = content.decode("utf-8", "replace")
        uncommon = text.count("\n") - text.count("\r\n") if "crlf" in drawn.words else text.count("\r")
        if uncommon and not books.foreign:
            found.append(f"{path.name} has {uncommon} line ends of the other kind")
        if "mark" in drawn.words and drawn.kind != "script" and not text.startswith("\ufeff") and not books.foreign:
            found.append(f"{path.name} lost its mark")
        if "comments" in drawn.words and "inline" not in drawn.words and drawn.kind == "plain" and "kept" not in text:
            found.append(f"{path.name} lost the comments in its array")
        if "link" in drawn.words and drawn.kind != "script" and not path.is_symlink() and not books.wiped:
            found.append(f"{path.name} is no link any more")
        if not text.rstrip().endswith(SENTINEL):
            found.append(f"{path.name} does not end as it did")
    return found


def _fit(drawn: Round, project: Project, files: Sequence[Path], books: Books) -> list[str]:
    """Ask uv whether manifest and lock fit, unless the terminal's own half adds may have left them so."""
    if books.untidy or (drawn.slow == "metadata" and drawn.slow_fails):
        return []
    script = ["--script", str(files[0])] if drawn.kind == "script" else []
    lock = Path(f"{files[0]}.lock") if script else project.lock
    if not lock.exists():
        return []
    done = project.uv("lock", "--check", *script)
    return [] if done.returncode == 0 else [f"{lock.name}: {' '.join(done.stderr.split())[-300:]}"]


def _leftovers(project: Project) -> list[str]:
    return [f"left behind: {path.name}" for path in project.root.rglob(".*.pyproject-lsp")]


def main(arguments: list[str] | None = None) -> int:
    """Play and print; 1 if a promise is broken."""
    parser = measure.parser(__doc__ or "", rounds=20)
    parser.add_argument("--show", action="store_true", help="print what each round plays")
    options = parser.parse_args(arguments)
    wrong: dict[int, list[str]] = {}
    played: Counter[str] = Counter()
    with measure.load() as noted:
        for seed in range(options.seed, options.seed + options.rounds):
            drawn = draw(seed)
            print(f"seed {seed}: {describe(drawn) if options.show else drawn.kind}", file=sys.stderr, flush=True)
            with site() as place:
                found = play(place, drawn)
            played.update(step.action for steps in drawn.steps.values() for step in steps)
            if found:
                wrong[seed] = found
                print("\n".join([describe(drawn), *(f"  wrong: {one}" for one in found)]), file=sys.stderr, flush=True)
    text = measure.table(("step", "times"), sorted(played.items()))
    text += "".join(f"\nseed {seed}: {one}" for seed, ones in wrong.items() for one in ones)
    text += f"\n{options.rounds} rounds from seed {options.seed}: " + (f"{len(wrong)} went wrong" if wrong else "all went well")
    measure.say(text, noted, {"rounds": options.rounds, "seed": options.seed, "wrong": wrong}, as_json=options.json)
    return 1 if wrong else 0


def describe(drawn: Round) -> str:
    """Say in a few lines what a round plays."""
    shown = {key: value for key, value in asdict(drawn).items() if key != "steps"}
    lines = [" ".join(f"{key}={sorted(value) if isinstance(value, frozenset) else value}" for key, value in shown.items())]
    for who, steps in drawn.steps.items():
        lines.append(f"  {who}: " + ", ".join(f"+{step.pause:.2g} {step.action} {step.lot}" for step in steps))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
