"""One history from its plan to its record: everybody acts at once, then all rests, then the files are looked at."""

import subprocess
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from bench.history import checker, texts
from bench.history.checker import Anomaly
from bench.history.clients import Client, CommandLine, Contradictor, Git, Killer, Shell, Tool
from bench.history.editors import FINISHED, SILENT_SECONDS, Editor, outcome_of
from bench.history.ground import BrokenManifestError, Ground, Template, ground
from bench.history.model import Plan, Record, Step

ENDS_WITHIN = 60.0
RESTORED_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class How:
    """In what way histories are played: with bare uv in place of ours, one step after the other."""

    is_bare: bool = False
    in_turn: bool = False


@dataclass(frozen=True, slots=True)
class Played:
    """A history and its judgement."""

    plan: Plan
    record: Record
    anomalies: tuple[Anomaly, ...]

    @property
    def ours(self) -> list[Anomaly]:
        """What is our fault."""
        return [one for one in self.anomalies if one.blame == "ours"]


def run(made: Template, how: How, plan: Plan) -> Played:
    """Play a plan in a folder of its own and judge it; what breaks is part of the record, so that the others go on."""
    record = Record(time.monotonic(), {})
    try:
        record = play(made, plan, f"history-{plan.seed}-{time.monotonic_ns()}", how)
    except Exception:  # noqa: BLE001  whatever it is
        record.wrong.append(("fault", traceback.format_exc()))
    return Played(plan, record, tuple(checker.judge(record)))


def play(made: Template, plan: Plan, name: str, how: How) -> Record:
    """Play a plan once."""
    began = time.monotonic()
    with ground(made, name, is_bare=how.is_bare) as place, ExitStack() as stack:
        editors = _editors(place, plan, stack)
        clients = _clients(place, plan, editors)
        place.record.start = time.monotonic()
        with _traced(place):
            _all(clients, plan, place.record, _Turn(editors) if how.in_turn else nullcontext())
            _end(place, editors)
        for editor in editors:
            place.record.wrong += [("bug", one) for one in editor.complaints()]
        place.record.seconds = time.monotonic() - began
        return place.record


def _editors(place: Ground, plan: Plan, stack: ExitStack) -> list[Editor]:
    """Start the editors of a plan, at once; whoever contradicts sits in one, too."""
    names = [name for name in plan.clients if name.startswith("editor")]
    names = names or (["editor 1"] if {"contradictor", "killer"} & plan.clients.keys() else [])
    found = [Editor(name, place, merges=name == "editor 1", closes=name == "editor 2") for name in names]
    threads = [threading.Thread(target=editor.begin) for editor in found]
    for editor, thread in zip(found, threads, strict=True):
        stack.callback(editor.close)
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _clients(place: Ground, plan: Plan, editors: list[Editor]) -> Mapping[str, Client]:
    by_name: dict[str, Client] = {editor.name: editor for editor in editors}
    for name in plan.clients:
        match name.split()[0]:
            case "terminal" | "exec":
                by_name[name] = Shell(name, place)
            case "command":
                by_name[name] = CommandLine(place)
            case "tool":
                by_name[name] = Tool(place)
            case "contradictor":
                by_name[name] = Contradictor(place, editors[0])
            case "git":
                by_name[name] = Git(place)
            case "killer":
                by_name[name] = Killer(place, editors)
            case _:
                pass
    return by_name


class _Turn:
    """A turn for each step, which ends when all that it has begun has ended."""

    def __init__(self, editors: list[Editor]) -> None:
        self._editors = editors
        self._turn = threading.Lock()

    def __enter__(self) -> None:
        self._turn.acquire()

    def __exit__(self, *_: object) -> None:
        end = time.monotonic() + ENDS_WITHIN
        while not all(editor.is_quiet() for editor in self._editors) and time.monotonic() < end:
            time.sleep(0.01)  # the servers are other programs
        self._turn.release()


def _all(clients: Mapping[str, Client], plan: Plan, record: Record, turn: AbstractContextManager[object]) -> None:
    threads = [
        threading.Thread(target=_perform, args=(clients[name], steps, record, turn)) for name, steps in plan.clients.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _perform(client: Client, steps: Iterable[Step], record: Record, turn: AbstractContextManager[object]) -> None:
    for step in steps:
        time.sleep(step.pause)  # the plan says when
        try:
            with turn:
                client.do(step)
        except BrokenManifestError:
            return
        except Exception:  # noqa: BLE001  a fault of the checker or a broken file; the record tells it
            record.wrong.append(("fault", f"{type(client).__name__} {step.action} {step.key}: {traceback.format_exc()[-1500:]}"))


def _end(place: Ground, editors: list[Editor]) -> None:
    with suppress(BrokenManifestError):
        _rest(place, editors)
        _agree(place)
    if place.is_broken:
        place.record.wrong.append(("broken", f"the manifest stays broken: {place.read()!r}"))


def _rest(place: Ground, editors: list[Editor]) -> None:
    """Wait until every operation has ended and the file says what it has to, or does not come to."""
    for editor in editors:
        editor.finish()
    _await_operations(place, editors)
    end = time.monotonic() + (0 if place.is_bare else RESTORED_WITHIN)
    while True:
        place.record.told = [one for editor in editors for one in editor.told()]
        text = place.read()
        if texts.is_whole(text):
            place.record.after = texts.registers(text)
            if not [one for one in checker.judge(place.record) if one.kind == "register"]:
                return
        if time.monotonic() > end:
            break
        time.sleep(0.2)  # nothing tells that nobody will put it right
    place.whole()


def _await_operations(place: Ground, editors: list[Editor]) -> None:
    asked = {name: act for editor in editors for name, act in editor.asked.items()}
    end = time.monotonic() + ENDS_WITHIN
    while True:
        said = sorted((one for editor in editors for one in editor.statuses()), key=lambda one: one[0])
        states = {operation["id"]: operation["state"] for _, operation in said}
        open_ = [name for name in asked if states.get(name) not in FINISHED]
        if not open_ or time.monotonic() > end:
            break
        for editor in editors:
            editor.finish()
        time.sleep(0.05)  # the servers are other programs
    for name in open_:
        last: Mapping[str, Any] = next((operation for _, operation in reversed(said) if operation["id"] == name), {})
        words = f"{asked[name].what} is {last.get('state')}, {last.get('message')}, {last.get('blockedBy')}"
        place.record.wrong.append(("end", f"never ended: {words}"))
    for name, act in asked.items():
        mine = [(at, operation) for at, operation in said if operation["id"] == name]
        ends = [at for at, operation in mine if operation["state"] in FINISHED]
        if ends:
            act.end, last = ends[0], mine[-1][1]
            act.outcome, act.detail = outcome_of(last), f"{last['state']}: {last['message']}"
            if act.outcome == "failed" and any(operation["state"] == "needsSave" for _, operation in mine):
                act.outcome = "unknown"  # the person may have saved the buffer with the edit in it
        place.record.wrong += _silent(mine)


def _silent(mine: list[tuple[float, Mapping[str, Any]]]) -> list[tuple[str, str]]:
    """Return whether an operation waited for long and did not say on whom."""
    since: float | None = None
    for at, operation in mine:
        waits = operation["state"] in {"queued", "waiting", "committing"} and operation["blockedBy"] is None
        if since is not None and at - since > SILENT_SECONDS:
            return [("wait", f"{operation['title']} waited {at - since:.1f} s and did not say on whom")]
        since = (since if since is not None else at) if waits else None
    return []


@contextmanager
def _traced(place: Ground) -> Iterator[None]:
    """Note what a reader sees of the registers meanwhile."""
    ended = threading.Event()

    def look() -> None:
        values, stamp = dict(place.record.before), None
        while not ended.wait(0.002):  # files tell nobody of each write
            present = place.stamp()
            text = place.read() if present != stamp else ""
            if texts.is_whole(text):
                stamp, found, at = present, texts.registers(text), time.monotonic()
                changed = {key: found.get(key) for key in {*found, *values} if found.get(key) != values.get(key)}
                place.record.trace += [(at, key, value) for key, value in changed.items()]
                values = found

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


# What fits together at the end


def _agree(place: Ground) -> None:
    """Ask uv whether manifest, lock and environment fit: as they rest, and after one more sync."""
    record = place.record
    for key in _to_be_installed(record):
        if (name := key.rpartition("/")[2]) not in place.installed():
            record.wrong.append(("environment", f"{name} is declared and not installed: {record.after[key]}"))
    if _keeps_its_lock(record):
        _check(place, "lock", "uv", "lock", "--check")
    _check(place, "sync", *(("uv", "sync") if place.is_bare else ("product", "sync")))
    _check(place, "lock after a sync", "uv", "lock", "--check")
    _check(place, "environment after a sync", "uv", "sync", "--check", "--inexact")


def _to_be_installed(record: Record) -> list[str]:
    """Return the packages that are declared and that only those wrote who install what they write."""
    found = []
    for key in (*texts.PACKAGES, *texts.GROUP):
        writers = [act for act in record.acts if key in act.effects and act.outcome != "failed"]
        tidy = all(act.outcome == "done" and act.source in {"ours", "uv", "exec"} for act in writers)
        if record.after.get(key) is not None and tidy:
            found.append(key)
    return found


def _keeps_its_lock(record: Record) -> bool:
    """Whether nobody changed what uv.lock follows from without locking."""
    writers = [
        act for act in record.acts if (act.source in {"save", "tool", "git"} and _locked(act.effects)) or act.source == "killer"
    ]
    return not writers and not any("killed" in act.what for act in record.acts)


def _locked(keys: Iterable[str]) -> bool:
    return any(key not in texts.NOTES for key in keys)


def _check(place: Ground, kind: str, program: str, *words: str) -> None:
    process = place.uv(*words) if program == "uv" else place.product(*words)
    try:
        _, err = process.communicate(timeout=ENDS_WITHIN)
    except subprocess.TimeoutExpired as error:
        said = (error.stderr or b"").decode() if isinstance(error.stderr, bytes) else error.stderr
        status, _ = place.product("status").communicate(timeout=ENDS_WITHIN)
        place.record.wrong.append(("end", f"{program} {' '.join(words)} did not end in {ENDS_WITHIN:g} s: {said}\n{status}"))
        return
    if process.returncode != 0:
        place.record.wrong.append((kind, f"{program} {' '.join(words)}: {' '.join(err.split())[-400:]}"))
