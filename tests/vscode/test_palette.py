"""The commands of the palette that the other tests do not use, the names that 'add' offers, and the fix of an import."""

import json
import sys

from playwright.sync_api import expect

from tests.support import projects
from tests.vscode.conftest import eventually
from tests.vscode.editor import Editor


def test_an_import_without_declaration_is_added_by_lightbulb(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("add", "gamma")
    source = project.root / "src" / "demo" / "__init__.py"
    source.parent.mkdir(parents=True)
    source.write_text("import delta\nimport gamma\n")
    window = editor.open(project.root, source)
    window.expect_status("demo 0.1.0")
    window.page.locator(".squiggly-info, .squiggly-hint, .squiggly-warning, .cdr.squiggly-inline-unnecessary").first.wait_for(
        state="attached"
    )
    window.page.locator(".view-line", has_text="import delta").first.click(position={"x": 70, "y": 8})
    window.page.keyboard.press("ControlOrMeta+.")
    window.page.locator(".action-widget .monaco-list-row", has_text="Add 'delta'").first.click()
    eventually(lambda: '"delta' in project.text(), "the declaration")
    eventually(lambda: "delta" in project.installed(), "delta in the environment")
    window.expect_status("demo 0.1.0 · locked")
    expect(window.toasts).to_have_count(0)


def test_names_are_offered_while_a_person_types_and_the_chosen_one_is_added(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("lock")
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    window.palette("pyproject: Add Dependency…")
    window.page.locator('.quick-input-widget:visible input.input[placeholder*="Name of a package"]').fill("zet")
    rows = window.page.locator(".quick-input-list .monaco-list-row:visible")
    expect(rows.first).to_contain_text("as typed")
    rows.filter(has_text="zeta").filter(has_text="1.0").click()
    window.choose("project.dependencies")
    eventually(lambda: '"zeta>=1.0"' in project.text(), "the dependency")


def test_the_last_change_is_undone_from_the_palette(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("lock")
    before = project.text()
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    window.palette("pyproject: Bump Version…")
    window.choose("minor")
    window.expect_status("demo 0.2.0")
    window.palette("pyproject: Undo Last Change")
    window.expect_status("demo 0.1.0")
    eventually(lambda: project.text() == before, "the text before the bump")
    window.expect_dirty("pyproject.toml", dirty=False)


def test_a_preview_shows_the_difference_and_changes_nothing_until_it_is_applied(
    editor: Editor, project: projects.Project
) -> None:
    project.uv_ok("lock")
    before = (project.text(), project.lock_text())
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    window.palette("pyproject: Preview a Change…")
    window.choose("Add Dependency")
    window.answer("Name of a package", "beta")
    window.choose("project.dependencies")
    added = window.page.locator(".monaco-diff-editor .modified-in-monaco-diff-editor .view-line", has_text='"beta>=2.0"')
    expect(added.first).to_be_visible()
    question = window.toasts.filter(has_text="beta 2.0 is new")
    expect(question).to_contain_text("alpha 2.0 is new")
    # The queue, not only the files: an edit that was begun would stand in them a second later.
    asked = project.tools.run([sys.executable, "-I", "-m", "lsp_server", "status", "--json"], project.root)
    assert json.loads(asked.stdout)["operations"] == []
    assert (project.text(), project.lock_text()) == before
    question.get_by_role("button", name="Apply").click()
    eventually(lambda: '"beta>=2.0"' in project.text(), "the previewed change")


def test_lock_and_open_log_do_what_they_say(editor: Editor, project: projects.Project) -> None:
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    assert not project.lock.exists()
    window.palette("pyproject: Update uv.lock")
    eventually(project.lock.exists, "the lock file")
    window.expect_status("demo 0.1.0 · (locked|no environment)")
    window.palette("pyproject: Open Log")
    window.expect_log()
