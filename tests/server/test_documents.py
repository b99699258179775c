"""One edit in a file that is closed, open and clean, or open with unsaved changes: who writes what, and when."""

from typing import Any

import pytest

from demo import parts
from tests.conftest import Start
from tests.support import buffers
from tests.support.client import DELETE, NO_SYNC, Client
from tests.support.holding import is_free, manifest_lock
from tests.support.projects import Project

NO_SAVE = {"experimental": {"pyprojectSave": DELETE}}
NO_EDIT = {"workspace": {"applyEdit": DELETE}}


def add(client: Client, project: Project, *requirements: str) -> str:
    argument = {"uri": project.manifest.as_uri(), "requirements": list(requirements)}
    return str(client.execute("pyproject.add", argument)["id"])


def bump(client: Client, project: Project) -> str:
    return str(client.execute("pyproject.bumpVersion", {"uri": project.manifest.as_uri(), "bump": "minor"})["id"])


def asked(client: Client, method: str) -> list[Any]:
    return [message.params for message in client.received if message.method == method]


def dirty(client: Client, project: Project) -> str:
    """Open the manifest, type a comment, and return the text that is on the disk."""
    disk = project.text()
    client.open(project.manifest)
    client.type(project.manifest, f"# mine\n{disk}")
    return disk


def test_a_closed_file_is_written_and_no_buffer_is_opened_for_it(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.wait_operation(add(client, project, "alpha"), "done")
    assert '"alpha>=2.0"' in project.text()
    assert not asked(client, "workspace/applyEdit")
    assert not client.buffers


@pytest.mark.parametrize("target", ["demo/real.toml", "elsewhere/real.toml"])
def test_unsaved_changes_are_seen_where_the_manifest_is_a_link(start: Start, project: Project, target: str) -> None:
    place = project.root.parent / target
    place.parent.mkdir(exist_ok=True)
    project.manifest.rename(place)
    project.manifest.symlink_to(place)
    client = start(initialization_options=NO_SYNC)
    disk = dirty(client, project)
    operation = add(client, project, "alpha")
    client.wait_operation(operation, "needsSave")
    assert project.text() == disk
    client.save(project.manifest)
    client.wait_operation(operation, "done")
    assert project.text().startswith("# mine\n")
    assert '"alpha>=2.0"' in project.text()
    assert project.manifest.is_symlink()
    assert project.lock.is_file()


def test_a_save_is_guarded_in_a_member_that_came_when_the_server_ran(start: Start, project: Project) -> None:
    more, gate = project.tools.base / "more", project.gate()
    parts.make_sdist(more, "doomed", "1.0", parts.Backend(gate, at="metadata", then="fail"))
    text = project.text().replace("find-links = [", f'find-links = ["{more.as_posix()}", ')
    project.write(f'{text}\n[tool.uv.workspace]\nmembers = ["packages/*"]\n')
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)
    client.wait_operation(add(client, project, "alpha"), "done")
    member = parts.make_package(project.root / "packages" / "one", "one", "1.0") / "pyproject.toml"
    client.open(member)
    client.execute("pyproject.status", {"uri": member.as_uri()})
    uv = project.uv_start("add", "doomed", folder=member.parent)
    gate.wait_reached()
    client.reload(member)
    client.type(member, client.buffer(member).text + "\n[tool.mine]\nsaved = true\n")
    client.save(member)
    client.execute("pyproject.status", {"uri": member.as_uri()})
    gate.open()
    assert uv.wait(20) != 0
    client.wait_for(lambda m: m.method == "window/showMessage" and "put back" in m.params["message"], 10, "the put-back")
    assert member.read_text("utf-8").endswith("saved = true\n")
    assert "doomed" not in member.read_text("utf-8")


@pytest.mark.parametrize("shown", [True, False])
def test_a_byte_order_mark_is_no_unsaved_change_whether_the_editor_shows_it_or_not(
    start: Start, project: Project, monkeypatch: pytest.MonkeyPatch, *, shown: bool
) -> None:
    project.write(f"\ufeff{project.text()}")
    if not shown:
        monkeypatch.setattr(buffers, "read_text", lambda path: path.read_bytes().decode("utf-8-sig"))
    client = start(initialization_options=NO_SYNC, capabilities=NO_SAVE)
    client.open(project.manifest)
    client.wait_operation(add(client, project, "alpha"), "done")
    assert project.text().startswith("\ufeff[project]")


def test_a_save_is_guarded_that_keeps_the_byte_order_mark_out_of_the_buffer(
    start: Start, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    more, gate = project.tools.base / "more", project.gate()
    parts.make_sdist(more, "doomed", "1.0", parts.Backend(gate, at="metadata", then="fail"))
    project.write("\ufeff" + project.text().replace("find-links = [", f'find-links = ["{more.as_posix()}", '))
    write_text = buffers.write_text
    monkeypatch.setattr(buffers, "read_text", lambda path: path.read_bytes().decode("utf-8-sig"))
    monkeypatch.setattr(buffers, "write_text", lambda path, text: write_text(path, f"\ufeff{text}"))
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)
    client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
    uv = project.uv_start("add", "doomed")
    gate.wait_reached()
    client.reload(project.manifest)
    client.type(project.manifest, client.buffer(project.manifest).text + "\n[tool.mine]\nsaved = true\n")
    client.save(project.manifest)
    client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
    gate.open()
    assert uv.wait(20) != 0
    client.wait_for(lambda m: m.method == "window/showMessage" and "put back" in m.params["message"], 10, "the put-back")
    assert project.text().startswith("\ufeff[project]")
    assert project.text().endswith("saved = true\n")


def test_a_clean_buffer_is_edited_as_one_versioned_step_and_made_clean(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    opened = client.open(project.manifest)
    client.wait_operation(add(client, project, "alpha"), "done")
    (edit,) = asked(client, "workspace/applyEdit")
    (change,) = edit["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": project.manifest.as_uri(), "version": 1}
    assert edit["label"] == "Add alpha to dependencies"
    assert asked(client, "pyproject/save") == [{"uri": project.manifest.as_uri()}]
    assert opened.text == project.text()
    assert '"alpha>=2.0"' in opened.text
    assert not opened.dirty


def test_an_edit_in_a_clean_buffer_touches_only_the_lines_it_is_about(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)
    client.wait_operation(bump(client, project), "done")
    (edit,) = asked(client, "workspace/applyEdit")
    lines = {line for e in edit["edit"]["documentChanges"][0]["edits"] for line in (e["range"]["start"]["line"],)}
    assert lines == {2}


def test_a_client_that_cannot_save_for_us_gets_the_disk_and_loads_it_again(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC, capabilities=NO_SAVE)
    client.open(project.manifest)
    client.wait_operation(add(client, project, "alpha"), "done")
    assert not asked(client, "workspace/applyEdit")
    assert '"alpha>=2.0"' in project.text()
    client.reload(project.manifest)
    # What it loaded is clean for the server too: the next edit goes to the disk as well, and keeps the first.
    client.wait_operation(add(client, project, "delta"), "done")
    assert '"alpha>=2.0"' in project.text()
    assert '"delta>=1.1"' in project.text()


def test_loading_the_file_late_is_not_taken_for_an_unsaved_change(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC, capabilities=NO_SAVE)
    client.open(project.manifest)
    client.wait_operation(add(client, project, "alpha"), "done")
    after_first = project.text()
    client.wait_operation(add(client, project, "delta"), "done")
    # The editor now tells of the first text, which the disk does not have any more.
    client.type(project.manifest, after_first)
    client.wait_operation(add(client, project, "zeta"), "done")
    assert all(name in project.text() for name in ("alpha", "delta", "zeta"))


def test_unsaved_changes_get_the_edit_in_the_buffer_and_keep_the_disk(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    disk = dirty(client, project)
    waiting = client.wait_operation(add(client, project, "alpha"), "needsSave")
    assert "save it to go on" in waiting["message"]
    assert len(asked(client, "workspace/applyEdit")) == 1
    assert asked(client, "workspace/applyEdit")[0]["edit"]["documentChanges"][0]["textDocument"]["version"] == 2
    buffer = client.buffer(project.manifest)
    assert buffer.text.startswith("# mine\n")
    assert '"alpha>=2.0"' in buffer.text
    assert project.text() == disk
    assert not asked(client, "pyproject/save")


def test_no_lock_is_held_while_a_person_is_waited_for(start: Start, project: Project) -> None:
    project.uv_ok("sync")
    client = start(initialization_options=NO_SYNC)
    dirty(client, project)
    client.wait_operation(add(client, project, "alpha"), "needsSave")
    assert is_free(project.tools, manifest_lock(project))
    assert is_free(project.tools, project.environment_lock)
    assert project.uv("sync", "--locked").returncode == 0, "a terminal's uv works on"


def test_the_save_lets_it_go_on(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    dirty(client, project)
    operation = add(client, project, "alpha")
    client.wait_operation(operation, "needsSave")
    client.save(project.manifest)
    client.wait_operation(operation, "done")
    assert project.text().startswith("# mine\n")
    assert '"alpha>=2.0"' in project.text()
    assert project.uv("lock", "--check").returncode == 0
    assert client.buffer(project.manifest).text == project.text()


def test_a_bump_is_not_made_again_from_what_was_saved(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    dirty(client, project)
    operation = bump(client, project)
    client.wait_operation(operation, "needsSave")
    client.save(project.manifest)
    client.wait_operation(operation, "done")
    assert 'version = "0.2.0"' in project.text()


def test_taking_the_edit_back_before_saving_cancels_it(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    disk = dirty(client, project)
    operation = add(client, project, "alpha")
    client.wait_operation(operation, "needsSave")
    client.type(project.manifest, f"# mine\n{disk}")
    client.save(project.manifest)
    ended = client.wait_operation(operation, "cancelled")
    assert "taken back" in ended["message"]
    assert project.text() == f"# mine\n{disk}"
    assert not project.lock.exists()


def test_taking_back_everything_cancels_it_without_a_save(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    disk = dirty(client, project)
    operation = add(client, project, "alpha")
    client.wait_operation(operation, "needsSave")
    client.type(project.manifest, disk)
    client.wait_operation(operation, "cancelled")
    assert project.text() == disk


def test_closing_without_saving_cancels_it(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    disk = dirty(client, project)
    operation = add(client, project, "alpha")
    client.wait_operation(operation, "needsSave")
    client.close(project.manifest)
    ended = client.wait_operation(operation, "cancelled")
    assert "closed without saving" in ended["message"]
    assert project.text() == disk


def test_saving_and_closing_at_once_lets_it_go_on(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    dirty(client, project)
    operation = add(client, project, "alpha")
    client.wait_operation(operation, "needsSave")
    client.save(project.manifest)
    client.close(project.manifest)
    client.wait_operation(operation, "done")
    assert '"alpha>=2.0"' in project.text()
    assert project.uv("lock", "--check").returncode == 0


def test_a_cancel_while_it_waits_for_a_save_leaves_the_save_alone(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    dirty(client, project)
    operation = bump(client, project)
    client.wait_operation(operation, "needsSave")
    assert client.execute("pyproject.cancel", {"id": operation}) == {"cancelled": True}
    client.wait_operation(operation, "cancelled")
    client.save(project.manifest)
    follower = add(client, project, "alpha")
    client.wait_operation(follower, "done")
    assert client.operations()[operation]["state"] == "cancelled"


@pytest.mark.parametrize("ending", ["save", "close"])
def test_a_client_without_edits_is_asked_to_save_first(start: Start, project: Project, ending: str) -> None:
    client = start(initialization_options=NO_SYNC, capabilities=NO_EDIT)
    disk = dirty(client, project)
    operation = bump(client, project)
    waiting = client.wait_operation(operation, "needsSave")
    assert "save it, then the edit is made" in waiting["message"]
    assert not asked(client, "workspace/applyEdit")
    assert project.text() == disk
    if ending == "close":
        client.close(project.manifest)
        client.wait_operation(operation, "cancelled")
        assert project.text() == disk
        return
    client.save(project.manifest)
    client.wait_operation(operation, "done")
    assert project.text().startswith("# mine\n")
    assert 'version = "0.2.0"' in project.text()


def test_an_edit_of_another_kind_is_not_held_up_by_the_one_that_waits(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    dirty(client, project)
    waiting = add(client, project, "alpha")
    client.wait_operation(waiting, "needsSave")
    locked = client.execute("pyproject.lock", {"uri": project.manifest.as_uri()})
    client.wait_operation(locked["id"], "done")
    assert project.lock.exists()
    assert client.operations()[waiting]["state"] == "needsSave"


def test_a_client_that_numbers_no_edits_gets_plain_changes(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC, capabilities={"workspace": {"workspaceEdit": {"documentChanges": DELETE}}})
    client.open(project.manifest)
    client.wait_operation(add(client, project, "alpha"), "done")
    (edit,) = asked(client, "workspace/applyEdit")
    assert list(edit["edit"]) == ["changes"]
    assert client.buffer(project.manifest).text == project.text()


def test_what_was_typed_between_the_edit_and_the_save_stays_unsaved(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)
    save = client.handlers["pyproject/save"]

    def type_first(params: Any) -> Any:
        client.type(project.manifest, f"# typed late\n{client.buffer(project.manifest).text}")
        return save(params)

    client.handlers["pyproject/save"] = type_first
    client.wait_operation(add(client, project, "alpha"), "done")
    assert '"alpha>=2.0"' in project.text()
    assert "typed late" not in project.text()
    # The server knows that these are unsaved: it does not write below the user.
    client.wait_operation(add(client, project, "delta"), "needsSave")
    assert "typed late" not in project.text()


def test_twenty_edits_asked_for_at_once_are_all_made_in_the_open_buffer(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)
    names = [f"many-{number:02}" for number in range(1, 21)]
    pending = [
        client.request_async(
            "workspace/executeCommand",
            {"command": "pyproject.add", "arguments": [{"uri": project.manifest.as_uri(), "requirements": [name]}]},
        )
        for name in names
    ]
    for one in [answer.wait()["id"] for answer in pending]:
        client.wait_operation(one, "done")
    assert [name for name in names if f'"{name}>=1.0"' not in project.text()] == []
    assert client.buffer(project.manifest).text == project.text()


def test_a_byte_order_mark_stays_where_it_is_and_does_not_get_into_the_buffer(start: Start, project: Project) -> None:
    project.manifest.write_bytes(b"\xef\xbb\xbf" + project.text().encode())
    client = start(initialization_options=NO_SYNC)
    buffer = client.open(project.manifest)
    # Editors show a file without its mark, and write it again when they save.
    text = project.text().removeprefix("\ufeff")
    client.close(project.manifest)
    item = {"uri": buffer.uri, "languageId": "toml", "version": 1, "text": text}
    client.buffers[project.manifest] = buffer
    buffer.text = buffer.disk = text
    client.notify("textDocument/didOpen", {"textDocument": item})
    client.wait_operation(bump(client, project), "done")
    assert buffer.text == text.replace("0.1.0", "0.2.0")
    assert project.text().removeprefix("\ufeff") == buffer.text
