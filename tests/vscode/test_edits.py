"""Whose text is whose: clean, unsaved and read-only documents, one undo step, two columns."""

import re

from playwright.sync_api import expect

from tests.support import projects
from tests.vscode.conftest import Start, eventually
from tests.vscode.editor import Editor
from tests.vscode.window import Window


def _bump(window: Window, part: str) -> None:
    window.palette("pyproject: Bump Version…")
    window.choose(part)


def test_an_edit_of_a_clean_document_leaves_it_clean_and_is_one_undo_step(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("lock")
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    before = project.text()
    _bump(window, "minor")
    window.expect_status("demo 0.2.0")
    window.expect_dirty("pyproject.toml", dirty=False)
    assert 'version = "0.2.0"' in window.editor_text()

    window.focus_editor()
    window.page.keyboard.press("ControlOrMeta+Z")
    expect(window.page.get_by_text('"0.1.0"').first).to_be_visible()
    window.page.keyboard.press("ControlOrMeta+S")
    eventually(lambda: project.text() == before, "the text before the bump")


def test_an_unsaved_document_is_edited_but_saved_only_by_the_person(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("lock")
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    window.type_at_end("# mine\n")
    window.expect_dirty("pyproject.toml", dirty=True)
    before = project.text()
    _bump(window, "major")

    window.expect_status("Save pyproject.toml to finish")
    assert project.text() == before
    window.expect_dirty("pyproject.toml", dirty=True)
    window.focus_editor()
    expect(window.page.get_by_text('"1.0.0"').first).to_be_visible()
    window.page.keyboard.press("ControlOrMeta+S")
    window.expect_status("demo 1.0.0")
    assert project.text() == before.replace("0.1.0", "1.0.0") + "# mine\n"
    window.expect_dirty("pyproject.toml", dirty=False)


def test_a_document_in_a_tab_behind_another_is_left_clean(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("lock")
    other = project.root / "main.py"
    other.write_text("print('hi')\n")
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    window.tab("pyproject.toml").dblclick()
    window.page.keyboard.press("ControlOrMeta+P")
    window.answer("Search files", "main.py")
    window.tab("main.py").wait_for()
    window.type_at_end("print('typed')\n")
    _bump(window, "patch")
    window.expect_status("demo 0.1.1")
    window.expect_dirty("pyproject.toml", dirty=False)
    # What the person has in the active tab is neither saved nor reverted.
    window.expect_dirty("main.py", dirty=True)
    assert other.read_text() == "print('hi')\n"
    assert "typed" in window.editor_text()


def test_a_document_in_two_columns_is_left_clean_in_both(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("lock")
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    window.page.keyboard.press("ControlOrMeta+\\")
    expect(window.page.locator('.tab[data-resource-name="pyproject.toml"]')).to_have_count(2)
    _bump(window, "minor")
    window.expect_status("demo 0.2.0")
    for tab in window.page.locator('.tab[data-resource-name="pyproject.toml"]').all():
        expect(tab).not_to_have_class(re.compile(r"\bdirty\b"))
    expect(window.page.get_by_text('"0.2.0"')).to_have_count(2)


def test_a_document_that_is_shown_in_a_diff_only_is_left_clean(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("lock")
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    window.palette("File: Compare Active File with Saved")
    window.page.locator(".monaco-diff-editor .view-line", has_text="0.1.0").first.wait_for()
    _bump(window, "minor")
    window.expect_status("demo 0.2.0")
    window.expect_dirty("pyproject.toml", dirty=False)
    assert 'version = "0.2.0"' in project.text()


def test_a_renamed_folder_is_the_same_project_under_its_new_name(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("lock")
    inner = project.root / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text(project.text().replace('"demo"', '"inner"'))
    window = editor.open(project.root, inner / "pyproject.toml")
    window.expect_status("inner 0.1.0")
    inner.rename(project.root / "renamed")
    window.page.keyboard.press("ControlOrMeta+P")
    window.answer("Search files", "renamed/pyproject.toml", row="renamed")
    window.expect_status("inner 0.1.0")
    _bump(window, "minor")
    window.expect_status("inner 0.2.0")
    assert 'version = "0.2.0"' in (project.root / "renamed" / "pyproject.toml").read_text()
    assert 'version = "0.1.0"' in project.text()


def test_a_closed_manifest_is_edited_on_the_disk(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("lock")
    window = editor.open(project.root)
    window.expect_status("demo 0.1.0")
    _bump(window, "minor")
    window.expect_status("demo 0.2.0")
    assert 'version = "0.2.0"' in project.text()
    expect(window.page.locator(".tab")).to_have_count(0)


def test_a_formatter_on_save_does_not_run_over_an_edit_of_the_server(start_editor: Start, project: projects.Project) -> None:
    project.uv_ok("lock")
    project.write(project.text().replace('name = "demo"', 'name = "demo"   '))
    window = start_editor({"files.trimTrailingWhitespace": True}).open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    _bump(window, "minor")
    window.expect_status("demo 0.2.0")
    window.expect_dirty("pyproject.toml", dirty=False)
    assert 'name = "demo"   \n' in project.text()
