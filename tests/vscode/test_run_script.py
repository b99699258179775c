"""The lens 'run with uv' above a script's block."""

from pathlib import Path

from playwright.sync_api import expect

from tests.support import projects
from tests.vscode.conftest import Start, eventually


def test_the_lens_does_not_run_what_stands_in_the_editor(start_editor: Start, project: projects.Project) -> None:
    script = project.root / "my $scripts" / "it's one.py"
    script.parent.mkdir()
    block = '# /// script\n# requires-python = ">=3.11"\n# dependencies = ["alpha"]\n# ///\n'
    script.write_text(f"{block}import pathlib, alpha\npathlib.Path('ran.txt').write_text('ran')\n", "utf-8")
    window = start_editor({"pyproject.uv.path": project.tools.uv}).open(project.root, script)
    lens = window.page.locator(".codelens-decoration a", has_text="run with uv")
    expect(lens).to_be_visible()
    lens.click()
    ran = Path(script.parent / "ran.txt")
    eventually(ran.exists, "what the script writes")
    assert ran.read_text("utf-8") == "ran"
