"""From an import to the environment, over stdio and with the real uv; and each case file on the real server."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from demo import parts
from lsp_server.imports import source_tree
from tests.support import import_cases, projects
from tests.support.buffers import path_of
from tests.support.client import DELETE, Client
from tests.support.import_cases import CASES
from tests.support.projects import Project, Tools

Diagnostics = list[dict[str, Any]]


def _published(client: Client, path: Path, right: Callable[[Diagnostics], bool], after: int = 0) -> Diagnostics:
    """Wait for diagnostics of a file that are right."""
    said = client.wait_for(
        lambda message: (
            message.method == "textDocument/publishDiagnostics"
            and path_of(message.params["uri"]) == path
            and right(message.params["diagnostics"])
        ),
        20,
        f"the diagnostics of {path.name}",
        after,
    )
    found: Diagnostics = said.params["diagnostics"]
    return found


def _codes(*wanted: str) -> Callable[[Diagnostics], bool]:
    return lambda found: [one["code"] for one in found] == list(wanted)


def _actions(client: Client, path: Path, word: str, diagnostics: Diagnostics) -> list[dict[str, Any]]:
    context = {"diagnostics": diagnostics, "only": ["quickfix"]}
    params = {"textDocument": {"uri": path.as_uri()}, "range": client.range_of(path, word), "context": context}
    found: list[dict[str, Any]] = client.request("textDocument/codeAction", params) or []
    return found


def _preferred(client: Client, path: Path, word: str) -> dict[str, Any]:
    return next(one for one in _actions(client, path, word, client.diagnostics(path)) if one.get("isPreferred"))


def _done(client: Client, action: dict[str, Any]) -> None:
    client.wait_operation(client.run_action(action)["id"], "done")


def _source(folder: Path, text: str, name: str = "src/demo/__init__.py") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def client(tools: Tools) -> Iterator[Client]:
    with Client(env=tools.environment, cwd=tools.base, expect_exit=0) as client:
        client.initialize(root=tools.base, initialization_options={})
        yield client
        client.shutdown()


def test_an_import_does_not_become_a_dependency_by_one_fix(client: Client, project: Project) -> None:
    project.uv_ok("add", "gamma")
    path = _source(project.root, "import delta\nimport gamma\n")
    client.open(path, "python")
    (said,) = _published(client, path, _codes("import-transitive"))
    assert "'gamma' needs it" in said["message"]
    fix = _preferred(client, path, "delta")
    assert fix["diagnostics"] == [said]
    after = client.mark()
    _done(client, fix)
    assert "delta" in project.text()
    assert "delta" in project.installed()
    _published(client, path, _codes(), after)


def test_a_declared_module_is_not_installed_by_one_fix(client: Client, project: Project) -> None:
    project.uv_ok("sync")
    project.uv_ok("add", "alpha")
    project.uv_ok("add", "--frozen", "zeta")
    path = _source(project.root, "import alpha\nimport zeta\n")
    client.open(path, "python")
    _published(client, path, _codes("import-not-installed"))
    after = client.mark()
    _done(client, _preferred(client, path, "zeta"))
    assert "zeta" in project.installed()
    _published(client, path, _codes(), after)


def test_an_unknown_name_is_offered_before_the_index_has_it(client: Client, project: Project) -> None:
    project.uv_ok("add", "alpha")
    path = _source(project.root, "import epsilon\nimport nosuchthing\n")
    client.open(path, "python")
    asked = _published(client, path, lambda found: all("the index has" in one["message"] for one in found) and bool(found))
    assert asked[1]["message"].endswith("the index has no 'nosuchthing'")
    (first, *_) = _actions(client, path, "epsilon", asked[:1])
    assert first["title"].startswith("Add 'epsilon' (unverified")
    assert "isPreferred" not in first
    assert _actions(client, path, "nosuchthing", asked[1:]) == []


def test_a_sibling_is_not_added_as_a_member_of_the_workspace(client: Client, tools: Tools, wheels: Path) -> None:
    root, members = projects.workspace(tools, wheels)
    root.uv_ok("sync")
    path = _source(members["two"].root, "import one\n", "two.py")
    client.open(path, "python")
    _published(client, path, _codes())
    (fix, *_) = _actions(client, path, "one", [])
    assert "this workspace's member" in fix["title"]
    _done(client, fix)
    assert "workspace = true" in members["two"].text()
    assert '"one"' in members["two"].text()


def test_a_script_loses_what_was_typed_while_its_metadata_changed(client: Client, tools: Tools) -> None:
    wheels = tools.base / "wheels"
    parts.make_wheel(wheels, "pyyaml", "6.0", modules={"yaml/__init__.py": ""})
    path = projects.script(tools, wheels)
    path.write_text(path.read_text("utf-8") + "import yaml\n", "utf-8")
    client.open(path, "python")
    _published(client, path, _codes("import-missing"))
    after = client.mark()
    added = client.run_action(_preferred(client, path, "yaml"))
    client.type(path, client.buffer(path).text + "# typed meanwhile\n")
    client.wait_operation(added["id"], ["needsSave", "done"])
    client.save(path)
    client.wait_operation(added["id"], "done")
    text = path.read_text("utf-8")
    assert "# typed meanwhile" in text
    assert '"pyyaml' in text
    _published(client, path, _codes(), after)
    lenses = client.request("textDocument/codeLens", {"textDocument": {"uri": path.as_uri()}})
    lock = next(one for one in lenses if one["command"]["command"] == "pyproject.lock")
    _done(client, lock)
    assert 'name = "pyyaml"' in path.with_name("script.py.lock").read_text("utf-8")


def _lens(client: Client, path: Path, title: str) -> dict[str, Any] | None:
    found = client.request("textDocument/codeLens", {"textDocument": {"uri": path.as_uri()}}) or []
    return next((one for one in found if one["command"]["title"] == title), None)


def test_what_is_typed_while_a_script_is_upgraded_is_lost(client: Client, tools: Tools, wheels: Path) -> None:
    path = projects.script(tools, wheels, ["alpha<2"])
    client.open(path, "python")
    _published(client, path, _codes())
    upgrade = _lens(client, path, "upgrade all")
    assert upgrade is not None
    asked = client.run_action(upgrade)
    client.type(path, client.buffer(path).text + "# typed meanwhile\n")
    client.wait_operation(asked["id"], ["needsSave", "done"])
    client.save(path)
    client.wait_operation(asked["id"], "done")
    text = path.read_text("utf-8")
    assert '"alpha<3"' in text
    assert text.endswith("print('ok')\n# typed meanwhile\n")


@pytest.mark.parametrize(("announced", "trusted"), [(True, True), (True, False), (False, True)])
def test_running_a_script_is_offered_where_it_cannot_be_run(
    tools: Tools, wheels: Path, *, announced: bool, trusted: bool
) -> None:
    path = projects.script(tools, wheels)
    with Client(env=tools.environment, cwd=tools.base, expect_exit=0) as client:
        able = {"experimental": {"pyprojectRun": announced}}
        client.initialize(root=tools.base, capabilities=able, initialization_options={"trusted": trusted})
        client.open(path, "python")
        _published(client, path, _codes())
        offered = _lens(client, path, "run with uv")
        client.shutdown()
    assert (offered is not None) == (announced and trusted)
    if offered is not None:
        assert offered["command"]["arguments"] == [{"uri": path.as_uri()}]


def test_the_index_of_a_script_is_not_asked(client: Client, project: Project) -> None:
    project.uv_ok("add", "alpha")
    parts.make_wheel(project.root / "beside" / "extra", "sigmatau", "1.0")
    block = '# /// script\n# dependencies = []\n# [tool.uv]\n# find-links = ["extra"]\n# ///\n'
    script = _source(project.root, f"{block}import sigmatau\n", "beside/tool.py")
    module = _source(project.root, "import sigmatau\n")
    for path in (script, module):
        client.open(path, "python")
    _published(client, script, lambda found: bool(found) and "the index has 'sigmatau', unverified" in found[0]["message"])
    _published(client, module, lambda found: bool(found) and "the index has no 'sigmatau'" in found[0]["message"])


def test_what_stands_unsaved_in_the_manifest_does_not_count(client: Client, project: Project) -> None:
    project.uv_ok("add", "gamma")
    path = _source(project.root, "import delta\n")
    saved = project.text()
    typed = saved.replace('"gamma', '"delta", "gamma')
    client.open(path, "python")
    _published(client, path, _codes("import-transitive"))
    client.open(project.manifest)
    for text, expected in ((typed, _codes()), (saved, _codes("import-transitive")), (typed, _codes())):
        after = client.mark()
        client.type(project.manifest, text)
        _published(client, path, expected, after)
    after = client.mark()
    client.close(project.manifest)
    _published(client, path, _codes("import-transitive"), after)
    assert project.text() == saved


def test_a_module_that_another_process_makes_stays_missing(client: Client, project: Project) -> None:
    project.uv_ok("add", "alpha")
    path = _source(project.root, "import freshly\n")
    client.open(path, "python")
    _published(client, path, _codes("import-missing"))
    made = project.root / "src" / "freshly.py"
    for kind, expected in ((1, _codes()), (3, _codes("import-missing"))):
        after = client.mark()
        if kind == 1:
            made.write_text("", "utf-8")
        else:
            made.unlink()
        client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": made.as_uri(), "type": kind}]})
        _published(client, path, expected, after)


@pytest.mark.parametrize("made", ["src/freshly.py", "freshly/__init__.py", "src/demo/freshly.py"])
def test_a_client_that_does_not_tell_of_files_never_sees_a_new_module(tools: Tools, project: Project, made: str) -> None:
    project.uv_ok("add", "alpha")
    path = _source(project.root, "import freshly\n")
    with Client(env=tools.environment, cwd=tools.base, expect_exit=0) as client:
        client.initialize(root=tools.base, capabilities={"workspace": {"didChangeWatchedFiles": DELETE}})
        client.open(path, "python")
        _published(client, path, _codes("import-missing"))
        after = client.mark()
        _source(project.root, "", made)
        _published(client, path, _codes(), after)
        client.shutdown()


@pytest.mark.parametrize(
    ("below", "seen"),
    [("a.py", True), ("src/x/a.py", True), (".venv/lib/a.py", False), ("x/.git/a.py", False), ("node_modules/a.py", False)],
)
def test_each_file_of_a_sync_makes_us_read_the_project(tmp_path: Path, below: str, *, seen: bool) -> None:
    assert source_tree.is_seen(tmp_path / ".hidden", tmp_path / ".hidden" / below) == seen


def test_completion_and_hover_know_nothing_of_the_project(client: Client, project: Project) -> None:
    project.uv_ok("add", "mu-nu")
    path = _source(project.root, "import mu_nu\nimport mu")
    client.open(path, "python")
    _published(client, path, lambda _found: True)
    where = {"textDocument": {"uri": path.as_uri()}, "position": {"line": 1, "character": 9}}
    assert [one["label"] for one in client.request("textDocument/completion", where)] == ["mu_nu"]
    hover = client.request("textDocument/hover", {**where, "position": {"line": 0, "character": 8}})
    assert "**mu-nu** provides `mu_nu`" in hover["contents"]["value"]
    assert "installed: 1.0" in hover["contents"]["value"]


def test_unused_dependencies_are_not_told_in_the_manifest(client: Client, project: Project) -> None:
    project.uv_ok("add", "alpha", "delta")
    _source(project.root, "import alpha\n")
    client.open(project.manifest)
    client.configure({"imports.unused": "hint"})
    (said,) = _published(client, project.manifest, _codes("dependency-unused"))
    assert "'delta'" in said["message"]


def test_the_server_says_something_else_than_the_pure_functions(client: Client, base: Path) -> None:
    client.configure({"network": "off"})
    for case in map(import_cases.read, sorted(CASES.glob("*.txt"))):
        root = base / "cases" / case.path.stem
        import_cases.write(case, root)
        expected = dict(case.expected())["diagnostics"].splitlines()
        for name in (name for name, _ in case.files() if name.endswith(".py")):
            client.open(root / name, "python")
            wanted = [line for line in expected if line.startswith(f"{name}:")]
            _published(client, root / name, partial(_shows, root, root / name, wanted))


def _shows(root: Path, path: Path, wanted: list[str], found: Diagnostics) -> bool:
    return import_cases.shown_diagnostics(root, {path: found}).splitlines() == wanted


def test_an_editor_that_fixes_all_on_each_save_adds_dependencies(client: Client, project: Project) -> None:
    path = _source(project.root, "import flask\nimport yaml\n")
    client.open(path)
    _published(client, path, lambda found: len(found) == 2)

    def offered(kind: str, trigger: int) -> list[dict[str, Any]]:
        context = {"diagnostics": [], "only": [kind], "triggerKind": trigger}
        params = {"textDocument": {"uri": path.as_uri()}, "range": client.range_of(path, "yaml"), "context": context}
        found: list[dict[str, Any]] = client.request("textDocument/codeAction", params) or []
        return found

    assert [one["kind"] for one in offered("source.pyproject.fixImports", 1)] == ["source.pyproject.fixImports.file"]
    assert [offered(kind, 2) for kind in ("source", "source.fixAll", "source.pyproject.fixImports")] == [[], [], []]
    assert offered("source.fixAll", 1) == []
