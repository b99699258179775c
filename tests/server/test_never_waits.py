"""No request waits: not for a lock, not for a process, not for the journal. Shown by what is still held, not by time."""

from typing import Any

import pytest

from demo import parts
from tests.conftest import Start
from tests.server.test_documents import add
from tests.support.client import DEFER, NO_SYNC, Client, ResponseError
from tests.support.holding import held, journal_held, manifest_lock
from tests.support.projects import Project


def ask_all(client: Client, project: Project) -> None:
    """What an editor asks for while a person types, and what it needs an answer to."""
    buffer = client.buffer(project.manifest)
    client.type(project.manifest, buffer.text + "#\n")
    titles = [action["title"] for action in client.code_actions(project.manifest, "0.1.0")]
    assert "Bump patch version: 0.1.0 → 0.1.1" in titles
    assert client.request("textDocument/codeLens", {"textDocument": {"uri": buffer.uri}})


def test_actions_are_answered_while_a_sync_stands_at_a_gate(start: Start, project: Project) -> None:
    with project.held_sync() as (_, sync):
        client = start()
        client.open(project.manifest)
        waiting = add(client, project, "alpha")
        client.wait_operation(waiting, "waiting")
        ask_all(client, project)
        (operation,) = client.execute("pyproject.status", {"uri": project.manifest.as_uri()})["operations"]
        assert operation["id"] == waiting
        assert sync.poll() is None, "all that was answered while it was held"


def test_actions_and_commands_are_answered_while_another_process_holds_the_manifest_lock(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)
    with held(project.tools, manifest_lock(project)):
        queued = add(client, project, "alpha")
        second = add(client, project, "delta")
        waiting = client.wait_for(
            lambda m: m.method == "pyproject/status" and any(o["blockedBy"] for o in m.params["operations"]),
            description="an operation that says what it waits for",
        )
        assert waiting.params["operations"][0]["blockedBy"]["lock"] == "manifest"
        ask_all(client, project)
        assert client.execute("pyproject.cancel", {"id": second}) == {"cancelled": True}
        assert "alpha" not in project.text()
    client.wait_operation(queued, {"needsSave", "done"})


def test_the_reader_is_never_blocked_by_commands_that_wait_for_the_journal(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)
    client.wait_for_method("pyproject/status")
    with journal_held(project.tools):
        argument = {"uri": project.manifest.as_uri(), "requirements": ["alpha"]}
        pending = [
            client.request_async("workspace/executeCommand", {"command": "pyproject.add", "arguments": [argument]})
            for _ in range(12)
        ]
        for _ in range(5):
            ask_all(client, project)
        assert not any(one.done for one in pending), "nothing is acknowledged before it is in the journal"
    for one in pending:
        assert one.wait(30)["state"] == "queued"


def test_a_preview_that_builds_delays_no_command(start: Start, project: Project) -> None:
    gate = project.gate("metadata")
    parts.gated_package(project.root.parent / "slow", "slow", "1.0", gate, "metadata")
    client = start(initialization_options=NO_SYNC)
    uri = project.manifest.as_uri()
    inner = {"uri": uri, "requirements": [f"slow @ {(project.root.parent / 'slow').as_uri()}"]}
    preview = {"command": "pyproject.preview", "arguments": [{"command": "pyproject.add", "arguments": [inner]}]}
    pending = [client.request_async("workspace/executeCommand", preview) for _ in range(3)]
    gate.wait_reached()
    client.wait_operation(add(client, project, "alpha"), "done")
    assert [one.wait() for one in pending if one.done] == []
    gate.open()
    assert pending[0].wait(30)["edits"]


def test_a_preview_that_builds_does_not_keep_the_server_alive(start: Start, project: Project) -> None:
    gate = project.gate("metadata")
    parts.gated_package(project.root.parent / "slow", "slow", "1.0", gate, "metadata")
    client = start()
    uri = project.manifest.as_uri()
    inner = {"uri": uri, "requirements": [f"slow @ {(project.root.parent / 'slow').as_uri()}"]}
    preview = {"command": "pyproject.preview", "arguments": [{"command": "pyproject.add", "arguments": [inner]}]}
    client.request_async("workspace/executeCommand", preview)
    gate.wait_reached()
    assert client.shutdown() == 0


def test_a_client_that_never_agrees_to_progress_gets_its_status_and_its_edit(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.handlers["window/workDoneProgress/create"] = lambda _params: DEFER
    client.wait_operation(add(client, project, "alpha"), "done")
    client.wait_operation(add(client, project, "delta"), "done")
    assert not [m for m in client.received if m.method == "$/progress"]


def test_a_client_that_refuses_progress_gets_its_status_and_its_edit(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    del client.handlers["window/workDoneProgress/create"]
    client.wait_operation(add(client, project, "alpha"), "done")
    assert not [m for m in client.received if m.method == "$/progress"]


def test_a_client_that_answers_nothing_at_all_is_served(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    silent: dict[str, Any] = dict.fromkeys(client.handlers, lambda _params: DEFER)
    client.handlers.update(silent)
    client.wait_operation(add(client, project, "alpha"), "done")
    assert '"alpha>=2.0"' in project.text()


def test_a_command_that_cannot_be_written_down_is_refused_with_what_to_do(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)
    client.wait_for_method("pyproject/status")
    argument = {"uri": project.manifest.as_uri(), "requirements": ["alpha"]}
    with journal_held(project.tools), pytest.raises(ResponseError, match="let go; nothing was queued") as caught:
        client.execute("pyproject.add", argument, timeout=30)
    assert caught.value.data is None
    status = client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
    assert status["operations"] == []
