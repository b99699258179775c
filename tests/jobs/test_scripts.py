"""PEP 723 scripts: the block is edited, the body never, and each script is a queue of its own."""

from pathlib import Path

import pytest

from tests.support import projects
from tests.support.office import desk
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


def test_an_add_can_be_undone(project: Project, script: Path) -> None:
    with desk(project, script=script) as jobs:
        before = script.read_bytes()
        (done,) = jobs.done(jobs.ask("add", uri=script.as_uri(), requirements=["alpha"], script=True))
        jobs.done(jobs.ask("undo", uri=script.as_uri(), id=done.id))
    assert script.read_bytes() == before
