"""A full disk, under each of the places that are written: a sentence names it, nothing is half-done, nobody waits for ever.

`python -m bench.full_disk` tries every room; these are those in which another write fails each.
"""

import sqlite3
from pathlib import Path

import pytest

from bench import full_disk
from lsp_server.core.operation import Failure
from lsp_server.jobs import refusals
from tests.support.projects import Project


@pytest.fixture
def site(base: Path, uv: str) -> full_disk.Site:
    return full_disk.Site(base, uv)


@pytest.mark.parametrize(
    ("place", "room"),
    [("state", 0), ("state", 240), ("state", 272), ("project", 0), ("project", 12), ("tmp", 0)],
)
def test_an_add_on_a_full_disk_ends_with_its_name_and_leaves_the_manifest_whole(
    site: full_disk.Site, place: str, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUSY", "4")  # seconds of a machine that does other things, too
    tried = site.attempt(place, room, ["add", "alpha"])
    assert site.fault(tried, place) is None


def test_uv_that_meets_a_full_disk_fails_by_that_name(project: Project) -> None:
    words = "error: Failed to install: a.whl\n  cause: No space left on device (os error 28)"
    failure = refusals.named(Failure("sync-failed", "uv failed", words), [project.root], {})
    assert "a disk is full: uv failed" in failure.message
    assert failure.code == "sync-failed"


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_ERROR])
def test_each_refusal_of_the_journal_names_its_place(base: Path, code: int) -> None:
    error = sqlite3.OperationalError("no")
    error.sqlite_errorcode = code
    assert str(base) in refusals.of_journal(error, base)


@pytest.mark.parametrize("room", [0, 150, 240])
def test_a_command_in_the_queue_does_not_run_since_the_state_folder_is_full(site: full_disk.Site, room: int) -> None:
    tried = site.attempt("state", room, ["exec", "--", site.environment["UV"], "add", "-q", "alpha"])
    assert tried.code == 0, tried.said
    assert tried.is_made
    assert "Traceback" not in tried.said
