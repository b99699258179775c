"""A power cut in the middle of a commit: whatever the disk had by then, the manifest and uv.lock are a pair afterwards.

What a disk may lose is what was not synced (the method of ALICE, Pillai et al., OSDI 2014). The order of writes, syncs and
renames of one commit is recorded; then every loss that this order allows is laid out, and a new server looks at it.
"""

import os
import sqlite3
import sys
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from lsp_server.adapters import exchange, files
from lsp_server.adapters.processes import ProcessId
from lsp_server.jobs.database import Database
from lsp_server.jobs.journal import Journal
from tests.jobs.test_crash import KILLED_AT, lies_about
from tests.support.clerk import clerk
from tests.support.office import desk
from tests.support.projects import Project

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is recorded is named by Linux")


def recorded(project: Project, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What one add does to disks, in its order: each event and the file that it is about."""
    events: list[str] = []

    def name(path: str) -> str:
        known = {
            project.manifest: "manifest",
            project.lock: "lock",
            project.root: "project",
            project.tools.base / "state": "state",
        }
        return known.get(Path(path), "staged" if path.endswith(files.TEMPORARY_SUFFIX) else "other")

    def fsync(descriptor: int) -> None:
        events.append(f"sync {name(str(Path(f'/proc/self/fd/{descriptor}').readlink()))}")
        real_fsync(descriptor)

    def exchanged(one: Path, other: Path) -> bool:
        events.append(f"exchange {name(str(other))}")
        return exchange.exchange(one, other)

    def unlink(path: Path, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002  as Path has it
        events.append(f"unlink {name(str(path))}")
        real_unlink(path, missing_ok=missing_ok)

    def connected(self: Database) -> sqlite3.Connection:
        made = real_connect(self)
        made.set_trace_callback(lambda statement: events.append(" ".join(statement.split()[:4])))
        return made

    real_fsync, real_unlink, real_connect = os.fsync, Path.unlink, Database._connect
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(files, "exchange", exchanged)
    monkeypatch.setattr(Path, "unlink", unlink)
    monkeypatch.setattr(Database, "_connect", connected)
    with desk(project, sync_after_edit=False) as jobs:
        jobs.done(jobs.add("alpha"))
    return events


def test_something_is_on_the_disk_before_what_it_depends_on(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.uv_ok("lock")
    events = recorded(project, monkeypatch)

    def at(event: str, start: int = 0) -> int:
        assert event in events[start:], events
        return events.index(event, start)

    planned = at("PRAGMA synchronous = FULL")
    written = at("COMMIT", planned)
    named = at("sync state", written)
    manifest = at("exchange manifest")
    lock = at("exchange lock")
    staged = [number for number, event in enumerate(events) if event == "sync staged" and number < manifest]
    assert len(staged) == 2, "the new texts, before one of them becomes a file"
    assert planned < written < named < manifest < lock
    folder = at("sync project", lock)
    assert folder < at("unlink staged", manifest), "the old file goes when the new one has its name for good"
    assert folder < at("UPDATE change SET state", lock), "a change counts when it is there for good"


def test_a_manifest_that_is_taken_away_comes_back(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(files, "sync_folder", synced.append)
    files.replace(project.lock, None)
    assert synced == [project.root]


@pytest.mark.parametrize("losses", list(product([False, True], repeat=3)), ids=str)
def test_what_is_left_is_no_pair(project: Project, losses: tuple[bool, bool, bool]) -> None:
    """From the prepared change on, each of the two exchanges may be on the disk or not, and the staged files with them."""
    project.uv_ok("lock")
    before = (project.text(), project.lock_text())
    other = clerk(project, KILLED_AT.format(before=1, after=99))
    other.ask("add", requirements=["alpha"])
    other.wait(lambda: other.gone, "its death")
    with closing(Journal(project.tools.base / "state" / "journal.sqlite3", ProcessId(0, ""))) as journal:
        (change,) = journal.prepared()
    for path, is_lost in zip((project.manifest, project.lock), losses[:2], strict=True):
        text: Any = change.before[path] if is_lost else change.after[path]
        path.write_bytes(text)
    if losses[2]:
        for staged in (project.tools.base / "state").rglob(f"*{files.TEMPORARY_SUFFIX}"):
            staged.unlink()
    with desk(project) as jobs:
        jobs.finish(jobs.ask("lock"))
    found = (project.text(), project.lock_text())
    assert found in (before, ('"alpha' in project.text() and project.text(), project.lock_text()))
    assert project.uv("lock", "--check").returncode == 0
    assert ("alpha" in found[0]) == ('name = "alpha"' in found[1]) == (losses[:2] != (True, True))
    assert not lies_about(project)
