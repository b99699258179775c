"""Whether a process lives is not mistaken: not after a step of the clock, and not for another one of its number."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lsp_server.adapters import exits, processes
from lsp_server.adapters.processes import ProcessId, is_alive, of, this_process
from lsp_server.locks import holder


@pytest.fixture(params=["counted from the boot", "told by the clock"])
def however(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of telling when a process started; Linux alone has the first."""
    if request.param == "told by the clock":
        monkeypatch.setattr(processes, "_boot", lambda: None)


def step_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let psutil tell start times as it does after a step of the clock: it adds the time of the boot."""
    real = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: real(process) + seconds)


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.mark.usefixtures("however")
def test_a_process_lives_until_its_end_also_when_nobody_has_reaped_it(child: "subprocess.Popen[bytes]") -> None:
    named = of(child.pid)
    assert named is not None
    assert is_alive(named)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(named)
    assert of(child.pid) is None
    child.wait()
    assert not is_alive(named)
    assert of(child.pid) is None


@pytest.mark.usefixtures("however")
def test_another_process_of_the_number_is_not_the_one(child: "subprocess.Popen[bytes]") -> None:
    ours, other = this_process(), of(child.pid)
    assert other is not None
    assert is_alive(ours)
    assert ours.started < other.started
    for started in ("", "0", "of another form"):
        assert not is_alive(ProcessId(child.pid, started))
    for pid in (-1, 2**80):
        assert of(pid) is None
        assert not is_alive(ProcessId(pid, other.started))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the clock tells")
def test_a_step_of_the_clock_ends_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, child: "subprocess.Popen[bytes]"
) -> None:
    named, lock, ended = of(child.pid), tmp_path / "lock", threading.Event()
    assert named is not None
    holder.announce(lock, "holds it")
    step_clock(monkeypatch, 3600)
    assert is_alive(named)
    assert of(child.pid) == named
    assert holder.read(lock) is not None
    cancel = exits.on_exit(named, ended.set)
    assert not ended.is_set()
    cancel()


def test_where_the_clock_tells_a_little_difference_is_none(
    monkeypatch: pytest.MonkeyPatch, child: "subprocess.Popen[bytes]"
) -> None:
    monkeypatch.setattr(processes, "_boot", lambda: None)
    named = of(child.pid)
    assert named is not None
    with monkeypatch.context() as little:
        step_clock(little, 1.5)
        assert is_alive(named)
    step_clock(monkeypatch, 3600)
    assert not is_alive(named)


@pytest.mark.usefixtures("however")
def test_one_that_may_not_be_looked_at_is_not_called_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden(*_about: object) -> None:
        raise psutil.AccessDenied if processes._boot() is None else PermissionError

    named = this_process()
    monkeypatch.setattr(psutil.Process, "create_time", hidden)
    monkeypatch.setattr(Path, "read_bytes", hidden)
    assert is_alive(named)
    assert of(named.pid) is None
