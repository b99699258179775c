"""`pyproject-lsp exec`: a command inside the queue of the project or script that it works on."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_server.adapters import files, lockwaits, uvcommand
from lsp_server.adapters import project as projects
from lsp_server.adapters.lockwaits import LockWait
from lsp_server.adapters.processes import this_process
from lsp_server.adapters.project import Project
from lsp_server.adapters.uv import on_path
from lsp_server.adapters.uvcommand import Writes
from lsp_server.cli import shared
from lsp_server.cli.waitline import WaitLine
from lsp_server.core.operation import Blocked
from lsp_server.jobs import turn as turns
from lsp_server.jobs.blocking import shortened
from lsp_server.jobs.journal import Journal
from lsp_server.jobs.place import STATE_VARIABLE, Place, state_folder
from lsp_server.jobs.turn import Turn

if TYPE_CHECKING:
    import argparse

    from lsp_server.adapters.watch import Watch

JOURNAL_SECONDS = 1.0
"""How long a journal that another process has locked is waited for: it is the person's command that waits."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser("exec", help="run a command in the project's queue, holding the manifest lock")
    shared.add_timeout_option(parser)
    parser.add_argument("command", nargs="...", metavar="[--] COMMAND...")
    parser.set_defaults(run=run)


def run(options: "argparse.Namespace") -> int:
    """Wait for the turn, run the command with our own stdio, return its exit code."""
    return in_queue(options.command[1:] if options.command[:1] == ["--"] else options.command, options.timeout)


def in_queue(command: list[str], timeout: float = 0.0) -> int:
    """Run a command in its turn, and return its exit code or one of our own.

    Args:
        command: the program and its arguments.
        timeout: seconds that it may wait for its turn; 0 is for ever.

    """
    if not command:
        shared.complain("exec needs a command, for example: pyproject-lsp exec -- uv add httpx")
        return shared.USAGE
    with ExitStack() as opened:
        try:
            taken = _turn(opened, command, timeout)
        except KeyboardInterrupt:
            return shared.CANCELLED
        except Exception as error:  # noqa: BLE001  whatever is wrong with the queue, it is not the person's command
            opened.close()  # nobody is to wait for a place in the queue that is not used
            shared.complain(_outside(command, error))
            taken = None
        return taken if isinstance(taken, int) else _run(taken, command)


def _turn(opened: ExitStack, command: list[str], timeout: float) -> Turn | int | None:
    """Wait for the turn and return it, None where there is no queue to stand in, or the exit code without one."""
    project = _project(command)
    if project is None:
        return None
    state = state_folder(os.environ)
    journal, watch = Journal(state / "journal.sqlite3", this_process(), JOURNAL_SECONDS), _WatchOnDemand()
    opened.callback(journal.close)
    opened.callback(watch.close)
    shared.tell_of_opening(journal)
    place = Place(project, state, os.environ, journal, watch)
    if turns.inherited(place, os.environ) is not None:
        return None  # the turn is our ancestor's: waiting for it would be for ever
    is_uv = Path(command[0]).stem == "uv"
    writes = uvcommand.writes(command, os.environ) if is_uv else Writes.ALL
    mine = opened.enter_context(turns.turn(place, shared.CLIENT, command, writes))
    said = WaitLine()
    opened.callback(said.end)
    with _leaving_on_signals():
        missed = mine.wait(timeout, said)
    said.end()
    if isinstance(missed, turns.Cancelled):
        shared.complain("cancelled by another editor or command; the command was not run")
        return shared.CANCELLED
    if missed is not None:
        shared.complain(missed.failure.message)
        return shared.NO_TURN
    return mine


def _outside(command: list[str], error: Exception) -> str:
    """Say in one line why a command runs outside of the queue, and what to do."""
    why = " ".join(str(error).split()) or type(error).__name__
    what = shortened(uvcommand.shown(command))
    return f"the queue cannot be used ({why}), so '{what}' runs outside of it; set {STATE_VARIABLE} to another folder"


def _run(mine: Turn | None, command: list[str]) -> int:
    if mine is None:
        return _command(command, dict(os.environ))
    code = _command(command, {**os.environ, **mine.inheritance}, mine.say_inside)
    mine.end(code)
    return code


class _WatchOnDemand:
    """A watch that is made when somebody has to wait. Most turns come at once, and a watch costs more than all the rest."""

    def __init__(self) -> None:
        self._made: Watch | None = None

    def lock_file(self, path: Path, callback: Callable[[Path], None]) -> Callable[[], None]:
        """Pass on to the real one."""
        return self._real().lock_file(path, callback)

    def files(self, folder: Path, names: set[str], callback: Callable[[Path], None]) -> Callable[[], None]:
        """Pass on to the real one."""
        return self._real().files(folder, names, callback)

    def close(self) -> None:
        """End the real one."""
        if self._made is not None:
            self._made.close()

    def _real(self) -> "Watch":
        if self._made is None:
            from lsp_server.adapters.watch import Watch  # noqa: PLC0415  see above

            self._made = Watch()
        return self._made


def _project(command: list[str]) -> Project | None:
    """Return what the command works on: the project here, or the one or the script that a uv is sent to."""
    if Path(command[0]).stem != "uv":
        return projects.find(Path())
    folder = Path(uvcommand.option(command, "directory") or ".")
    script = uvcommand.script(command)
    if script is not None and (uvcommand.subcommand(command) != "run" or _has_block(folder / script)):
        return projects.find_script(folder / script)
    return projects.find(folder / (uvcommand.option(command, "project") or "."))


def _has_block(script: Path) -> bool:
    from lsp_server.core.script import may_have_block  # noqa: PLC0415  only `uv run` of a script needs it

    return may_have_block(files.read_text(script))


def _command(command: list[str], environ: dict[str, str], say: Callable[[LockWait | None], Blocked | None] | None = None) -> int:
    try:
        process = subprocess.Popen([_program(command[0], environ), *command[1:]], env=environ)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            shared.complain(f"cannot run {command[0]}: not found; check the spelling and PATH")
            return 127
        shared.complain(f"cannot run {command[0]}: {error.strerror}")
        return 126
    with _signals_passed_on(process), _waits_said(process.pid, say):
        code = process.wait()
    return 128 - code if code < 0 else code


def _program(name: str, environ: dict[str, str], platform: str = sys.platform) -> str:
    """Return what to start: on Windows a bare name is looked for in the current folder first, which is a project's.

    Raises:
        FileNotFoundError: it is not on PATH.

    """
    if platform != "win32" or Path(name).name != name:
        return name
    found = on_path(name, environ)
    if found is None:
        raise FileNotFoundError(name)
    return found


@contextmanager
def _waits_said(pid: int, say: Callable[[LockWait | None], Blocked | None] | None) -> Iterator[None]:
    """Say on whom the command waits, or a uv that it started: uv itself waits in silence."""
    if say is None:
        yield
        return
    line = WaitLine(in_place=False)

    def tell(wait: LockWait | None) -> None:
        blocked = say(wait)
        if blocked is not None:
            line(blocked)

    end = lockwaits.follow(lambda: lockwaits.of_family(pid), tell)
    try:
        yield
    finally:
        end()


@contextmanager
def _leaving_on_signals() -> Iterator[None]:
    """Give the place in the queue back when this process is told to end, or its terminal is closed."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    ends = [number for name in ("SIGTERM", "SIGHUP", "SIGQUIT") if (number := getattr(signal, name, None)) is not None]
    before = {number: signal.signal(number, leave) for number in ends if signal.getsignal(number) is not signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _signals_passed_on(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Let the command decide about signals: a Ctrl-C reaches it from the terminal, the others through us."""

    def forward(number: int, _frame: object) -> None:
        process.send_signal(number)

    passed = [number for name in ("SIGTERM", "SIGHUP", "SIGQUIT") if (number := getattr(signal, name, None)) is not None]
    before = {number: signal.signal(number, forward) for number in passed}
    # A terminal sends Ctrl-C to the whole group; without one (a script's kill -INT) it has to be passed on.
    interrupt = signal.SIG_IGN if sys.stdin is not None and sys.stdin.isatty() else forward
    before[signal.SIGINT] = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
