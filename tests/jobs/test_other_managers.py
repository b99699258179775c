"""Projects of other managers: refused by name, with what to do; nothing of theirs or ours is written."""

import pytest

from tests.support.client import Client
from tests.support.office import desk
from tests.support.projects import Project


@pytest.mark.parametrize(("file", "whose"), [("pdm.lock", "PDM"), ("poetry.lock", "Poetry"), ("Pipfile", "Pipenv")])
@pytest.mark.parametrize("command", ["add", "sync"])
def test_a_project_of_another_manager_is_not_edited(project: Project, file: str, whose: str, command: str) -> None:
    (project.root / file).write_text("")
    text = project.text().partition("[tool.uv]")[0]
    project.write(text)
    with desk(project) as jobs:
        asked = jobs.add("alpha") if command == "add" else jobs.ask(command)
        said = jobs.failed(asked, "other-manager")
    assert whose in said
    assert file in said
    assert project.text() == text
    assert not project.lock.exists()


def test_the_setting_makes_it_ours(project: Project, wheels: object) -> None:
    (project.root / "pdm.lock").write_text("")
    text = project.text()
    project.write(text.partition("[tool.uv]")[0])
    (project.root / "uv.toml").write_text(text.partition("[tool.uv]\n")[2])
    with desk(project, manager="uv") as jobs:
        jobs.done(jobs.add("alpha"))
    assert "alpha" in project.text()
    del wheels


def test_a_section_of_uv_makes_it_ours(project: Project) -> None:
    (project.root / "pdm.lock").write_text("")
    with desk(project) as jobs:
        jobs.done(jobs.add("alpha"))


def test_nothing_of_uv_is_offered_there(client: Client, project: Project) -> None:
    text = project.text()
    (project.root / "poetry.lock").write_text("")
    project.write(text.partition("[tool.uv]")[0])
    client.open(project.manifest)
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 5, "character": 0}}
    asked = {"textDocument": {"uri": project.manifest.as_uri()}, "range": everything, "context": {"diagnostics": []}}
    assert client.request("textDocument/codeAction", asked) == []
    assert client.request("textDocument/codeLens", {"textDocument": {"uri": project.manifest.as_uri()}}) == []
    client.type(project.manifest, text)  # with [tool.uv] it is ours
    assert client.request("textDocument/codeAction", asked)


def test_two_managers_are_said_once(client: Client, project: Project) -> None:
    (project.root / "poetry.lock").write_text("")
    client.open(project.manifest)
    said = client.wait_for(lambda message: "more than one manager" in str(message.params), description="the doubt")
    assert "poetry.lock" in said.params["message"]
    client.close(project.manifest)
    client.open(project.manifest)
    client.request("textDocument/codeLens", {"textDocument": {"uri": project.manifest.as_uri()}})
    told = [one for one in client.wire.transcript if "more than one manager" in str(one.params)]
    assert len(told) == 1
