"""Settings of a running server, in each of the ways in which a client gives them."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Start
from tests.server.test_documents import add
from tests.support.client import DELETE, NO_SYNC, Client
from tests.support.holding import held, manifest_lock
from tests.support.projects import Project

NO_PULL = {"workspace": {"configuration": DELETE}}


def messages(client: Client) -> list[str]:
    return [m.params["message"] for m in client.received if m.method == "window/showMessage"]


def lenses(client: Client, project: Project) -> list[Any]:
    return list(client.request("textDocument/codeLens", {"textDocument": {"uri": project.manifest.as_uri()}}))


def answered(client: Client) -> None:
    """The server has taken in the answers to its questions: it answers requests in their order."""
    client.wait_for(lambda m: m.method == "workspace/configuration", description="a question for the settings")
    client.wire.wait_until(
        lambda: [m for m in client.transcript if m.way == "out" and "result" in m.body and isinstance(m.body["result"], list)],
        10,
        "an answer with the settings",
    )


def test_settings_are_pulled_where_the_client_answers(start: Start, project: Project) -> None:
    client = start(settings={"codeLens.enable": False})
    answered(client)
    client.open(project.manifest)
    assert lenses(client, project) == []


def test_settings_are_pulled_again_when_they_change_and_what_is_gone_is_the_default_again(start: Start, project: Project) -> None:
    client = start(settings={"codeLens.enable": False})
    answered(client)
    client.open(project.manifest)
    assert lenses(client, project) == []
    mark = client.mark()
    client.settings = {}
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    client.wait_for_method("workspace/codeLens/refresh", after=mark)
    assert lenses(client, project)


def test_the_client_is_asked_to_tell_of_changed_settings(start: Start) -> None:
    client = start()
    client.wait_for_method("client/registerCapability")
    client.wire.wait_until(lambda: client.registrations or None, 10, "registrations")
    assert client.registrations["workspace/didChangeConfiguration"]["registerOptions"] == {"section": "pyproject"}
    watchers = client.registrations["workspace/didChangeWatchedFiles"]["registerOptions"]["watchers"]
    assert [one["globPattern"] for one in watchers] == ["**/pyproject.toml", "**/uv.lock", "**/*.py"]


def test_settings_are_taken_as_they_are_pushed(start: Start, project: Project) -> None:
    client = start(capabilities=NO_PULL)
    client.open(project.manifest)
    assert lenses(client, project)
    client.configure({"codeLens.enable": False})
    client.wait_for_method("workspace/codeLens/refresh")
    assert lenses(client, project) == []
    assert not [m for m in client.received if m.method == "workspace/configuration"]


@pytest.mark.parametrize("form", [{"codeLens": {"enable": False}}, {"pyproject.codeLens.enable": False}])
def test_initialization_options_count_before_anything_is_asked(start: Start, project: Project, form: Any) -> None:
    client = start(capabilities=NO_PULL, initialization_options=form)
    client.open(project.manifest)
    assert lenses(client, project) == []


def test_each_wrong_setting_is_said_once_by_name(start: Start, project: Project) -> None:
    client = start(settings={"sync.onSave": "always", "synk": 1}, initialization_options={"sync": {"onSave": "never"}})
    answered(client)
    for _ in range(3):
        client.configure({"sync.onSave": "sometimes", "synk": 2, "codeLens.enable": False})
    client.open(project.manifest)
    client.wait_for(lambda m: m.method == "window/showMessage" and "synk" in m.params["message"])
    assert lenses(client, project) is not None
    said = messages(client)
    assert len([one for one in said if "'pyproject.sync.onSave'" in one]) == 1
    assert len([one for one in said if "unknown setting 'pyproject.synk'" in one]) == 1
    assert {m.params["type"] for m in client.received if m.method == "window/showMessage"} == {2}


def test_a_client_that_answers_for_its_settings_with_an_error_is_served(project: Project) -> None:
    with Client(env=project.tools.environment, cwd=project.root, expect_exit=0) as client:
        del client.handlers["workspace/configuration"]
        del client.handlers["client/registerCapability"]
        client.initialize(root=project.root, initialization_options=NO_SYNC)
        client.wait_operation(add(client, project, "alpha"), "done")
    assert '"alpha>=2.0"' in project.text()


def watching_uv(project: Project) -> tuple[Path, Path]:
    """A `uv` that writes down that it was started, and the file where it does."""
    folder = project.tools.base / "watching"
    folder.mkdir()
    trace = folder / "started"
    script = folder / "uv"
    script.write_text(f'#!/bin/sh\necho "$@" >> "{trace}"\nexec "{project.tools.uv}" "$@"\n')
    script.chmod(0o755)
    return script, trace


@pytest.mark.parametrize("workspace_setting", [{}, {"trusted": True}, {"pyproject.trusted": True}])
def test_in_a_workspace_that_is_not_trusted_no_uv_is_started(start: Start, project: Project, workspace_setting: Any) -> None:
    uv, trace = watching_uv(project)
    options = {"trusted": False, "uv": {"path": str(uv)}}
    client = start(initialization_options=options, settings=workspace_setting)
    answered(client)
    client.open(project.manifest)
    failed = client.wait_operation(add(client, project, "alpha"), "failed")
    assert failed["error"]["code"] == "untrusted"
    assert "trust it" in failed["error"]["message"]
    for command in ("sync", "lock"):
        queued = client.execute(f"pyproject.{command}", {"uri": project.manifest.as_uri()})
        client.wait_operation(queued["id"], "failed")
    with pytest.raises(Exception, match="not trusted"):
        client.execute("pyproject.checkUpgrades", {"uri": project.manifest.as_uri()})
    assert client.code_actions(project.manifest, "0.1.0"), "what needs no uv works on"
    assert not trace.exists()


def test_the_uv_of_the_setting_is_the_one_that_runs(start: Start, project: Project) -> None:
    uv, trace = watching_uv(project)
    client = start(initialization_options={**NO_SYNC, "uv.path": str(uv)})
    client.wait_operation(add(client, project, "alpha"), "done")
    assert "add" in trace.read_text()


def test_without_a_uv_it_is_said_what_to_do(start: Start, project: Project) -> None:
    client = start(initialization_options={"uv.path": str(project.tools.base / "nowhere" / "uv")})
    failed = client.wait_operation(add(client, project, "alpha"), "failed")
    assert failed["error"]["code"] == "no-uv"
    assert "nowhere" in failed["error"]["message"]


@pytest.mark.parametrize(("value", "kinds"), [("off", []), ("lock", ["lock"]), ("sync", ["sync"])])
def test_a_save_locks_or_syncs_where_the_setting_says_so(start: Start, project: Project, value: str, kinds: list[str]) -> None:
    client = start(initialization_options={"sync.onSave": value, "sync.afterEdit": False})
    client.open(project.manifest)
    client.type(project.manifest, project.text().replace("dependencies = []", 'dependencies = ["alpha"]'))
    mark = client.mark()
    client.save(project.manifest)
    if kinds:
        client.wait_for(
            lambda m: m.method == "pyproject/status" and [o["state"] for o in m.params["operations"]] == ["done"],
            30,
            "the end of what the save began",
            mark,
        )
    status = client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
    assert [operation["kind"] for operation in status["operations"]] == kinds
    assert project.lock.exists() == bool(kinds)
    assert ("alpha" in project.installed()) == (value == "sync")


def test_an_operation_that_does_not_get_its_turn_in_time_fails(start: Start, project: Project) -> None:
    with project.held_sync() as (_, sync):
        client = start(initialization_options={"lock.timeout": 1})
        failed = client.wait_operation(add(client, project, "alpha"), "failed")
        assert failed["error"]["code"] == "lock-timeout"
        assert "uv sync" in failed["error"]["message"], "it says on whom it had waited"
        assert "alpha" not in project.text()
        assert sync.poll() is None


def test_an_operation_behind_another_servers_lock_fails_in_time_too(start: Start, project: Project) -> None:
    client = start(initialization_options={"lock.timeout": 1})
    with held(project.tools, manifest_lock(project)):
        failed = client.wait_operation(add(client, project, "alpha"), "failed")
    assert failed["error"]["code"] == "lock-timeout"
