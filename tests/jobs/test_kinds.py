"""Each kind of operation: what it makes of the manifest, the lock and the environment, and how it is taken back."""

from typing import Any

import pytest

from demo import parts
from tests.support.office import Desk, desk
from tests.support.projects import Project


def is_consistent(project: Project) -> None:
    project.uv_ok("lock", "--check")
    project.uv_ok("sync", "--check", "--inexact")


def written(project: Project, text: str) -> str:
    """Write a manifest that begins with `text` and finds the packages of the tests; return it whole."""
    tail = f'\n[tool.uv]\nno-index = true\nfind-links = ["{project.wheels.as_posix()}"]\n'
    project.write(text + tail)
    return text + tail


TO_DEV: dict[str, Any] = {"from": {}, "to": {"group": "dev"}}
TO_MORE: dict[str, Any] = {"from": {}, "to": {"extra": "more"}}
HEAD = '[project]\nname = "demo"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'


class TestMove:
    def test_bounds_extras_markers_and_sources_move_along(self, project: Project) -> None:
        parts.make_package(project.root.parent / "lib", "lib", "1.0")
        text = HEAD + 'dependencies = [\n    "epsilon[fast]>=1.0,<3 ; python_version >= \'3.9\'",\n    "lib",\n]\n'
        project.write(written(project, text) + '\n[tool.uv.sources]\nlib = { path = "../lib" }\n')
        with desk(project) as jobs:
            jobs.done(
                jobs.ask("move", package="epsilon", **TO_DEV),
                jobs.ask("move", package="lib", **TO_MORE),
            )
        after = project.text()
        assert 'lib = { path = "../lib" }' in after
        assert "dependencies = []" in after
        assert 'more = [\n    "lib",\n]' in after
        moved = after.split("[dependency-groups]")[1]
        assert "epsilon[fast]" in moved
        assert ">=1.0,<3" in moved
        assert "python_version >= '3.9'" in moved
        is_consistent(project)

    def test_what_is_not_there_cannot_be_moved(self, project: Project) -> None:
        before = project.text()
        with desk(project) as jobs:
            jobs.failed(jobs.ask("move", package="alpha", **TO_DEV), "not-found")
        assert project.text() == before


class TestUpgrade:
    TEXT = (
        HEAD + 'dependencies = [\n    "alpha>=1.0,<2",  # why\n    "delta==1.0",\n]\n'
        '\n[project.optional-dependencies]\nfast = ["eta>=1.0,<1.1", "demo[slow]"]\nslow = []\n'
        '\n[dependency-groups]\ndev = [\'beta>=1.0,<2\', "zeta"]\nlint = [{ include-group = "dev" }]\n'
    )

    def upgraded(self, project: Project, **argument: Any) -> str:
        written(project, self.TEXT)
        project.uv_ok("lock")
        with desk(project) as jobs:
            jobs.done(jobs.ask("upgrade", **argument))
        is_consistent(project)
        return project.text()

    def test_one_runtime_dependency(self, project: Project) -> None:
        assert self.upgraded(project, packages=["delta"]).startswith(self.TEXT.replace("delta==1.0", "delta==1.1"))
        assert 'name = "delta"\nversion = "1.1"' in project.lock_text()

    def test_one_in_an_extra(self, project: Project) -> None:
        after = self.upgraded(project, packages=["eta"])
        assert after.startswith(self.TEXT.replace("eta>=1.0,<1.1", "eta>=2.0,<2.1"))
        assert 'name = "eta"\nversion = "2.0"' in project.lock_text()

    def test_all_of_them(self, project: Project) -> None:
        after = self.upgraded(project, all=True)
        expected = self.TEXT.replace("delta==1.0", "delta==1.1").replace("alpha>=1.0,<2", "alpha>=2.0,<3")
        expected = expected.replace("eta>=1.0,<1.1", "eta>=2.0,<2.1").replace("'beta>=1.0,<2'", "'beta>=2.0,<3'")
        assert after.startswith(expected)

    def test_one_that_nobody_has(self, project: Project) -> None:
        with desk(project) as jobs:
            assert "zeta is not in" in jobs.failed(jobs.ask("upgrade", packages=["zeta"]), "not-found")


@pytest.mark.parametrize("part", ["major", "minor", "patch", "post", "alpha", "stable"])
def test_each_bump_is_uvs_own(project: Project, part: str) -> None:
    start = {"alpha": "1.2.3a1", "stable": "1.2.3rc2"}.get(part, "1.2.3")
    project.write(project.text().replace("0.1.0", start))
    real = project.uv_ok("version", "--bump", part, "--dry-run", "--short", "--frozen").stdout.strip()
    with desk(project) as jobs:
        jobs.done(jobs.ask("bumpVersion", bump=part))
    assert f'version = "{real}"' in project.text()
    assert f'version = "{real}"' in project.lock_text()


def test_a_bump_that_uv_refuses_says_why_and_changes_nothing(project: Project) -> None:
    before = project.text()
    with desk(project) as jobs:
        assert "didn't increase the version" in jobs.failed(jobs.ask("bumpVersion", bump="alpha"), "uv-failed")
    assert project.text() == before


class TestUndo:
    def undo(self, jobs: Desk, **argument: Any) -> None:
        jobs.done(jobs.ask("undo", **argument))

    @pytest.mark.parametrize(
        ("command", "argument"),
        [
            ("add", {"requirements": ["zeta"], "group": "dev"}),
            ("remove", {"packages": ["alpha"]}),
            ("bumpVersion", {"bump": "major"}),
            ("move", {"package": "alpha", "from": {}, "to": {"group": "dev"}}),
            ("upgrade", {"packages": ["delta"]}),
        ],
    )
    def test_each_kind_gives_back_both_files_and_the_environment(
        self, project: Project, command: str, argument: dict[str, Any]
    ) -> None:
        written(project, HEAD + 'dependencies = [\n    "alpha<2",  # one\n    "delta==1.0",\n]\n')
        project.uv_ok("sync")
        before, locked, had = project.text(), project.lock_text(), project.installed()
        with desk(project) as jobs:
            (done,) = jobs.done(jobs.ask(command, **argument))
            assert project.text() != before
            self.undo(jobs, id=done.id)
        assert project.text() == before
        assert project.lock_text() == locked
        assert project.installed() == had

    def test_after_a_restart_and_later_edits_of_others(self, project: Project) -> None:
        with desk(project) as jobs:
            (first,) = jobs.done(jobs.add("alpha"))
        project.uv_ok("add", "eta")
        project.write(project.text().replace("[project]", "# mine\n[project]"))
        with desk(project) as jobs:
            self.undo(jobs, id=first.id)
        assert project.text().startswith("# mine\n")
        assert "eta" in project.text()
        assert "alpha" not in project.text()
        assert project.installed() == {"eta": "2.0"}
        is_consistent(project)

    def test_one_of_several_that_were_committed_together(self, project: Project) -> None:
        with project.held_sync() as (gate, _), desk(project) as jobs:
            asked = [jobs.add("alpha"), jobs.add("eta"), jobs.ask("bumpVersion", bump="major"), jobs.add("zeta")]
            for operation in asked:
                jobs.until(operation, "waiting")
            gate.open()
            jobs.done(*asked)
            self.undo(jobs, id=asked[1].id)
            assert '"eta' not in project.text()
            assert "eta" not in project.installed()
            self.undo(jobs, id=asked[2].id)
        assert 'version = "0.1.0"' in project.text()
        assert "alpha" in project.text()
        assert "zeta" in project.text()
        is_consistent(project)

    def test_the_last_one_then_the_one_before(self, project: Project) -> None:
        with desk(project) as jobs:
            jobs.done(jobs.add("alpha"))
            jobs.done(jobs.add("eta"))
            self.undo(jobs)
            assert '"eta' not in project.text()
            self.undo(jobs)
        assert "alpha" not in project.text()

    def test_a_conflict_changes_nothing_and_shows_the_place(self, project: Project) -> None:
        with desk(project) as jobs:
            (done,) = jobs.done(jobs.ask("bumpVersion", bump="major"))
            project.write(project.text().replace('"1.0.0"', '"5.0.0"'))
            before = project.text()
            said = jobs.failed(jobs.ask("undo", id=done.id), "conflict")
        assert "5.0.0" in said
        assert project.text() == before

    def test_in_a_file_with_crlf(self, project: Project) -> None:
        project.manifest.write_bytes(project.text().replace("\n", "\r\n").encode())
        before = project.manifest.read_bytes()
        with desk(project) as jobs:
            (done,) = jobs.done(jobs.add("alpha"))
            jobs.done(jobs.ask("bumpVersion", bump="major"))
            self.undo(jobs, id=done.id)
        assert project.manifest.read_bytes() == before.replace(b"0.1.0", b"1.0.0")


def test_a_failed_operation_succeeds_when_it_is_retried(project: Project) -> None:
    with desk(project) as jobs:
        operation = jobs.add("later")
        jobs.failed(operation, "unresolvable")
        extra = project.tools.base / "extra"
        parts.make_wheel(extra, "later", "1.0")
        project.write(project.text().replace("find-links = [", f'find-links = ["{extra.as_posix()}", '))
        jobs.worker.retry(jobs.now(operation))
        jobs.done(operation)
        assert jobs.now(operation).failure is None
    assert "later" in project.text()
    is_consistent(project)


def test_lock_and_sync_bring_up_to_date_what_a_person_wrote(project: Project) -> None:
    project.write(project.text().replace("dependencies = []", 'dependencies = ["alpha"]'))
    with desk(project) as jobs:
        jobs.done(jobs.ask("lock"))
        assert not project.venv.exists()
        project.uv_ok("lock", "--check")
        jobs.done(jobs.ask("sync"))
    assert project.installed() == {"alpha": "2.0"}


def test_what_the_sync_would_refuse_is_refused_before_anything_changed(project: Project) -> None:
    groups = '\n[dependency-groups]\ndev = ["eta"]\nother = ["delta"]\n'
    project.write(project.text() + groups)
    project.write(project.text().replace("[tool.uv]\n", '[tool.uv]\nconflicts = [[{ group = "dev" }, { group = "other" }]]\n'))
    project.uv_ok("lock")
    before, lock = project.text(), project.lock_text()
    refused = project.uv("add", "--group", "other", "alpha")
    assert refused.returncode != 0
    assert project.text() == before, "uv puts it back"
    with desk(project) as jobs:
        assert "incompatible" in jobs.failed(jobs.add("alpha", group="other"), "conflict")
        assert (project.text(), project.lock_text()) == (before, lock)
        jobs.done(jobs.add("alpha", group="dev"))
    assert "alpha" in project.installed()
