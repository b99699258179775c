"""What is seen of real uv processes, and when their end is told."""

import fcntl
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from lsp_server.adapters import exits, live, processes, proclocks, uvcommand, uvlocks
from lsp_server.locks.lock import FileMutex
from lsp_server.locks.rank import Rank
from tests.adapters import gated

_TABLE: list[tuple[str, str, bool, str | None]] = [
    ("uv", "", False, None),
    ("uv --version", "", False, None),
    ("uv sync", "sync", False, None),
    ("/usr/bin/uv -q --project /p add x", "add", True, None),
    ("uv --project=/p --directory sub --cache-dir c --config-file f --color never add x", "add", True, None),
    ("uv -qvn --no-config remove x", "remove", True, None),
    ("uv pip --quiet install add", "pip install", False, None),
    ("uv python install 3.12", "python install", False, None),
    ("uv tool upgrade ruff", "tool upgrade", False, None),
    ("uv self version", "self version", False, None),
    ("uvx ruff check", "tool run", False, None),
    ("C:\\bin\\uvx.exe ruff", "tool run", False, None),
    ("uv upgrade httpx", "upgrade", True, None),
    ("uv upgrade --dry-run httpx", "upgrade", False, None),
    ("uv init", "init", True, None),
    ("uv version", "version", False, None),
    ("uv version --short --output-format json", "version", False, None),
    ("uv version --package member", "version", False, None),
    ("uv version 2.0", "version", True, None),
    ("uv version --bump minor", "version", True, None),
    ("uv version --bump=minor --dry-run", "version", False, None),
    ("uv lock --upgrade-package add", "lock", False, None),
    ("uv lock -P add", "lock", False, None),
    ("uv run --with add -- python add", "run", False, None),
    ("uv run add --dry-run", "run", False, None),
    ("uv add --help", "add", False, None),
    ("uv add --script s.py x", "add", True, "s.py"),
    ("uv remove --script=s.py x", "remove", True, "s.py"),
    ("uv sync --script s.py", "sync", False, "s.py"),
    ("uv run s.py --bump minor", "run", False, "s.py"),
    ("uv run -s tool", "run", False, "tool"),
    ("uv run python s.py", "run", False, None),
    ("uv run https://example.org/s.py", "run", False, None),
    ("uv init --script new.py", "init", True, "new.py"),
]


@pytest.mark.parametrize(("line", "command", "writes", "script"), _TABLE)
def test_a_command_line_is_understood(line: str, command: str, *, writes: bool, script: str | None) -> None:
    argv = line.split()
    edits = uvcommand.Writes.MANIFEST in uvcommand.writes(argv)
    assert (uvcommand.subcommand(argv), edits, uvcommand.script(argv)) == (command, writes, script)


Look = Callable[[Path], tuple[live.UvProcess, ...]]


@pytest.mark.parametrize("look", [live.processes])
def test_a_held_sync_is_seen_with_its_command_and_its_locks(tmp_path: Path, look: Look) -> None:
    project = gated.make(tmp_path)
    with project.sync() as process:
        (seen,) = look(project.root)
        assert (seen.pid, seen.subcommand, seen.cwd, seen.project) == (process.pid, "sync", project.root, project.root)
        assert seen.command == (gated.UV, "sync", "-q", "--reinstall")
        assert processes.ProcessId(seen.pid, seen.started) == processes.of(process.pid)
        assert not seen.writes_manifest
        assert live.running_command_of(process.pid) == " ".join(seen.command)
        lock = uvlocks.environment_lock(uvlocks.environment(project.root, project.environ))
        assert proclocks.lock_users(lock) == proclocks.LockUsers(holders=(process.pid,))
        assert proclocks.lock_users(uvlocks.project_lock(project.root, project.environ)) == proclocks.LockUsers()
        assert look(tmp_path / "elsewhere") == ()
        project.open_gate()
        assert process.wait() == 0
    assert look(project.root) == ()
    assert proclocks.lock_users(lock) == proclocks.LockUsers()


def test_uv_and_our_mutex_exclude_each_other(tmp_path: Path) -> None:
    project = gated.make(tmp_path)
    venv = uvlocks.environment(project.root, project.environ)
    mutex = FileMutex(uvlocks.environment_lock(venv), Rank.ENVIRONMENT)
    with project.sync() as process:
        assert not mutex.try_acquire()
        project.open_gate()
        assert process.wait() == 0
    assert mutex.try_acquire()
    with subprocess.Popen([gated.UV, "sync", "-q"], cwd=project.root, env=project.environ) as waiting:
        expected = proclocks.LockUsers(holders=(os.getpid(),), waiters=(waiting.pid,))
        _until(lambda: proclocks.lock_users(mutex.path) == expected)
        mutex.release()
        assert waiting.wait() == 0


@pytest.mark.parametrize("by", ["--project", "--directory", "UV_PROJECT"])
def test_a_uv_started_elsewhere_is_found_by_what_it_points_at(tmp_path: Path, by: str) -> None:
    project = gated.make(tmp_path)
    if by == "UV_PROJECT":
        project.environ[by] = "gated"
    arguments = ("sync", "-q", "--reinstall", *((by, "gated") if by.startswith("-") else ()))
    with project.sync(*arguments, cwd=tmp_path) as process:
        assert [seen.pid for seen in live.processes(project.root)] == [process.pid]
        assert [seen.project for seen in live.processes(project.root)] == [project.root]
        assert live.processes(project.root, ignore={process.pid}) == ()


def test_without_a_table_of_locks_all_processes_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proclocks, "is_available", lambda: False)
    monkeypatch.setattr(live, "_has_proc", lambda: False)
    project = gated.make(tmp_path)
    with project.sync() as process:
        assert [seen.pid for seen in live.processes(project.root)] == [process.pid]
    assert proclocks.lock_users(tmp_path) is None


def test_a_run_is_told_from_the_users_command_it_started(tmp_path: Path) -> None:
    project = gated.make(tmp_path)
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    code = f"open({str(ready)!r}, 'w').close(); open({str(ready)!r}).read()"
    with project.sync("run", "-q", "--reinstall", "python", "-c", code) as process:
        (building,) = live.processes(project.root)
        assert live.has_children(process.pid)
        assert not live.runs_users_command(building)
        project.open_gate()
        ready.read_bytes()
        (serving,) = live.processes(project.root)
        assert live.runs_users_command(serving)
        ready.write_bytes(b"")
        process.wait()
    assert not live.has_children(process.pid)


@pytest.mark.parametrize("arguments", [("add", "--frozen", "foo"), ("remove", "--frozen", "bar"), ("version", "2.0")])
def test_uv_reads_a_manifest_only_after_its_cache_lock(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """What `processes` builds on: a uv that has no lock yet has not read the text it will write."""
    project = gated.make(tmp_path)
    manifest = project.root / "pyproject.toml"
    before = '[project]\nname = "p"\nversion = "1.0"\nrequires-python = ">=3.11"\ndependencies = ["bar"]\n'
    before += "[tool.uv]\npackage = false\n"
    manifest.write_text(before)
    cache = Path(project.environ["UV_CACHE_DIR"]) / ".lock"
    cache.parent.mkdir()
    with cache.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [gated.UV, *arguments, *(("--frozen",) if "version" in arguments else ())]
        with subprocess.Popen(command, cwd=project.root, env=project.environ, stdin=subprocess.DEVNULL) as process:
            _until(lambda: process.pid in (proclocks.lock_users(cache) or proclocks.LockUsers()).waiters)
            assert [seen.writes_manifest for seen in live.processes(project.root)] == [True]
            manifest.write_text("# saved while uv waited\n" + before)
            fcntl.flock(lock, fcntl.LOCK_UN)
            assert process.wait() == 0
    after = manifest.read_text()
    assert after.startswith("# saved while uv waited\n")
    assert after != "# saved while uv waited\n" + before


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end


_EXITS: list[Callable[[processes.Process, Callable[[], None]], exits.Cancel]] = [
    exits.on_exit,
    lambda process, callback: exits.by_waiting(process, exits.Once(callback)),
]


def _sleeper() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def _named(pid: int) -> live.UvProcess:
    found = processes.of(pid)
    assert found is not None
    return live.UvProcess(pid, found.started, ("uv",), None, "", None)


@pytest.mark.parametrize("subscribe", _EXITS)
def test_the_end_of_a_killed_process_is_told_once(
    subscribe: Callable[[processes.Process, Callable[[], None]], exits.Cancel],
) -> None:
    with _sleeper() as process:
        told = threading.Semaphore(0)
        named = _named(process.pid)
        subscribe(named, told.release)
        assert not told.acquire(blocking=False)
        process.kill()
        assert told.acquire(timeout=20)
        assert not told.acquire(timeout=0.1)


@pytest.mark.parametrize("subscribe", _EXITS)
def test_a_cancelled_subscription_is_not_called(
    subscribe: Callable[[processes.Process, Callable[[], None]], exits.Cancel],
) -> None:
    with _sleeper() as process:
        calls: list[str] = []
        ended = threading.Event()
        cancel = subscribe(_named(process.pid), lambda: calls.append("cancelled one"))
        subscribe(_named(process.pid), ended.set)
        cancel()
        cancel()
        process.kill()
        assert ended.wait(20)
        assert calls == []


def test_a_process_that_is_gone_is_told_before_the_call_returns() -> None:
    with _sleeper() as process:
        named = _named(process.pid)
        other = live.UvProcess(process.pid, "earlier", ("uv",), None, "", None)
        calls: list[str] = []
        exits.on_exit(other, lambda: calls.append("reused number"))
        process.kill()
        process.wait()
        exits.on_exit(named, lambda: calls.append("gone"))
    assert calls == ["reused number", "gone"]


def test_a_subscription_leaves_no_descriptor_behind() -> None:
    with _sleeper() as process:
        before = psutil.Process().num_fds()
        ended = threading.Event()
        exits.on_exit(_named(process.pid), ended.set)
        exits.on_exit(_named(process.pid), lambda: None)()
        process.kill()
        assert ended.wait(20)
        _until(lambda: psutil.Process().num_fds() <= before)


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors as Linux gives them out")
def test_a_subscription_for_which_no_descriptor_is_left_leaks_one_and_is_never_told() -> None:
    with _sleeper() as process:
        named, ended = _named(process.pid), threading.Event()
        before = psutil.Process().num_fds()
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = os.open(os.devnull, os.O_RDONLY)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, limits[1]))  # enough for the pidfd, and for no pipe
        try:
            exits.on_exit(named, ended.set)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        process.kill()
        assert ended.wait(20)
        _until(lambda: psutil.Process().num_fds() <= before)
