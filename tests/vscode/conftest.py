"""A VS Code of its own for each test, hermetic like everything else, and one Chromium for all."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, expect, sync_playwright

from tests.support import projects
from tests.vscode import editor as editors
from tests.vscode import install

PATIENCE = 40_000
"""Milliseconds that something on the screen may take, on a machine that does other things as well."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test may have to install an editor, and a browser is slow on a busy machine."""
    for item in items:
        if "tests/vscode" in item.path.as_posix():
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium, after everything that these tests need was brought."""
    install.CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(install.CACHE / "install.lock"):
        install.main()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        started = playwright.chromium.launch(executable_path=install.browser(), args=options)
        yield started
        started.close()


Start = Callable[..., editors.Editor]


@pytest.fixture
def start_editor(base: Path, tools: projects.Tools, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Start]:
    """Starts a VS Code with settings of the test; it is ended with the test; pictures are kept if that failed."""
    started: list[editors.Editor] = []
    failed_before = request.session.testsfailed
    usual = {**tools.environment, "PATH": editors.hermetic_path(tools.environment), "SHELL": "/bin/bash"}

    def start(
        settings: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None, **options: Any
    ) -> editors.Editor:
        folder = base / f"c{len(started)}"
        folder.mkdir()
        made = editors.start(folder, {**usual, **(environment or {})}, browser, settings, **options)
        started.append(made)
        return made

    yield start
    for each in started:
        if request.session.testsfailed > failed_before:
            each.picture_windows(install.CACHE / "failures", request.node.name)
        each.stop()


@pytest.fixture
def editor(start_editor: Start) -> editors.Editor:
    """A VS Code with nothing special."""
    return start_editor()


def eventually(check: Callable[[], bool], what: str, timeout: float = 60) -> None:
    """Wait for something outside of the browser: a file, a process."""
    end = time.monotonic() + timeout
    while not check():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {timeout} s")
        time.sleep(0.02)
