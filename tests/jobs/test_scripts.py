"""PEP 723 scripts: the block is edited, the body never, and each script is a queue of its own."""

import os
from pathlib import Path
from typing import Any

import pytest

from demo import parts
from tests.support import projects
from tests.support.office import Papers, desk
from tests.support.projects import Project, Tools


@pytest.fixture
def script(tools: Tools, wheels: Path) -> Path:
    return projects.script(tools, wheels, ["delta"])


def test_packages_are_added_and_removed_in_the_block(project: Project, script: Path) -> None:
    body = script.read_text("utf-8").split("# ///\n")[-1]
    with desk(project, script=script) as jobs:
        uri = script.as_uri()
        jobs.done(jobs.ask("add", uri=uri, requirements=["alpha", "eta<2"], script=True))
        assert '#     "alpha>=2.0",' in script.read_text("utf-8")
        jobs.done(jobs.ask("remove", uri=uri, packages=["delta"], script=True))
    text = script.read_text("utf-8")
    assert '"eta<2"' in text
    assert "delta" not in text
    assert text.endswith(body)
    assert project.uv_ok("run", script, folder=script.parent).stdout.strip() == "ok"


def test_line_ends_mode_and_text_beyond_ascii_stay(project: Project, script: Path) -> None:
    text = "#!/usr/bin/env python\n" + script.read_text("utf-8") + "# Größe \u2028 日本\n"
    script.write_bytes(text.replace("\n", "\r\n").encode())
    script.chmod(0o750)
    with desk(project, script=script) as jobs:
        jobs.done(jobs.ask("add", uri=script.as_uri(), requirements=["alpha"], script=True))
    after = script.read_bytes().decode()
    assert after.count("\n") == after.count("\r\n")
    assert after.endswith("# Größe \u2028 日本\r\n")
    assert script.stat().st_mode & 0o777 == 0o750
    assert '"alpha>=2.0"' in after


def test_what_cannot_be_resolved_leaves_it_as_it_was(project: Project, script: Path) -> None:
    before = script.read_bytes()
    with desk(project, script=script) as jobs:
        jobs.failed(jobs.ask("add", uri=script.as_uri(), requirements=["nonesuch"], script=True), "unresolvable")
    assert script.read_bytes() == before


@pytest.mark.parametrize("command", ["add", "upgrade"])
def test_a_script_that_is_not_utf8_is_refused_and_keeps_its_bytes(project: Project, script: Path, command: str) -> None:
    script.write_bytes(b"# -*- coding: latin-1 -*-\n" + script.read_bytes() + b"name = '\xe9'\n")
    before = script.read_bytes()
    argument: dict[str, Any] = {"requirements": ["beta"]} if command == "add" else {"all": True}
    with desk(project, script=script) as jobs:
        assert "UTF-8" in jobs.failed(jobs.ask(command, uri=script.as_uri(), script=True, **argument), "invalid-toml")
    assert script.read_bytes() == before


def test_an_add_can_be_undone(project: Project, script: Path) -> None:
    with desk(project, script=script) as jobs:
        before = script.read_bytes()
        (done,) = jobs.done(jobs.ask("add", uri=script.as_uri(), requirements=["alpha"], script=True))
        jobs.done(jobs.ask("undo", uri=script.as_uri(), id=done.id))
    assert script.read_bytes() == before


class TestUpgrade:
    LISTED = ("alpha>=1.0,<2", "delta==1.0", "epsilon[fast]<2", "eta<1.1;python_version>'3'")

    def upgraded(self, project: Project, script: Path, **argument: Any) -> str:
        with desk(project, script=script) as jobs:
            jobs.done(jobs.ask("upgrade", uri=script.as_uri(), script=True, **argument))
        assert project.uv_ok("run", "--script", script, folder=script.parent).stdout.strip() == "ok"
        return script.read_text("utf-8")

    def test_the_bounds_of_all_are_not_raised_as_those_of_a_manifest(self, project: Project, tools: Tools, wheels: Path) -> None:
        script = projects.script(tools, wheels, self.LISTED)
        before = script.read_text("utf-8")
        after = self.upgraded(project, script, all=True)
        expected = before.replace("alpha>=1.0,<2", "alpha>=2.0,<3").replace("delta==1.0", "delta==1.1")
        assert after == expected.replace("eta<1.1;", "eta<2.1;")
        assert not script.with_name("script.py.lock").exists()

    def test_another_package_than_the_named_one_is_upgraded(self, project: Project, tools: Tools, wheels: Path) -> None:
        script = projects.script(tools, wheels, self.LISTED)
        project.uv_ok("lock", "--script", script, folder=script.parent)
        before = script.read_text("utf-8")
        assert self.upgraded(project, script, packages=["delta"]) == before.replace("delta==1.0", "delta==1.1")
        lock = script.with_name("script.py.lock").read_text("utf-8")
        assert 'name = "delta"\nversion = "1.1"' in lock
        assert 'name = "alpha"\nversion = "1.1"' in lock

    def test_the_settings_of_the_folder_are_not_those_of_a_script(self, project: Project) -> None:
        project.write(project.text() + '[tool.uv.workspace]\nmembers = ["*"]\n')
        parts.make_package(project.root / "member", "member", "1.0")
        script = project.root / "tool.py"
        script.write_text('# /// script\n# dependencies = ["alpha<2"]\n# ///\nprint("ok")\n', "utf-8")
        assert '["alpha<3"]' in self.upgraded(project, script, all=True)

    def test_paths_in_its_settings_mean_something_else(self, project: Project, tools: Tools, wheels: Path) -> None:
        script = projects.script(tools, wheels, ["alpha<2"])
        beside = os.path.relpath(wheels, script.parent).replace(os.sep, "/")
        script.write_text(script.read_text("utf-8").replace(wheels.as_posix(), beside), "utf-8")
        parts.write(script.with_name("pyproject.toml"), "[project]\nname = 'x'\nversion = '1'\n")
        parts.write(script.with_name("uv.toml"), "offline = true\n")
        assert '["alpha<3"]' in self.upgraded(project, script, packages=["alpha"])

    @pytest.mark.parametrize(
        ("listed", "packages", "code", "said"),
        [
            (["alpha<2"], ["zeta"], "not-found", "zeta is not in the metadata of"),
            (["alpha<2", "nonesuch"], ["alpha"], "unresolvable", "nonesuch"),
        ],
    )
    def test_what_cannot_be_upgraded_changes_it(  # noqa: PLR0917  two parts and a table
        self, project: Project, tools: Tools, wheels: Path, listed: list[str], packages: list[str], code: str, said: str
    ) -> None:
        script = projects.script(tools, wheels, listed)
        before = script.read_bytes()
        with desk(project, script=script) as jobs:
            assert said in jobs.failed(jobs.ask("upgrade", uri=script.as_uri(), script=True, packages=packages), code)
        assert script.read_bytes() == before

    def test_a_broken_block_is_not_shown_at_its_place(self, project: Project, script: Path) -> None:
        script.write_text("#!/usr/bin/env python\n# /// script\n# dependencies = [\n# ///\nprint(1)\n", "utf-8")
        with desk(project, script=script) as jobs:
            said = jobs.failed(jobs.ask("upgrade", uri=script.as_uri(), script=True, all=True), "invalid-toml")
        assert f"{script}:3:" in said

    def test_a_body_edit_made_meanwhile_is_lost(self, project: Project, tools: Tools, wheels: Path) -> None:
        script = projects.script(tools, wheels, ["alpha<2"])
        before = script.read_text("utf-8")
        papers = Papers()
        papers.show(script, before + "# typed\n")
        with desk(project, papers, script=script) as jobs:
            operation = jobs.ask("upgrade", uri=script.as_uri(), script=True, all=True)
            jobs.until(operation, "needsSave")
            jobs.save(papers.open[script].text + "# and more\n", script)
            jobs.done(operation)
        assert script.read_text("utf-8") == before.replace("<2", "<3") + "# typed\n# and more\n"
        assert not script.with_name("script.py.lock").exists()

    def test_it_cannot_be_undone_or_leaves_a_lock_file(self, project: Project, tools: Tools, wheels: Path) -> None:
        script = projects.script(tools, wheels, ["alpha<2"])
        before = script.read_text("utf-8")
        with desk(project, script=script) as jobs:
            (done,) = jobs.done(jobs.ask("upgrade", uri=script.as_uri(), script=True, all=True))
            script.write_text(script.read_text("utf-8") + "# later\n", "utf-8")
            jobs.done(jobs.ask("undo", uri=script.as_uri(), id=done.id))
        assert script.read_text("utf-8") == before + "# later\n"
        assert not script.with_name("script.py.lock").exists()


@pytest.mark.parametrize("dependencies", [["delta"], []])
def test_undo_of_a_lock_file_that_was_made_says_nothing_of_its_removal(
    project: Project, tools: Tools, wheels: Path, dependencies: list[str]
) -> None:
    script = projects.script(tools, wheels, dependencies)
    lock = script.with_name("script.py.lock")
    with desk(project, script=script) as jobs:
        (made,) = jobs.done(jobs.ask("lock", uri=script.as_uri(), script=True))
        assert lock.exists()
        assert made.message.startswith("script.py.lock made")
        (undone,) = jobs.done(jobs.ask("undo", uri=script.as_uri(), id=made.id))
    assert not lock.exists()
    assert undone.message == "script.py.lock removed"
