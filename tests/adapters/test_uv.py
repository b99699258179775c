"""The real uv is found where it was named, and a run of it that is cancelled leaves nothing behind."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from demo import parts
from lsp_server.adapters import uv
from lsp_server.core.commandline import environment_for
from tests.support.office import are_gone, process
from tests.support.projects import Project, Tools


class TestFind:
    def test_the_setting_comes_first_then_the_variable_then_the_path(self, uv: str, base: Path) -> None:
        from lsp_server.adapters.uv import Uv, find  # noqa: PLC0415  the fixture has the module's name

        (base / "other").symlink_to(uv)
        (base / "uv").symlink_to(uv)
        environ = {"UV": uv, "PATH": str(base)}
        named = find(str(base / "other"), environ)
        assert isinstance(named, Uv)
        assert (named.path, named.found_by) == (base / "other", "the setting pyproject.uv.path")
        by_variable = find(None, environ)
        assert isinstance(by_variable, Uv)
        assert by_variable.found_by == "UV in the environment"
        by_path = find(None, {"PATH": str(base)})
        assert isinstance(by_path, Uv)
        assert (by_path.path, by_path.found_by) == (base / "uv", "PATH")
        by_package = find(None, {"PATH": ""})
        assert isinstance(by_package, Uv)
        assert by_package.found_by == "the 'uv' package"

    @pytest.mark.parametrize("environ", [{"UV": "/none"}, {}])
    def test_a_name_that_leads_nowhere_is_an_error_and_no_reason_for_another_uv(self, environ: dict[str, str]) -> None:
        found = uv.find(None if environ else "~/none", {"PATH": os.environ["PATH"], **environ})
        assert isinstance(found, uv.NoUv)
        assert "none" in found.message

    def test_a_program_that_is_no_uv_has_no_version(self, uv: str) -> None:
        from lsp_server.adapters.uv import Uv, version  # noqa: PLC0415  the fixture has the module's name

        assert version(Uv(Path(sys.executable), "test")) is None
        assert (version(Uv(Path(uv), "test")) or "").count(".") == 2
        assert version(Uv(Path("/none"), "test")) is None


def run(project: Project, cancellation: uv.Cancellation, *words: str) -> uv.Result:
    return uv.run([project.tools.uv, *words], folder=project.root, environ=project.tools.environment, cancellation=cancellation)


def test_a_run_tells_its_pid_its_words_and_its_end(project: Project) -> None:
    pids: list[int] = []
    done = uv.run(
        [project.tools.uv, "lock"],
        folder=project.root,
        environ=project.tools.environment,
        cancellation=uv.Cancellation(),
        started=pids.append,
    )
    assert done.ok
    assert any(line.startswith("Resolved") for line in done.stderr.splitlines())
    assert len(pids) == 1


def test_a_failure_keeps_its_code_and_its_words(project: Project) -> None:
    done = run(project, uv.Cancellation(), "remove", "nonesuch")
    assert (done.code, done.ok) == (2, False)
    assert "nonesuch" in done.stderr


@pytest.mark.parametrize("deaf", [True, False])
def test_cancelling_ends_uv_and_all_below_it_within_two_seconds(project: Project, *, deaf: bool) -> None:
    gate = project.gate()
    project.add_gated_dependency(backend=parts.Backend(gate, spawn_child=True, ignore_sigint=deaf))
    cancellation = uv.Cancellation()
    results: list[uv.Result] = []
    thread = threading.Thread(target=lambda: results.append(run(project, cancellation, "sync")))
    thread.start()
    family = [process(gate.wait_reached()), process(gate.wait_child())]
    cancellation.request()
    assert are_gone(*family, within=2)
    thread.join(5)
    assert results[0].code is None


def test_a_run_after_the_cancellation_is_stopped_at_once(project: Project) -> None:
    gate = project.add_gated_dependency()
    cancellation = uv.Cancellation()
    cancellation.request()
    assert run(project, cancellation, "sync").code is None
    assert not gate.is_reached()


def test_an_executable_that_cannot_be_started_raises(project: Project) -> None:
    with pytest.raises(FileNotFoundError):
        uv.run(["/none/uv"], folder=project.root, environ={}, cancellation=uv.Cancellation())


def test_many_threads_find_the_uv_of_the_package_at_once() -> None:
    # In a fresh process: what is asked there is filled in once.
    script = """
import threading
from lsp_server.adapters import uv
start, found = threading.Barrier(8), []
def look():
    start.wait()
    found.append(uv.find(None, {"PATH": ""}))
threads = [threading.Thread(target=look) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(found), all(isinstance(one, uv.Uv) for one in found))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "8 True\n"


@pytest.mark.parametrize("entry", ["", ".", "bin", "./bin"])
def test_nothing_is_found_in_the_current_folder(base: Path, monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    for folder in (base, base / "bin", base / "good"):
        folder.mkdir(exist_ok=True)
        (folder / "uv").write_text("#!/bin/sh\n")
        (folder / "uv").chmod(0o755)
    monkeypatch.chdir(base)
    path = os.pathsep.join([entry, str(base / "good")])
    found = uv.find(None, {"PATH": path})
    assert isinstance(found, uv.Uv)
    assert found.path == base / "good" / "uv"
    assert environment_for({"PATH": path})["PATH"] == str(base / "good")
    refused = uv.find("bin/uv", {"PATH": path})
    assert isinstance(refused, uv.NoUv)
    assert "depends on the current folder" in refused.message
    assert isinstance(uv.find(None, {"PATH": path, "UV": "./uv"}), uv.NoUv)


def test_a_uv_of_the_workspace_itself_is_passed_over_where_nobody_asked_for_it_to_run(base: Path) -> None:
    for folder in (base / "work" / ".venv" / "bin", base / "good"):
        folder.mkdir(parents=True)
        (folder / "uv").write_text("#!/bin/sh\n")
        (folder / "uv").chmod(0o755)
    (base / "tools").symlink_to(base / "work" / ".venv" / "bin")
    path = {"PATH": os.pathsep.join(str(each) for each in (base / "work" / ".venv" / "bin", base / "tools", base / "good"))}
    activated, outside = uv.find(None, path), uv.find(None, path, outside=base / "work")
    assert isinstance(activated, uv.Uv)
    assert isinstance(outside, uv.Uv)
    assert (activated.path.parent, outside.path.parent) == (base / "work" / ".venv" / "bin", base / "good")


@pytest.mark.parametrize("folder", [".local/bin", ".cargo/bin"])
def test_a_uv_of_its_own_installer_is_found_where_a_desktop_gives_no_path(base: Path, tools: Tools, folder: str) -> None:
    place = base / folder
    place.mkdir(parents=True)
    (place / "uv").symlink_to(tools.uv)
    found = uv.find(None, {"PATH": str(base / "empty"), "HOME": str(base)})
    assert found == uv.Uv(place / "uv", "a usual place of its installers")


def test_the_usual_places_of_each_system_are_whole_paths_and_named_ones_come_first() -> None:
    posix = uv.usual_places({"HOME": "/h", "UV_INSTALL_DIR": "/mine"}, "linux")
    assert posix[:2] == (Path("/mine"), Path("/h/.local/bin"))
    windows = uv.usual_places({"USERPROFILE": "/u", "LOCALAPPDATA": "/l"}, "win32")
    assert windows[0] == Path("/u/.local/bin")
    assert Path("/l/Microsoft/WinGet/Links") in windows
    assert uv.usual_places({}, "win32") == ()
