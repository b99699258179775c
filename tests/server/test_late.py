"""A server on a busy machine hears of a save when the file has had it for a while: it counts all the same."""

import pytest

from lsp_server.demo import parts
from tests.server.conftest import Start
from tests.server.test_documents import add
from tests.support.client import NO_SYNC
from tests.support.holding import state_folder
from tests.support.projects import Project
from tests.support.stopping import stopped


@pytest.mark.parametrize("late", ["opened", "changed"])
def test_a_save_that_the_server_hears_of_late_is_put_back(start: Start, project: Project, late: str) -> None:
    gate = project.add_gated_dependency(backend=parts.Backend(project.gate(), then="fail"))
    project.uv_ok("lock")
    client = start(initialization_options=NO_SYNC)
    client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
    if late == "changed":
        client.open(project.manifest)
        client.wait_for_method("pyproject/status")
    with stopped(client.pid, state_folder(project.tools)):
        if late == "opened":
            client.open(project.manifest)
        uv = project.uv_at(gate, "add", "zeta")
        client.reload(project.manifest)
        client.type(project.manifest, f"{client.buffer(project.manifest).text}\n# mine\n")
        client.save(project.manifest)
    operation = add(client, project, "alpha")
    gate.open()
    assert uv.wait(30) != 0
    client.wait_operation(operation, "done")
    assert "# mine" in project.text()
    assert '"alpha' in project.text()
