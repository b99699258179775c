"""The rows of the race that are about locks, signals and crashes, and those that we found."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil

from bench.rows import ROWS, Row
from bench.scene import ENDS_WITHIN, Scene, Uv, at_least, has, has_line, has_not, with_line
from demo import parts
from tests.support import office
from tests.support.client import Client

if sys.platform != "win32":
    import fcntl


def _slow(play: Scene) -> None:
    play.depend_on_slow(parts.Backend(play.gate))


def _slow_and_fails(play: Scene) -> None:
    play.depend_on_slow(parts.Backend(play.gate, then="fail"))


def _behind_a_gate(play: Scene, *words: str) -> tuple[parts.Gate, Uv]:
    """Start a uv that stands in a build, holding the environment lock."""
    process = play.uv(*words)
    play.gate.wait_reached()
    return play.gate, process


def _bare_waiting(play: Scene) -> None:
    gate, sync = _behind_a_gate(play, "sync")
    waiting = play.uv("add", "many-02")
    play.until_waiting(waiting)
    play.save_by_hand(with_line(play.text()))
    play.expect("the user's save", has_line)
    gate.open()
    play.ended(sync)
    play.ended(waiting, "uv add many-02", has("many-02"))


def _our_waiting(play: Scene) -> None:
    editor = play.editors[0]
    gate, sync = _behind_a_gate(play, "sync")
    editor.open(play.project.manifest)
    waiting = play.uv("add", "many-02")
    play.until_waiting(waiting)
    operation = play.ask(editor, "pyproject.add", requirements=["many-01"])
    play.save_in_editor(editor, with_line)
    play.expect("the user's save", has_line)
    gate.open()
    play.ended(sync)
    play.ended(waiting, "uv add many-02", has("many-02"))
    play.outcome(editor, operation, "pyproject.add many-01", has("many-01"))


def _bare_release(play: Scene) -> None:
    gate, process = _behind_a_gate(play, "remove", "alpha")
    save = play.about_to_save(with_line(play.text()))
    _at_release(play, gate, save)
    play.ended(process)


def _our_release(play: Scene) -> None:
    editor = play.editors[0]
    gate, process = _behind_a_gate(play, "remove", "alpha")
    editor.open(play.project.manifest)
    operation = play.ask(editor, "pyproject.add", requirements=["many-01"])
    # What the user sees while uv still works is what they save; at the release itself uv may be writing the file.
    play.see_in_editor(editor, with_line)
    _at_release(play, gate, lambda: editor.save(play.file))
    play.ended(process)
    play.outcome(editor, operation, "pyproject.add many-01", has("many-01"))


def _at_release(play: Scene, gate: parts.Gate, save: Callable[[], object]) -> None:
    """Save at the very moment when the environment lock becomes free: a failed remove puts its old text back after that."""
    descriptor = os.open(play.project.environment_lock, os.O_RDWR)
    try:
        gate.open()
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # woken by the kernel: a look again after a pause comes too late
        save()
    finally:
        os.close(descriptor)
    play.expect("the user's save", has_line)


def _bare_clear(play: Scene) -> None:
    gate, sync = _behind_a_gate(play, "sync")
    waiting = play.uv("add", "many-01")
    play.until_waiting(waiting)
    play.project.uv_ok("venv", "--clear")
    second = play.uv("add", "many-02")
    gate.open()
    play.ended(sync)
    play.ended(waiting, "uv add many-01", has("many-01"))
    play.ended(second, "uv add many-02", has("many-02"))


def _our_clear(play: Scene) -> None:
    gate, sync = _behind_a_gate(play, "sync")
    first, second = play.editors[0], play.editors[-1]
    one = play.ask(first, "pyproject.add", requirements=["many-01"])
    play.project.uv_ok("venv", "--clear")
    two = play.ask(second, "pyproject.add", requirements=["many-02"])
    gate.open()
    play.ended(sync)
    play.outcome(first, one, "pyproject.add many-01", has("many-01"))
    play.outcome(second, two, "pyproject.add many-02", has("many-02"))


def _held(play: Scene) -> str:
    return f"held-{play.name}"


def _gated_source(play: Scene) -> None:
    """Make a source distribution that can be added and whose build waits."""
    parts.make_sdist(play.site.wheels, _held(play), "1.0", parts.Backend(play.gate))


def _bare_killed(play: Scene, number: int) -> None:
    gate, name = play.gate, _held(play)
    process = play.uv("add", name)
    gate.wait_reached()
    process.send_signal(number)
    play.ended(process)
    gate.open()


def _our_killed(play: Scene, number: int) -> None:
    """Our own uv is killed while it builds for an add: the add fails, nothing is changed, and the next one works."""
    editor = play.editors[0]
    gate, name = play.gate, _held(play)
    operation = play.ask(editor, "pyproject.add", requirements=[name])
    gate.wait_reached()
    _uv_of(editor, play.project.root).send_signal(number)
    gate.open()
    ended = editor.wait_operation(operation, ("done", "failed"), timeout=ENDS_WITHIN)
    holds = has(name) if ended["state"] == "done" else has_not(name)
    play.expect(f"what was said of {name} ({ended['state']})", holds)
    after = play.ask(editor, "pyproject.add", requirements=["many-01"])
    play.outcome(editor, after, "pyproject.add many-01", has("many-01"))


def _killed(number: signal.Signals) -> Row:
    bare, ours = partial(_bare_killed, number=number), partial(_our_killed, number=number)
    return Row(number.name.lower(), f"{number.name} to the uv of an add that builds", bare, ours, (), _gated_source)


def _uv_of(editor: Client, root: Path) -> psutil.Process:
    children = psutil.Process(editor.pid).children()
    return next(child for child in children if child.name() == "uv" and child.cwd().endswith(str(root)))


def _our_server_killed(play: Scene) -> None:
    """The server is killed while its uv builds: its uv is ended by the next server, and the add can be retried."""
    gate, name = play.gate, _held(play)
    with play.site.server() as doomed:
        operation = play.ask(doomed, "pyproject.add", requirements=[name])
        gate.wait_reached()
        orphan = office.process(_uv_of(doomed, play.project.root).pid)
        doomed.kill()
        with play.site.server() as editor:
            editor.open(play.project.manifest)
            if not office.are_gone(orphan, within=10):
                play.failed.append("the orphaned uv did not end within 10 s")
            gate.open()
            # The new server says what it found: an operation that was interrupted and can be had again.
            editor.wait_operation(operation, ("failed",), timeout=ENDS_WITHIN)
            after = editor.mark()
            editor.execute("pyproject.retry", {"id": operation})
            play.outcome(editor, operation, f"pyproject.add {name}, retried", has(name), after=after)


@contextmanager
def _one_after_the_other(play: Scene, commands: Sequence[Sequence[str]]) -> Iterator[None]:
    """A person in a terminal meanwhile: the next command when the last one has ended."""

    def run() -> None:
        for words in commands:
            holds = has(words[-1]) if words[0] == "add" else None
            play.ended(play.uv(*words), f"uv {' '.join(words)}", holds)

    with ThreadPoolExecutor(1) as pool:
        terminal = pool.submit(run)
        yield
        terminal.result()


def _adds(*names: str) -> list[list[str]]:
    return [["add", name] for name in names]


def _two_terminals(play: Scene, others: Sequence[Sequence[str]]) -> None:
    with _one_after_the_other(play, _adds("many-01", "many-02", "many-03")), _one_after_the_other(play, others):
        pass


def _beside_a_terminal(play: Scene, others: Sequence[Sequence[str]]) -> None:
    with _one_after_the_other(play, others):
        for index, name in enumerate(("many-01", "many-02", "many-03")):
            editor = play.editors[index % len(play.editors)]
            operation = play.ask(editor, "pyproject.add", requirements=[name])
            play.outcome(editor, operation, f"pyproject.add {name}", has(name))


def _bare_mixed(play: Scene) -> None:
    gate, sync = _behind_a_gate(play, "sync")
    cases = (
        (("add", "many-01"), has("many-01")),
        (("remove", "alpha"), has_not("alpha")),
        (("version", "--bump", "patch"), at_least(1)),
        (("add", "--dev", "many-02"), has("many-02")),
    )
    started = [(words, holds, play.uv(*words)) for words, holds in cases]
    play.until_waiting(started[0][2])
    gate.open()
    play.ended(sync)
    for words, holds, process in started:
        play.ended(process, f"uv {' '.join(words)}", holds)


def _our_mixed(play: Scene) -> None:
    gate, sync = _behind_a_gate(play, "sync")
    cases: tuple[tuple[str, dict[str, object], Callable[[str], bool]], ...] = (
        ("pyproject.add", {"requirements": ["many-01"]}, has("many-01")),
        ("pyproject.remove", {"packages": ["alpha"]}, has_not("alpha")),
        ("pyproject.bumpVersion", {"bump": "patch"}, at_least(1)),
        ("pyproject.add", {"requirements": ["many-02"], "group": "dev"}, has("many-02")),
    )
    asked = []
    for index, (command, argument, holds) in enumerate(cases):
        editor = play.editors[index % len(play.editors)]
        asked.append((editor, command, holds, play.ask(editor, command, **argument)))
    gate.open()
    play.ended(sync)
    for editor, command, holds, operation in asked:
        play.outcome(editor, operation, command, holds)


_TERMINAL_ADDS = _adds("many-11", "many-12", "many-13")
_TERMINAL_LOCKS = [["lock"]] * 6

ALL_ROWS: tuple[Row, ...] = (
    *ROWS,
    Row("waiting-add", "save and add while a uv add waits", _bare_waiting, _our_waiting, (), _slow, terminal_writes=True),
    Row(
        "release",
        "save at the release after a failing remove",
        _bare_release,
        _our_release,
        ("alpha",),
        _slow_and_fails,
        terminal_writes=True,
        syncs=False,
    ),
    Row("venv-clear", "uv venv --clear during a sync", _bare_clear, _our_clear, (), _slow),
    _killed(signal.SIGTERM),
    _killed(signal.SIGKILL),
    Row(
        "server-sigkill",
        "SIGKILL to the server (bare: to uv)",
        partial(_bare_killed, number=signal.SIGKILL),
        _our_server_killed,
        (),
        _gated_source,
    ),
    Row("mixed", "add, remove, bump, group add behind a sync", _bare_mixed, _our_mixed, ("alpha",), _slow),
    Row(
        "terminal-adds",
        "adds in two places, each in its turn",
        partial(_two_terminals, others=_TERMINAL_ADDS),
        partial(_beside_a_terminal, others=_TERMINAL_ADDS),
        terminal_writes=True,
    ),
    Row(
        "lock-loop",
        "adds while a terminal runs uv lock",
        partial(_two_terminals, others=_TERMINAL_LOCKS),
        partial(_beside_a_terminal, others=_TERMINAL_LOCKS),
    ),
)
"""Every row, in the order of the table."""
