"""Exclusion, order and holders, between real processes."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lsp_server.locks import holder, rank
from lsp_server.locks.lock import FileMutex, acquire_all, release_all
from lsp_server.locks.rank import LockOrderError, Rank

_HOLD = """
import sys
from pathlib import Path
from lsp_server.locks.lock import FileMutex
from lsp_server.locks.rank import Rank
mutex = FileMutex(Path(sys.argv[1]), Rank[sys.argv[2]], title="holds it for the test")
print(mutex.try_acquire(), flush=True)
sys.stdin.read()
mutex.release()
"""


@contextmanager
def other_holder(path: Path, of: Rank) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path), of.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(autouse=True)
def nothing_stays_held() -> Iterator[None]:
    yield
    assert rank.held() == ()


@pytest.mark.parametrize("of", list(Rank))
def test_two_processes_do_not_hold_one_lock(tmp_path: Path, of: Rank) -> None:
    mutex = FileMutex(tmp_path / "lock", of)
    with other_holder(mutex.path, of) as process:
        assert not mutex.try_acquire()
        process.communicate()
    assert mutex.try_acquire()
    mutex.release()


def test_two_threads_of_one_process_do_not_hold_one_lock(tmp_path: Path) -> None:
    answers: list[bool] = []
    mine = FileMutex(tmp_path / "lock", Rank.MANIFEST)
    assert mine.try_acquire()
    thread = threading.Thread(target=lambda: answers.append(FileMutex(mine.path, Rank.MANIFEST).try_acquire()))
    thread.start()
    thread.join()
    mine.release()
    assert answers == [False]


def test_a_killed_holder_frees_the_lock_and_is_no_holder_any_more(tmp_path: Path) -> None:
    mutex = FileMutex(tmp_path / "lock", Rank.MANIFEST)
    with other_holder(mutex.path, Rank.MANIFEST) as process:
        seen = holder.read(mutex.path)
        assert seen is not None
        assert (seen.pid, seen.title) == (process.pid, "holds it for the test")
        process.kill()
        process.wait()
        assert holder.sidecar(mutex.path).exists()
        assert holder.read(mutex.path) is None
        assert mutex.try_acquire()
    mutex.release()


@pytest.mark.parametrize(("first", "second"), [(a, b) for a in Rank for b in Rank if b <= a])
def test_a_lock_out_of_order_raises_even_when_it_is_free(tmp_path: Path, first: Rank, second: Rank) -> None:
    held, wrong = FileMutex(tmp_path / "1", first), FileMutex(tmp_path / "2", second)
    assert held.try_acquire()
    with pytest.raises(LockOrderError, match=second.name):
        wrong.try_acquire()
    assert not wrong.is_held
    assert rank.held() == (first,)
    held.release()


def test_ranks_belong_to_a_thread(tmp_path: Path) -> None:
    seen: list[tuple[Rank, ...]] = []
    mutex = FileMutex(tmp_path / "lock", Rank.ENVIRONMENT)
    assert mutex.try_acquire()
    thread = threading.Thread(target=lambda: seen.append(rank.held()))
    thread.start()
    thread.join()
    mutex.release()
    assert seen == [()]


def test_a_lock_given_back_by_another_thread_raises_and_stays_held(tmp_path: Path) -> None:
    errors: list[BaseException] = []
    mutex = FileMutex(tmp_path / "lock", Rank.PROJECT)
    assert mutex.try_acquire()

    def release() -> None:
        try:
            mutex.release()
        except LockOrderError as error:
            errors.append(error)

    thread = threading.Thread(target=release)
    thread.start()
    thread.join()
    assert len(errors) == 1
    assert mutex.is_held
    mutex.release()


@pytest.mark.parametrize(("of", "is_allowed"), [(Rank.MANIFEST, True), (Rank.PROJECT, False), (Rank.ENVIRONMENT, False)])
def test_uv_is_not_started_under_its_own_locks(tmp_path: Path, of: Rank, *, is_allowed: bool) -> None:
    mutex = FileMutex(tmp_path / "lock", of)
    assert mutex.try_acquire()
    if is_allowed:
        rank.assert_may_start_uv()
    else:
        with pytest.raises(LockOrderError, match="uv must not be started"):
            rank.assert_may_start_uv()
    mutex.release()


def test_acquire_all_takes_them_in_order_whatever_the_order_given(tmp_path: Path) -> None:
    project, venv = FileMutex(tmp_path / "t", Rank.PROJECT), FileMutex(tmp_path / "v", Rank.ENVIRONMENT)
    assert acquire_all(venv, project)
    assert rank.held() == (Rank.PROJECT, Rank.ENVIRONMENT)
    release_all(venv, project)
    assert not venv.is_held


def test_acquire_all_takes_none_when_one_is_busy(tmp_path: Path) -> None:
    project, venv = FileMutex(tmp_path / "t", Rank.PROJECT), FileMutex(tmp_path / "v", Rank.ENVIRONMENT)
    with other_holder(venv.path, Rank.ENVIRONMENT):
        assert not acquire_all(project, venv)
        assert not project.is_held
        assert project.try_acquire()
    project.release()


def test_acquire_all_takes_none_when_one_is_out_of_order(tmp_path: Path) -> None:
    one, two = FileMutex(tmp_path / "1", Rank.PROJECT), FileMutex(tmp_path / "2", Rank.PROJECT)
    with pytest.raises(LockOrderError):
        acquire_all(one, two)
    assert not one.is_held


def test_only_the_manifest_lock_makes_its_folder(tmp_path: Path) -> None:
    assert not FileMutex(tmp_path / "venv" / ".lock", Rank.ENVIRONMENT).try_acquire()
    assert not (tmp_path / "venv").exists()
    mutex = FileMutex(tmp_path / "state" / "locks" / "x.lock", Rank.MANIFEST)
    assert mutex.try_acquire()
    mutex.release()
    assert mutex.path.exists()


def test_an_environment_lock_whose_file_was_replaced_while_taking_it_is_not_acquired(tmp_path: Path) -> None:
    path = tmp_path / ".lock"

    class ReplacedWhileTaking(FileMutex):
        def _keep_descriptor(self, descriptor: int) -> None:
            super()._keep_descriptor(descriptor)
            path.unlink()
            path.touch()

    assert not ReplacedWhileTaking(path, Rank.ENVIRONMENT).try_acquire()
    fresh = FileMutex(path, Rank.ENVIRONMENT)
    assert fresh.try_acquire()
    fresh.release()


def test_the_record_of_a_holder_is_gone_after_release(tmp_path: Path) -> None:
    mutex = FileMutex(tmp_path / "lock", Rank.MANIFEST)
    assert mutex.try_acquire()
    seen = holder.read(mutex.path)
    assert seen is not None
    assert seen.pid == os.getpid()
    assert seen.since.endswith("+00:00")
    mutex.release()
    assert holder.read(mutex.path) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock"]


def test_a_reused_process_id_is_not_taken_for_the_holder(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    holder.announce(lock, "me")
    record = json.loads(holder.sidecar(lock).read_text())
    record["started"] = "earlier"
    holder.sidecar(lock).write_text(json.dumps(record))
    assert holder.read(lock) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x"}', "\x00", '{"pid": 1e400}'])
def test_a_damaged_record_is_nobody(tmp_path: Path, text: str) -> None:
    lock = tmp_path / "lock"
    holder.sidecar(lock).write_text(text)
    assert holder.read(lock) is None
