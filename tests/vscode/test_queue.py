"""The queue view and what can be done from it, and the one message that a failure gets."""

import psutil
from playwright.sync_api import TimeoutError as NotShown
from playwright.sync_api import expect

from tests.support import projects
from tests.vscode.conftest import eventually
from tests.vscode.editor import Editor
from tests.vscode.window import Window


def _add(window: Window, requirement: str) -> None:
    window.palette("pyproject: Add Dependency…")
    window.answer("Name of a package", requirement)
    window.choose("project.dependencies")


def test_an_operation_that_waits_is_cancelled_from_the_queue_and_the_other_goes_on(
    editor: Editor, project: projects.Project
) -> None:
    gate = project.add_gated_dependency()
    project.uv_ok("lock")
    project.uv_start("sync")
    gate.wait_reached()
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    _add(window, "zeta")
    window.expect_status("1 edit waiting")
    _add(window, "delta")
    window.expect_status("2 edits waiting")

    window.show_queue()
    window.row_action("Add zeta", "Cancel")
    expect(window.row("Add zeta")).to_contain_text("cancelled")
    gate.open()
    eventually(lambda: "delta" in project.text(), "the other edit")
    window.expect_status("demo 0.1.0 · locked")
    assert "zeta" not in project.text()
    assert window.toasts.count() == 0


def test_a_sync_that_hangs_is_cancelled_from_the_queue_and_its_uv_is_gone(editor: Editor, project: projects.Project) -> None:
    gate = project.add_gated_dependency()
    project.uv_ok("lock")
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    window.palette("pyproject: Sync Environment")
    build = gate.wait_reached()
    window.show_queue()
    window.row_action("Sync the environment", "Cancel")
    expect(window.row("Sync the environment")).to_contain_text("cancelled")
    eventually(lambda: not psutil.pid_exists(build), "the end of the build", 5)


def test_a_failure_is_told_once_with_its_output_and_nothing_is_touched(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("lock")
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    before = (project.text(), project.lock_text())
    _add(window, "kappa")

    expect(window.toasts).to_have_count(1)
    expect(window.toasts).to_contain_text("Add kappa")
    for button in ("Show Output", "Retry"):
        expect(window.toasts.get_by_role("button", name=button)).to_be_visible()
    assert (project.text(), project.lock_text()) == before
    window.toasts.get_by_role("button", name="Show Output").click()
    window.tab("output.log").wait_for()
    expect(window.page.get_by_text("unresolvable").first).to_be_visible()
    expect(window.toasts).to_have_count(0)


def test_a_finished_edit_is_undone_from_the_queue_with_its_lock(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("lock")
    before = (project.text(), project.lock_text())
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    _add(window, "zeta")
    eventually(lambda: "zeta" in project.installed(), "zeta in the environment")
    window.expect_status("demo 0.1.0 · locked")
    window.show_queue()
    # Once more if the view was just being drawn anew: such a click reaches no row, for a person too.
    for patience in (20_000, 40_000):
        window.row_action("Add zeta", "Undo")
        try:
            window.row("Undo 'Add zeta").wait_for(timeout=patience)
        except NotShown:
            continue
        break
    eventually(lambda: (project.text(), project.lock_text()) == before, "the texts before")
    window.expect_dirty("pyproject.toml", dirty=False)


def test_an_edit_by_lightbulb_goes_through_the_queue(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("add", "zeta", "delta")
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    window.focus_editor()
    window.page.get_by_text('"zeta').first.click()
    window.page.keyboard.press("ControlOrMeta+.")
    window.page.locator(".action-widget .monaco-list-row", has_text="Remove").first.click()
    eventually(lambda: "zeta" not in project.text(), "the removal")
    window.expect_dirty("pyproject.toml", dirty=False)
    assert "delta" in project.text()
