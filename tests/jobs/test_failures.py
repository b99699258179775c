"""What cannot be done fails alone, in uv's own words, and leaves every byte as it was."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo import parts
from lsp_server.core.intent import Add
from lsp_server.jobs.selection import Asked
from tests.support.office import Desk, desk
from tests.support.projects import MANY, Project


def texts(project: Project) -> tuple[bytes, bytes | None]:
    return project.manifest.read_bytes(), project.lock.read_bytes() if project.lock.exists() else None


@pytest.fixture
def locked(project: Project) -> Project:
    project.uv_ok("add", "alpha")
    return project


class TestWords:
    @pytest.mark.parametrize(
        ("requirement", "code", "words"),
        [
            ("nonesuch", "unresolvable", "nonesuch was not found"),
            ("delta>=5", "unresolvable", "delta>=5"),
            ("theta", "unresolvable", "theta depend on alpha<2"),
            ("kappa", "unresolvable", "requires Python >=3.99"),
            ("broken", "build-failed", parts.FAILURE),
            ("opaque", "build-failed", parts.FAILURE),
        ],
    )
    def test_a_plan_that_fails_says_why_and_changes_nothing(
        self, locked: Project, requirement: str, code: str, words: str
    ) -> None:
        before, had = texts(locked), locked.installed()
        with desk(locked) as jobs:
            said = jobs.failed(jobs.add(requirement), code)
        assert words in said
        assert "/tree/" not in said, "a path of the shadow is shown to a person"
        assert texts(locked) == before
        assert locked.installed() == had

    def test_removing_what_is_not_there(self, locked: Project) -> None:
        before = texts(locked)
        with desk(locked) as jobs:
            assert "zeta" in jobs.failed(jobs.ask("remove", packages=["zeta"]), "not-found")
        assert texts(locked) == before

    @pytest.mark.parametrize("argument", [{"groups": ["nosuch"]}, {"extras": ["nosuch"]}])
    def test_syncing_a_group_or_an_extra_that_does_not_exist(self, locked: Project, argument: dict[str, Any]) -> None:
        with desk(locked) as jobs:
            assert "no group or extra 'nosuch'" in jobs.failed(jobs.ask("sync", **argument), "not-found")

    def test_a_sync_that_fails_keeps_the_edit_and_can_be_undone(self, project: Project) -> None:
        # A package of the workspace itself is only built by the live sync.
        text = f"{project.text()}\n{parts.Backend(then='fail').toml()}"
        parts.make_package(project.root, "demo", "0.1.0")
        project.write(text)
        with desk(project) as jobs:
            operation = jobs.add("alpha")
            assert parts.FAILURE in jobs.failed(operation, "sync-failed")
            assert "alpha" in project.text()
            jobs.finish(jobs.ask("undo", id=operation.id))
        assert project.text() == text

    @pytest.mark.parametrize("torn", ["", "\n", "# the text begins\n", "[project]\nname = "])
    def test_a_text_that_may_be_half_of_one_is_looked_at_again_before_it_is_refused(self, project: Project, torn: str) -> None:
        asked = (Asked("1", Add(("alpha",)), project.manifest),)
        with desk(project) as jobs:
            jobs.done(jobs.ask("lock"))
            waits = jobs.worker._waits
            assert not waits.for_whole_text({project.manifest: project.manifest.read_bytes()}, asked, ())
            assert waits.for_whole_text({project.manifest: torn.encode()}, asked, ())
            end = time.monotonic() + 10
            while waits.for_whole_text({project.manifest: torn.encode()}, asked, ()):
                assert time.monotonic() < end, "what stays so is meant"

    def test_a_folder_of_temporary_files_that_is_gone_keeps_nobody_waiting(self, project: Project) -> None:
        project.uv_ok("sync")
        environment = {**project.tools.environment, "TMPDIR": str(project.root.parent / "gone")}
        with desk(replace(project, tools=replace(project.tools, environment=environment)), sync_after_edit=False) as jobs:
            jobs.done(jobs.add("alpha"))
        assert '"alpha>=2.0"' in project.text()

    def test_no_uv(self, project: Project) -> None:
        with desk(project, uv_path="/nowhere/uv") as jobs:
            assert "/nowhere/uv" in jobs.failed(jobs.add("alpha"), "no-uv")

    def test_nothing_is_started_in_a_workspace_that_is_not_trusted(self, project: Project) -> None:
        with desk(project, trusted=False) as jobs:
            jobs.failed(jobs.add("alpha"), "untrusted")
        assert "alpha" not in project.text()

    def test_a_turn_that_does_not_come_in_time(self, project: Project) -> None:
        with project.held_sync():
            before = project.text()
            with desk(project, lock_timeout=0.4) as jobs:
                said = jobs.failed(jobs.add("alpha"), "lock-timeout")
            assert "uv sync" in said
            assert project.text() == before


@pytest.fixture
def counted(project: Project) -> Path:
    """A uv that notes each of its runs in a file, one line each; it is the real one."""
    wrapper, log = project.tools.base / "counting" / "uv", project.tools.base / "counting" / "runs"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$1" >> "{log}"\nexec "{project.tools.uv}" "$@"\n')
    wrapper.chmod(0o755)
    log.touch()
    return wrapper


@pytest.mark.usefixtures("tools")
class TestGroups:
    def behind_a_sync(self, project: Project, uv: Path, requirements: list[str]) -> tuple[Desk, list[str], list[str]]:
        """Queue adds behind a gated sync, let it go; return what failed and the uv runs that it took."""
        log = uv.with_name("runs")
        with project.held_sync() as (gate, _), desk(project, uv_path=str(uv)) as jobs:
            # The one at the head holds the others together: they are planned as one group when it was planned.
            asked = [jobs.add(requirement) for requirement in requirements]
            jobs.wait(lambda: all(jobs.now(o).state in {"waiting", "failed"} for o in asked), "the plan")
            planned = log.read_text().split()
            gate.open()
            ended = jobs.finish(*asked)
            assert len(jobs.changes()) == 1
            failed = [o.argument["requirements"][0] for o in ended if o.state != "done"]
        project.uv_ok("lock", "--check")
        # The version is asked for once by each process, whatever is planned.
        runs = [*planned, *log.read_text().split()[len(planned) :]]
        return jobs, failed, [word for word in runs if word != "--version"]

    def test_twenty_adds_cost_one_resolution_one_commit_and_one_sync(self, project: Project, counted: Path) -> None:
        _, failed, runs = self.behind_a_sync(project, counted, list(MANY))
        assert not failed
        assert all(f'"{name}>=1.0"' in project.text() for name in MANY)
        assert set(MANY) <= project.installed().keys()
        assert runs == ["add", "sync"]

    @pytest.mark.parametrize("culprit", ["nonesuch", "broken"])
    def test_one_of_twenty_fails_alone(self, project: Project, counted: Path, culprit: str) -> None:
        wanted = [*MANY[:12], culprit, *MANY[12:19]]
        _, failed, runs = self.behind_a_sync(project, counted, wanted)
        assert failed == [culprit]
        assert culprit not in project.text()
        assert all(f'"{name}>=1.0"' in project.text() for name in MANY[:19])
        assert len(runs) < 30, runs  # halving: about 2 log2(20) resolutions, not 20

    def test_two_that_exclude_each_other(self, project: Project, counted: Path) -> None:
        _, failed, _ = self.behind_a_sync(project, counted, ["eta", "iota", "theta", "zeta"])
        assert failed == ["theta"], "who came first stays"
        assert "iota" in project.text()
