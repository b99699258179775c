"""Starts a VS Code (code-server) for a test, and opens windows of it in Chromium."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
from playwright.sync_api import Browser

from tests.vscode import install
from tests.vscode.window import Window

# Quiet: nothing that opens by itself, asks, or reaches for a network.
SETTINGS: Mapping[str, Any] = {
    "files.autoSave": "off",
    "workbench.startupEditor": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.tips.enabled": False,
    "chat.disableAIFeatures": True,
    "git.enabled": False,
    "telemetry.telemetryLevel": "off",
    "extensions.autoUpdate": False,
    "extensions.autoCheckUpdates": False,
    "extensions.ignoreRecommendations": True,
    "security.workspace.trust.startupPrompt": "never",
    "security.workspace.trust.banner": "never",
    "editor.minimap.enabled": False,
    # They stand in the page between the letters of the text, which tests read from there.
    "editor.inlayHints.enabled": "off",
    "window.commandCenter": False,
    "terminal.integrated.enablePersistentSessions": False,
    "terminal.integrated.defaultProfile.linux": "bash",
}


@dataclass(frozen=True, slots=True)
class Editor:
    """One running code-server: a machine with VS Code, of which any number of windows can be opened."""

    process: subprocess.Popen[bytes]
    port: int
    browser: Browser
    folder: Path

    def open(
        self, project: Path, file: Path | None = None, exposed: Mapping[str, Callable[..., None]] | None = None, **payload: str
    ) -> Window:
        """Open a window on a folder or a .code-workspace, and a file in it; ready when the workbench stands.

        `exposed` are functions that the page may call; `payload` is VS Code's own.
        """
        entries = [[key, value] for key, value in payload.items()]
        if file is not None:
            entries.append(["openFile", f"vscode-remote://127.0.0.1:{self.port}{file}"])
        kind = "workspace" if project.suffix == ".code-workspace" else "folder"
        url = f"http://127.0.0.1:{self.port}/?{kind}={quote(str(project))}&payload={quote(json.dumps(entries))}"
        context = self.browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.set_default_timeout(40_000)
        for name, function in (exposed or {}).items():
            page.expose_function(name, function)
        window = Window(page)
        page.goto(url)
        page.locator(".monaco-workbench .statusbar").wait_for()
        if file is not None:
            window.tab(file.name).wait_for()
        return window

    def picture_windows(self, folder: Path, name: str) -> None:
        """Keep how its windows look, for whoever asks why a test failed."""
        pages = [page for context in self.browser.contexts for page in context.pages]
        for number, page in enumerate(pages):
            page.screenshot(path=folder / f"{name}-{number}.png")

    def server_pids(self) -> list[int]:
        """The living language servers below this code-server."""
        found = []
        for each in psutil.Process(self.process.pid).children(recursive=True):
            try:
                words = each.cmdline()
            except psutil.Error:
                continue  # gone, or dead and not yet buried
            if words[-1:] == ["lsp_server"]:
                found.append(each.pid)
        return found

    def stop(self) -> None:
        """Close all windows and end it, with its terminals, which would otherwise wait for somebody to come back."""
        for context in self.browser.contexts:
            context.close()
        below = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        self.process.wait(15)
        _, left = psutil.wait_procs(below, timeout=1)
        for each in left:
            each.kill()
        psutil.wait_procs(left, timeout=5)


def own_server() -> Sequence[str]:
    """The command line of the server of this checkout."""
    return [sys.executable, "-I", "-m", "lsp_server"]


def start(
    folder: Path,
    environment: Mapping[str, str],
    browser: Browser,
    settings: Mapping[str, Any] | None = None,
    *,
    trust_everything: bool = True,
    extensions: Path | None = None,
    test_driver: bool = False,
) -> Editor:
    """Start a code-server whose every file lies in `folder`; the path has to be short, for the sake of its sockets.

    `test_driver` lets tests run inside of it; it then hides messages to the person.
    """
    machine = folder / "data" / "Machine" / "settings.json"
    machine.parent.mkdir(parents=True)
    machine.write_text(json.dumps({**SETTINGS, "pyproject.server.command": own_server(), **(settings or {})}))
    where = extensions or _extensions(folder)
    port = _free_port()
    options = [
        *("--auth", "none", "--bind-addr", f"127.0.0.1:{port}", "--disable-telemetry", "--disable-update-check"),
        *("--disable-getting-started-override", "--user-data-dir", str(folder / "data"), "--extensions-dir", str(where)),
        *(["--disable-workspace-trust"] if trust_everything else []),
        *(("--vscode-option", "enable-smoke-test-driver") if test_driver else ()),
    ]
    home = folder / "home"
    home.mkdir()
    # As uv's installer leaves it: shells put the folder of uv in front, after the editor has put ours there.
    for name in (".profile", ".bashrc"):
        (home / name).write_text(f'export PATH="{environment["PATH"]}"\n')
    gallery = '{"serviceUrl":"","itemUrl":"","resourceUrlTemplate":""}'
    env = {**environment, "HOME": str(home), "EXTENSIONS_GALLERY": gallery}
    output = (folder / "code-server.log").open("wb")
    with output:
        process = subprocess.Popen(
            [install.node(), install.CODE_SERVER_ENTRY, *options],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    _wait_answer(process, port, folder / "code-server.log")
    return Editor(process, port, browser, folder)


def _extensions(folder: Path) -> Path:
    """A folder of extensions with ours in it, as it stands in the checkout."""
    where = folder / "extensions"
    where.mkdir()
    (where / "pyproject-lsp.pyproject-lsp-0.1.0").symlink_to(install.EXTENSION, target_is_directory=True)
    return where


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except (urllib.error.URLError, OSError) as error:
            if process.poll() is not None or time.monotonic() > end:
                raise TimeoutError(f"code-server does not answer: {log.read_text()}") from error
            time.sleep(0.05)  # another program: it answers when it answers


def hermetic_path(environment: Mapping[str, str]) -> str:
    """The PATH with the uv of the tests in front, so that terminals and the server find the same."""
    return os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
