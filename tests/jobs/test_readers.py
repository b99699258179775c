"""Reading the environment neither waits for a sync nor holds one up."""

import fcntl
import os
from collections.abc import Iterator

import pytest

from lsp_server.adapters import project as projects
from lsp_server.adapters.lockprobe import LockProbe
from lsp_server.adapters.processes import this_process
from lsp_server.adapters.watch import Watch
from lsp_server.core.packages import Packages
from lsp_server.jobs import state
from lsp_server.jobs.journal import Journal
from lsp_server.jobs.place import Place
from tests.support.projects import Project


@pytest.fixture
def place(project: Project) -> Iterator[Place]:
    found = projects.find(project.root)
    assert found is not None
    folder = project.tools.base / "state"
    journal, watch = Journal(folder / "journal.sqlite3", this_process()), Watch()
    yield Place(found, folder, project.tools.environment, journal, watch)
    watch.close()
    journal.close()


def test_the_environment_of_a_running_sync_is_syncing_and_is_read_after_it(place: Place, project: Project) -> None:
    assert state.of_environment(place) == "missing"
    with project.held_sync():
        assert state.of_environment(place) == "syncing"
    assert state.of_environment(place) == "in-sync"


def test_a_package_that_was_taken_out_by_hand_makes_the_environment_stale(place: Place, project: Project) -> None:
    project.uv_ok("add", "alpha")
    assert state.of_environment(place) == "in-sync"
    project.uv_ok("pip", "uninstall", "--python", project.venv, "alpha")
    assert state.of_environment(place) == "stale"


def test_versions_stay_as_they_were_while_a_sync_runs(place: Place, project: Project) -> None:
    project.uv_ok("add", "alpha<2")
    known = state.packages(place, Packages())
    assert known.installed == {"alpha": "1.1"}
    assert known.locked["alpha"] == {"1.1"}
    with project.held_sync():
        during = state.packages(place, known)
        assert during.installed == {"alpha": "1.1"}
        assert state.packages(place, Packages()).installed is None, "half of a sync is not read"
    assert state.packages(place, during).installed == {"alpha": "1.1", "slow": "1.0"}


def test_the_lock_follows_the_manifest(place: Place, project: Project) -> None:
    assert state.of_lock(place) == "missing"
    project.uv_ok("add", "alpha")
    assert state.of_lock(place) == "up-to-date"
    project.write(project.text().replace("0.1.0", "0.2.0"))
    assert state.of_lock(place) == "stale"


def test_while_one_reads_another_reader_reads_too_and_no_writer_comes_in(project: Project) -> None:
    project.uv_ok("sync")
    first, second = LockProbe(project.environment_lock), LockProbe(project.environment_lock)
    writer = os.open(project.environment_lock, os.O_RDWR)
    try:
        with first.shared() as one, second.shared() as other:
            assert one
            assert other
            with pytest.raises(BlockingIOError):
                fcntl.flock(writer, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(writer, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with first.shared() as one:
            assert not one
    finally:
        os.close(writer)
        first.close()
        second.close()
