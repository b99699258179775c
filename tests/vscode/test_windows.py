"""More than one window, a server that dies, a folder that is not trusted, several roots."""

import os
import re
import signal
import sys

from playwright.sync_api import expect

from tests.support import projects
from tests.vscode.conftest import Start, eventually
from tests.vscode.editor import Editor


def test_two_windows_show_the_same_queue_and_lose_no_edit(editor: Editor, project: projects.Project) -> None:
    gate = project.add_gated_dependency()
    project.uv_ok("lock")
    project.uv_start("sync")
    gate.wait_reached()
    windows = [editor.open(project.root, project.manifest) for _ in range(2)]
    for window, name in zip(windows, ("zeta", "delta"), strict=True):
        window.expect_status("demo 0.1.0|waiting")
        window.palette("pyproject: Add Dependency…")
        window.answer("Name of a package", name)
        window.choose("project.dependencies")
        window.expect_status("edits? waiting")
    assert len(editor.server_pids()) == 2
    for window in windows:
        window.show_queue()
        window.row("Add zeta").wait_for()
        window.row("Add delta").wait_for()
    gate.open()
    eventually(lambda: "zeta" in project.text() and "delta" in project.text(), "both edits")
    for window in windows:
        window.expect_status("demo 0.1.0 · locked")
        window.expect_dirty("pyproject.toml", dirty=False)
        for name in ("zeta", "delta"):
            expect(window.page.locator(".view-line", has_text=re.compile(f'"{name}')).first).to_be_visible()


def test_a_server_that_dies_is_started_again_once_then_a_message_says_so(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("lock")
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    [first] = editor.server_pids()
    os.kill(first, signal.SIGKILL)
    eventually(lambda: editor.server_pids() not in ([], [first]), "a new server")
    window.palette("pyproject: Bump Version…")
    window.choose("patch")
    window.expect_status("demo 0.1.1")
    assert window.toasts.count() == 0

    eventually(lambda: len(editor.server_pids()) == 1, "the server alone, without what it is about to start")
    [second] = editor.server_pids()
    os.kill(second, signal.SIGKILL)
    toast = window.toasts.filter(has_text="crashed twice")
    expect(toast).to_be_visible()
    assert editor.server_pids() == []
    toast.get_by_role("button", name="Restart Server").click()
    window.expect_status("demo 0.1.1")


def test_a_folder_that_is_not_trusted_is_read_but_no_uv_runs_until_it_is(start_editor: Start, project: projects.Project) -> None:
    project.uv_ok("lock")
    editor = start_editor(trust_everything=False)
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    window.page.keyboard.press("F1")
    window.input.fill(">pyproject: ")
    rows = window.page.locator(".quick-input-list .monaco-list-row")
    rows.filter(has_text="pyproject: Restart Server").wait_for()
    expect(rows.filter(has_text="Add Dependency")).to_have_count(0)
    window.page.keyboard.press("Escape")

    window.page.locator(".codelens-decoration a", has_text="minor").first.click()
    expect(window.toasts.first).to_contain_text(re.compile("trust", re.IGNORECASE))
    assert 'version = "0.1.0"' in project.text()

    untrusted = editor.server_pids()
    window.palette("Workspaces: Manage Workspace Trust")
    window.page.get_by_role("button", name="Trust", exact=True).first.click()
    eventually(lambda: editor.server_pids() not in ([], untrusted), "a server that may run uv")
    window.expect_status("demo 0.1.0")
    window.palette("pyproject: Bump Version…")
    window.choose("minor")
    window.expect_status("demo 0.2.0")
    assert 'version = "0.2.0"' in project.text()


def test_each_project_of_a_window_has_its_own_queue(editor: Editor, project: projects.Project, tools: projects.Tools) -> None:
    other = projects.plain(tools, project.wheels, root=project.root / "nested" / "other")
    for each in (project, other):
        each.uv_ok("lock")
    other.write(other.text().replace('name = "demo"', 'name = "other"'))
    window = editor.open(project.root, other.manifest)
    window.expect_status("other 0.1.0")
    window.palette("pyproject: Bump Version…")
    window.choose("minor")
    window.expect_status("other 0.2.0")
    assert 'version = "0.1.0"' in project.text()


def test_a_server_that_cannot_start_is_told_once_with_its_log(start_editor: Start, project: projects.Project) -> None:
    broken = [sys.executable, "-c", "import sys; sys.exit('broken on purpose')"]
    window = start_editor({"pyproject.server.command": broken}).open(project.root, project.manifest)
    toast = window.toasts.filter(has_text="pyproject: the server did not start")
    expect(toast).to_be_visible()
    expect(window.toasts).to_have_count(1)
    toast.get_by_role("button", name="Open Log").click()
    window.expect_log()
    expect(window.toasts).to_have_count(0)
    expect(window.status).not_to_be_visible()
