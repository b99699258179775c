"""The main job, as a person sees it: an edit behind a running sync."""

from tests.support import projects
from tests.vscode.conftest import eventually
from tests.vscode.editor import Editor


def test_an_add_waits_visibly_behind_a_sync_and_is_made_when_it_ends(editor: Editor, project: projects.Project) -> None:
    gate = project.add_gated_dependency()
    project.uv_ok("lock")
    sync = project.uv_start("sync")
    gate.wait_reached()
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")

    window.palette("pyproject: Add Dependency…")
    window.answer("Name of a package", "zeta")
    window.choose("project.dependencies")

    window.expect_status(r"1 edit waiting for uv sync \(\d+ s\)")
    assert "zeta" not in project.text()
    window.show_queue()
    window.row("Add zeta").wait_for()

    gate.open()
    eventually(lambda: "zeta" in project.text(), "the edit")
    window.expect_status("demo 0.1.0 · locked")
    window.tab("pyproject.toml").click()
    window.page.get_by_text('"zeta').first.wait_for()
    window.expect_dirty("pyproject.toml", dirty=False)
    assert sync.wait(20) == 0
    assert 'name = "zeta"' in project.lock_text()
    eventually(lambda: "zeta" in project.installed(), "zeta in the environment")
    assert window.toasts.count() == 0
