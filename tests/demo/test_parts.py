"""The building blocks against the real uv: gates hold what they say they hold, and nothing needs the network."""

import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import filelock
import psutil
import pytest

from demo import parts
from tests.support.projects import Project, Tools, plain, script, with_dynamic_version, with_git_source, workspace
from tests.support.projects import with_path_source as path_source

CTRL_C: int = getattr(signal, "CTRL_C_EVENT", signal.SIGINT)
"""What Ctrl-C sends, on this system."""


def is_locked(path: Path) -> bool:
    """Whether another process holds this lock now; looks without waiting."""
    lock = filelock.FileLock(path, blocking=False, thread_local=False, preserve_lock_file=True)
    try:
        with lock:
            return False
    except filelock.Timeout:
        return True


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and stderr of a process that is about to end."""
    _, err = process.communicate(timeout=40)
    return process.returncode, err


def test_gated_sync_holds_the_environment_lock_until_the_gate_opens(project: Project) -> None:
    gate = project.add_gated_dependency()
    sync = project.uv_start("sync")
    gate.wait_reached()
    assert is_locked(project.environment_lock)
    assert sync.poll() is None

    gate.open()
    assert finish(sync)[0] == 0
    assert not is_locked(project.environment_lock)
    assert project.installed()["slow"] == "1.0"


def test_the_gate_names_the_process_that_waits_at_it(project: Project) -> None:
    gate = project.add_gated_dependency()
    sync = project.uv_start("sync")
    waiting = psutil.Process(gate.wait_reached())
    assert sync.pid in [parent.pid for parent in waiting.parents()]


def test_a_gate_that_nobody_reaches_is_reported(base: Path) -> None:
    with pytest.raises(TimeoutError, match="nobody reached"):
        parts.Gate(base / "gate").wait_reached(timeout=0.02)


def test_a_closed_gate_makes_the_next_build_wait_again(project: Project) -> None:
    gate = project.add_gated_dependency()
    gate.open()
    project.uv_ok("sync")
    gate.close()
    assert not gate.is_reached()
    sync = project.uv_start("sync", "--reinstall-package", "slow", "--no-cache")
    gate.wait_reached()
    gate.open()
    assert finish(sync)[0] == 0


def test_failing_after_the_gate_says_the_recognisable_message(project: Project) -> None:
    gate = project.add_gated_dependency(backend=parts.Backend(project.gate(), then="fail"))
    sync = project.uv_start("sync")
    gate.wait_reached()
    gate.open()
    code, err = finish(sync)
    assert code == 1
    assert f"{parts.FAILURE} (build of slow)" in err


def test_a_failing_package_fails_without_a_gate(project: Project) -> None:
    parts.failing_package(project.root.parent / "bad", "bad", "1.0")
    project.add_source_dependency("bad", '{ path = "../bad" }')
    project.uv_ok("lock")
    assert parts.FAILURE in project.uv("sync").stderr


def test_a_gate_at_the_metadata_holds_an_add(project: Project) -> None:
    gate = project.gate()
    parts.gated_package(project.root.parent / "slow", "slow", "1.0", gate, at="metadata")
    add = project.uv_start("add", "../slow")
    gate.wait_reached()
    assert not project.lock.exists(), "the add is still resolving"
    gate.open()
    assert finish(add)[0] == 0
    assert 'slow = { path = "../slow" }' in project.text()
    assert 'name = "slow"' in project.lock_text()


def test_a_gate_at_the_build_does_not_hold_the_resolution(project: Project) -> None:
    gate = project.add_gated_dependency()
    project.uv_ok("lock")
    assert not gate.is_reached()


def test_a_build_deaf_to_ctrl_c_lives_on(project: Project) -> None:
    gate = project.add_gated_dependency(backend=parts.Backend(project.gate(), ignore_sigint=True))
    sync = project.uv_start("sync")
    build = psutil.Process(gate.wait_reached())
    build.send_signal(CTRL_C)
    gate.open()
    assert finish(sync)[0] == 0, "the build was interrupted"


def test_ctrl_c_ends_a_build_that_is_not_deaf(project: Project) -> None:
    gate = project.add_gated_dependency()
    sync = project.uv_start("sync")
    build = psutil.Process(gate.wait_reached())
    build.send_signal(CTRL_C)
    assert finish(sync)[0] == 1


def test_the_process_below_a_build_waits_at_the_gate_and_ends_with_it(project: Project) -> None:
    gate = project.add_gated_dependency(backend=parts.Backend(project.gate(), spawn_child=True))
    sync = project.uv_start("sync")
    build = gate.wait_reached()
    child = psutil.Process(gate.wait_child())
    assert build in [parent.pid for parent in child.parents()]
    gate.open()
    assert finish(sync)[0] == 0
    child.wait(10)


def test_a_project_of_wheels_locks_and_syncs_offline(project: Project) -> None:
    project.uv_ok("add", "gamma", "epsilon[fast]", "mu-nu", "pysigma", "source")
    project.uv_ok("lock", "--check")
    project.uv_ok("sync", "--check")
    done = project.uv_ok("run", "python", "-c", "import alpha, gamma, zeta, mu_nu, sigma, source; print(alpha.__version__)")
    assert done.stdout.strip() == "2.0"


def test_a_stray_process_is_found_and_killed(tools: Tools) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(50)"]
    with subprocess.Popen(command, env=dict(tools.environment)) as stray:
        found = tools.stop(grace=0)
        stray.kill()
    assert [name.split()[0] for name in found] == [str(stray.pid)]


def test_conflicting_packages_do_not_resolve(project: Project) -> None:
    done = project.uv("add", "theta", "iota")
    assert done.returncode == 1
    assert "No solution found" in done.stderr


def test_the_environment_is_built_from_the_running_interpreter_and_kept_below_base(project: Project, tools: Tools) -> None:
    project.uv_ok("sync")
    assert "version_info" in (project.venv / "pyvenv.cfg").read_text()
    assert Path(project.uv_ok("cache", "dir").stdout.strip()).is_relative_to(tools.base)
    outside = [value for key, value in tools.environment.items() if key.startswith(("UV_", "XDG_")) and "/" in value]
    assert [value for value in outside if str(tools.base) not in value] == [tools.environment["UV_PYTHON"]]


def test_no_setting_of_the_person_reaches_a_hermetic_uv(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_INDEX_URL", "UV_FROZEN", "VIRTUAL_ENV", "PYTHONPATH", "GIT_DIR"):
        monkeypatch.setenv(name, "outside")
    assert "outside" not in parts.uv_environment(base).values()


def test_the_same_arguments_give_the_same_bytes(base: Path) -> None:
    makers = (parts.make_wheel, parts.make_sdist)
    first, second = ([make(base / side, "a-b", "1.0").read_bytes() for make in makers] for side in ("one", "two"))
    assert first == second


def test_a_wheel_lists_every_file_in_its_record(base: Path) -> None:
    made = parts.make_wheel(base, "a-b", "1.0", ["x>=1"], size=10)
    with zipfile.ZipFile(made) as archive:
        record = archive.read("a_b-1.0.dist-info/RECORD").decode().splitlines()
        assert {line.split(",")[0] for line in record} == set(archive.namelist())
        assert b"Requires-Dist: x>=1\n" in archive.read("a_b-1.0.dist-info/METADATA")


def test_a_source_distribution_has_one_root_folder(base: Path) -> None:
    with tarfile.open(parts.make_sdist(base, "a-b", "1.0")) as archive:
        assert {name.split("/")[0] for name in archive.getnames()} == {"a_b-1.0"}


def test_a_given_text_is_written_byte_for_byte(base: Path) -> None:
    text = '[project]\r\nname = "ü"\r\n'
    assert parts.make_project(base / "p", text=text).read_bytes() == text.encode()


def test_a_manifest_with_groups_and_extras_is_one_that_uv_reads(tools: Tools, wheels: Path) -> None:
    project = plain(tools, wheels)
    project.write(parts.manifest(dependencies=["alpha"], wheels=wheels, groups={"dev": ["eta"]}, extras={"x": ["zeta"]}))
    project.uv_ok("sync", "--all-extras")
    assert set(project.installed()) == {"alpha", "eta", "zeta"}


def test_a_workspace_installs_its_member_and_what_that_needs(tools: Tools, wheels: Path) -> None:
    root, members = workspace(tools, wheels)
    root.uv_ok("sync")
    assert set(root.installed()) == {"one", "alpha"}
    members["two"].uv_ok("add", "delta", "--no-sync")
    assert 'name = "delta"' in root.lock_text()


@pytest.mark.parametrize("editable", [False, True])
def test_a_path_source_is_installed(tools: Tools, wheels: Path, *, editable: bool) -> None:
    project = path_source(tools, wheels, editable=editable)
    project.uv_ok("sync")
    assert set(project.installed()) == {"lib", "alpha"}
    assert ("editable" in project.lock_text()) is editable


def test_a_git_source_is_fetched_from_the_local_repository(tools: Tools, wheels: Path) -> None:
    project = with_git_source(tools, wheels)
    project.uv_ok("sync")
    assert set(project.installed()) == {"gitlib", "alpha"}


def test_a_dynamic_version_comes_from_its_file(tools: Tools, wheels: Path) -> None:
    project = with_dynamic_version(tools, wheels)
    project.uv_ok("sync")
    assert project.installed() == {"demo": "0.1.0"}


def test_a_script_runs_with_its_dependencies(tools: Tools, wheels: Path) -> None:
    path = script(tools, wheels, ["alpha"])
    done = tools.run([tools.uv, "run", "--script", path], path.parent)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
