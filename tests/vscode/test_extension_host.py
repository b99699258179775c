"""The suite of vscode-extension/host, run by VS Code inside its extension host, where the whole API is."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support import projects
from tests.vscode import install
from tests.vscode.conftest import Start, eventually

SINGLE = {
    "the extension is active and has all its commands",
    "an operation on a clean document leaves it clean and is one undo step",
    "a document in a tab behind another ends clean",
    "a document in two columns ends clean",
    "a document in a column that is not the active one ends clean",
    "a document that only a diff shows ends clean",
    "a read-only file is left alone with a message that says what to do",
    "unsaved text of a person is neither saved nor lost",
    "a uv in the terminal ends as the real one, and its turn stands in the queue",
}
SEVERAL_ROOTS = {
    "the project of the active file is the one that acts",
    "the file that a menu was opened on comes before the active one",
    "an edit of one project leaves the other and its queue alone",
}


def outcomes(start_editor: Start, base: Path, opened: Path) -> dict[str, str]:
    """What became of each case in a window on this folder or workspace."""
    suite = install.host_suite(base / "suite")
    results = base / "results.json"
    said: list[Any] = []
    editor = start_editor(
        {"pyproject.terminal.intercept": True},
        {"PYPROJECT_HOST_RESULTS": str(results)},
        test_driver=True,
    )
    remote = f"vscode-remote://127.0.0.1:{editor.port}"
    window = editor.open(
        opened,
        exposed={"codeAutomationLog": lambda *_: None, "codeAutomationExit": lambda *words: said.append(words)},
        extensionDevelopmentPath=f"{remote}{install.EXTENSION}",
        extensionTestsPath=f"{remote}{suite}",
    )

    def ended() -> bool:
        window.page.wait_for_timeout(100)  # lets the page's calls in
        return results.exists() or bool(said)

    eventually(ended, "the end of the suite", 240)
    assert results.exists(), said
    eventually(lambda: results.read_text() != "", "its outcomes")
    found: dict[str, str] = json.loads(results.read_text())
    return found


def assert_all_ok(found: dict[str, str], wanted: set[str]) -> None:
    failed = {name: outcome for name, outcome in found.items() if outcome != "ok"}
    assert not failed, "\n\n".join(f"{name}:\n{outcome}" for name, outcome in failed.items())
    assert found.keys() == wanted


@pytest.mark.timeout(400)
def test_the_extension_does_in_the_editors_own_api_what_a_person_sees(
    start_editor: Start, base: Path, project: projects.Project
) -> None:
    project.uv_ok("lock")
    assert_all_ok(outcomes(start_editor, base, project.root), SINGLE)


@pytest.mark.timeout(400)
def test_with_several_roots_the_right_project_acts(
    start_editor: Start, base: Path, project: projects.Project, tools: projects.Tools
) -> None:
    other = projects.plain(tools, project.wheels, root=project.root.parent / "other")
    folders = [{"path": os.fspath(each.root)} for each in (project, other)]
    workspace = project.root.parent / "both.code-workspace"
    workspace.write_text(json.dumps({"folders": folders}))
    assert_all_ok(outcomes(start_editor, base, workspace), SEVERAL_ROOTS)
