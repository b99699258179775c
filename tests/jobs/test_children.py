"""What a killed server left running is ended, and nobody else, whatever number they were given."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lsp_server.adapters.processes import ProcessId, is_alive, this_process
from lsp_server.jobs import children
from lsp_server.jobs.journal import Journal
from tests.support.office import are_gone, process
from tests.support.projects import Tools

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no process groups there")

# The leader of a group ends and leaves one behind, as a killed uv leaves its builds.
LEADER = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import os; print(os.getpid(), flush=True); input(); print('lived')"])
"""
DEAD = ProcessId(2**22 + 1, "some boot:1")


@pytest.fixture
def journal(base: Path) -> Iterator[Journal]:
    with closing(Journal(base / "journal.sqlite3", this_process())) as journal:
        yield journal


@pytest.mark.parametrize(("marked_by", "ends"), [(DEAD, True), (None, False), (ProcessId(DEAD.pid, "a later boot:1"), False)])
def test_only_what_bears_the_mark_of_the_dead_owner_is_ended(
    tools: Tools, journal: Journal, base: Path, marked_by: ProcessId | None, *, ends: bool
) -> None:
    mark = {} if marked_by is None else {children.OWNER: children.mark(marked_by)}
    leader = tools.start([sys.executable, "-c", LEADER], base, mark)
    assert leader.stdout is not None
    left = process(int(leader.stdout.readline()))
    assert leader.wait(10) == 0
    with closing(Journal(journal.path, DEAD)) as of_the_dead:
        of_the_dead.child_started(ProcessId(leader.pid, "some boot:2"))
    children.end_orphans(journal)
    assert journal.children() == ()
    if not ends:
        assert leader.stdin is not None
        leader.stdin.write("\n")
        leader.stdin.flush()
        assert leader.stdout.readline() == "lived\n"
    assert are_gone(left)


def test_what_a_living_owner_started_goes_on(tools: Tools, journal: Journal, base: Path) -> None:
    ours = tools.start([sys.executable, "-c", "input()"], base, {children.OWNER: children.mark(journal.owner)})
    named = process(ours.pid)
    journal.child_started(named)
    children.end_orphans(journal)
    assert is_alive(named)
    assert [child for child, _owner in journal.children()] == [named]


def test_a_uv_of_another_container_is_not_taken_for_an_orphan(tools: Tools, journal: Journal, base: Path) -> None:
    mark = {children.OWNER: children.mark(ProcessId(DEAD.pid, "another container:1"))}
    words = [tools.uv, "run", "--no-project", "--offline", "python", "-c", "print('here', flush=True); input()"]
    uv = tools.start(words, base, mark)
    assert uv.stdout is not None
    assert uv.stdout.readline() == "here\n"
    children.end_orphans(journal)
    assert uv.poll() is None
