"""An editor whose buffer has moved on when our edit comes, or that answers late, wrongly or never."""

from typing import Any

import pytest

from tests.conftest import Start
from tests.server.test_documents import add, asked, bump, dirty
from tests.support.client import DEFER, NO_SYNC, Client
from tests.support.projects import Project


def before_the_next_edit(client: Client, act: Any, answer: Any = None) -> None:
    """Do something when the server's next edit comes; then answer as given, or as an editor does."""
    honest = client.handlers["workspace/applyEdit"]

    def once(params: Any) -> Any:
        client.handlers["workspace/applyEdit"] = honest
        act()
        return honest(params) if answer is None else answer

    client.handlers["workspace/applyEdit"] = once


# VS Code refuses an edit of another version; Neovim says yes to it and changes nothing.
STALE = [{"applied": False, "failureReason": "version"}, {"applied": True}]


@pytest.mark.parametrize("answer", STALE, ids=["refuses", "says yes and does nothing"])
def test_typing_into_a_clean_buffer_just_before_the_edit_keeps_both(start: Start, project: Project, answer: Any) -> None:
    client = start(initialization_options=NO_SYNC)
    disk = project.text()
    client.open(project.manifest)
    before_the_next_edit(client, lambda: client.type(project.manifest, f"# typed\n{disk}"), answer)
    operation = add(client, project, "alpha")
    client.wait_operation(operation, "needsSave")
    assert project.text() == disk, "what the user has not saved is not saved for them"
    buffer = client.buffer(project.manifest)
    assert buffer.text.startswith("# typed\n")
    assert '"alpha>=2.0"' in buffer.text
    client.save(project.manifest)
    client.wait_operation(operation, "done")
    assert project.text() == buffer.text


@pytest.mark.parametrize("answer", STALE, ids=["refuses", "says yes and does nothing"])
def test_typing_into_an_unsaved_buffer_just_before_the_edit_keeps_both(start: Start, project: Project, answer: Any) -> None:
    client = start(initialization_options=NO_SYNC)
    disk = dirty(client, project)
    before_the_next_edit(client, lambda: client.type(project.manifest, f"# more\n# mine\n{disk}"), answer)
    operation = bump(client, project)
    client.wait_operation(operation, "needsSave", timeout=40)
    assert client.buffer(project.manifest).text == "# more\n# mine\n" + disk.replace("0.1.0", "0.2.0")
    assert project.text() == disk


def test_saving_just_before_the_edit_comes_does_not_look_as_if_it_was_taken_back(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    dirty(client, project)
    before_the_next_edit(client, lambda: client.save(project.manifest))
    operation = add(client, project, "alpha")
    client.wait_operation(operation, "done")
    assert project.text().startswith("# mine\n")
    assert '"alpha>=2.0"' in project.text()
    assert client.buffer(project.manifest).text == project.text()
    assert not client.buffer(project.manifest).dirty


def test_a_stale_text_that_erases_such_a_save_does_not_erase_the_edit(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    disk = project.text()
    dirty(client, project)

    def save_and_lose_it() -> None:
        client.save(project.manifest)
        project.write(disk)

    before_the_next_edit(client, save_and_lose_it)
    operation = add(client, project, "alpha")
    client.wait_operation(operation, "done")
    assert '"alpha>=2.0"' in project.text()


def test_typing_between_the_plan_and_the_commit_is_planned_anew_from_what_was_typed(start: Start, project: Project) -> None:
    with project.held_sync():
        client = start(initialization_options=NO_SYNC)
        disk = project.text()
        client.open(project.manifest)
        operation = add(client, project, "alpha")
        client.wait_operation(operation, "waiting")
        client.type(project.manifest, disk.replace('"slow",', '"slow",\n    "delta",'))
    client.wait_operation(operation, "needsSave")
    assert project.text() == disk
    assert all(name in client.buffer(project.manifest).text for name in ("slow", "delta", "alpha>=2.0"))


def test_saving_between_the_plan_and_the_commit_keeps_what_was_saved(start: Start, project: Project) -> None:
    with project.held_sync():
        client = start(initialization_options=NO_SYNC)
        client.open(project.manifest)
        operation = add(client, project, "alpha")
        client.wait_operation(operation, "waiting")
        client.type(project.manifest, project.text().replace('"slow",', '"slow",\n    "delta",'))
        client.save(project.manifest)
    client.wait_operation(operation, "done")
    assert all(name in project.text() for name in ("slow", "delta", "alpha>=2.0"))
    assert project.uv("lock", "--check").returncode == 0


def test_typing_in_the_same_message_as_our_edit_does_not_hide_that_it_was_made(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    disk = dirty(client, project)

    def make_it_together() -> None:
        # Neovim gathers the changes of 150 ms into one didChange.
        buffer = client.buffer(project.manifest)
        (edit,) = asked(client, "workspace/applyEdit")[0]["edit"]["documentChanges"][0]["edits"]
        top = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
        changes = [{"range": edit["range"], "text": edit["newText"]}, {"range": top, "text": "# typed\n"}]
        buffer.text = "# typed\n# mine\n" + disk.replace("0.1.0", "0.2.0")
        buffer.version += 1
        document = {"uri": buffer.uri, "version": buffer.version}
        client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    before_the_next_edit(client, make_it_together, {"applied": True})
    operation = bump(client, project)
    client.wait_operation(operation, "needsSave")
    assert len(asked(client, "workspace/applyEdit")) == 1, "it is not made a second time"
    assert 'version = "0.2.0"' in client.buffer(project.manifest).text


@pytest.mark.parametrize("order", ["answer-first", "change-first"])
def test_the_answer_and_the_change_may_come_in_either_order(start: Start, project: Project, order: Any) -> None:
    client = start(initialization_options=NO_SYNC)
    client.apply_order = order
    client.open(project.manifest)
    client.wait_operation(bump(client, project), "done")
    assert len(asked(client, "workspace/applyEdit")) == 1
    assert 'version = "0.2.0"' in project.text()
    assert client.buffer(project.manifest).text == project.text()


def test_an_editor_that_does_not_answer_holds_nobody_up_and_its_late_edit_does_no_harm(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    buffer = client.open(project.manifest)
    before_the_next_edit(client, lambda: None, DEFER)
    client.wait_operation(bump(client, project), "done", timeout=40)
    assert 'version = "0.2.0"' in project.text(), "a clean document follows its file by itself"
    (late,) = [m for m in client.received if m.method == "workspace/applyEdit"]  # it is not asked again and again
    client.answer(late.body, client.apply_workspace_edit(late.params))
    client.wait_operation(add(client, project, "alpha"), "done")
    assert 'version = "0.2.0"' in project.text()
    assert '"alpha>=2.0"' in project.text()
    assert buffer.text == project.text()


def test_an_error_for_an_answer_does_no_harm(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)

    def fail() -> None:
        request = next(m.body for m in client.received if m.method == "workspace/applyEdit")
        client.wire.send({"id": request["id"], "error": {"code": -32603, "message": "the editor is busy"}})

    before_the_next_edit(client, fail, DEFER)
    client.wait_operation(bump(client, project), "done")
    assert 'version = "0.2.0"' in project.text()


def test_an_answer_of_the_wrong_shape_does_no_harm(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)
    before_the_next_edit(client, lambda: None, [1, 2])
    client.wait_operation(bump(client, project), "done")
    assert 'version = "0.2.0"' in project.text()


@pytest.mark.parametrize("answer", [{"saved": False}, None, "yes", {"saved": "perhaps"}])
def test_a_client_that_does_not_save_when_asked_has_the_edit_on_the_disk_anyway(
    start: Start, project: Project, answer: Any
) -> None:
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)
    client.handlers["pyproject/save"] = lambda _params: answer
    client.wait_operation(bump(client, project), "done")
    assert 'version = "0.2.0"' in project.text()
    client.wait_operation(add(client, project, "alpha"), "done")
    assert '"alpha>=2.0"' in project.text()
