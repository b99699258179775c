"""The package (.vsix) on a machine that has only uv, or only Python: it brings the server along."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, expect

from tests.support import projects
from tests.vscode import install
from tests.vscode.conftest import Start, eventually


@pytest.fixture(scope="session")
def installed(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of extensions in which the package was installed as a person would."""
    assert browser.is_connected()
    with FileLock(install.CACHE / "package.lock"):
        install.npm(install.EXTENSION, "run", "package", "--", "--this-machine")
    folder = tmp_path_factory.mktemp("x")
    where: list[str | Path] = ["--user-data-dir", folder / "data", "--extensions-dir", folder / "extensions"]
    package = install.EXTENSION / "pyproject-lsp.vsix"
    home = {**os.environ, "HOME": str(folder)}
    install.run([install.node(), install.CODE_SERVER_ENTRY, *where, "--install-extension", package], environment=home)
    return folder / "extensions"


def _environment(tools: projects.Tools, *programs: str) -> Mapping[str, str]:
    """An environment whose PATH has these programs and what a shell needs, and no other uv or Python."""
    folder = tools.base / "bin"
    folder.mkdir()
    for name in ("sh", "bash", "uname", "cat", "sed", "ps", "which"):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    for program in programs:
        (folder / Path(program).name).symlink_to(os.path.realpath(program) if "python" in program else program)
    return {"PATH": str(folder)}


@pytest.mark.parametrize("maker", ["uv", "python"])
def test_the_first_start_makes_an_environment_with_what_is_there(
    start_editor: Start, installed: Path, project: projects.Project, tools: projects.Tools, maker: str
) -> None:
    project.uv_ok("lock")
    # uv finds the same interpreter: without a network it can fetch none of its own.
    programs = [*([tools.uv] if maker == "uv" else []), _python3(tools.base)]
    found = _environment(tools, *programs)
    editor = start_editor({"pyproject.server.command": []}, extensions=installed, environment=found)
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0", timeout=60)
    storage = editor.folder / "data" / "User" / "globalStorage" / "pyproject-lsp.pyproject-lsp"
    [made] = storage.iterdir()
    assert list(made.glob("**/lsp_server/server/__pycache__/app.*.pyc")), "the server is not compiled to bytecode"
    assert ("uv = " in (made / "pyvenv.cfg").read_text()) == (maker == "uv")
    python = made / "bin" / "python"
    said = subprocess.run([python, "-I", "-m", "lsp_server", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("pyproject-lsp ")


def _python3(base: Path) -> str:
    """The base interpreter by the name that a system gives it."""
    link = base / "python3"
    link.symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    return str(link)


def test_without_uv_and_python_a_message_says_what_is_missing(
    start_editor: Start, installed: Path, project: projects.Project, tools: projects.Tools
) -> None:
    found = _environment(tools)
    window = start_editor({"pyproject.server.command": []}, extensions=installed, environment=found).open(project.root)
    toast = window.toasts.filter(has_text="needs uv or Python 3.11 or newer")
    expect(toast).to_be_visible(timeout=60_000)
    expect(toast.get_by_role("button", name="Open Log")).to_be_visible()
    eventually(lambda: not window.status.is_visible(), "no status without a server")
