"""`uv` in the integrated terminal, with the setting `terminal.intercept`."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.support import projects
from tests.vscode.conftest import Start, eventually
from tests.vscode.window import Window


def _open_terminal(window: Window) -> None:
    window.palette("Terminal: Create New Terminal")
    window.page.locator(".terminal-wrapper .xterm-helper-textarea").first.wait_for(state="attached")
    window.page.locator(".terminal-wrapper .xterm-screen").first.click()


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_a_uv_add_in_the_terminal_takes_its_turn_and_the_queue_shows_it(start_editor: Start, project: projects.Project) -> None:
    gate = project.add_gated_dependency()
    project.uv_ok("lock")
    window = start_editor({"pyproject.terminal.intercept": True}).open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    window.palette("pyproject: Sync Environment")
    gate.wait_reached()
    _open_terminal(window)
    window.page.keyboard.type("uv add zeta; echo code $? > code.txt\n")
    window.show_queue()
    expect(window.row("uv add zeta")).to_be_visible()
    gate.open()
    eventually(lambda: _text(project.root / "code.txt") != "", "the end of the command")
    assert _text(project.root / "code.txt") == "code 0\n"
    assert "zeta" in project.text()
    window.expect_dirty("pyproject.toml", dirty=False)


def test_other_commands_of_uv_go_straight_to_the_real_one(start_editor: Start, project: projects.Project) -> None:
    window = start_editor({"pyproject.terminal.intercept": True}).open(project.root, project.manifest)
    window.expect_status(re.escape("demo 0.1.0"))
    _open_terminal(window)
    window.page.keyboard.type("command -v uv > which.txt; uv --version > version.txt; uv nonsense; echo $? > code.txt\n")
    eventually(lambda: _text(project.root / "code.txt") != "", "the end of the commands")
    assert (project.root / "which.txt").read_text().strip().endswith("globalStorage/pyproject-lsp.pyproject-lsp/bin/uv")
    assert (project.root / "version.txt").read_text() == project.uv_ok("--version").stdout
    assert (project.root / "code.txt").read_text() == "2\n"
