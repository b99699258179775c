"""How a server ends, and what it answers to what it cannot read."""

import contextlib
import sqlite3
import subprocess
import sys
import time
from typing import Any

import pytest

from demo import parts
from tests.conftest import Start
from tests.server.test_documents import add
from tests.support.client import NO_SYNC, Client, ResponseError
from tests.support.projects import Project

SECRETS = ("Traceback", "lsp_server/", "site-packages", ".py")


def test_it_ends_when_its_standard_input_ends(start: Start, project: Project) -> None:
    client = start(expect_exit=None)
    client.open(project.manifest)
    client.wire.close_stdin()
    assert client.wire.process.wait(10) == 1, "it was not asked to shut down"


def test_it_ends_when_its_client_is_gone_though_its_standard_input_lives_on(project: Project) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with Client(env=project.tools.environment, cwd=project.root) as client:
        params: dict[str, Any] = {"processId": parent.pid, "rootUri": None, "capabilities": {}}
        client.request("initialize", params, 20)
        client.notify("initialized", {})
        assert client.wire.process.poll() is None
        parent.kill()
        parent.communicate()
        assert client.wire.process.wait(10) == 1


@pytest.mark.parametrize("ending", ["stdin", "client"])
def test_it_ends_soon_after_its_client_whatever_its_threads_wait_for(project: Project, ending: str) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with Client(env=project.tools.environment, cwd=project.root) as client:
        params: dict[str, Any] = {"processId": parent.pid, "rootUri": None, "capabilities": {}}
        client.request("initialize", params, 20)
        client.notify("initialized", {})
        assert client.execute("pyproject.status", {"uri": project.manifest.as_uri()}, 20)["state"] == "idle"
        with contextlib.closing(sqlite3.connect(project.tools.base / "state" / "journal.sqlite3")) as journal:
            journal.execute("BEGIN EXCLUSIVE")  # who writes to it waits, and so does who ends in order
            argument = {"uri": project.manifest.as_uri(), "requirements": ["alpha"]}
            client.request_async("workspace/executeCommand", {"command": "pyproject.add", "arguments": [argument]})
            # Answered after the command was taken up: messages are read in their order.
            client.request("textDocument/hover", {"textDocument": {"uri": "file:///x"}, "position": {"line": 0, "character": 0}})
            began = time.monotonic()
            if ending == "stdin":
                client.wire.close_stdin()
            else:
                parent.kill()
            assert client.wire.process.wait(10) == 1
            assert time.monotonic() - began < 4  # two seconds, and what a busy machine adds
        parent.kill()
        parent.communicate()


def test_it_ends_on_exit_without_a_shutdown(start: Start) -> None:
    client = start(expect_exit=None)
    client.notify("exit")
    client.wire.process.wait(10)


@pytest.mark.parametrize("ending", ["stdin", "shutdown"])
def test_it_ends_while_it_waits_and_what_waited_can_be_retried(start: Start, project: Project, ending: str) -> None:
    with project.held_sync():
        client = start(initialization_options=NO_SYNC, expect_exit=None)
        operation = add(client, project, "alpha")
        client.wait_operation(operation, "waiting")
        if ending == "stdin":
            client.wire.close_stdin()
            client.wire.process.wait(10)
        else:
            assert client.shutdown() == 0
        follower = start(initialization_options=NO_SYNC)
        status = follower.execute("pyproject.status", {"uri": project.manifest.as_uri()})
        (left,) = status["operations"]
        assert (left["id"], left["state"], left["error"]["code"]) == (operation, "failed", "interrupted")
        assert "retry" in left["message"]
        follower.execute("pyproject.retry", {"id": operation})
    follower.wait_operation(operation, "done", after=0)
    assert '"alpha>=2.0"' in project.text()


def test_it_ends_while_uv_plans(start: Start, project: Project) -> None:
    gate = project.gate("metadata")
    project.add_gated_dependency()
    client = start(initialization_options=NO_SYNC)
    parts.gated_package(project.root.parent / "deep", "deep", "1.0", gate, "metadata")
    add(client, project, f"deep @ {(project.root.parent / 'deep').as_uri()}")
    gate.wait_reached()
    assert client.shutdown() == 0


BROKEN: list[tuple[str, Any]] = [
    ("textDocument/codeAction", {"bad": 1}),
    ("textDocument/codeAction", None),
    ("textDocument/codeLens", {"textDocument": 5}),
    ("workspace/executeCommand", {"command": 5}),
    ("workspace/executeCommand", {"arguments": []}),
    ("workspace/executeCommand", {"command": "pyproject.add", "arguments": {"uri": 1}}),
    ("textDocument/hover", {"textDocument": {"uri": "x"}}),
    ("nobody/knows", {}),
]


def test_what_cannot_be_read_is_answered_without_a_traceback_or_a_path_of_our_code(start: Start, project: Project) -> None:
    client = start()
    for method, params in BROKEN:
        with pytest.raises(ResponseError) as caught:
            client.request(method, params)
        said = f"{caught.value.message} {caught.value.data}"
        assert not [secret for secret in SECRETS if secret in said], (method, said)
        assert caught.value.code in {-32600, -32601, -32602}, (method, caught.value)
        assert caught.value.data is None
    client.notify("textDocument/didOpen", {"textDocument": "x"})
    client.notify("textDocument/didChange", {"textDocument": {"uri": "file:///nowhere", "version": 1}, "contentChanges": []})
    client.notify("textDocument/didSave", {"textDocument": {"uri": "file:///nowhere/pyproject.toml"}})
    client.notify("textDocument/didClose", {"textDocument": {"uri": "file:///nowhere/pyproject.toml"}})
    client.notify("nobody/knows", {})
    assert client.execute("pyproject.status", {"uri": project.manifest.as_uri()})["operations"] == []
    assert not [m for m in client.received if m.method in {"window/showMessage", "window/logMessage"}]


def test_documents_that_are_no_files_do_no_harm(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    for uri in ("untitled:pyproject.toml", "git:/x/pyproject.toml?ref", "file:///nowhere/at/all/pyproject.toml"):
        item = {"uri": uri, "languageId": "toml", "version": 1, "text": "[project]\nversion = '1.0'\n"}
        client.notify("textDocument/didOpen", {"textDocument": item})
        if not uri.startswith("file:"):
            start_of_file = {"line": 0, "character": 0}
            where = {"textDocument": {"uri": uri}, "range": {"start": start_of_file, "end": start_of_file}}
            offered = client.request("textDocument/codeAction", {**where, "context": {"diagnostics": []}})
            assert not [*offered, *client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})], "it would be refused"
        change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": "[project"}]}
        client.notify("textDocument/didChange", change)
        client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    client.wait_operation(add(client, project, "alpha"), "done")
    assert not [m for m in client.received if m.method == "window/showMessage"]


def test_a_state_folder_that_cannot_be_used_is_said_once_with_what_to_do(project: Project) -> None:
    blocked = project.tools.base / "file"
    blocked.write_text("")
    env = {**project.tools.environment, "PYPROJECT_LSP_STATE_DIR": str(blocked)}
    with Client(env=env, cwd=project.root, expect_exit=0) as client:
        client.initialize(root=project.root)
        said = client.wait_for_method("window/showMessage")
        assert "PYPROJECT_LSP_STATE_DIR" in said.params["message"]
        client.open(project.manifest)
        assert client.code_actions(project.manifest, "0.1.0"), "what needs no journal works on"
        with pytest.raises(ResponseError, match="PYPROJECT_LSP_STATE_DIR"):
            add(client, project, "alpha")


def test_a_request_that_is_taken_back_is_answered_so_and_the_operation_goes_on(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    argument = {"uri": project.manifest.as_uri(), "requirements": ["alpha"]}
    pending = client.request_async("workspace/executeCommand", {"command": "pyproject.add", "arguments": [argument]})
    pending.cancel()
    # Either was quicker; in both cases there is an answer, and the server goes on.
    answer = client.wire.wait_until(lambda: client.responses.get(pending.id), 10, "an answer")
    assert "result" in answer or answer["error"]["code"] == -32800
    client.wait_operation(add(client, project, "delta"), "done")
    assert '"delta>=1.1"' in project.text()


def test_a_request_at_the_wrong_time_is_never_answered_or_done(project: Project) -> None:
    def refused(client: Client, method: str, params: Any = None) -> int:
        with pytest.raises(ResponseError) as caught:
            client.request(method, params)
        return caught.value.code

    lock = {"command": "pyproject.lock", "arguments": [{"uri": project.manifest.as_uri()}]}
    with Client(env=project.tools.environment, cwd=project.root) as client:
        assert refused(client, "workspace/executeCommand", lock) == -32002
        assert refused(client, "shutdown") == -32002
        client.initialize(root=project.root, initialization_options={})
        assert refused(client, "initialize", {"processId": None, "rootUri": None, "capabilities": {}}) == -32600
        client.request("shutdown")
        assert [refused(client, "shutdown"), refused(client, "workspace/executeCommand", lock)] == [-32600, -32600]
        client.notify("exit")
        assert client.wire.process.wait(10) == 0
    assert not project.lock.exists()
