"""What one process guarded and another takes over when that one has ended."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import pytest

from demo import parts
from lsp_server.adapters.processes import this_process
from tests.jobs.test_verify import MINE
from tests.support.clerk import clerk
from tests.support.office import Desk, desk
from tests.support.projects import Project


@contextmanager
def left_behind(project: Project, then: Literal["closed", "killed"]) -> Iterator[tuple[str, Callable[[], None]]]:
    """A save while a uv builds, by a server that is gone: the text before all, and what makes that uv fail."""
    gate = project.offer("doomed", parts.Backend(project.gate(), then="fail"))
    before = project.text()
    other = clerk(project)
    other.ask("save", text=before)
    uv = project.uv_at(gate, "add", "doomed")
    other.ask("save", text=project.text() + MINE)
    if then == "closed":
        other.close()
    else:
        other.kill()

    def fail() -> None:
        gate.open()
        assert uv.wait(20) != 0

    yield before, fail
    gate.open()
    uv.wait(20)


def forgotten(jobs: Desk) -> bool:
    """Whether nothing stands in the journal any more, now that all has been looked at."""
    jobs.worker.verifier.look()
    return not jobs.office.journal.guarded(jobs.known.key)


@pytest.mark.parametrize("then", ["closed", "killed"])
class TestAfterItsServer:
    @pytest.mark.parametrize("early", [True, False])
    def test_the_next_one_puts_it_back(self, project: Project, then: Literal["closed", "killed"], *, early: bool) -> None:
        with left_behind(project, then) as (before, fail):
            if not early:
                fail()
                assert project.text() == before, "uv rolls back"
            with desk(project) as jobs:
                jobs.worker.wake.set()
                if early:
                    jobs.worker.verifier.inherit(jobs.worker.wake.set)
                    assert [row[1] for row in jobs.office.journal.guarded(jobs.known.key)] == [this_process()]
                    fail()
                told = jobs.until_told("put back")
                assert "uv add doomed" in told.message
                assert forgotten(jobs)
        assert project.text() == before + MINE

    def test_one_beside_it_puts_it_back(self, project: Project, then: Literal["closed", "killed"]) -> None:
        with desk(project) as jobs:
            jobs.worker.wake.set()
            with left_behind(project, then) as (before, fail):
                fail()
                jobs.until_told("put back")
                assert forgotten(jobs)
            assert project.text() == before + MINE

    def test_what_a_person_changed_meanwhile_is_left_alone_and_the_text_is_offered(
        self, project: Project, then: Literal["closed", "killed"]
    ) -> None:
        with left_behind(project, then) as (before, fail):
            saved = project.text()
            fail()
            by_hand = before.replace('version = "0.1.0"', 'version = "0.3.0"')
            project.write(by_hand)
            with desk(project) as jobs:
                jobs.worker.wake.set()
                told = jobs.until_told("nothing was overwritten")
                assert told.lost is not None
                assert told.lost.read_text("utf-8") == saved
                assert forgotten(jobs)
                assert len(jobs.notices) == 1
        assert project.text() == by_hand

    def test_what_git_checked_out_is_left_alone(self, project: Project, then: Literal["closed", "killed"]) -> None:
        tools, root = project.tools, project.root
        tools.git(root, "init", "--quiet", "--initial-branch=main")
        tools.git(root, "add", "pyproject.toml")
        tools.git(root, "commit", "--quiet", "--message=first")
        committed = project.text()
        with left_behind(project, then) as (_before, fail):
            fail()
            tools.git(root, "checkout", "--quiet", "--force", "-b", "other")
            with desk(project) as jobs:
                jobs.done(jobs.ask("lock"))
                assert forgotten(jobs)
                assert not jobs.notices
        assert project.text() == committed

    def test_what_still_stands_is_said_nothing_of(self, project: Project, then: Literal["closed", "killed"]) -> None:
        with left_behind(project, then) as (before, fail):
            fail()
            project.write(before + MINE)
            with desk(project) as jobs:
                jobs.done(jobs.ask("lock"))
                assert forgotten(jobs)
                assert not jobs.notices
        assert project.text() == before + MINE

    def test_nothing_where_the_setting_says_so(self, project: Project, then: Literal["closed", "killed"]) -> None:
        with left_behind(project, then) as (before, fail):
            fail()
            with desk(project, guardian=False) as jobs:
                jobs.done(jobs.ask("lock"))
                assert not jobs.notices
        assert project.text() == before


@pytest.mark.skipif(os.name != "posix", reason="needs SIGSTOP")
def test_the_end_of_a_server_that_hung_while_uv_rolled_back_is_noticed_beside_it(project: Project) -> None:
    gate = project.offer("doomed", parts.Backend(project.gate(), then="fail"))
    before = project.text()
    with desk(project) as jobs:
        other = clerk(project)
        other.ask("save", text=before)
        uv = project.uv_at(gate, "add", "doomed")
        other.ask("save", text=project.text() + MINE)
        other.process.send_signal(signal.SIGSTOP)
        gate.open()
        assert uv.wait(20) != 0
        jobs.done(jobs.ask("lock"))
        assert project.text() == before, "it is the other one's as long as that lives"
        other.kill()
        jobs.until_told("put back")
    assert project.text() == before + MINE
