"""Each case of `tests/data/imports` on the pure functions: diagnostics, quick fixes and hovers."""

import os
from pathlib import Path

import pytest

from lsp_server.adapters import project as projects
from lsp_server.core.settings import Settings
from lsp_server.imports import surroundings
from lsp_server.imports.core.python_file import PythonFile
from lsp_server.imports.core.view import View
from lsp_server.imports.features.import_actions import import_actions
from lsp_server.imports.features.import_hover import import_hover
from lsp_server.imports.features.missing_imports import missing_imports
from tests.support import import_cases
from tests.support.import_cases import CASES, Case

FILES = sorted(CASES.glob("*.txt"))


def _view(root: Path) -> View:
    project = projects.find(root)
    assert project is not None
    return surroundings.with_usage(surroundings.read(project, {}), project)


def _file(view: View, root: Path, path: str) -> PythonFile:
    text = (root / path).read_text("utf-8")
    return PythonFile((root / path).as_uri(), 1, text, "utf-16", Settings(), view, path)


def _found(case: Case, root: Path) -> dict[str, str]:
    view = _view(root)
    found = {}
    for name, _ in case.expected():
        if name == "diagnostics":
            files = {root / path: missing_imports(_file(view, root, path)) for path, _ in case.files() if path.endswith(".py")}
            found[name] = import_cases.shown_diagnostics(root, files)
            continue
        path, line = import_cases.place(name)
        file = _file(view, root, path)
        one = next(one for one in file.imports if file.range(one.span)["start"]["line"] == line)
        if name.startswith("hover "):
            hover = import_hover(file, file.range(one.span)["start"])
            found[name] = f"{hover['contents']['value']}\n" if hover else "nothing\n"
        else:
            found[name] = import_cases.shown_actions(import_actions(file, file.range(one.span)))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_case_says_something_else(path: Path, tmp_path: Path) -> None:
    case = import_cases.read(path)
    root = tmp_path.resolve()
    import_cases.write(case, root)
    found = case.with_expected(_found(case, root))
    if os.environ.get("UPDATE_CASES"):
        path.write_text(found.text(), "utf-8")
    assert found.text() == case.text()
