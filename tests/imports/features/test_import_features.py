"""Fixes on other servers' diagnostics, fix all, completion, unused dependencies, the block of a script."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lsp_server.core import locked, pyproject
from lsp_server.core.lsp import CodeAction, Command, Diagnostic, Range
from lsp_server.core.pyproject import Table
from lsp_server.core.settings import Settings
from lsp_server.core.snapshot import Snapshot
from lsp_server.imports import import_data
from lsp_server.imports.core import scanner
from lsp_server.imports.core.installed import Distribution, Installed
from lsp_server.imports.core.python_file import PythonFile
from lsp_server.imports.core.tree import Member, Tree
from lsp_server.imports.core.view import Target, View
from lsp_server.imports.features.import_actions import import_actions
from lsp_server.imports.features.import_completion import import_completion
from lsp_server.imports.features.missing_imports import missing_imports
from lsp_server.imports.features.script_block import script_actions, script_lenses
from lsp_server.imports.features.unused_dependencies import unused_dependencies

PATH = "src/x/__init__.py"
MANIFEST = '[project]\nname = "x"\nversion = "1"\ndependencies = ["requests", "pillow"]\n[dependency-groups]\nqa = ["pytest"]\n'
THERE = Installed(
    [
        Distribution("requests", "2.31", frozenset({"requests"})),
        Distribution("pillow", "11.0", frozenset({"PIL"})),
        Distribution("pytest", "8.0", frozenset({"pytest", "_pytest"})),
        Distribution("six", "1.16", frozenset({"six"})),
    ]
)


def view(manifest: str = MANIFEST, files: dict[str, str] | None = None, **changes: Any) -> View:
    known = {"installed": THERE, "names": import_data.names(), **changes}
    usage = {path: scanner.absolute(scanner.scan(text)) for path, text in (files or {}).items()}
    return View("/p", (Member("", pyproject.read(manifest)),), Tree((PATH, *usage)), usage=usage, **known)


def file(text: str, path: str = PATH, settings: Settings | None = None, project: View | None = None) -> PythonFile:
    return PythonFile(f"file:///p/{path}", 1, text, "utf-16", settings or Settings(), project or view(), path)


def at(line: int, start: int = 0, end: int = 0) -> Range:
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}


def titles(found: Sequence[CodeAction | Command]) -> list[str]:
    return [one["title"] for one in found]


def test_a_fix_is_missing_on_another_servers_diagnostic() -> None:
    said: Diagnostic = {
        "severity": 1,
        "range": at(0, 5, 16),
        "source": "ty",
        "code": "unresolved-import",
        "message": "Cannot resolve imported module `flask.views`",
    }
    (first, *_) = import_actions(
        file("from flask.views import View\n", settings=Settings(imports_missing="off")), at(0, 20, 20), [said]
    )
    assert first["title"] == "Add 'flask' (provides 'flask.views') to dependencies"
    assert (first["diagnostics"], first["isPreferred"]) == ([said], True)


def test_a_diagnostic_on_a_declared_and_installed_module_has_no_fix() -> None:
    said: Diagnostic = {
        "severity": 1,
        "range": at(0, 7, 15),
        "source": "mypy",
        "code": "import-not-found",
        "message": 'module named "requests"',
    }
    assert titles(import_actions(file("import requests\n"), at(0, 7, 15), [said])) == [
        "Sync the environment (installs 'requests')"
    ]


def test_the_standard_library_is_offered_from_an_index() -> None:
    said: Diagnostic = {
        "severity": 1,
        "range": at(0, 7, 9),
        "source": "Pyright",
        "code": "reportMissingImports",
        "message": 'Import "os" could not be resolved',
    }
    assert import_actions(file("import os\n"), at(0, 7, 9), [said]) == []


def test_missing_stubs_are_not_offered() -> None:
    said: Diagnostic = {
        "severity": 1,
        "range": at(0, 7, 11),
        "source": "mypy",
        "code": "import-untyped",
        "message": 'Library stubs not installed for "yaml"',
    }
    (first, *_) = import_actions(file("import yaml\n"), at(0, 7, 11), [said])
    assert first["command"]["arguments"] == [{"uri": f"file:///p/{PATH}", "requirements": ["types-pyyaml"], "group": "dev"}]


def test_a_name_that_nothing_vouches_for_is_offered_as_if_known() -> None:
    unasked = import_actions(file("import reqeusts\n"), at(0, 8, 8))
    assert titles(unasked) == []
    absent = file("import reqeusts\n", project=view(answers={"reqeusts": False}))
    assert titles(import_actions(absent, at(0, 8, 8))) == []
    (first, *_) = import_actions(file("import reqeusts\n", project=view(answers={"reqeusts": True})), at(0, 8, 8))
    assert "unverified" in first["title"]
    assert "one typo away from 'requests'" in first["title"]
    assert "isPreferred" not in first


def test_fix_all_takes_what_nothing_vouches_for_or_forgets_a_table() -> None:
    text = "import flask\nimport yaml\nimport reqeusts\n"
    project = view(files={PATH: text, "tests/test_x.py": "import freezegun\nimport hypothesis"}, answers={"reqeusts": True})
    found = import_actions(file(text, project=project), at(0, 8, 8), only=["source.pyproject.fixImports"])
    assert [one["command"]["arguments"][0]["requirements"] for one in found] == [["flask", "pyyaml"]]


def test_fix_all_adds_what_was_typed_into_the_manifest_since_the_files_were_read() -> None:
    runtime = Target(Table("runtime"))
    project = view(fixes={"": {runtime: ("flask", "pillow", "pyyaml")}}, files={PATH: ""})
    found = import_actions(file("import os\n", project=project), at(0, 0, 0), only=["source.pyproject.fixImports"])
    assert [one["command"]["arguments"][0]["requirements"] for one in found] == [["flask", "pyyaml"]]


@pytest.mark.parametrize("only", [["source"], ["source.pyproject"], ["source.fixAll"], None])
def test_a_save_adds_dependencies_or_fix_all_is_offered_where_nothing_may_be_reported_or_run(only: list[str] | None) -> None:
    text = "import flask\nimport yaml\n"

    def fixes(settings: Settings | None = None, *, automatic: bool = False) -> list[str]:
        found = import_actions(file(text, settings=settings), at(9, 0, 0), only=only, automatic=automatic)
        return [one["kind"] for one in found]

    assert fixes() == ([] if only == ["source.fixAll"] else ["source.pyproject.fixImports.file"])
    assert fixes(automatic=True) == []
    assert fixes(Settings(imports_missing="off")) == []
    assert fixes(Settings(trusted=False)) == []


def test_a_wanted_kind_is_not_heeded() -> None:
    assert import_actions(file("import flask\n"), at(0, 8, 8), only=["refactor"]) == []
    assert {one["kind"] for one in import_actions(file("import flask\n"), at(0, 8, 8), only=["quickfix"])} == {"quickfix"}


def test_the_group_that_this_folder_uses_is_not_learned() -> None:
    project = view(files={"checks/a.py": "import pytest", "checks/b.py": "import pytest"})
    (first, *_) = import_actions(file("import freezegun\n", "tests/test_y.py", project=project), at(0, 8, 8))
    assert first["command"]["arguments"][0]["group"] == "dev"
    inside = view(files={"tests/a.py": "import pytest", "tests/b.py": "import pytest"})
    (first, *_) = import_actions(file("import freezegun\n", "tests/test_y.py", project=inside), at(0, 8, 8))
    assert first["command"]["arguments"][0]["group"] == "qa"


@pytest.mark.parametrize(("setting", "severity"), [("hint", 4), ("warning", 2)])
def test_the_setting_of_the_severity_is_not_heeded(setting: str, severity: int) -> None:
    found = missing_imports(file("import flask\n", settings=Settings(imports_missing=setting)))
    assert [(one["severity"], one["code"], one["range"]) for one in found] == [(severity, "import-missing", at(0, 7, 12))]
    assert missing_imports(file("import flask\n", settings=Settings(imports_missing="off"))) == []


def test_a_range_is_counted_in_other_units() -> None:
    (found,) = missing_imports(file('x = "😀"; import flask\n'))
    assert found["range"] == at(0, 17, 22)


@pytest.mark.parametrize(
    ("line", "labels"),
    [
        ("import ", ["PIL", "_pytest", "pytest", "requests"]),
        ("import re", ["requests"]),
        ("from PI", ["PIL"]),
        ("import os, pyt", ["pytest"]),
        ("import os as o, PI", ["PIL"]),
        ("from PIL import ", []),
        ("x = re", []),
        ("import nothing", []),
    ],
)
def test_completion_offers_something_else(line: str, labels: list[str]) -> None:
    found = import_completion(file(f"a = 1\n{line}"), {"line": 1, "character": len(line)})
    assert [one["label"] for one in found] == labels
    assert all(one["textEdit"]["range"]["end"] == {"line": 1, "character": len(line)} for one in found)


def test_completion_leaves_out_what_is_declared_and_not_installed() -> None:
    project = view(installed=Installed())
    (found,) = import_completion(file("import PI", project=project), {"line": 0, "character": 9})
    assert (found["label"], found["detail"]) == ("PIL", "pillow (dependencies, not installed)")


def _unused(manifest: str, text: str, **changes: Any) -> list[str]:
    snapshot = Snapshot("file:///p/pyproject.toml", 1, manifest, "utf-16", Settings(imports_unused="hint"))
    project = view(manifest, {PATH: text}, **changes)
    return [one["message"].split("'")[1] for one in unused_dependencies(snapshot, project, "pyproject.toml")]


def test_a_dependency_that_nothing_imports_is_not_told() -> None:
    assert _unused(MANIFEST, "import requests.api") == ["pillow"]
    assert _unused(MANIFEST, "import requests\nfrom PIL import Image") == []


def test_what_no_import_can_show_is_called_unused() -> None:
    manifest = '[project]\nname = "x"\ndependencies = ["types-a", "plug", "tool", "away", "a-stubs"]\n'
    there = Installed(
        [
            Distribution("types-a", "1", frozenset({"a"})),
            Distribution("a-stubs", "1", frozenset({"a"})),
            Distribution("plug", "1", frozenset({"plug"}), plugs_in=True),
            Distribution("tool", "1", frozenset()),
        ]
    )
    assert _unused(manifest, "", installed=there) == []


def test_unused_is_told_although_it_is_off_or_nothing_was_read() -> None:
    snapshot = Snapshot("file:///p/pyproject.toml", 1, MANIFEST, "utf-16", Settings())
    assert unused_dependencies(snapshot, view(files={PATH: ""}), "pyproject.toml") == []
    told = Snapshot("file:///p/pyproject.toml", 1, MANIFEST, "utf-16", Settings(imports_unused="warning"))
    unread = View("/p", (Member("", pyproject.read(MANIFEST)),), installed=THERE)
    assert unused_dependencies(told, unread, "pyproject.toml") == []


SCRIPT = '# /// script\n# dependencies = ["httpx", "rich>13"]\n# ///\nimport httpx\nimport flask\n'


def test_a_requirement_of_a_script_can_be_neither_removed_nor_upgraded() -> None:
    found = script_actions(file(SCRIPT, "run.py"), at(1, 30, 30))
    assert titles(found) == ["Lock this script", "Remove 'rich' from this script", "Upgrade 'rich' in this script"]
    assert [one["command"]["command"] for one in found[1:]] == ["pyproject.remove", "pyproject.upgrade"]
    for one in found[1:]:
        assert one["command"]["arguments"] == [{"uri": "file:///p/run.py", "script": True, "packages": ["rich"]}]
    assert script_actions(file(SCRIPT, "run.py"), at(4, 0, 0)) == []


def test_the_lens_of_a_script_offers_what_it_has() -> None:
    found, upgrade, lock = script_lenses(file(SCRIPT, "run.py"))
    assert lock["command"]["arguments"] == [{"uri": "file:///p/run.py", "script": True}]
    assert upgrade["command"]["command"] == "pyproject.upgrade"
    assert upgrade["command"]["arguments"] == [{"uri": "file:///p/run.py", "script": True, "all": True}]
    assert found["command"]["arguments"] == [{"uri": "file:///p/run.py", "script": True, "requirements": ["flask"]}]
    without = SCRIPT.replace("import flask", "")
    assert titles([one["command"] for one in script_lenses(file(without, "run.py"))]) == ["upgrade all", "lock script"]
    empty = '# /// script\n# requires-python = ">=3.11"\n# ///\n'
    assert titles([one["command"] for one in script_lenses(file(empty, "run.py"))]) == ["lock script"]
    assert script_lenses(file(SCRIPT, "run.py", settings=Settings(code_lens=False)), can_run=True) == []


def test_a_script_is_run_that_may_not_be_or_by_a_client_that_cannot() -> None:
    opened = file(SCRIPT, "run.py")
    (run, *_) = script_lenses(opened, can_run=True)
    assert run["command"] == {
        "title": "run with uv",
        "command": "pyproject.runScript",
        "arguments": [{"uri": "file:///p/run.py"}],
    }
    (action,) = script_actions(opened, at(1, 0, 0), ["source.pyproject.run"], can_run=True)
    assert action["command"]["command"] == "pyproject.runScript"
    untrusted = file(SCRIPT, "run.py", settings=Settings(trusted=False))
    offered = [
        *script_lenses(opened),
        *script_actions(opened, at(1, 0, 0)),
        *script_lenses(untrusted, can_run=True),
        *script_actions(untrusted, at(1, 0, 0), can_run=True),
    ]
    assert "pyproject.runScript" not in {one["command"]["command"] for one in offered}


def test_a_file_of_no_project_is_judged_by_one() -> None:
    nowhere = View("/p", names=import_data.names())
    assert missing_imports(file("import flask\n", "a.py", project=nowhere)) == []
    assert [one["code"] for one in missing_imports(file(SCRIPT, "run.py", project=nowhere))] == ["import-missing"]


def test_the_way_to_a_package_is_not_the_shortest() -> None:
    text = Path(__file__).parents[2].joinpath("data", "imports", "transitive.txt").read_text("utf-8")
    found = locked.read(text.split("-- uv.lock --\n")[1].split("-- demo/")[0])
    assert found.way(["requests", "rich"], "urllib3") == ("requests", "urllib3")
    assert found.way(["rich"], "urllib3") == ()
    assert found.local == {"demo"}
