"""What `pyproject.preview` says before anything is changed."""

import pytest

from tests.conftest import Start
from tests.server.test_commands import done
from tests.support.client import NO_SYNC, Client, ResponseError
from tests.support.projects import Project

URI = object()
"""Stands for the URI of the project's manifest."""


def test_preview_says_what_would_change_and_changes_nothing(start: Start, project: Project) -> None:
    project.uv_ok("sync")
    client = start()
    files = {path: path.read_bytes() for path in (project.manifest, project.lock)}
    inner = {"uri": project.manifest.as_uri(), "requirements": ["beta"]}
    answer = client.execute("pyproject.preview", {"command": "pyproject.add", "arguments": [inner]}, timeout=30)
    assert answer["lock"] == [{"name": "alpha", "from": None, "to": "2.0"}, {"name": "beta", "from": None, "to": "2.0"}]
    (change,) = answer["edits"]["documentChanges"]
    assert change["textDocument"]["uri"] == project.manifest.as_uri()
    assert "beta>=2.0" in change["edits"][0]["newText"]
    assert {path: path.read_bytes() for path in files} == files
    assert project.installed() == {}
    status = client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
    assert status["operations"] == []


def test_preview_of_an_open_buffer_is_of_its_text_and_version(start: Start, project: Project) -> None:
    client = start()
    client.open(project.manifest)
    client.type(project.manifest, project.text().replace("0.1.0", "7.0.0"))
    inner = {"uri": project.manifest.as_uri(), "bump": "minor"}
    answer = client.execute("pyproject.preview", {"command": "pyproject.bumpVersion", "arguments": [inner]}, timeout=30)
    (change,) = answer["edits"]["documentChanges"]
    assert change["textDocument"]["version"] == 2
    assert client.apply_workspace_edit({"edit": answer["edits"]}) == {"applied": True}
    client._flush()
    assert 'version = "7.1.0"' in client.buffer(project.manifest).text


def test_preview_of_what_cannot_be_done_says_why(client: Client, project: Project) -> None:
    inner = {"uri": project.manifest.as_uri(), "requirements": ["sigma"]}
    with pytest.raises(ResponseError, match=r"sigma") as caught:
        client.execute("pyproject.preview", {"command": "pyproject.add", "arguments": [inner]}, timeout=30)
    assert (caught.value.code, caught.value.data["code"]) == (-32803, "unresolvable"), "the argument was a good one"


def test_preview_of_undo_takes_the_last_change_as_undo_does(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    done(client, project, "add", requirements=["beta"])
    added = done(client, project, "add", requirements=["delta"])
    by_id = client.execute("pyproject.preview", {"command": "pyproject.undo", "arguments": [{"id": added["id"]}]}, timeout=30)
    done(client, project, "undo")
    inner = {"uri": project.manifest.as_uri()}
    answer = client.execute("pyproject.preview", {"command": "pyproject.undo", "arguments": [inner]}, timeout=30)
    assert "delta" in str(by_id["lock"])
    assert {"name": "beta", "from": "2.0", "to": None} in answer["lock"]
    assert answer["edits"]["documentChanges"][0]["textDocument"]["version"] is None, "it is not open"


def test_preview_and_the_edit_write_other_bounds(start: Start, project: Project) -> None:
    client = start(initialization_options={**NO_SYNC, "edit.bounds": "exact"})
    inner = {"uri": project.manifest.as_uri(), "requirements": ["beta"]}
    answer = client.execute("pyproject.preview", {"command": "pyproject.add", "arguments": [inner]}, timeout=30)
    assert "beta==2.0" in answer["edits"]["documentChanges"][0]["edits"][0]["newText"]
    done(client, project, "add", requirements=["beta"])
    assert '"beta==2.0"' in project.text()
