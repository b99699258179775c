"""The state folder keeps nothing of previews that were killed and of projects that are gone."""

import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from demo import parts
from lsp_server.adapters.processes import this_process
from lsp_server.jobs import leftovers
from lsp_server.jobs.journal import Journal
from tests.support import holding
from tests.support.office import desk
from tests.support.projects import Project

_PREVIEW = """
import sys
from pathlib import Path
from lsp_server.jobs import leftovers
with leftovers.scratch(Path(sys.argv[1])) as folder:
    (folder / "file").touch()
    print(folder, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def journal(project: Project) -> Iterator[Journal]:
    with closing(Journal(holding.state_folder(project.tools) / "journal.sqlite3", this_process())) as opened:
        yield opened


def shadows(project: Project) -> Path:
    return holding.state_folder(project.tools) / "shadow"


def test_a_preview_whose_process_was_killed_stays_for_ever(project: Project, journal: Journal) -> None:
    started = [project.tools.start([sys.executable, "-c", _PREVIEW, shadows(project)], project.root) for _ in range(2)]
    killed, alive = (Path(each.stdout.readline().strip()) for each in started if each.stdout)
    started[0].send_signal(signal.SIGKILL)
    started[0].wait(10)
    (shadows(project) / "preview-of-an-older-version" / "tree").mkdir(parents=True)
    leftovers.remove(journal.path.parent, journal)
    assert not killed.exists()
    assert alive.exists(), "that one is at work"
    assert started[1].communicate("\n", timeout=20)[1] == ""
    leftovers.remove(journal.path.parent, journal)
    assert list(shadows(project).iterdir()) == []


@pytest.mark.parametrize("gone", ["folder", "manifest"])
def test_the_shadow_of_a_deleted_project_stays_for_ever(project: Project, journal: Journal, gone: str) -> None:
    other = parts.make_project(project.tools.base / "other" / "place", wheels=project.wheels).parent
    script = project.root / "script.py"
    script.write_text("print()\n")
    with desk(project) as jobs:
        jobs.done(jobs.add("alpha"))
    with desk(project, at=other) as jobs:
        jobs.done(jobs.add("alpha", manifest=other / "pyproject.toml"))
    with desk(project, script=script) as jobs:
        jobs.done(jobs.add("alpha", manifest=script, script=True))
    script.unlink()
    if gone == "folder":
        shutil.rmtree(other)
    else:
        (other / "pyproject.toml").unlink()
    mine = shadows(project) / holding.manifest_lock(project).stem
    assert len(list(shadows(project).iterdir())) == 3
    leftovers.remove(journal.path.parent, journal)
    assert list(shadows(project).iterdir()) == [mine], "the one whose project is there"
    assert [each.name for each in (journal.path.parent / "staged").iterdir()] == [mine.name]


def test_a_project_that_somebody_works_on_is_taken_for_a_deleted_one(project: Project, journal: Journal) -> None:
    shadow = shadows(project) / "gone-0123456789abcdef"
    shadow.mkdir(parents=True)
    leftovers.note(shadow, project.root / "never was")
    lock = journal.path.parent / "locks" / f"{shadow.name}.lock"
    with holding.held(project.tools, lock):
        leftovers.remove(journal.path.parent, journal)
        assert shadow.exists()
    leftovers.remove(journal.path.parent, journal)
    assert not shadow.exists()
    assert holding.is_free(project.tools, lock)


def test_what_a_change_needs_that_is_not_ended_goes_with_its_project(project: Project, journal: Journal) -> None:
    key = "gone-0123456789abcdef"
    for kind in ("shadow", "staged"):
        (journal.path.parent / kind / key).mkdir(parents=True)
    number = journal.prepare(key, ["one"], {project.manifest: b"a"}, {project.manifest: b"b"})
    leftovers.remove(journal.path.parent, journal)
    assert not (journal.path.parent / "shadow" / key).exists()
    assert (journal.path.parent / "staged" / key).exists(), "a mount may come back"
    journal.mark(number, "abandoned")
    (journal.path.parent / "shadow" / key).mkdir()
    leftovers.remove(journal.path.parent, journal)
    assert not (journal.path.parent / "staged" / key).exists()


def test_what_starts_leaves_them(project: Project) -> None:
    left = shadows(project) / "preview-left"
    left.mkdir(parents=True)
    with desk(project) as jobs:
        jobs.done(jobs.add("alpha"))  # a start looks, beside all else
        jobs.wait(lambda: not left.exists(), "the end of what was left")
