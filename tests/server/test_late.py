"""A server on a busy machine hears of a save when the file has had it for a while: it counts all the same."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from demo import parts
from lsp_server.client.connection import Connection
from lsp_server.client.session import Session
from lsp_server.core.text import Document
from lsp_server.jobs.office import Office
from lsp_server.server import commands
from tests.conftest import Start
from tests.server.test_documents import add
from tests.support.client import NO_SYNC
from tests.support.holding import state_folder
from tests.support.office import desk
from tests.support.projects import Project
from tests.support.stopping import stopped


@pytest.mark.parametrize("late", ["opened", "changed"])
def test_the_text_before_one_that_the_file_had_before_we_heard_of_it_is_known(base: Path, late: str) -> None:
    path, session = base / "pyproject.toml", Session()
    document = Document(path.as_uri(), "toml", 1, "old" if late == "opened" else "older")
    path.write_text("saved" if late == "opened" else "older")
    session.open(document)
    if late == "changed":
        path.write_text("old")
        session.change([replace(document, text="old")])
    path.write_text("saved")
    for text in ("typed", "saved"):
        session.change([replace(document, text=text)])
    first, again = session.save(document.uri), session.save(document.uri)
    assert first is not None
    assert again is not None
    assert (first.shown, again.shown) == ("old", "saved"), "a second save has changed nothing"


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


@dataclass
class Beside:
    """What a command needs of a connection; tells what it was given to do."""

    session: Session = field(default_factory=Session)
    given: list[object] = field(default_factory=list)

    async def aside(self, function: Callable[..., Any], *arguments: object) -> object:
        self.given.append(function)
        return await asyncio.to_thread(function, *arguments)


def test_an_edit_comes_after_the_documents_that_were_told_of_before_it(project: Project) -> None:
    connection = Beside()

    async def ask(office: Office) -> None:
        argument = {"uri": project.manifest.as_uri()}
        async with connection.session.order:
            asked = asyncio.ensure_future(
                commands.change(cast("Connection", connection), office, argument, command="pyproject.lock")
            )
            for _ in range(5):
                await asyncio.sleep(0)  # let it run as far as it goes
            assert not connection.given
        assert (await asked)["state"] == "queued"

    with desk(project) as jobs:
        asyncio.run(ask(jobs.office))
