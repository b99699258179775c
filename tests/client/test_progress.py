"""What a client shows that knows nothing of ours, and how often we speak."""

from itertools import pairwise
from typing import Any

from tests.conftest import Start
from tests.server.test_documents import add
from tests.support.client import DELETE, NO_SYNC, Client
from tests.support.projects import Project


def values(client: Client, token: str) -> list[Any]:
    return [m.params["value"] for m in client.received if m.method == "$/progress" and m.params["token"] == token]


def ended(client: Client, token: str) -> list[Any]:
    client.wait_for(
        lambda m: m.method == "$/progress" and m.params["token"] == token and m.params["value"]["kind"] == "end",
        description="the end of the progress",
    )
    return values(client, token)


def test_progress_begins_reports_what_is_waited_for_and_ends(start: Start, project: Project) -> None:
    with project.held_sync() as (_, sync):
        client = start(initialization_options=NO_SYNC)
        token = add(client, project, "alpha")
        client.wait_operation(token, "waiting")
        client.wait_for(lambda m: m.method == "$/progress" and f"pid {sync.pid}" in m.params["value"].get("message", ""))
    client.wait_operation(token, "done")
    said = ended(client, token)
    assert said[0] == {"kind": "begin", "title": "Add alpha to dependencies", "cancellable": True}
    assert [value["kind"] for value in said] == ["begin", *["report"] * (len(said) - 2), "end"]
    assert any("waits for uv sync" in value["message"] for value in said[1:-1])
    assert all(value != following for value, following in pairwise(said)), "nothing is said twice"
    assert "alpha" in said[-1]["message"]


def test_cancelling_the_progress_cancels_the_operation(start: Start, project: Project) -> None:
    with project.held_sync():
        client = start(initialization_options=NO_SYNC)
        token = add(client, project, "alpha")
        client.wait_operation(token, "waiting")
        client.notify("window/workDoneProgress/cancel", {"token": token})
        client.wait_operation(token, "cancelled")
        assert ended(client, token)[-1]["kind"] == "end"
    assert "alpha" not in project.text()


def test_cancelling_an_unknown_progress_does_no_harm(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.notify("window/workDoneProgress/cancel", {"token": "nobody"})
    client.notify("window/workDoneProgress/cancel", {"token": 7})
    client.wait_operation(add(client, project, "alpha"), "done")


def test_clients_that_announce_neither_get_no_progress_and_no_server_status(start: Start, project: Project) -> None:
    without = {"window": {"workDoneProgress": DELETE}, "experimental": {"serverStatusNotification": DELETE}}
    client = start(initialization_options=NO_SYNC, capabilities=without)
    client.wait_operation(add(client, project, "alpha"), "done")
    methods = {m.method for m in client.received}
    assert not methods & {"$/progress", "window/workDoneProgress/create", "experimental/serverStatus"}
    assert "pyproject/status" in methods


def test_server_status_says_health_and_quiet_and_only_what_is_new(start: Start, project: Project) -> None:
    with project.held_sync():
        client = start(initialization_options=NO_SYNC)
        operation = add(client, project, "alpha")
        client.wait_operation(operation, "waiting")
        client.wait_for(lambda m: m.method == "experimental/serverStatus" and m.params["health"] == "warning")
        before = client.mark()
    client.wait_operation(operation, "done")
    client.wait_for(lambda m: m.method == "experimental/serverStatus" and m.params["quiescent"], after=before)
    said = [m.params for m in client.received if m.method == "experimental/serverStatus"]
    assert {frozenset(one) for one in said} == {frozenset({"health", "quiescent", "message"})}
    assert all(one != following for one, following in pairwise(said))
    assert said[-1] == {"health": "ok", "quiescent": True, "message": ""}


def test_status_is_sent_at_most_twenty_times_a_second_and_the_last_one_always(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.open(project.manifest)
    names = [f"many-{number:02}" for number in range(1, 21)]
    operations = [add(client, project, name) for name in names]
    for operation in operations:
        client.wait_operation(operation, "done")
    statuses = [m for m in client.received if m.method == "pyproject/status"]
    assert len(statuses) <= 2 + (statuses[-1].at - statuses[0].at) / 0.04, "tests/server/test_status_feed.py is exact"
    asked = client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
    last = client.wait_for(lambda m: m.method == "pyproject/status" and m.params == asked, description="the last one")
    assert {one["state"] for one in last.params["operations"]} == {"done"}


def test_positions_count_the_queue(start: Start, project: Project) -> None:
    with project.held_sync() as (_, sync):
        client = start(initialization_options=NO_SYNC)
        operations = [add(client, project, name) for name in ("alpha", "delta", "zeta")]
        for operation in operations:
            client.wait_operation(operation, "waiting")
        status = client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
        assert [(o["id"], o["position"]) for o in status["operations"]] == [(o, n) for n, o in enumerate(operations)]
        assert status["state"] == "blocked"
        assert status["message"] == f"waits for uv sync (pid {sync.pid}), 3 edits queued"
    for operation in operations:
        client.wait_operation(operation, "done")
