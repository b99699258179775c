"""Environments and source trees on disk: what is installed, editable installs, what is skipped, being interrupted."""

import os
from pathlib import Path

import pytest

from demo import parts
from lsp_server.adapters import index, uv
from lsp_server.adapters import project as projects
from lsp_server.adapters.uv import Cancellation
from lsp_server.imports import modules, source_tree, surroundings
from tests.support.projects import Project, Tools


def _write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def _environment(folder: Path) -> Path:
    _write(folder / "pyvenv.cfg", "home = /nowhere\nversion = 3.12.1\n")
    packages = folder / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    return packages


def test_what_uv_installed_is_not_found(project: Project) -> None:
    project.uv_ok("add", "pysigma", "mu-nu", "gamma")
    found = modules.read(project.venv)
    assert found is not None
    assert (found.owners("sigma"), found.owners("mu_nu.inner")) == (("pysigma",), ("mu-nu",))
    assert found.needed_by("delta") == ("gamma",)
    assert found.distributions["gamma"].version == "1.0"


def test_an_editable_install_owns_nothing(project: Project) -> None:
    parts.make_package(project.root.parent / "lib", "lib", "1.0", requires=["alpha"])
    project.add_source_dependency("lib", '{ path = "../lib", editable = true }')
    project.uv_ok("sync")
    found = modules.read(project.venv)
    assert found is not None
    assert found.owners("lib") == ("lib",)


@pytest.mark.parametrize("finder", [True, False], ids=["finder", "pth"])
def test_an_editable_install_of_setuptools_owns_nothing(tmp_path: Path, *, finder: bool) -> None:
    packages = _environment(tmp_path / "env")
    _write(tmp_path / "src" / "inside" / "__init__.py")
    _write(tmp_path / "src" / "single.py")
    name = "__editable___demo_1_0_finder.py" if finder else "__editable__.demo-1.0.pth"
    _write(packages / name, "MAPPING = {'inside': '/x'}\n" if finder else f"{tmp_path / 'src'}\n")
    _write(packages / "demo-1.0.dist-info" / "METADATA", "Name: demo\nVersion: 1.0\n\n")
    _write(packages / "demo-1.0.dist-info" / "RECORD", f"{name},,\ndemo-1.0.dist-info/METADATA,,\n")
    found = modules.read(tmp_path / "env")
    assert found is not None
    assert found.owners("inside") == ("demo",)
    assert found.owners("single") == (() if finder else ("demo",))


def test_a_distribution_without_a_record_has_no_modules(tmp_path: Path) -> None:
    packages = _environment(tmp_path)
    _write(packages / "old-1.0.egg-info" / "PKG-INFO", "Name: Old\nVersion: 1.0\n\n")
    _write(packages / "old-1.0.egg-info" / "top_level.txt", "older\n_older\n")
    _write(packages / "gone-1.0.dist-info" / "RECORD", "gone/__init__.py,,\n")
    found = modules.read(tmp_path)
    assert found is not None
    assert (found.owners("older"), set(found.distributions)) == (("old",), {"old"})


def test_no_environment_is_an_empty_one(tmp_path: Path) -> None:
    assert modules.read(tmp_path) is None


def test_a_distribution_that_was_replaced_is_remembered(tmp_path: Path) -> None:
    packages = _environment(tmp_path)
    info = packages / "a-1.0.dist-info"
    record = _write(info / "RECORD", "a/__init__.py,,\n")
    _write(info / "METADATA", "Name: a\nVersion: 1.0\n\n")
    modules.read(tmp_path)
    record.unlink()
    _write(record, "b/__init__.py,,\n")
    os.utime(info, ns=(1, 1))
    found = modules.read(tmp_path)
    assert found is not None
    assert (found.owners("a"), found.owners("b")) == ((), ("a",))


def test_what_is_no_source_is_read(tmp_path: Path) -> None:
    for name in (
        "a.py",
        "b/c.py",
        ".hidden/d.py",
        "node_modules/e.py",
        "env2/pyvenv.cfg",
        "env2/f.py",
        "b/readme.md",
        "dist/g.py",
    ):
        _write(tmp_path / name)
    assert source_tree.read(tmp_path).files == {"a.py", "b/c.py"}
    assert source_tree.read(tmp_path, depth=0).files == {"a.py"}


def test_reading_a_project_goes_on_when_nobody_needs_it(tmp_path: Path) -> None:
    for number in range(20):
        _write(tmp_path / f"m{number}.py", "import a\n")
    asked: list[int] = []

    def after_three() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(source_tree.Interrupted):
        source_tree.read(tmp_path, after_three)
    tree = source_tree.read(tmp_path)
    asked.clear()
    with pytest.raises(source_tree.Interrupted):
        source_tree.usage(tmp_path, tree, after_three)
    assert len(asked) == 4


def test_a_changed_file_keeps_its_old_imports(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.py", "import one\n")
    tree = source_tree.read(tmp_path)
    assert [one.module for one in source_tree.usage(tmp_path, tree)["a.py"]] == ["one"]
    _write(path, "import second\n")
    assert [one.module for one in source_tree.usage(tmp_path, tree)["a.py"]] == ["second"]
    path.unlink()
    assert source_tree.usage(tmp_path, tree)["a.py"] == ()


def test_requirements_files_are_not_seen(tmp_path: Path) -> None:
    _write(tmp_path / "requirements-dev.txt", "pytest>8\n")
    _write(tmp_path / "requirements" / "docs.txt", "sphinx\n")
    assert source_tree.elsewhere(tmp_path) == {"pytest", "sphinx"}


def test_a_script_outside_of_projects_reads_a_whole_home(tmp_path: Path) -> None:
    path = _write(tmp_path / "run.py")
    _write(tmp_path / "deep" / "deeper" / "x.py")
    _write(tmp_path / "beside" / "__init__.py")
    view = surroundings.read(projects.find_script(path), {})
    assert not view.members
    assert view.tree.files == {"run.py", "beside/__init__.py"}


def test_the_index_is_asked_wrongly(project: Project, tools: Tools) -> None:
    def ask(name: str, path: str = tools.uv) -> bool | None:
        answer = index.ask(
            uv.Uv(Path(path), "the test"),
            name,
            folder=project.root,
            project=project.root,
            venv=project.venv,
            environ=tools.environment,
            cancellation=Cancellation(),
        )
        return answer.exists

    assert [ask(name) for name in ("alpha", "source", "nosuchthing")] == [True, True, False]
    assert not project.lock.exists()
    assert ask("a", str(tools.base / "no-uv")) is None


INDEX = '[[tool.uv.index]]\nurl = "https://evil.example/simple"\n'


@pytest.mark.parametrize(
    ("manifest", "settings", "own", "options"),
    [
        ("", None, (), ()),
        ("[tool.uv]\ndefault-groups = []\n", None, (), ()),
        (INDEX, None, (), None),
        ('[tool.uv]\nindex-url = "https://evil.example"\n', None, (), None),
        ('[tool.uv]\nkeyring-provider = "subprocess"\n', None, (), None),
        ('[tool.uv.pip]\nindex-url = "https://evil.example"\n', None, (), None),
        ('[tool.uv]\nhttps-proxy = "http://evil.example"\n', None, (), None),
        ("[tool.uv\n", None, (), None),
        ("", 'index-url = "https://evil.example"', (), None),
        ("", "", (), ()),
        ("", None, ("--index=https://evil.example",), None),
        ('[tool.uv]\nno-index = true\nfind-links = ["wheels"]\n', None, (), ("--no-index", "--find-links={}/wheels")),
        ("", None, ("--find-links=wheels",), ("--find-links={}/wheels",)),
        ('[tool.uv]\nfind-links = ["https://evil.example"]\n', None, (), None),
        ('[tool.uv]\nfind-links = ["//evil/share"]\n', None, (), None),
        ('[tool.uv]\nfind-links = ["\\\\\\\\evil\\\\share"]\n', None, (), None),
        ("[tool.uv]\nfind-links = 3\n", None, (), None),
        ("[tool]\nuv = 3\n", None, (), ()),
    ],
)
def test_nobody_is_asked_whom_only_the_workspace_names(
    tmp_path: Path, manifest: str, settings: str | None, own: tuple[str, ...], options: tuple[str, ...] | None
) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "pyproject.toml").write_text(manifest)
    if settings is not None:
        (tmp_path / "uv.toml").write_text(settings)
    expected = options if options is None else tuple(one.format(tmp_path) for one in options)
    assert index.options_apart(tmp_path, own) == expected
    below = tmp_path / "below"
    below.mkdir()
    assert (index.options_apart(below) is None) == (not own and options is None)
