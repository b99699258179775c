"""`exec` says on whom a command waits, before it is started and inside of it; and it runs the command whatever is wrong."""

import io
import os
import pty
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo import parts
from lsp_server.cli import execute, waitline
from lsp_server.cli.waitline import WaitLine
from lsp_server.core.operation import Blocked
from lsp_server.jobs.place import now
from tests.cli.test_command_line import run, start, turn_held
from tests.support import holding
from tests.support.holding import journal_held, state_folder
from tests.support.office import desk
from tests.support.projects import Project

SAYS = (sys.executable, "-c", "print('it ran')")


class TestTheCommandRunsThough:
    """Whatever is wrong with the queue, the person's command is run, with its exit code, and one line says why."""

    def test_the_state_folder_is_a_file(self, project: Project) -> None:
        state = state_folder(project.tools)
        state.rmdir()
        state.touch()
        self.ran_with_one_line(run(project, "exec", "--", *SAYS), "set PYPROJECT_LSP_STATE_DIR to another folder")

    def test_the_journal_is_a_folder(self, project: Project) -> None:
        (state_folder(project.tools) / "journal.sqlite3").mkdir(parents=True)
        self.ran_with_one_line(run(project, "exec", "--", *SAYS), "unable to open database file")

    def test_the_folder_of_locks_is_a_file(self, project: Project) -> None:
        (state_folder(project.tools) / "locks").touch()
        self.ran_with_one_line(run(project, "exec", "--", *SAYS), "locks")

    def test_the_journal_is_locked(self, project: Project) -> None:
        run(project, "exec", "--", *SAYS)  # the journal is there
        with journal_held(project.tools):
            began = time.monotonic()
            done = run(project, "exec", "--", *SAYS)
            took = time.monotonic() - began
        self.ran_with_one_line(done, "database is locked")
        assert took >= execute.JOURNAL_SECONDS, "somebody else's transaction is short as a rule"
        assert took < execute.JOURNAL_SECONDS + 4, "this one is not waited for"

    def test_the_disk_is_full(self, project: Project) -> None:
        words = [sys.executable, "-m", "lsp_server", "exec", "--", *SAYS]
        done = subprocess.run(
            words,
            cwd=project.root,
            env=project.tools.environment,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        )
        self.ran_with_one_line(done, "the queue cannot be used (")

    def test_the_current_folder_is_gone(self, project: Project, base: Path) -> None:
        (base / "gone").mkdir()
        # A shell whose folder was deleted under it; `-c` of Python itself fails to import there (3.13.0).
        shell = 'rmdir "$PWD"; exec "$@"'
        console = Path(sys.executable).with_name("pyproject-lsp")
        done = project.tools.run(["sh", "-c", shell, "sh", console, "exec", "--", *SAYS], base / "gone")
        assert done.stdout == "it ran\n", done.stderr

    def test_its_exit_code_is_the_commands(self, project: Project) -> None:
        (state_folder(project.tools) / "locks").touch()
        assert run(project, "exec", "--", sys.executable, "-c", "raise SystemExit(42)").returncode == 42

    def test_the_journal_gets_locked_while_it_runs(self, project: Project, base: Path) -> None:
        with turn_held(project), journal_held(project.tools):
            pass  # `turn_held` looks at the exit code, while the journal is free again
        go, reached = base / "go2", base / "reached2"
        os.mkfifo(go)
        os.mkfifo(reached)
        code = f"open({str(reached)!r}, 'w').close(); open({str(go)!r}).read(); raise SystemExit(5)"
        running = start(project, "exec", "--", sys.executable, "-c", code)
        reached.read_text()
        with journal_held(project.tools):
            go.write_text("go")
            assert running.wait(30) == 5

    @staticmethod
    def ran_with_one_line(done: "subprocess.CompletedProcess[str]", why: str) -> None:
        assert (done.returncode, done.stdout) == (0, "it ran\n"), done.stderr
        (line,) = done.stderr.splitlines()
        assert why in line
        assert "runs outside of it" in line


def test_a_command_waits_inside_in_silence_for_what_it_could_have_waited_for_before(project: Project) -> None:
    with desk(project) as jobs:
        with project.held_sync() as (_gate, sync):
            adding = start(project, "exec", "--", "uv", "add", "eta")
            assert adding.stderr is not None
            line = adding.stderr.readline()
            assert "waiting for the environment lock, held by uv sync" in line
            assert f"(pid {sync.pid})" in line
            (queued,) = jobs.office.journal.unfinished(jobs.known.key)
            assert (queued.state, queued.blocked and queued.blocked.pid) == ("queued", sync.pid)
            assert not below(adding.pid), "the command is not started before"
        assert adding.wait(30) == 0
    assert '"eta' in project.text()


def below(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()


def test_a_uv_that_waits_inside_of_a_command_is_silent(project: Project, base: Path) -> None:
    go, reached = base / "go", base / "reached"
    os.mkfifo(go)
    os.mkfifo(reached)
    code = (
        f"import subprocess; open({str(reached)!r}, 'w').close(); open({str(go)!r}).read(); subprocess.run(['uv', 'add', 'eta'])"
    )
    with desk(project) as jobs:
        running = start(project, "exec", "--", sys.executable, "-c", code)
        reached.read_text()
        with project.held_sync() as (_gate, sync):
            go.write_text("go")
            assert running.stderr is not None
            line = running.stderr.readline()
            assert f"waiting for the environment lock, held by uv sync (pid {sync.pid})" in line
            (told,) = jobs.office.journal.unfinished(jobs.known.key)
            assert (told.state, told.blocked and told.blocked.pid) == ("committing", sync.pid)
            assert "running, waits for uv sync" in told.message
        assert running.wait(30) == 0
    assert '"eta' in project.text()


def test_a_wait_is_said_once_and_then_never_again(monkeypatch: pytest.MonkeyPatch) -> None:
    told = io.StringIO()
    line, blocked = WaitLine(told), Blocked("environment", 7, "uv sync", now(), "/p/.venv/.lock")
    line(blocked)
    line(blocked)
    assert len(told.getvalue().splitlines()) == 1, "not at every look"
    monkeypatch.setattr(waitline, "AGAIN_SECONDS", 0.0)
    line(blocked)
    assert len(told.getvalue().splitlines()) == 2
    assert waitline.AGAIN_SECONDS == 0


def test_on_a_terminal_the_line_is_renewed_in_place(project: Project) -> None:
    with turn_held(project), on_a_terminal(project, "exec", "--", *SAYS) as read:
        said = read(lambda text: len({part.strip() for part in text.split("\r") if "waiting for" in part}) > 1)
        assert "\n" not in said, "one line, in which the seconds go on"
        assert "waiting for the manifest lock, held by python" in said


@contextmanager
def on_a_terminal(project: Project, *words: str) -> Iterator[Callable[[Callable[[str], bool]], str]]:
    """A command of ours whose stderr is a terminal; yields what reads that until it shows something."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "lsp_server", *words]
    process = subprocess.Popen(
        command,
        cwd=project.root,
        env={**project.tools.environment, "COLUMNS": "200"},
        stderr=slave,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    project.tools.started.append(process)
    os.close(slave)
    text = ""

    def read(shows: Callable[[str], bool]) -> str:
        nonlocal text
        while not shows(text):
            assert select.select([master], [], [], 20)[0], text
            text += os.read(master, 4096).decode()
        return text

    yield read
    os.close(master)


class TestACommandLineThatWasKilled:
    @pytest.mark.parametrize("words", [("exec", "--", *SAYS), ("add", "delta")])
    def test_stays_blocked_for_ever(self, project: Project, words: tuple[str, ...]) -> None:
        with turn_held(project):
            waiting = start(project, *words)
            assert waiting.stderr is not None
            waiting.stderr.readline()
            waiting.kill()
            waiting.wait(10)
            shown = run(project, "status").stdout
            assert f"(pid {waiting.pid}) ended before it was done" in shown
            assert "waits for" not in shown

    @pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
    def test_leaves_its_place_behind(self, project: Project, how: signal.Signals) -> None:
        with turn_held(project), desk(project) as jobs:
            waiting = start(project, "exec", "--", *SAYS)
            assert waiting.stderr is not None
            waiting.stderr.readline()
            waiting.send_signal(how)
            assert waiting.wait(10) == 128 + how
            last = jobs.office.journal.finished(jobs.known.key)[0]
            assert (last.state, last.message) == ("cancelled", "interrupted before its turn")


def test_an_edit_waits_in_silence_for_a_build_that_another_uv_has_begun(project: Project, base: Path) -> None:
    other = Project(base / "other", project.tools, project.wheels)
    other.root.mkdir()
    gate = project.gate()
    project.write(project.text())
    other.write(project.text())
    for each in (project, other):
        each.offer("slow", parts.Backend(gate))
    building = other.uv_at(gate, "add", "slow")
    with desk(project) as jobs:
        added = jobs.until_blocked(jobs.add("slow"))
        assert added.state == "planning"
        assert added.blocked is not None
        assert added.blocked.pid == building.pid
        assert f"planning, waits for uv add slow (pid {building.pid})" in added.message
        gate.open()
        jobs.done(added)
    assert building.wait(30) == 0


def test_a_turn_is_waited_for_by_the_clock_on_the_wall(project: Project) -> None:
    # The clock is set back by an hour while somebody waits: the time that may be waited goes on all the same.
    code = (
        "import sys; from datetime import datetime; from lsp_server.jobs import place, turn;"
        " turn.now = place.now = lambda: '2000-01-01T00:00:00+00:00';"
        " from lsp_server.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ("exec", "--timeout", "30", "--", *SAYS)
    with holding.held(project.tools, holding.manifest_lock(project)):
        waiting = project.tools.start([sys.executable, "-c", code, *words], project.root)
        assert waiting.stderr is not None
        assert "waiting for" in waiting.stderr.readline(), "an old time of its own is no reason to give up"
    assert waiting.wait(30) == 0
