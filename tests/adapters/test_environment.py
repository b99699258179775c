"""A virtual environment that the real uv made, read as data."""

from pathlib import Path

from lsp_server.adapters import environment
from tests.support.projects import Project


def test_what_is_installed_is_what_uv_installed(project: Project) -> None:
    project.uv_ok("add", "gamma", "mu-nu")
    assert environment.installed(project.venv) == project.installed()
    assert "mu-nu" in environment.installed(project.venv)


def test_the_base_interpreter_is_outside_of_the_environment(project: Project) -> None:
    project.uv_ok("sync")
    found = environment.read(project.venv)
    assert found is not None
    assert found.base_python is not None
    assert found.base_python.is_file()
    assert not found.base_python.is_relative_to(project.venv)
    assert environment.usable_python(project.venv, ">=3.11") == found.base_python
    assert environment.usable_python(project.venv, None) == found.base_python


def test_an_interpreter_that_the_project_does_not_allow_any_more_is_not_used(project: Project) -> None:
    project.uv_ok("sync")
    assert environment.usable_python(project.venv, ">=3.99") is None
    assert environment.usable_python(project.venv, "nonsense") is None


def test_markers_mean_what_they_mean_there(project: Project) -> None:
    project.uv_ok("sync")
    found = environment.read(project.venv)
    assert found is not None
    markers = environment.marker_environment(found)
    code = "import platform, sys; print(platform.python_version(), sys.platform)"
    said = project.uv_ok("run", "python", "-c", code).stdout.split()
    assert [markers["python_full_version"], markers["sys_platform"]] == said


def test_where_there_is_none_there_is_nothing(base: Path) -> None:
    assert environment.read(base) is None
    assert environment.installed(base) == {}
    assert environment.usable_python(base, None) is None
    (base / "pyvenv.cfg").write_text("garbage\nhome")
    assert environment.usable_python(base, None) is None
