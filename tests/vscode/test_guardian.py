"""A save that another tool's rollback erased is put back, and a person hears of it once."""

from playwright.sync_api import expect

from demo import parts
from tests.support import projects
from tests.vscode.conftest import eventually
from tests.vscode.editor import Editor


def test_a_save_that_a_rollback_erased_is_back_and_the_difference_can_be_seen(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("lock")
    gate = project.gate()
    parts.make_package(project.root.parent / "bad", "bad", "1.0", parts.Backend(gate, then="fail"))
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    failing = project.uv_start("add", "../bad")
    gate.wait_reached()
    window.page.get_by_text("../bad").first.wait_for()
    window.focus_editor()
    window.page.keyboard.press("ControlOrMeta+Home")
    window.page.keyboard.type("# mine\n")
    window.page.keyboard.press("ControlOrMeta+S")
    window.expect_dirty("pyproject.toml", dirty=False)
    eventually(lambda: "# mine" in project.text(), "the save")

    gate.open()
    assert failing.wait(30) != 0
    toast = window.toasts.filter(has=window.page.get_by_role("button", name="Show Difference"))
    expect(toast).to_be_visible()
    assert project.text().startswith("# mine\n")
    toast.get_by_role("button", name="Show Difference").click()
    expect(window.page.get_by_text("erased ↔ restored").first).to_be_visible()
