"""SIGKILL of the server, of its uv, and of both at once, at every step of an operation.

The steps are counted: a server of its own runs one add and is killed when it has come to step one, a new one is killed
at step two, and so on until one comes through. Whatever the step, the files are a matching pair, nothing is left lying
or running, and the operation is done or can be had again.
"""

import shutil
import signal
import sys

import psutil
import pytest

from demo import parts
from lsp_server.jobs.inherit import inherit
from tests.jobs.test_crash import lies_about
from tests.support.clerk import clerk
from tests.support.office import are_gone, desk, process
from tests.support.projects import Project, belonging_to

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")

# Before and after each thing that leaves a trace outside of the process.
COUNTED = """
import os, signal, threading
import psutil
from lsp_server.adapters import files, shadow, uv
from lsp_server.jobs import journal
from lsp_server.locks import lock
number, both, mutex = {number}, {both}, threading.Lock()
passed = 0
def step(name):
    global passed
    with mutex:
        passed += bool(passed) or name == "add"  # not its start
        if passed == number:
            if both:
                for child in psutil.Process().children(recursive=False):
                    child.send_signal(signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
def counted(owner, name):
    real = getattr(owner, name)
    def call(*args, **more):
        step(name)
        done = real(*args, **more)
        step(name)
        return done
    setattr(owner, name, call)
def begin():
    for owner, names in (
        (journal.Journal, ("add", "save", "prepare", "mark", "child_started", "child_ended")),
        (files.Replacement, ("_written", "sync", "commit", "finish")),
        (shadow.Shadow, ("lay", "write")),
        (lock.FileMutex, ("try_acquire", "release")),
        (uv, ("run",)),
    ):
        for name in names:
            counted(owner, name)
begin()
"""


@pytest.fixture
def built(project: Project) -> Project:
    """A synced project in which `source`, which has to be built, can be added."""
    project.uv_ok("add", "delta")
    return project


@pytest.mark.timeout(300)
@pytest.mark.parametrize("share", range(4))
def test_killed_at_every_step(built: Project, share: int) -> None:
    old = built.text(), built.lock_text()
    number = share + 1
    while killed_at(built, number, both=number % 8 >= 4):
        left_as_it_should_be(built, old)
        number += 4
    assert number > 8, "the steps were not counted"


def killed_at(project: Project, number: int, *, both: bool) -> bool:
    """Run one add in a server that is killed at this step; false if it came to its end first."""
    other = clerk(project, COUNTED.format(number=number, both=both))
    other.send("add", requirements=["source"])
    other.until_over()
    if not other.gone:
        other.close()
    return other.process.wait(10) == -signal.SIGKILL


def left_as_it_should_be(project: Project, old: tuple[str, str]) -> None:
    """Start a new server and look at what it found, made of it and offers; then put everything back."""
    with desk(project) as jobs:
        left = inherit(jobs.office.place(jobs.known))
        _, alive = psutil.wait_procs(belonging_to(project.tools.base), timeout=2)
        assert not alive, "an orphan goes on"
        # A uv that was killed while it installs leaves half a package, which uv itself refuses to take out.
        shutil.rmtree(project.root / ".venv", ignore_errors=True)
        if project.text() == old[0]:
            assert project.lock_text() == old[1]
        else:
            assert '"source>=1.0"' in project.text()
        project.uv_ok("lock", "--check")
        for one in left:
            assert one.state in {"done", "failed"}
            if one.state == "failed":
                jobs.worker.retry(one)
                jobs.done(one)
        if left or '"source' in project.text():
            assert '"source>=1.0"' in project.text()
            jobs.done(jobs.ask("remove", packages=["source"]))
        assert (project.text(), project.lock_text()) == old
    assert not lies_about(project)


# Where uv stands when it is killed. A wheel of the project itself is only built by the live sync.
STAGES = ("planning", "preflight", "syncing")


def waiting_at(project: Project, stage: str) -> parts.Gate:
    """Make the project one in which an add stops at this stage."""
    gate = project.gate()
    if stage == "syncing":
        text = f"{project.text()}\n{parts.Backend(gate, spawn_child=True).toml()}"
        parts.make_package(project.root, "demo", "0.1.0")
        project.write(text)
        return gate
    at: parts.At = "metadata" if stage == "planning" else "build"
    return project.offer("slow", parts.Backend(gate, at=at, spawn_child=True))


def uv_above(pid: int) -> psutil.Process:
    """Return the uv that started a build."""
    return next(each for each in psutil.Process(pid).parents() if each.name() == "uv")


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_uv_fails_its_operation_alone(project: Project, stage: str) -> None:
    gate = waiting_at(project, stage)
    before = project.text()
    with desk(project) as jobs:
        operation = jobs.add("slow" if stage != "syncing" else "alpha")
        family = [process(gate.wait_reached()), process(gate.wait_child())]
        uv_above(family[0].pid).kill()
        said = jobs.failed(operation, "sync-failed" if stage == "syncing" else "uv-failed")
        assert "uv was killed by SIGKILL" in said
        assert are_gone(*family)
        if stage != "syncing":
            assert project.text() == before
            assert not project.lock.exists()
        project.uv_ok("lock", "--check") if project.lock.exists() else None
        gate.open()
        jobs.worker.retry(jobs.now(operation))
        jobs.done(operation)
        assert project.text() != before
    assert not lies_about(project)


@pytest.mark.parametrize("stage", STAGES)
def test_the_server_and_its_uv_killed_at_once_leave_no_build_behind(project: Project, stage: str) -> None:
    gate = waiting_at(project, stage)
    before = project.text()
    other = clerk(project)
    other.ask("add", requirements=["slow" if stage != "syncing" else "alpha"])
    family = [process(gate.wait_reached()), process(gate.wait_child())]
    uv = uv_above(family[0].pid)
    other.process.send_signal(signal.SIGSTOP)
    uv.kill()
    other.kill()
    with desk(project) as jobs:
        (left,) = inherit(jobs.office.place(jobs.known))
        assert are_gone(*family)
        gate.open()
        if stage == "syncing":
            assert left.state == "done"
            project.uv_ok("lock", "--check")
            jobs.done(jobs.ask("sync"))
        else:
            assert project.text() == before
            jobs.worker.retry(left)
            jobs.done(left)
    assert not lies_about(project)


def test_a_uv_that_its_server_could_not_note_any_more_is_ended(project: Project) -> None:
    waiting_at(project, "planning")
    at_once = """
import os, signal
from lsp_server.jobs import journal
journal.Journal.child_started = lambda journal, child: os.kill(os.getpid(), signal.SIGKILL)
"""
    other = clerk(project, at_once)
    other.send("add", requirements=["slow"])
    other.wait_killed()
    # Any office of this machine ends it, also that of a test beside this one.
    with desk(project):
        _, alive = psutil.wait_procs(belonging_to(project.tools.base), timeout=2)
        assert not alive, "an orphan goes on"
