"""What was queued when an editor was closed is offered by the next one: closing is no wish to lose an edit."""

from typing import Any

from tests.support.client import Client
from tests.support.projects import Project


def client(project: Project) -> Client:
    return Client(env=project.tools.environment, cwd=project.root)


def test_an_edit_that_waited_when_the_editor_was_closed_can_be_retried_in_the_next(project: Project) -> None:
    gate = project.add_gated_dependency()
    sync = project.uv_start("sync")
    gate.wait_reached()
    with client(project) as first:
        first.initialize(root=project.root)
        first.open(project.manifest)
        queued = first.execute("pyproject.add", {"uri": project.manifest.as_uri(), "requirements": ["alpha"]})
        first.wait_operation(queued["id"], "waiting")
        first.shutdown()
    with client(project) as second:
        second.initialize(root=project.root)
        second.open(project.manifest)

        def offered(message: Any) -> bool:
            return any(
                o["id"] == queued["id"] and (o["error"] or {}).get("code") == "interrupted" for o in message.params["operations"]
            )

        second.wait_for(lambda m: m.method == "pyproject/status" and offered(m), 20, "the interrupted operation")
        mark = second.mark()
        second.execute("pyproject.retry", {"uri": project.manifest.as_uri(), "id": queued["id"]})
        second.wait_operation(queued["id"], "waiting", after=mark)
        gate.open()
        assert sync.wait(30) == 0
        second.wait_operation(queued["id"], "done", after=mark)
        second.shutdown()
    assert '"alpha' in project.text()
