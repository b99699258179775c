"""What the watch tells: releases of locks and changes of files, each with a real other process or a real file."""

import errno
import os
import queue
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from watchdog.events import FileSystemEventHandler
from watchdog.observers.api import BaseObserver, ObservedWatch

from lsp_server.adapters import uvlocks
from lsp_server.adapters.lockprobe import LockProbe, held_by_trying
from lsp_server.adapters.watch import Kind, Watch
from tests.adapters import gated

_HOLD = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""

_KINDS: list[Kind] = ["inotify", "polling"]
Calls = queue.Queue[Path]


@pytest.fixture(params=_KINDS)
def watch(request: pytest.FixtureRequest) -> Iterator[Watch]:
    watch = Watch(request.param)
    yield watch
    watch.close()


def _holder(path: Path) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def _next(calls: Calls) -> Path:
    return calls.get(timeout=20)


def _drain(calls: Calls) -> None:
    while not calls.empty():
        calls.get_nowait()


@pytest.mark.parametrize("signal", ["release", "kill"])
def test_the_release_of_a_lock_is_told(tmp_path: Path, watch: Watch, signal: str) -> None:
    lock = tmp_path / ".lock"
    lock.touch()
    with _holder(lock) as holder:
        calls: Calls = queue.Queue()
        watch.lock_file(lock, calls.put)
        with pytest.raises(queue.Empty):
            calls.get(timeout=0.2)
        if signal == "kill":
            holder.kill()
        else:
            holder.communicate()
        assert _next(calls) == lock


def test_the_release_of_a_real_sync_is_told(tmp_path: Path, watch: Watch) -> None:
    project = gated.make(tmp_path)
    lock = uvlocks.environment_lock(uvlocks.environment(project.root, project.environ))
    probe = LockProbe(lock)
    with project.sync() as process:
        calls: Calls = queue.Queue()
        watch.lock_file(lock, calls.put)
        assert probe.is_held()
        project.open_gate()
        while probe.is_held():
            assert _next(calls) == lock
        assert process.wait() == 0
    probe.close()


def test_a_lock_whose_folder_comes_later_is_told(tmp_path: Path, watch: Watch) -> None:
    calls: Calls = queue.Queue()
    watch.lock_file(tmp_path / "a" / "b" / ".lock", calls.put)
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert _next(calls) == tmp_path / "a" / "b" / ".lock"
    lock = tmp_path / "a" / "b" / ".lock"
    lock.touch()
    _drain(calls)
    with _holder(lock) as holder:
        _look_once(watch, tmp_path)
        holder.communicate()
        assert _next(calls) == lock


def _look_once(watch: Watch, folder: Path) -> None:
    """Returns when all locks have been looked at once more: the first look at a lock that is free is told."""
    done: Calls = queue.Queue()
    cancel = watch.lock_file(folder / "looked", done.put)
    if watch.kind == "inotify":
        (folder / "looked").touch()
    _next(done)
    cancel()


@pytest.mark.parametrize("kind", ["polling", "native"])
def test_a_lock_that_stays_free_is_told_once_and_each_release_once(tmp_path: Path, kind: Kind) -> None:
    """Each call makes a server look at its project."""
    watch, lock = Watch(kind), tmp_path / ".lock"
    lock.touch()
    calls: Calls = queue.Queue()
    watch.lock_file(lock, calls.put)
    assert _next(calls) == lock
    for _ in range(3):
        for _ in range(3):
            _look_once(watch, tmp_path)
        assert calls.empty()
        with _holder(lock) as holder:
            _look_once(watch, tmp_path)
            assert calls.empty()
            holder.communicate()
            assert _next(calls) == lock
    watch.close()


def test_a_folder_on_a_dead_mount_ends_its_own_watch_only(tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    mount, alive = tmp_path / "mount" / "project", tmp_path / "alive" / "project"
    calls: Calls = queue.Queue()
    for folder in (mount, alive):
        folder.mkdir(parents=True)
        watch.files(folder, {"pyproject.toml"}, calls.put)
    real = Path.is_dir

    def is_dir(path: Path) -> bool:
        if path.is_relative_to(mount.parent):
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN), str(path))
        return real(path)

    monkeypatch.setattr(Path, "is_dir", is_dir)
    shutil.rmtree(alive)
    _next(calls)
    alive.mkdir()
    _next(calls)
    _settle(watch, tmp_path)
    _drain(calls)
    (alive / "pyproject.toml").touch()
    assert _next(calls) == alive / "pyproject.toml"
    cancel = watch.files(mount, {"pyproject.toml"}, calls.put)
    cancel()


def test_a_folder_that_may_not_be_watched_ends_its_own_watch_only(
    tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    observer = type(watch._folders._observer)
    real = observer.schedule
    (tmp_path / "secret").mkdir()

    def schedule(self: BaseObserver, handler: FileSystemEventHandler, path: str, **options: Any) -> ObservedWatch:
        if path.endswith("secret"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(self, handler, path, **options)

    monkeypatch.setattr(observer, "schedule", schedule)
    calls: Calls = queue.Queue()
    watch.files(tmp_path, {"a"}, calls.put)
    watch.files(tmp_path / "secret", {"a"}, calls.put)
    (tmp_path / "a").touch()
    assert _next(calls) == tmp_path / "a"


def _write_in_place(path: Path) -> None:
    path.write_text("in place")


def _replace(path: Path) -> None:
    path.with_name("other").write_text("by rename")
    path.with_name("other").replace(path)


def _replace_from_elsewhere(path: Path) -> None:
    path.parent.with_name("elsewhere").write_text("from another folder")
    path.parent.with_name("elsewhere").replace(path)


def _delete(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [_write_in_place, _replace, _replace_from_elsewhere, _delete])
def test_a_change_of_a_file_is_told_and_reading_is_not(tmp_path: Path, watch: Watch, change: object) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    path = folder / "pyproject.toml"
    path.write_text("")
    calls: Calls = queue.Queue()
    watch.files(folder, {"pyproject.toml", "uv.lock"}, calls.put)
    path.read_text()
    (folder / "README").write_text("not ours")
    with pytest.raises(queue.Empty):
        calls.get(timeout=0.5)
    assert callable(change)
    change(path)
    assert _next(calls) == path


def test_a_creation_is_told(tmp_path: Path, watch: Watch) -> None:
    calls: Calls = queue.Queue()
    watch.files(tmp_path, {"uv.lock"}, calls.put)
    (tmp_path / "uv.lock").touch()
    assert _next(calls) == tmp_path / "uv.lock"


@pytest.mark.parametrize("how", ["deleted", "moved", "parent deleted"])
def test_a_folder_that_was_replaced_is_still_watched(tmp_path: Path, how: str) -> None:
    watch = Watch("inotify" if sys.platform == "linux" else None)
    folder = tmp_path / "parent" / "project"
    folder.mkdir(parents=True)
    calls: Calls = queue.Queue()
    watch.files(folder, {"pyproject.toml"}, calls.put)
    for _ in range(3):
        match how:
            case "deleted":
                shutil.rmtree(folder)
            case "moved":
                folder.rename(tmp_path / "moved")
            case _:
                shutil.rmtree(folder.parent)
        _next(calls)
        folder.mkdir(parents=True)
        _next(calls)
        _settle(watch, tmp_path)
        _drain(calls)
        (folder / "pyproject.toml").touch()
        assert _next(calls) == folder / "pyproject.toml"
        _settle(watch, tmp_path)
        _drain(calls)
        shutil.rmtree(tmp_path / "moved", ignore_errors=True)
    watch.close()


def test_a_folder_that_comes_makes_those_look_whose_watch_is_made_anew_for_it(tmp_path: Path, watch: Watch) -> None:
    calls: Calls = queue.Queue()
    watch.files(tmp_path, {"pyproject.toml"}, calls.put)
    watch.files(tmp_path / ".venv", {"pyvenv.cfg"}, lambda _path: None)
    (tmp_path / ".venv").mkdir()
    assert _next(calls) == tmp_path / "pyproject.toml"


def _settle(watch: Watch, folder: Path) -> None:
    """Returns when all that happened before has been told: events come in order."""
    done: Calls = queue.Queue()
    cancel = watch.files(folder, {"marker"}, done.put)
    (folder / "marker").write_text("written, since touching an existing file is no change")
    _next(done)
    cancel()


def test_a_cancelled_subscription_is_quiet_and_others_go_on(tmp_path: Path, watch: Watch) -> None:
    gone: Calls = queue.Queue()
    kept: Calls = queue.Queue()
    cancel = watch.files(tmp_path, {"a"}, gone.put)
    watch.files(tmp_path, {"a"}, kept.put)
    cancel()
    cancel()
    (tmp_path / "a").touch()
    _next(kept)
    assert gone.empty()


def test_a_lock_and_files_in_one_folder_are_both_told(tmp_path: Path) -> None:
    """watchdog lets the last set of events of a folder replace the others."""
    watch = Watch("inotify")
    locks: Calls = queue.Queue()
    files: Calls = queue.Queue()
    (tmp_path / ".lock").touch()
    watch.files(tmp_path, {"pyproject.toml"}, files.put)
    cancel = watch.lock_file(tmp_path / ".lock", locks.put)
    watch.lock_file(tmp_path / "venv" / ".lock", locks.put)
    _replace(tmp_path / "pyproject.toml")
    assert _next(files) == tmp_path / "pyproject.toml"
    (tmp_path / ".lock").read_bytes()
    assert _next(locks) == tmp_path / ".lock"
    cancel()
    _drain(files)
    _replace(tmp_path / "pyproject.toml")
    assert _next(files) == tmp_path / "pyproject.toml"
    watch.close()


def test_one_broken_callback_does_not_end_the_watch(tmp_path: Path) -> None:
    watch = Watch()
    calls: Calls = queue.Queue()

    def broken(path: Path) -> None:
        raise ValueError(path)

    watch.files(tmp_path, {"a"}, broken)
    watch.files(tmp_path, {"a"}, calls.put)
    (tmp_path / "a").touch()
    assert _next(calls) == tmp_path / "a"
    watch.close()


def test_a_probe_makes_no_events_and_follows_a_replaced_file(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    probe = LockProbe(lock)
    assert not probe.is_held()
    lock.touch()
    assert not probe.is_held()
    watch = Watch("inotify")
    calls: Calls = queue.Queue()
    watch.lock_file(lock, calls.put)
    with _holder(lock) as holder:
        assert [probe.is_held() for _ in range(3)] == [True] * 3
        assert held_by_trying(lock)
        _settle(watch, tmp_path)
        _drain(calls)
        assert probe.is_held()
        _settle(watch, tmp_path)
        assert calls.empty()
        lock.unlink()
        lock.touch()
        assert not probe.is_held()
        assert not held_by_trying(lock)
        holder.communicate()
    probe.close()
    watch.close()


@pytest.mark.parametrize("broken", ["_handle", "_look_at_locks"])
def test_an_event_that_cannot_be_handled_ends_the_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    right = getattr(Watch, broken)
    failed: list[object] = []

    def once(watch: Watch, *event: Any) -> None:
        if not failed:
            failed.append(event)
            raise RuntimeError("nobody has thought of this")
        right(watch, *event)

    watch, told = Watch("inotify" if broken == "_handle" else "polling"), Calls()
    (tmp_path / "lock").touch()
    monkeypatch.setattr(Watch, broken, once)
    watch.files(tmp_path, {"file"}, told.put)
    watch.lock_file(tmp_path / "lock", lambda _path: None)
    assert _next(told) == tmp_path / "file", "whatever it was, it is looked for"
    (tmp_path / "file").touch()
    assert _next(told) == tmp_path / "file"
    assert failed
    watch.close()
