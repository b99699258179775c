"""Undo while an edit waits: it says what it takes back, and offers to cancel what is not made yet."""

from typing import Any

from tests.cli.test_command_line import run
from tests.conftest import Start
from tests.server.test_documents import add
from tests.support.client import NO_SYNC, Client
from tests.support.projects import Project


def waiting_edit(client: Client, project: Project) -> str:
    """An edit that waits for a sync which the caller holds."""
    waiting = add(client, project, "eta")
    client.wait_operation(waiting, "waiting")
    return waiting


def undo(client: Client, project: Project) -> str:
    return str(client.execute("pyproject.undo", {"uri": project.manifest.as_uri()})["id"])


def test_an_older_edit_is_taken_back_without_a_word_while_another_one_waits(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    asked: list[Any] = []

    def cancel(params: Any) -> Any:
        asked.append(params)
        return params["actions"][0]

    client.handlers["window/showMessageRequest"] = cancel
    client.wait_operation(add(client, project, "alpha"), "done")
    with project.held_sync():
        waiting = waiting_edit(client, project)
        undoing = undo(client, project)
        for each in (waiting, undoing):
            client.wait_operation(each, "cancelled")
    (question,) = asked
    assert "Undo 'Add alpha to dependencies' takes back what was made last" in question["message"]
    assert "'Add eta to dependencies' still waits" in question["message"]
    assert [action["title"] for action in question["actions"]] == ["Cancel Add eta to dependencies instead", "Undo"]
    assert '"alpha' in project.text()
    assert '"eta' not in project.text()


def test_who_wants_the_older_one_taken_back_gets_that(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.handlers["window/showMessageRequest"] = lambda params: params["actions"][1]
    client.wait_operation(add(client, project, "alpha"), "done")
    with project.held_sync():
        waiting = waiting_edit(client, project)
        undoing = undo(client, project)
    for each in (waiting, undoing):
        client.wait_operation(each, "done")
    assert '"alpha' not in project.text()
    assert '"eta' in project.text()


def test_where_nothing_is_made_yet_what_waits_is_named(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    with project.held_sync():
        waiting_edit(client, project)
        refused = run(project, "undo")
        assert refused.returncode == 2
        assert "'Add eta to dependencies' still waits: cancel that" in refused.stderr
