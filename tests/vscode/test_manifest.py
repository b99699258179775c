"""VS Code shows what the server knows of a manifest: suggestions while typing, and hover under the pointer."""

from playwright.sync_api import expect

from tests.support import projects
from tests.vscode.editor import Editor


def test_names_are_suggested_and_a_requirement_is_explained(editor: Editor, project: projects.Project) -> None:
    project.uv_ok("add", "alpha<2")
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    window.type_at_end('[dependency-groups]\ndev = ["alp')
    window.page.keyboard.press("Control+Space")
    suggestion = window.page.locator(".suggest-widget .monaco-list-row", has_text="alpha").first
    expect(suggestion).to_be_visible()
    suggestion.click()
    expect(window.page.locator(".view-line", has_text='dev = ["alpha')).to_be_visible()
    window.page.locator(".view-line span", has_text="alpha<2").last.hover()
    expect(window.page.locator(".monaco-hover", has_text="locked: 1.1").first).to_be_visible()
