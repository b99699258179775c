"""Make the pictures of the documentation from the real editor: `python -m tests.vscode.pictures`.

Writes `docs/images/vscode-*.png`. Everything in them is real: the project, the uv that holds the lock, the failure.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from demo import parts
from tests.support import projects
from tests.vscode import editor as editors
from tests.vscode import install
from tests.vscode.window import Window

IMAGES = install.ROOT / "docs" / "images"
SETTINGS = {
    "workbench.colorTheme": "Default Dark Modern",
    "pyproject.terminal.intercept": True,
    "breadcrumbs.enabled": False,
}


def _add(window: Window, requirement: str) -> None:
    window.palette("pyproject: Add Dependency…")
    window.answer("Name of a package", requirement)
    window.choose("project.dependencies")


def _shot(window: Window, name: str) -> None:
    window.page.mouse.move(640, 640)
    window.shot(IMAGES / f"vscode-{name}.png")


def _widen_side_bar(window: Window) -> None:
    window.page.mouse.move(350, 600)
    window.page.mouse.down()
    window.page.mouse.move(540, 600, steps=5)
    window.page.mouse.up()


def _story(window: Window, gate: parts.Gate) -> None:
    """One session at one project, with a picture of each state."""
    window.expect_status("waiting|demo 0.1.0")
    window.palette("pyproject: Add Dependency…")
    window.input.fill("zeta")
    window.page.locator(".quick-input-list .monaco-list-row", has_text="zeta").first.wait_for()
    _shot(window, "add")
    window.page.keyboard.press("Enter")
    window.choose("project.dependencies")
    window.expect_status("1 edit waiting")
    _add(window, "delta")
    window.expect_status("2 edits waiting")
    window.show_queue()
    window.row("Add zeta").click()
    expect(window.row("uv's environment lock")).to_be_visible()
    _shot(window, "waiting")

    window.palette("Terminal: Create New Terminal")
    window.page.locator(".terminal-wrapper .xterm-screen").first.click()
    window.page.locator(".terminal-command-decoration").first.wait_for(state="attached")
    window.page.keyboard.type("uv add eta\n")
    window.row("uv add eta").wait_for()
    _shot(window, "terminal")
    gate.open()
    window.expect_status("demo 0.1.0 · locked")
    window.palette("View: Hide Panel")
    window.page.locator(".part.panel").wait_for(state="hidden")

    _add(window, "kappa")
    window.toasts.first.wait_for()
    _shot(window, "failure")
    window.toasts.get_by_role("button", name="Clear Notification").first.click()
    window.row("Add delta").click()
    _shot(window, "queue")

    window.type_at_end("# mine\n")
    window.palette("pyproject: Bump Version…")
    expect(window.page.locator(".quick-input-list .monaco-list-row", has_text="post1")).to_be_visible()
    expect(window.page.locator(".quick-input-widget .monaco-progress-container.done")).to_be_attached()
    _shot(window, "bump")
    window.choose("minor")
    window.expect_status("Save pyproject.toml to finish")
    expect(window.row("Bump minor")).to_contain_text("waits for your save")
    _shot(window, "needs-save")


def main() -> None:
    """Set the stage, and take the pictures."""
    install.main()
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pl-") as folder, sync_playwright() as playwright:
        base = Path(folder).resolve()
        uv = Path(sys.executable).with_name("uv")
        tools = projects.Tools(str(uv), parts.uv_environment(base), base)
        project = projects.plain(tools, projects.make_wheels(base / "work" / "wheels"))
        # A picture shows no folder of the machine that it was made on.
        project.write(project.text().replace((base / "work").as_posix(), ".."))
        gate = project.add_gated_dependency()
        project.uv_ok("lock")
        project.uv_start("sync")
        gate.wait_reached()
        browser = playwright.chromium.launch(executable_path=install.browser(), args=["--no-sandbox"])
        path = editors.hermetic_path(tools.environment)
        (base / "c").mkdir()
        environment = {**tools.environment, "PATH": path, "SHELL": "/bin/bash"}
        editor = editors.start(base / "c", environment, browser, SETTINGS)
        try:
            with (base / "c" / "home" / ".bashrc").open("a") as settings:
                settings.write("PS1='$ '\n")
            window = editor.open(project.root, project.manifest)
            _widen_side_bar(window)
            _story(window, gate)
        finally:
            gate.open()
            editor.stop()
            tools.stop()
            browser.close()


if __name__ == "__main__":
    main()
