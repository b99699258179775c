"""The rows of the race. Each row is two functions of a scene: what bare uv does, and the same with our server.

'Ours' means: our edits go through real servers, one process an editor; the user's saves are made in an open document
of one of them; what the row is about (a failing uv, a killed uv, a waiting uv) is still the bare uv in a terminal.
"""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.reader_process import SENTINEL
from bench.scene import Scene, Uv, at_least, has, has_line, has_not, with_line
from demo import parts
from tests.support.projects import MANY

Play = Callable[[Scene], None]


def _nothing(_play: Scene) -> None:
    """A row that needs no more than the project."""


@dataclass(frozen=True, slots=True)
class Row:
    """One case.

    Attributes:
        prepare: makes what the round needs besides the project, before anybody looks.
        terminal_writes: a bare uv writes the manifest in 'ours' as well, by truncating it: torn reads are then its own.
        syncs: whether our servers sync after an edit (not where the project cannot be installed on purpose).
    """

    name: str
    title: str
    bare: Play
    ours: Play
    dependencies: tuple[str, ...] = ()
    prepare: Play = _nothing
    terminal_writes: bool = False
    syncs: bool = True


def _each(play: Scene, names: Sequence[str]) -> list[str]:
    shuffled = list(names)
    play.lots.shuffle(shuffled)
    return shuffled


def _parallel(words: Sequence[str], names: Sequence[str], holds: Callable[[str], Callable[[str], bool]]) -> Play:
    def bare(play: Scene) -> None:
        started = [(name, play.uv(*words, name)) for name in _each(play, names)]
        for name, process in started:
            play.ended(process, f"uv {' '.join(words)} {name}", holds(name))

    return bare


def _commands(command: str, field: str, names: Sequence[str], holds: Callable[[str], Callable[[str], bool]]) -> Play:
    def ours(play: Scene) -> None:
        asked = []
        for index, name in enumerate(_each(play, names)):
            editor = play.editors[index % len(play.editors)]
            asked.append((editor, name, play.ask(editor, command, **{field: [name]})))
        for editor, name, operation in asked:
            play.outcome(editor, operation, f"{command} {name}", holds(name))

    return ours


def _bare_bumps(play: Scene) -> None:
    started = [play.uv("version", "--bump", "patch") for _ in range(8)]
    done = sum(play.ended(process) == 0 for process in started)
    _expect_bumps(play, done)


def _our_bumps(play: Scene) -> None:
    asked = []
    for index in range(8):
        editor = play.editors[index % len(play.editors)]
        asked.append((editor, play.ask(editor, "pyproject.bumpVersion", bump="patch")))
    done = sum(play.outcome(editor, operation, "bump", None) == "done" for editor, operation in asked)
    _expect_bumps(play, done)


def _expect_bumps(play: Scene, done: int) -> None:
    for number in range(1, done + 1):
        play.expect(f"bump {number}", at_least(number))


# The user saves while a uv of the terminal works


@dataclass(frozen=True, slots=True)
class During:
    """The user saves while a bare uv stands at a gate; then the gate opens, or uv gets a signal."""

    words: tuple[str | Path, ...]
    backend: Callable[[parts.Gate], parts.Backend]
    interrupt: bool = False
    said: tuple[str, Callable[[str], bool]] | None = None

    def bare(self, play: Scene) -> None:
        """The user has an editor that knows nothing of us."""
        process = self._begin(play)
        play.save_by_hand(with_line(play.text()))
        play.expect("the user's save", has_line)
        self._end(play, process)

    def ours(self, play: Scene) -> None:
        """The user has our editor, and asks it for an add as well."""
        editor = play.editors[0]
        editor.open(play.project.manifest)
        process = self._begin(play)
        play.save_in_editor(editor, with_line)
        play.expect("the user's save", has_line)
        operation = play.ask(editor, "pyproject.add", requirements=["many-01"])
        self._end(play, process)
        play.outcome(editor, operation, "pyproject.add many-01", has("many-01"))

    def prepare(self, play: Scene) -> None:
        """Make the project depend on the package that waits at the gate."""
        play.depend_on_slow(self.backend(play.gate))

    def _begin(self, play: Scene) -> Uv:
        process = play.uv(*self.words)
        play.gate.wait_reached()
        return process

    def _end(self, play: Scene, process: Uv) -> None:
        if self.interrupt:
            os.killpg(process.pid, signal.SIGINT)
            play.ended(process)
            play.gate.open()
        else:
            play.gate.open()
            play.ended(process, *(self.said or ("", None)))


def _fails(gate: parts.Gate) -> parts.Backend:
    return parts.Backend(gate, then="fail")


def _succeeds(gate: parts.Gate) -> parts.Backend:
    return parts.Backend(gate)


def _metadata(gate: parts.Gate) -> parts.Backend:
    return parts.Backend(gate, at="metadata")


def _during(name: str, title: str, case: During, *, syncs: bool = True) -> Row:
    return Row(name, title, case.bare, case.ours, ("alpha",), case.prepare, terminal_writes=True, syncs=syncs)


def _script(play: Scene) -> None:
    """Make a script and a package beside it whose metadata waits at a gate; the script is judged."""
    folder = play.project.root.parent
    parts.make_package(folder / "slow", "slow", "1.0", _metadata(play.gate))
    head = f"# dependencies = ['slow']\n# [tool.uv]\n# no-index = true\n# find-links = ['{play.site.wheels.as_posix()}']\n"
    head += "# [tool.uv.sources]\n# slow = { path = 'slow' }\n"
    play.judged = parts.write(folder / "script.py", f"# /// script\n{head}# ///\nprint('old')\n{SENTINEL}\n")
    play.checks = frozenset()


def _body(text: str) -> str:
    return text.replace("print('old')", "print('new')")


def _bare_script(play: Scene) -> None:
    process = play.uv("add", "--script", play.file, "zeta")
    play.gate.wait_reached()
    play.save_by_hand(_body(play.text()))
    play.expect("the user's save", lambda text: "print('new')" in text)
    play.gate.open()
    play.ended(process, "uv add --script zeta", has("zeta"))


def _our_script(play: Scene) -> None:
    editor = play.editors[0]
    editor.open(play.file, "python")
    process = play.uv("add", "--script", play.file, "zeta")
    play.gate.wait_reached()
    play.save_in_editor(editor, _body)
    play.expect("the user's save", lambda text: "print('new')" in text)
    operation = play.ask(editor, "pyproject.add", requirements=["many-01"], script=True)
    play.gate.open()
    play.ended(process, "uv add --script zeta", has("zeta"))
    play.outcome(editor, operation, "pyproject.add many-01", has("many-01"))


ROWS: tuple[Row, ...] = (
    Row(
        "add-8",
        "8 adds at once",
        _parallel(["add"], MANY[:8], has),
        _commands("pyproject.add", "requirements", MANY[:8], has),
    ),
    Row(
        "add-20",
        "20 adds at once",
        _parallel(["add"], MANY, has),
        _commands("pyproject.add", "requirements", MANY, has),
    ),
    Row(
        "remove-8",
        "8 removes at once",
        _parallel(["remove"], MANY[:8], has_not),
        _commands("pyproject.remove", "packages", MANY[:8], has_not),
        MANY[:8],
    ),
    Row("bump-8", "8 version bumps at once", _bare_bumps, _our_bumps),
    _during(
        "save-build-fails",
        "save while an add builds, which fails",
        During(("add", "zeta"), _fails),
        syncs=False,
    ),
    _during(
        "save-metadata",
        "save while an add asks for metadata, which succeeds",
        During(("add", "zeta"), _metadata, said=("uv add zeta", has("zeta"))),
    ),
    _during(
        "save-ctrl-c",
        "save while an add builds, then Ctrl-C",
        During(("add", "zeta"), _succeeds, interrupt=True),
    ),
    _during(
        "save-remove-fails",
        "save while a remove builds, which fails",
        During(("remove", "alpha"), _fails),
        syncs=False,
    ),
    _during(
        "save-bump-fails",
        "save while a bump builds, which fails",
        During(("version", "--bump", "patch"), _fails),
        syncs=False,
    ),
    Row(
        "script-body",
        "save a script's body while add --script runs",
        _bare_script,
        _our_script,
        (),
        _script,
        terminal_writes=True,
    ),
)
"""More rows stand in `bench.rows_locks`: those about locks, signals and crashes."""
