"""The test client against a tiny server written here: what the other tests lean on must hold by itself."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import buffers
from tests.support.client import CAPABILITIES, DEFER, DELETE, Client, merged
from tests.support.wire import ResponseError

# It echoes each request's parameters, sends whatever `say` asks for, and answers `log` with all it has heard.
SERVER = r"""
import json, os, sys
def send(body):
    data = json.dumps({"jsonrpc": "2.0", **body}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
    sys.stdout.buffer.flush()
heard = []
while line := sys.stdin.buffer.readline():
    size = int(line.split(b":")[1])
    sys.stdin.buffer.readline()
    message = json.loads(sys.stdin.buffer.read(size))
    heard.append(message)
    method, params = message.get("method"), message.get("params")
    if method == "initialize":
        chosen = params["capabilities"]["general"]["positionEncodings"][0]
        sync = (params["initializationOptions"] or {}).get("sync", 2)
        send({"id": message["id"], "result": {"capabilities": {"positionEncoding": chosen, "textDocumentSync": sync}}})
    elif method == "say":
        for body in params:
            send(body)
    elif method == "log":
        send({"id": message["id"], "result": heard})
    elif method == "fail":
        send({"id": message["id"], "error": {"code": -32602, "message": "bad", "data": 1}})
    elif method == "die":
        print("last words", file=sys.stderr)
        sys.exit(3)
    elif method == "exit":
        sys.exit(0)
    elif method and method != "silent" and "id" in message:
        send({"id": message["id"], "result": params})
os._exit(7)
"""
COMMAND = (sys.executable, "-c", SERVER)
LINE_START = {"line": 0, "character": 0}


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(COMMAND, expect_exit=0) as started:
        started.initialize()
        yield started


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b"a = 1\r\n")
    return path


def ask(client: Client, method: str, params: Any) -> Any:
    """Let the server make a request, and what the client answered."""
    client.notify("say", [{"id": "q", "method": method, "params": params}])
    return client.wire.wait_until(
        lambda: next((m.body for m in client.transcript if m.way == "out" and m.body.get("id") == "q"), None),
        10,
        method,
    )


def heard(client: Client, method: str) -> list[Any]:
    return [message["params"] for message in client.request("log") if message.get("method") == method]


def insertion(path: Path, version: int | None, text: str) -> dict[str, Any]:
    edit = {"range": {"start": LINE_START, "end": LINE_START}, "newText": text}
    document = {"uri": path.as_uri(), "version": version}
    return {"edit": {"documentChanges": [{"textDocument": document, "edits": [edit]}]}}


def status(id: str, state: str) -> dict[str, Any]:  # noqa: A002 - its name in the contract
    return {"method": "pyproject/status", "params": {"operations": [{"id": id, "state": state}]}}


def test_answers_find_their_requests_in_any_order(client: Client) -> None:
    silent = client.request_async("silent")
    assert client.request("echo", {"é": "😀"}) == {"é": "😀"}
    assert not silent.done
    client.notify("say", [{"id": silent.id, "result": 5}])
    assert silent.wait() == 5


def test_an_error_answer_is_raised_with_its_code(client: Client) -> None:
    with pytest.raises(ResponseError, match="bad") as caught:
        client.request("fail")
    assert (caught.value.code, caught.value.data) == (-32602, 1)


def test_a_wait_in_vain_shows_what_was_awaited_and_the_transcript(client: Client) -> None:
    with pytest.raises(AssertionError, match=r"the moon(?s:.*)initialized"):
        client.wait_for(lambda _message: False, 0.01, "the moon")


def test_a_dead_server_ends_a_wait_at_once_and_shows_its_stderr() -> None:
    with Client(COMMAND, expect_exit=3) as client:
        with pytest.raises(AssertionError, match="last words"):
            client.request("die", timeout=30)
        client.wire.process.wait(10)


def test_the_exit_code_is_asked_for() -> None:
    with pytest.raises(AssertionError, match="exit code 0, not 4"), Client(COMMAND, expect_exit=4) as client:
        client.initialize()


def test_a_vanished_editor_closes_the_stream() -> None:
    with Client(COMMAND) as client:
        client.close_stdin()
        assert client.wire.process.wait(10) == 7


def test_leaving_the_context_ends_a_server_that_was_not_shut_down() -> None:
    with Client(COMMAND) as client:
        process = client.wire.process
    assert process.returncode is not None


def test_messages_carry_rising_times_and_a_wait_starts_after_its_mark(client: Client) -> None:
    client.notify("say", [{"method": "tick", "params": 1}])
    client.wait_for_method("tick")
    mark = client.mark()
    client.notify("say", [{"method": "tick", "params": 2}])
    assert client.wait_for_method("tick", after=mark).params == 2
    times = [message.at for message in client.received]
    assert times == sorted(times)


def test_settings_are_answered_by_section_and_by_dotted_name(client: Client) -> None:
    client.settings = {"sync.afterEdit": False, "uv": {"path": "x"}}
    items = [{"section": name} for name in ("pyproject", "pyproject.sync.afterEdit", "pyproject.none", "other")]
    whole = {"sync": {"afterEdit": False}, "uv": {"path": "x"}}
    assert ask(client, "workspace/configuration", {"items": items})["result"] == [whole, False, None, None]


def test_a_request_nobody_handles_is_refused_as_editors_do(client: Client) -> None:
    assert ask(client, "strange", None)["error"]["code"] == -32601


def test_a_handler_can_be_replaced_and_can_answer_later(client: Client) -> None:
    asked = threading.Event()

    def later(_params: object) -> object:
        asked.set()
        return DEFER

    client.handlers["window/showMessageRequest"] = later
    client.notify("say", [{"id": "q", "method": "window/showMessageRequest", "params": {}}])
    assert asked.wait(10)
    assert client.request("echo", 1) == 1
    client.answer({"id": "q"}, {"title": "Undo"})
    assert client.request("log")[-2]["result"] == {"title": "Undo"}


def test_a_failing_handler_fails_the_test() -> None:
    client = Client(COMMAND)
    client.initialize()
    client.handlers["boom"] = lambda _params: 1 // 0
    ask(client, "boom", None)
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        client.__exit__(None, None, None)


def test_the_chosen_button_is_pressed(client: Client) -> None:
    client.choice = "Undo"
    actions = {"actions": [{"title": "Retry"}, {"title": "Undo"}]}
    assert ask(client, "window/showMessageRequest", actions)["result"] == {"title": "Undo"}


@pytest.mark.parametrize(("order", "expected"), [("answer-first", ["q", "didChange"]), ("change-first", ["didChange", "q"])])
def test_an_edit_of_the_right_version_changes_the_buffer_and_is_told(
    client: Client, manifest: Path, order: Any, expected: list[str]
) -> None:
    client.apply_order = order
    buffer = client.open(manifest)
    mark = client.mark()
    assert ask(client, "workspace/applyEdit", insertion(manifest, 1, "# é\r\n"))["result"] == {"applied": True}
    client.wire.wait_until(lambda: client.mark() >= mark + 4, 10, "both messages")
    out = [m.body.get("id") or m.method.rpartition("/")[2] for m in client.transcript[mark:] if m.way == "out"]
    assert [name for name in out if name != "say"] == expected
    assert (buffer.text, buffer.version, buffer.dirty, buffer.typed) == ("# é\r\na = 1\r\n", 2, True, False)
    assert manifest.read_bytes() == b"a = 1\r\n"


def test_an_edit_of_a_stale_version_changes_nothing(client: Client, manifest: Path) -> None:
    client.open(manifest)
    client.type(manifest, "a = 2\r\n")
    assert ask(client, "workspace/applyEdit", insertion(manifest, 1, "x"))["result"]["applied"] is False
    assert client.buffer(manifest).text == "a = 2\r\n"


def test_an_edit_of_a_file_that_is_not_open_leaves_a_dirty_buffer_and_the_disk(client: Client, manifest: Path) -> None:
    client.apply_order = "change-first"
    assert ask(client, "workspace/applyEdit", insertion(manifest, None, "b = 2\r\n"))["result"]["applied"] is True
    assert client.buffer(manifest).dirty
    assert manifest.read_bytes() == b"a = 1\r\n"


def test_the_server_may_have_its_own_edit_saved_but_never_what_a_person_typed(client: Client, manifest: Path) -> None:
    client.open(manifest)
    client.apply_workspace_edit(insertion(manifest, 1, "b = 2\r\n"))
    client._flush()
    assert client._save_for_server({"uri": manifest.as_uri()}) == {"saved": True}
    assert manifest.read_bytes() == b"b = 2\r\na = 1\r\n"
    client.type(manifest, "c = 3\n")
    assert ask(client, "pyproject/save", {"uri": manifest.as_uri()})["result"] == {"saved": False}
    assert manifest.read_bytes() == b"b = 2\r\na = 1\r\n"


def test_a_save_for_the_server_is_refused_over_a_disk_that_changed(client: Client, manifest: Path) -> None:
    client.open(manifest)
    manifest.write_text("other = 1\n")
    assert ask(client, "pyproject/save", {"uri": manifest.as_uri()})["result"] == {"saved": False}


def test_a_clean_buffer_reloads_and_a_dirty_one_keeps_its_text(client: Client, manifest: Path) -> None:
    client.open(manifest)
    manifest.write_bytes(b"a = 2\r\n")
    assert client.reload(manifest).text == "a = 2\r\n"
    client.type(manifest, "mine")
    manifest.write_bytes(b"a = 3\r\n")
    assert client.reload(manifest).text == "mine"
    client.save(manifest)
    client.close(manifest)
    assert manifest.read_bytes() == b"mine"
    assert [len(heard(client, f"textDocument/{name}")) for name in ("didOpen", "didSave", "didClose")] == [1, 1, 1]


@pytest.mark.parametrize("sync", [1, 2, {"openClose": True, "change": 2}])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_typing_is_sent_as_the_server_asked(manifest: Path, sync: Any, encoding: str) -> None:
    with Client(COMMAND) as client:
        client.initialize(encodings=[encoding], initialization_options={"sync": sync})
        manifest.write_text('a = "😀"\nb = 1\n')
        client.open(manifest)
        client.type(manifest, 'a = "😀é"\nb = 1\n')
        (said,) = heard(client, "textDocument/didChange")
    column = {"utf-8": 9, "utf-16": 7, "utf-32": 6}[encoding]
    spot = {"line": 0, "character": column}
    by_range = {"range": {"start": spot, "end": spot}, "text": "é"}
    assert said["contentChanges"] == [{"text": 'a = "😀é"\nb = 1\n'} if sync == 1 else by_range]
    assert said["textDocument"]["version"] == 2


def test_several_edits_at_once_all_refer_to_the_old_text(client: Client, manifest: Path) -> None:
    client.open(manifest)
    spots = [{"line": 0, "character": character} for character in (0, 4, 5)]
    first = {"range": {"start": spots[0], "end": spots[0]}, "newText": "# one\n"}
    second = {"range": {"start": spots[1], "end": spots[2]}, "newText": "22"}
    assert client.type(manifest, [first, second]).text == "# one\na = 22\r\n"


def test_code_actions_and_commands_are_asked_for_in_the_protocol_s_shape(client: Client, manifest: Path) -> None:
    client.open(manifest)
    client.handlers["x"] = lambda _params: None
    assert client.execute("pyproject.sync", {"uri": "u"}) == {"command": "pyproject.sync", "arguments": [{"uri": "u"}]}
    # The echo answers with the parameters; what matters is what was asked.
    asked: Any = client.code_actions(manifest, "1", only=["refactor"])
    assert asked["range"] == {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 5}}
    assert asked["context"]["only"] == ["refactor"]


def test_an_operation_is_found_in_a_state_that_has_passed(client: Client) -> None:
    client.notify("say", [status("1", "queued"), status("1", "planning"), status("2", "done"), status("1", "done")])
    assert client.wait_operation("1", "done")["state"] == "done"
    assert client.wait_operation("1", {"planning", "waiting"})["state"] == "planning"
    assert {name: operation["state"] for name, operation in client.operations().items()} == {"1": "done", "2": "done"}


def test_an_operation_that_finished_otherwise_ends_the_wait_at_once(client: Client) -> None:
    client.notify("say", [status("1", "failed")])
    with pytest.raises(AssertionError, match="failed"):
        client.wait_operation("1", "done", timeout=30)


def test_capabilities_merge_deeply_and_can_be_taken_away() -> None:
    changed = merged(CAPABILITIES, {"experimental": {"pyprojectSave": DELETE, "new": 1}, "window": DELETE})
    assert changed["experimental"] == {"serverStatusNotification": True, "new": 1}
    assert "window" not in changed
    assert "pyprojectSave" in CAPABILITIES["experimental"]


TEXTS = st.text(st.sampled_from("ab\r\n\u2028é😀"), max_size=12)


@given(TEXTS, TEXTS, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_one_edit_leads_from_any_text_to_any_other(old: str, new: str, encoding: str) -> None:
    assert buffers.apply_edits(old, [buffers.single_edit(old, new, encoding)], encoding) == new
