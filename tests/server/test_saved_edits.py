"""A buffer is saved only if it shows the edit; and an edit that its person saved is made, whoever lives to see it."""

from typing import Any

from tests.conftest import Start
from tests.server.test_documents import add, asked, bump, dirty
from tests.support.client import NO_SYNC, Client
from tests.support.projects import Project


def refusing(client: Client) -> None:
    """Never take an edit; and save what is shown when asked to, as a client does that looks no further."""

    def save(params: Any) -> Any:
        buffer = client.buffer(params["uri"])
        buffer.path.write_bytes(buffer.text.encode())
        return {"saved": True}

    client.handlers["workspace/applyEdit"] = lambda _params: {"applied": False}
    client.handlers["pyproject/save"] = save


def test_a_client_that_refuses_the_edit_is_not_asked_to_save_a_buffer_without_it(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)
    refusing(client)
    client.wait_operation(bump(client, project), "done")
    client.wait_operation(add(client, project, "alpha"), "done")
    assert 'version = "0.2.0"' in project.text()
    assert '"alpha>=2.0"' in project.text()
    assert not asked(client, "pyproject/save")


def test_edits_that_were_saved_before_the_server_ended_go_on_and_are_not_made_twice(start: Start, project: Project) -> None:
    victim = start(initialization_options=NO_SYNC, expect_exit=None)
    dirty(victim, project)
    operations = [bump(victim, project), add(victim, project, "alpha")]
    for operation in operations:
        victim.wait_operation(operation, "needsSave")
    buffer = victim.buffer(project.manifest)
    project.write(buffer.text)  # `:wq` of an editor that ends its server before that has heard of it
    victim.kill()
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)
    for operation in operations:
        client.wait_operation(operation, "done")
    assert project.text() == buffer.text
    assert 'version = "0.2.0"' in project.text()
    project.uv_ok("lock", "--check")


def test_an_edit_that_was_not_saved_before_the_server_ended_is_offered_again(start: Start, project: Project) -> None:
    victim = start(initialization_options=NO_SYNC, expect_exit=None)
    disk = dirty(victim, project)
    operation = bump(victim, project)
    victim.wait_operation(operation, "needsSave")
    victim.kill()
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)
    client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
    ended = client.wait_operation(operation, "failed")
    assert ended["error"]["code"] == "interrupted"
    assert project.text() == disk


def test_what_comes_from_elsewhere_goes_into_an_unsaved_buffer_at_once(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
    disk = dirty(client, project)
    client.wait_for_method("pyproject/status")
    project.uv_ok("add", "alpha", "--no-sync")
    client.wait_for(lambda _message: '"alpha>=2.0"' in client.buffer(project.manifest).text)
    assert client.buffer(project.manifest).text == "# mine\n" + project.text()
    assert project.text() != disk
    client.save(project.manifest)
    client.wait_operation(bump(client, project), "done")
    assert project.text().startswith("# mine\n")
    assert '"alpha>=2.0"' in project.text()


def test_what_a_person_saves_over_a_text_that_they_have_not_seen_keeps_both(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    dirty(client, project)
    refusing(client)
    project.uv_ok("add", "alpha", "--no-sync")
    client.wait_for(lambda message: message.method == "workspace/applyEdit" and "alpha>=2.0" in str(message.params))
    client.save(project.manifest)
    client.wait_operation(add(client, project, "eta"), "done")
    assert project.text().startswith("# mine\n")
    assert '"alpha>=2.0"' in project.text()
    assert '"eta' in project.text()
