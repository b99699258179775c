"""Inlay hints and hover in a manifest, from the real uv.lock and environment: they follow what happens, and delay nothing."""

from typing import Any

from tests.conftest import Start
from tests.server.test_documents import add
from tests.support.client import NO_SYNC, Client
from tests.support.projects import Project

EVERYWHERE = {"start": {"line": 0, "character": 0}, "end": {"line": 999, "character": 0}}
REFRESHES = {"workspace": {"inlayHint": {"refreshSupport": True}}}


def hints(client: Client, project: Project) -> list[str]:
    document = {"uri": project.manifest.as_uri()}
    answer = client.request("textDocument/inlayHint", {"textDocument": document, "range": EVERYWHERE}, 10)
    return [hint["label"] for hint in answer]


def hover(client: Client, project: Project, needle: str) -> str:
    where = client.range_of(project.manifest, needle)["start"]
    params = {"textDocument": {"uri": project.manifest.as_uri()}, "position": where}
    return str(client.request("textDocument/hover", params, 10)["contents"]["value"])


def until_refreshed(client: Client, after: int) -> None:
    client.wait_for(lambda message: message.method == "workspace/inlayHint/refresh", 20, "a refresh", after=after)


def started(start: Start, project: Project, **options: Any) -> Client:
    client = start(capabilities=REFRESHES, **options)
    client.handlers["workspace/inlayHint/refresh"] = lambda _params: None
    client.open(project.manifest)
    return client


def test_they_follow_a_sync_of_the_terminal_and_an_edit(start: Start, project: Project) -> None:
    project.uv_ok("add", "alpha<2")
    client = started(start, project)
    until_refreshed(client, 0)
    assert hints(client, project) == ["1.1"]
    assert "locked: 1.1 · installed: 1.1" in hover(client, project, "alpha")
    before = client.mark()
    client.wait_operation(add(client, project, "eta"), "done")
    until_refreshed(client, before)
    assert hints(client, project) == ["1.1"]  # `eta>=2.0` says what is locked itself
    assert "locked: 2.0" in hover(client, project, "eta")


def test_a_hint_that_the_requirement_says_itself_is_left_out(start: Start, project: Project) -> None:
    project.uv_ok("add", "eta==1.0")
    client = started(start, project, initialization_options=NO_SYNC)
    until_refreshed(client, 0)
    assert hints(client, project) == []


def test_they_stay_while_a_sync_runs(start: Start, project: Project) -> None:
    project.uv_ok("add", "alpha<2")
    gate = project.add_gated_dependency()
    client = started(start, project)
    until_refreshed(client, 0)
    sync = project.uv_at(gate, "sync")
    assert hints(client, project)[-1] == "1.1"
    assert "installed: 1.1" in hover(client, project, "alpha")
    gate.open()
    assert sync.wait(30) == 0
