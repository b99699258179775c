import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from lsp_server.cli import shared
from lsp_server.core.operation import Blocked
from tests.support import projects
from tests.support.holding import held, manifest_lock
from tests.support.office import desk
from tests.support.projects import Project

LSP = (sys.executable, "-m", "lsp_server")


def start(project: Project, *words: str | Path, folder: Path | None = None) -> "subprocess.Popen[str]":
    environ = {
        **project.tools.environment,
        "UV": project.tools.uv,
        "PATH": f"{Path(project.tools.uv).parent}{os.pathsep}{os.environ['PATH']}",
    }
    process = subprocess.Popen(
        [*LSP, *map(str, words)],
        cwd=folder or project.root,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    project.tools.started.append(process)
    return process


def run(project: Project, *words: str | Path, folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
    process = start(project, *words, folder=folder)
    out, err = process.communicate(timeout=50)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def test_add_remove_bump_and_undo_do_what_the_editor_does(project: Project) -> None:
    assert run(project, "add", "alpha").returncode == 0
    assert '"alpha' in project.text()
    assert "alpha" in project.installed()
    assert run(project, "bump", "minor").returncode == 0
    assert 'version = "0.2.0"' in project.text()
    assert run(project, "remove", "alpha").returncode == 0
    assert '"alpha' not in project.text()
    assert "alpha" not in project.installed()
    assert run(project, "undo").returncode == 0
    assert '"alpha' in project.text()
    assert 'version = "0.2.0"' in project.text()
    assert "alpha" in project.installed()
    assert project.uv("lock", "--check").returncode == 0


def test_json_is_the_finished_operation(project: Project) -> None:
    done = run(project, "add", "--json", "--group", "dev", "alpha")
    operation = json.loads(done.stdout)
    assert operation["state"] == "done"
    assert operation["kind"] == "add"
    assert operation["title"] == "Add alpha to group 'dev'"


def test_a_requirement_that_cannot_be_resolved_fails_with_uvs_words_and_changes_nothing(project: Project) -> None:
    before = project.text()
    failed = run(project, "add", "no-such-package")
    assert failed.returncode == 1
    assert "no-such-package was not found" in failed.stderr
    assert project.text() == before
    assert not project.lock.exists()


@pytest.mark.parametrize("words", [("add", "-e"), ("add", "not a requirement"), ("bump", "nonsense"), ("undo", "unknown-id")])
def test_wrong_usage_is_told_apart_from_failure(project: Project, words: Sequence[str]) -> None:
    assert run(project, *words).returncode in {1, 2}
    assert run(project, *words[:1], "--no-such-option").returncode == 2


def test_no_project_is_said_with_what_to_do(project: Project, base: Path) -> None:
    outside = base / "outside"
    outside.mkdir()
    for words in (("add", "alpha"), ("status",)):
        failed = run(project, *words, folder=outside)
        assert failed.returncode == 1
        assert "uv init" in failed.stderr


def test_parallel_exec_of_uv_add_loses_nothing(project: Project) -> None:
    names = ["alpha", "beta", "gamma", "delta"]
    running = [start(project, "exec", "--", "uv", "add", "--no-sync", name) for name in names]
    for process in running:
        _out, err = process.communicate(timeout=50)
        assert process.returncode == 0, err
    for name in names:
        assert f'"{name}' in project.text()


@contextmanager
def turn_held(project: Project) -> Iterator[int]:
    """A program that has its turn by `exec` until the end; the process id of that."""
    gate, reached = project.tools.base / "go", project.tools.base / "reached"
    os.mkfifo(gate)
    os.mkfifo(reached)
    holds = f"import pathlib; pathlib.Path({str(reached)!r}).write_text('x'); pathlib.Path({str(gate)!r}).read_text()"
    process = start(project, "exec", "--", sys.executable, "-c", holds)
    reached.read_text()
    yield process.pid
    gate.write_text("go")
    assert process.wait(30) == 0


def test_exec_says_on_whom_it_waits_and_takes_its_turn_after_it(project: Project) -> None:
    with turn_held(project) as pid:
        second = start(project, "exec", "--", sys.executable, "-c", "print('second ran')")
        assert second.stderr is not None
        line = second.stderr.readline()
        assert "waiting for the manifest lock, held by python" in line
        assert str(pid) in line
    out, _err = second.communicate(timeout=30)
    assert out == "second ran\n"


def test_what_a_command_keeps_secret_is_neither_shown_nor_kept(project: Project) -> None:
    wanted = "a @ https://user:5ecret@localhost/a.whl"
    with turn_held(project), desk(project) as jobs:
        waiting = [start(project, "exec", "--", "uv", "add", wanted), start(project, "exec", "--", sys.executable, "-c", "")]
        said = [process.stderr.readline() for process in waiting if process.stderr is not None]
        queued = [o for o in jobs.office.journal.unfinished(jobs.known.key) if o.state == "queued"]
        assert "uv add a @ https://user:****@localhost/a.whl" in {operation.title for operation in queued}
        assert "5ecret" not in f"{queued} {said} {run(project, 'status').stdout}"
        assert all(jobs.office.cancel(operation.id) for operation in queued)
        assert [process.wait(30) for process in waiting] == [3, 3]
        kept = b"".join(path.read_bytes() for path in jobs.office.state.rglob("*") if path.is_file())
    assert b"user:" in kept
    assert b"5ecret" not in kept


def test_a_command_that_waits_is_cancelled_by_an_editor_and_never_run(project: Project) -> None:
    with turn_held(project), desk(project) as jobs:
        waiting = [start(project, "exec", "--", "uv", "add", "alpha"), start(project, "add", "delta")]
        for process in waiting:
            assert process.stderr is not None
            assert "waiting for the manifest lock" in process.stderr.readline()
        queued = [o for o in jobs.office.journal.unfinished(jobs.known.key) if o.state == "queued"]
        assert [jobs.office.cancel(operation.id) for operation in queued] == [True, True]
        (_, said), (out, _) = [process.communicate(timeout=30) for process in waiting]
        assert "cancelled by another editor or command; the command was not run" in said
        assert "cancelled; nothing was changed" in out
        assert [process.returncode for process in waiting] == [3, 3]
    assert not {"alpha", "delta"} & set(project.text().split('"'))


@pytest.mark.parametrize(
    ("command", "words"), [("exec", ["--", sys.executable, "-c", "raise SystemExit(9)"]), ("add", ["alpha"])]
)
def test_a_turn_that_does_not_come_in_time_is_exit_code_4(project: Project, command: str, words: list[str]) -> None:
    with turn_held(project):
        assert run(project, command, "--timeout", "0.2", *words).returncode == 4


def test_exec_takes_its_turn_in_the_project_that_uv_is_sent_to(project: Project, base: Path) -> None:
    outside = base / "outside"
    outside.mkdir()
    done = run(project, "exec", "--", project.tools.uv, "--project", project.root, "add", "--no-sync", "alpha", folder=outside)
    assert done.returncode == 0, done.stderr
    assert '"alpha' in project.text()


def test_exec_outside_of_any_project_runs_the_command(project: Project, base: Path) -> None:
    outside = base / "outside"
    outside.mkdir()
    assert run(project, "exec", "--", "uv", "init", "--bare", "--name", "new", folder=outside).returncode == 0
    assert (outside / "pyproject.toml").exists()


def test_exec_takes_the_turn_of_a_script_and_not_of_the_project_around_it(project: Project) -> None:
    made = projects.script(project.tools, project.wheels)
    inside = made.rename(project.root / "script.py")
    add = ("exec", "--timeout", "20", "--", "uv", "add", "--script")
    with held(project.tools, manifest_lock(project)):
        done = run(project, *add, "script.py", "alpha")
        assert done.returncode == 0, done.stderr
    assert "alpha" in inside.read_text("utf-8")
    alone = inside.rename(made)
    done = run(project, *add, alone, "delta", folder=alone.parent)
    assert done.returncode == 0, done.stderr
    assert "delta" in alone.read_text("utf-8")


def test_exec_of_a_plain_file_is_of_the_project_around_it(project: Project) -> None:
    (project.root / "plain.py").write_text("", "utf-8")
    with held(project.tools, manifest_lock(project)):
        late = run(project, "exec", "--timeout", "0.2", "--", "uv", "run", "plain.py")
        assert late.returncode == 4


@pytest.mark.parametrize("code", [0, 3, 42])
def test_exec_passes_the_exit_code_through(project: Project, code: int) -> None:
    assert run(project, "exec", "--", sys.executable, "-c", f"raise SystemExit({code})").returncode == code


def test_exec_passes_a_signal_on_and_answers_with_its_code(project: Project, base: Path) -> None:
    reached = base / "reached"
    os.mkfifo(reached)
    script = (
        "import pathlib, signal; signal.signal(signal.SIGTERM, lambda *_: exit(7));"
        f" pathlib.Path({str(reached)!r}).write_text('x'); signal.pause()"
    )
    process = start(project, "exec", "--", sys.executable, "-c", script)
    reached.read_text()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 7


def test_exec_in_exec_and_add_in_exec_do_not_wait_for_themselves(project: Project) -> None:
    inner = [*LSP, "exec", "--", sys.executable, "-c", "print('inner')"]
    done = run(project, "exec", "--", *inner)
    assert (done.returncode, done.stdout) == (0, "inner\n")
    assert run(project, "exec", "--", *LSP, "add", "alpha").returncode == 0
    assert '"alpha' in project.text()


def test_an_unknown_command_is_127_and_frees_the_queue(project: Project) -> None:
    missed = run(project, "exec", "--", "no-such-program")
    assert missed.returncode == 127
    assert "cannot run no-such-program: not found; check the spelling and PATH" in missed.stderr
    assert run(project, "exec", "--", sys.executable, "-c", "").returncode == 0


def test_status_names_the_holder_of_a_gated_sync(project: Project) -> None:
    with project.held_sync() as (_, sync):
        status = json.loads(run(project, "status", "--json").stdout)
        environment = next(lock for lock in status["locks"] if lock["lock"] == "environment")
        assert [holder["pid"] for holder in environment["holders"]] == [sync.pid]
        assert status["environment"] == "syncing"
        assert f"(pid {sync.pid})" in run(project, "status").stdout
    assert json.loads(run(project, "status", "--json").stdout)["environment"] == "in-sync"


def test_doctor_checks_the_lock_names_against_the_real_uv(project: Project) -> None:
    done = run(project, "doctor", "--json")
    findings = {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 0
    assert findings["lock names"]["verdict"] == "ok"
    assert findings["uv"]["verdict"] == "ok"
    assert "error" not in {finding["verdict"] for finding in findings.values()}


def test_doctor_says_what_to_do_without_uv(project: Project) -> None:
    done = run(project, "doctor", "--uv", "/no/such/uv")
    assert done.returncode == 1
    assert "no executable" in done.stdout


def test_a_wait_for_a_process_names_what_has_to_end() -> None:
    blocked = Blocked("process", 7, "/usr/bin/uv add alpha", "2026-01-01T00:00:00.000+00:00", "")
    assert shared.wait_line(blocked).startswith("waiting for uv add alpha (pid 7) to end, since ")


def test_a_state_folder_that_cannot_be_used_is_told_by_a_traceback(project: Project, base: Path) -> None:
    file = base / "file"
    file.touch()
    environ = {"PYPROJECT_LSP_STATE_DIR": str(file / "state"), "UV": project.tools.uv}
    for words in (["status"], ["add", "alpha"], ["doctor"]):
        process = project.tools.start([*LSP, *words], project.root, environ)
        said = "".join(process.communicate(timeout=50))
        assert (process.returncode, "Traceback" in said) == (1, False), said
        assert "set PYPROJECT_LSP_STATE_DIR to another folder" in said


def test_a_reader_that_has_enough_gets_a_traceback(project: Project) -> None:
    process = start(project, "doctor", "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert (process.wait(60), "Traceback" in (said := process.stderr.read())) == (1, False), said
    assert "Exception ignored" not in said


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that is in use cannot be deleted there")
def test_a_current_folder_that_is_gone_is_told_by_a_traceback(project: Project, base: Path) -> None:
    code = "import os, sys; os.rmdir(os.getcwd()); from lsp_server.__main__ import main; sys.exit(main(['status']))"
    (base / "gone").mkdir()
    done = project.tools.run([sys.executable, "-c", code], base / "gone")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "go to another one" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("add", "alpha", "--script", "."),
        ("add", "alpha", "--script", "pyproject.toml"),
        ("add", "alpha", "--timeout", "-1"),
        ("exec", "--timeout", "nan", "--", "true"),
        ("serve", "--tcp", "127.0.0.1:99999999"),
    ],
)
def test_wrong_usage_is_tried(project: Project, words: Sequence[str]) -> None:
    before = project.text()
    done = run(project, *words)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert project.text() == before


def test_a_corrupt_journal_is_set_aside_without_a_word(project: Project) -> None:
    run(project, "status")
    (journal,) = project.tools.base.rglob("journal.sqlite3")
    journal.write_bytes(b"no database, but long enough to be read as one" * 100)
    assert "was corrupt and is kept as" in run(project, "status").stderr
    assert "corrupt" not in run(project, "status").stderr


def test_a_script_is_upgraded_locked_and_undone_by_its_name(project: Project) -> None:
    script = projects.script(project.tools, project.wheels)
    assert run(project, "lock", "--script", script).returncode == 0
    assert script.with_name(f"{script.name}.lock").exists()
    before = script.read_text("utf-8")
    assert run(project, "add", "zeta", "--script", script).returncode == 0
    assert "zeta" in script.read_text("utf-8")
    upgraded = json.loads(run(project, "upgrade", "--all", "--script", script, "--json").stdout)
    assert (upgraded["title"], upgraded["origin"]["client"]) == ("Upgrade all dependencies of the script", "command line")
    assert run(project, "undo", "--script", script).returncode == 0
    assert script.read_text("utf-8") == before


def test_the_doctor_says_nothing_of_the_settings(project: Project) -> None:
    findings = json.loads(run(project, "doctor", "--json", "--uv", project.tools.uv).stdout)["findings"]
    (settings,) = [each for each in findings if each["check"] == "settings"]
    assert f'uv.path "{project.tools.uv}", sync.afterEdit true' in settings["found"]
    assert "pyproject.*" in settings["advice"]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_an_edit_is_told_whatever_the_encoding_of_stdout_is(project: Project, encoding: str) -> None:
    project.uv_ok("add", "--no-sync", "alpha<2")
    environ = {**project.tools.environment, "UV": project.tools.uv, "PYTHONIOENCODING": encoding}
    said = b""
    for words in (["bump", "patch", "--no-sync"], ["upgrade", "--all", "--no-sync"], ["status"], ["status", "--json"]):
        done = subprocess.run([*LSP, *words], cwd=project.root, env=environ, capture_output=True, timeout=50, check=False)
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr
        said = done.stdout
    assert json.loads(said)["operations"]
