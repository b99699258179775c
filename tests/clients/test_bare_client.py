"""Add, remove, bump, sync, status and cancel with standard LSP alone, whatever the client cannot do."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.clients import bare
from tests.support.client import Client
from tests.support.projects import Project

Body = dict[str, Any]

REFRESH = ("workspace.codeLens", "workspace.inlayHint", "workspace.diagnostics")
DYNAMIC = (
    "workspace.executeCommand",
    "workspace.didChangeConfiguration",
    "workspace.didChangeWatchedFiles",
    "textDocument.synchronization.dynamicRegistration",
    "textDocument.codeAction.dynamicRegistration",
)

CAPABILITIES: Mapping[str, Body] = {
    "all": bare.FULL,
    "none": {},
    "no applyEdit": bare.without("workspace.applyEdit"),
    "no documentChanges": bare.without("workspace.workspaceEdit"),
    "no resolve": bare.without("textDocument.codeAction.resolveSupport", "textDocument.codeAction.dataSupport"),
    "no code action literals": bare.without("textDocument.codeAction.codeActionLiteralSupport"),
    "no code actions": bare.without("textDocument.codeAction"),
    "no progress": bare.without("window.workDoneProgress"),
    "no dynamic registration": bare.without(*DYNAMIC),
    "no snippet": bare.without("textDocument.completion"),
    "no workspace folders": bare.without("workspace.workspaceFolders"),
    "no configuration": bare.without("workspace.configuration", "workspace.didChangeConfiguration"),
    "no refresh": bare.without(*REFRESH),
    "no window": bare.without("window"),
    "no versions in diagnostics": bare.without("textDocument.publishDiagnostics"),
    "no save": bare.without("textDocument.synchronization.didSave"),
}


def operate(client: Client, project: Project, command: str, **argument: Any) -> None:
    """Run a command to the end of its operation, and read the file again if it changed below the open document."""
    answer = client.execute(f"pyproject.{command}", {"uri": project.manifest.as_uri(), **argument})
    client.wait_operation(answer["id"], "done")
    if client.buffer(project.manifest).text != project.text():
        client.reload(project.manifest)


def add_bump_and_remove(client: Client, project: Project) -> None:
    """The daily work: a command, a code action, a command; the open document always has the file's text."""
    operate(client, project, "add", requirements=["alpha"])
    assert '"alpha' in project.text()
    bump = next(a for a in client.code_actions(project.manifest, "0.1.0") if "0.2.0" in a["title"])
    mark = client.mark()
    client.wait_operation(client.run_action(bump)["id"], "done", after=mark)
    assert 'version = "0.2.0"' in project.text()
    if client.buffer(project.manifest).text != project.text():
        client.reload(project.manifest)
    operate(client, project, "remove", packages=["alpha"])
    assert '"alpha' not in project.text()
    assert client.buffer(project.manifest).text == project.text()


def fails_with_a_message(client: Client, project: Project) -> None:
    """A failure is told by `window/showMessage`, which every client shows, and changes nothing."""
    before = project.text()
    client.execute("pyproject.add", {"uri": project.manifest.as_uri(), "requirements": ["no-such-package-here"]})
    said = client.wait_for_method("window/showMessage", 30)
    assert said.params["type"] == 1
    assert "no-such-package-here" in said.params["message"]
    assert project.text() == before


@pytest.mark.parametrize("name", CAPABILITIES)
def test_the_daily_work_needs_no_optional_capability(project: Project, name: str) -> None:
    capabilities = CAPABILITIES[name]
    with Client(env=project.tools.environment, cwd=project.root, expect_exit=0) as client:
        bare.initialize(client, capabilities, bare.folder(project.root))
        client.open(project.manifest)
        add_bump_and_remove(client, project)
        fails_with_a_message(client, project)
        assert bare.unannounced(client, capabilities) == []
    assert project.uv("lock", "--check").returncode == 0
    assert project.uv("sync", "--check").returncode == 0


@pytest.mark.parametrize("offered", [["utf-8"], ["utf-16"], ["utf-32"], ["utf-8", "utf-16"], []])
def test_an_edit_behind_wide_characters_is_right_in_every_encoding(project: Project, offered: list[str]) -> None:
    text = project.text().replace("dependencies = []", 'dependencies = ["alpha; os_name != \'𝄞é\'", "beta"]  # 𝄞é')
    assert "𝄞" in text, "the manifest must be one that `parts.manifest` wrote"
    project.write(text)
    encodings = {"general": {"positionEncodings": offered}} if offered else {}
    capabilities = {**bare.without("general"), **encodings}
    with Client(env=project.tools.environment, cwd=project.root, expect_exit=0) as client:
        bare.initialize(client, capabilities, bare.folder(project.root))
        assert client.encoding in (offered or ["utf-16"])
        client.open(project.manifest)
        client.type(project.manifest, client.buffer(project.manifest).text.replace("0.1.0", "0.1.7"))
        client.save(project.manifest)
        operate(client, project, "remove", packages=["beta"])
        assert client.buffer(project.manifest).text == project.text()
        assert '"beta' not in project.text()
        assert "# 𝄞é" in project.text()
        assert "0.1.7" in project.text()


@pytest.mark.parametrize("where", ["rootPath", "rootUri", "nothing"])
def test_the_project_is_found_however_the_client_names_its_folder(project: Project, where: str) -> None:
    named: Mapping[str, Body] = {
        "rootPath": {"rootPath": str(project.root)},
        "rootUri": {"rootUri": project.root.as_uri()},
        "nothing": {},
    }
    capabilities = bare.without("workspace.workspaceFolders")
    with Client(env=project.tools.environment, cwd=project.tools.base, expect_exit=0) as client:
        bare.initialize(client, capabilities, named[where])
        client.open(project.manifest)
        add_bump_and_remove(client, project)
        assert bare.unannounced(client, capabilities) == []


def test_a_closed_manifest_is_edited_on_disk_and_never_opened(project: Project) -> None:
    with Client(env=project.tools.environment, cwd=project.root, expect_exit=0) as client:
        bare.initialize(client, bare.FULL, bare.folder(project.root))
        answer = client.execute("pyproject.add", {"uri": project.manifest.as_uri(), "requirements": ["alpha"]})
        client.wait_operation(answer["id"], "done")
        assert '"alpha' in project.text()
        assert not [m for m in client.received if m.method == "workspace/applyEdit"]


def test_a_client_without_apply_edit_is_never_asked_and_reads_the_disk(project: Project) -> None:
    with Client(env=project.tools.environment, cwd=project.root, expect_exit=0) as client:
        bare.initialize(client, {}, bare.folder(project.root))
        client.open(project.manifest)
        operate(client, project, "bumpVersion", bump="patch")
        assert 'version = "0.1.1"' in client.buffer(project.manifest).text


def test_without_code_action_literals_the_actions_are_plain_commands(project: Project) -> None:
    capabilities = bare.without("textDocument.codeAction.codeActionLiteralSupport")
    source = project.root / "tool.py"
    source.write_text("import yaml\n", encoding="utf-8")
    with Client(env=project.tools.environment, cwd=project.root, expect_exit=0) as client:
        bare.initialize(client, capabilities, bare.folder(project.root))
        assert client.server_capabilities["codeActionProvider"] is True
        client.open(project.manifest)
        client.open(source, "python")
        client.wait_for(lambda _: bool(client.diagnostics(source)), 30, "the missing import")
        offered = [*client.code_actions(project.manifest, "0.1.0"), *client.code_actions(source, "yaml")]
        for action in offered:
            assert action.keys() == {"title", "command", "arguments"}
        assert {"pyproject.bumpVersion", "pyproject.sync", "pyproject.add"} <= {action["command"] for action in offered}
        bump = next(action for action in offered if "0.1.1" in action["title"])
        client.wait_operation(client.run_action(bump)["id"], "done")
        assert 'version = "0.1.1"' in project.text()


def test_without_document_changes_an_edit_comes_as_plain_changes(project: Project) -> None:
    capabilities = bare.without("workspace.workspaceEdit")
    with Client(env=project.tools.environment, cwd=project.root, expect_exit=0) as client:
        bare.initialize(client, capabilities, bare.folder(project.root))
        client.open(project.manifest)
        client.type(project.manifest, client.buffer(project.manifest).text + "# mine\n")
        argument = {"uri": project.manifest.as_uri(), "requirements": ["alpha"]}
        added = client.execute("pyproject.add", argument)
        client.wait_operation(added["id"], "needsSave")
        edits = [m.params["edit"] for m in client.received if m.method == "workspace/applyEdit"]
        assert edits
        assert all("documentChanges" not in edit for edit in edits)
        client.save(project.manifest)
        client.wait_operation(added["id"], "done")
        assert {'"alpha', "# mine"} <= {word for word in ('"alpha', "# mine") if word in project.text()}


def test_a_sync_held_at_a_gate_is_seen_and_cancelled_by_standard_progress(project: Project) -> None:
    with project.held_sync() as (gate, sync), Client(env=project.tools.environment, cwd=project.root, expect_exit=0) as client:
        bare.initialize(client, bare.FULL, bare.folder(project.root))
        client.open(project.manifest)
        before = project.text()
        client.execute("pyproject.add", {"uri": project.manifest.as_uri(), "requirements": ["alpha"]})
        begun = client.wait_for(lambda m: m.method == "$/progress" and m.params["value"]["kind"] == "begin", 20, "a progress")
        assert begun.params["value"]["cancellable"] is True
        client.wait_for(
            lambda m: m.method == "$/progress" and str(sync.pid) in m.params["value"].get("message", ""),
            30,
            "a progress that names the sync",
        )
        client.notify("window/workDoneProgress/cancel", {"token": begun.params["token"]})
        client.wait_for(lambda m: m.method == "$/progress" and m.params["value"]["kind"] == "end", 20, "its end")
        assert project.text() == before
        gate.open()
        assert sync.wait(30) == 0
        assert project.text() == before


def test_a_client_without_progress_cancels_by_the_command(project: Project) -> None:
    with project.held_sync() as (gate, sync), Client(env=project.tools.environment, cwd=project.root, expect_exit=0) as client:
        bare.initialize(client, {}, bare.folder(project.root))
        client.open(project.manifest)
        uri = project.manifest.as_uri()
        added = client.execute("pyproject.add", {"uri": uri, "requirements": ["alpha"]})
        client.wait_operation(added["id"], "waiting")
        assert client.execute("pyproject.cancel", {"uri": uri, "id": added["id"]}) == {"cancelled": True}
        client.wait_operation(added["id"], "cancelled")
        assert not [m for m in client.received if m.method == "$/progress"]
        gate.open()
        assert sync.wait(30) == 0
        assert '"alpha' not in project.text()


def test_an_edit_answered_as_applied_but_not_made_is_planned_again(project: Project) -> None:
    """Neovim without our module answers so to a stale version; only the following change is believed."""
    with Client(env=project.tools.environment, cwd=project.root, expect_exit=0) as client:
        bare.initialize(client, bare.FULL, bare.folder(project.root))
        client.open(project.manifest)
        client.type(project.manifest, client.buffer(project.manifest).text + "# mine\n")
        honest = client.handlers["workspace/applyEdit"]
        refused: list[Body] = []

        def apply(params: Body) -> Body:
            if refused:
                return honest(params)  # type: ignore[no-any-return]  # handlers answer with any JSON
            refused.append(params)
            return {"applied": True}

        client.handlers["workspace/applyEdit"] = apply
        added = client.execute("pyproject.add", {"uri": project.manifest.as_uri(), "requirements": ["alpha"]})
        client.wait_operation(added["id"], "needsSave")
        client.wait_for(lambda _: '"alpha' in client.buffer(project.manifest).text, 20, "the edit in the buffer")
        client.save(project.manifest)
        client.wait_operation(added["id"], "done")
        assert refused
        assert '"alpha' in project.text()
        assert "# mine" in project.text()
