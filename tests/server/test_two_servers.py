"""Two servers on one project show one queue; what one of them leaves behind when it is killed, the other offers."""

import os
from dataclasses import replace
from typing import Any

import pytest

from lsp_server.core.operation import Operation, Origin
from lsp_server.server import commands
from tests.conftest import Start
from tests.server.test_documents import add
from tests.support.client import DEFER, DELETE, NO_SYNC, Client
from tests.support.holding import state_folder
from tests.support.projects import Project
from tests.support.stopping import stopped


def status(client: Client, project: Project) -> dict[str, Any]:
    return dict(client.execute("pyproject.status", {"uri": project.manifest.as_uri()}))


def questions(client: Client) -> list[Any]:
    return [m.params for m in client.received if m.method == "window/showMessageRequest"]


def test_both_show_one_queue_in_one_order(start: Start, project: Project) -> None:
    with project.held_sync():
        one, two = start(initialization_options=NO_SYNC), start(initialization_options=NO_SYNC)
        first = add(one, project, "alpha")
        one.wait_operation(first, "waiting")
        two.open(project.manifest)
        second = add(two, project, "delta")
        two.wait_for(
            lambda m: m.method == "pyproject/status" and [o["id"] for o in m.params["operations"]] == [first, second],
            description="both operations in the other server's status",
        )
        behind = two.wait_for(
            lambda m: m.method == "pyproject/status" and any(o["id"] == second and o["blockedBy"] for o in m.params["operations"])
        )
        blocked = next(o["blockedBy"] for o in behind.params["operations"] if o["id"] == second)
        assert (blocked["lock"], blocked["pid"]) == ("manifest", one.pid)
        seen, same = status(one, project), status(two, project)
        assert [o["id"] for o in seen["operations"]] == [o["id"] for o in same["operations"]] == [first, second]
        assert [o["position"] for o in seen["operations"]] == [0, 1]
        assert [o["can"] for o in seen["operations"]] == [o["can"] for o in same["operations"]] == [["cancel"], ["cancel"]]
        assert [o["origin"]["pid"] for o in seen["operations"]] == [one.pid, two.pid]
    one.wait_operation(first, "done")
    two.wait_operation(second, {"done", "needsSave"})
    assert {m.params["token"] for m in two.received if m.method == "$/progress"} == {second}


def test_either_cancels_what_the_other_has_and_is_told_when_that_does_not_answer(start: Start, project: Project) -> None:
    with project.held_sync():
        one, two = start(initialization_options=NO_SYNC), start(initialization_options=NO_SYNC)
        first, second = add(one, project, "alpha"), add(one, project, "delta")
        one.wait_operation(second, "waiting")
        assert two.execute("pyproject.cancel", {"id": first}) == {"cancelled": True}
        assert one.wait_operation(first, "cancelled")["message"] == "cancelled; nothing was changed"
        with stopped(one.pid, state_folder(project.tools)):
            assert two.execute("pyproject.cancel", {"id": second}) == {"cancelled": False}
        said = two.wait_for_method("window/showMessage").params["message"]
        assert said == (
            f"'Add delta to dependencies' is not cancelled: the process that has it (test-client, pid {one.pid})"
            " does not answer; end that, or try again"
        )
    one.wait_operation(second, "done")
    assert "alpha" not in project.text()


def test_what_is_being_committed_is_said_to_be_made(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    done = client.wait_operation(add(client, project, "alpha"), "done")
    assert client.execute("pyproject.cancel", {"id": done["id"]}) == {"cancelled": False}
    assert not [m for m in client.received if m.method == "window/showMessage"], "everybody sees that it is done"
    waiting = Operation("1", 1, "p", "file:///p", "", {}, "add", "Add a", "waiting", Origin("an editor", 1), "")
    assert "(an editor, pid 1) does not answer" in commands.not_cancelled(waiting)
    ours = replace(waiting, origin=Origin("an editor", os.getpid()))  # claimed for the commit, which is written after it
    for made in (replace(waiting, state="committing"), ours):
        assert "its edit is made already; undo takes it back" in commands.not_cancelled(made)


def test_a_failure_is_shown_by_the_server_that_was_asked_and_not_by_the_other(start: Start, project: Project) -> None:
    one, two = start(initialization_options=NO_SYNC), start(initialization_options=NO_SYNC)
    two.open(project.manifest)
    failed = add(one, project, "sigma")
    one.wait_operation(failed, "failed")
    two.wait_operation(failed, "failed")
    status(two, project)
    assert [m for m in one.received if m.method == "window/showMessage"]
    assert not [m for m in two.received if m.method == "window/showMessage"]


@pytest.mark.parametrize("when", ["beside", "after"])
@pytest.mark.parametrize("choice", ["Run again", "Discard"])
def test_the_edit_of_a_killed_server_is_offered_again(start: Start, project: Project, when: str, choice: str) -> None:
    with project.held_sync():
        victim = start(initialization_options=NO_SYNC, expect_exit=None)
        operation = add(victim, project, "alpha")
        victim.wait_operation(operation, "waiting")
        if when == "beside":
            follower = start(initialization_options=NO_SYNC)
            follower.choice = choice
            follower.open(project.manifest)
            follower.wait_operation(operation, "waiting")
            victim.kill()
        else:
            victim.kill()
            follower = start(initialization_options=NO_SYNC)
            follower.choice = choice
            follower.open(project.manifest)
        failed = follower.wait_operation(operation, "failed")
        assert failed["error"]["code"] == "interrupted"
        assert f"pid {victim.pid}" in failed["error"]["message"]
        follower.wait_for_method("window/showMessageRequest")
        assert [action["title"] for action in questions(follower)[0]["actions"]] == ["Run again", "Discard"]
        assert "'Add alpha to dependencies'" in questions(follower)[0]["message"]
    if choice == "Run again":
        follower.wait_for(
            lambda m: m.method == "pyproject/status" and [o["state"] for o in m.params["operations"]] == ["done"],
            30,
            "the edit of the other server, done",
        )
        (done,) = status(follower, project)["operations"]
        assert done["origin"] == {"client": "test-client", "pid": follower.pid}
        assert '"alpha>=2.0"' in project.text()
    else:
        follower.wait_operation(add(follower, project, "delta"), "done")
        assert "alpha" not in project.text()
        assert follower.operations()[operation]["state"] == "failed", "it can still be retried"
    assert len(questions(follower)) == 1, "asked once"


def test_nothing_waits_for_the_answer_to_that_question(start: Start, project: Project) -> None:
    with project.held_sync():
        victim = start(initialization_options=NO_SYNC, expect_exit=None)
        operation = add(victim, project, "alpha")
        victim.wait_operation(operation, "waiting")
        victim.kill()
        follower = start(initialization_options=NO_SYNC)
        follower.handlers["window/showMessageRequest"] = lambda _params: DEFER
        follower.open(project.manifest)
        follower.wait_for_method("window/showMessageRequest")
    follower.wait_operation(add(follower, project, "delta"), "done")
    mark = follower.mark()
    follower.execute("pyproject.retry", {"id": operation})
    follower.wait_operation(operation, "done", after=mark)
    assert all(name in project.text() for name in ("alpha", "delta"))


def test_a_client_that_cannot_be_asked_is_told_how_to_run_it_again(start: Start, project: Project) -> None:
    with project.held_sync():
        victim = start(initialization_options=NO_SYNC, expect_exit=None)
        victim.wait_operation(add(victim, project, "alpha"), "waiting")
        victim.kill()
        follower = start(initialization_options=NO_SYNC, capabilities={"window": {"showMessage": DELETE}})
        follower.open(project.manifest)
        said = follower.wait_for_method("window/showMessage")
        assert "pyproject.retry" in said.params["message"]
        assert not questions(follower)
