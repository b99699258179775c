"""What stands where a file is looked for and is none, or has no end: nothing hangs, nothing grows, and it is said."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_server.adapters import environment, files, git, offered, shadow
from lsp_server.adapters import project as projects
from lsp_server.adapters.lockprobe import LockProbe, can_be_taken
from lsp_server.imports import modules, source_tree
from tests.support.projects import Project

pytestmark = [
    pytest.mark.timeout(20),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes and devices among its files"),
]


def a_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may have 108 bytes
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


def a_link_to_a_pipe(path: Path) -> None:
    pipe = path.with_name(f"{path.name} pipe")
    os.mkfifo(pipe)
    path.symlink_to(pipe.name)


STRANGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "a named pipe, not a regular file"),
    "a link to a pipe": (a_link_to_a_pipe, "a named pipe"),
    "an endless device": (lambda path: path.symlink_to("/dev/zero"), "a device, not a regular file"),
    "a terminal": (lambda path: path.symlink_to("/dev/tty"), "a device"),
    "a folder": (lambda path: path.mkdir(), "a folder, not a regular file"),
    "a socket": (a_socket, "a socket, not a regular file"),
    "a loop of links": (lambda path: path.symlink_to(path.name), "a loop of links, not a regular file"),
}
strange = pytest.mark.parametrize(("make", "said"), STRANGE.values(), ids=STRANGE)


@strange
def test_what_is_no_regular_file_is_not_read_and_it_is_said_what_it_is(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    path = tmp_path / "pyproject.toml"
    make(path)
    with pytest.raises(OSError, match=said):
        files.read(path)
    assert files.read_text(path) == ""


def test_standard_input_is_not_eaten_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").symlink_to("/dev/stdin")
    code = """
import sys
from pathlib import Path
from lsp_server.adapters import files
assert files.read_text(Path("uv.lock")) == ""
print(sys.stdin.read())
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, input="kept", capture_output=True, text=True, check=True)
    assert done.stdout == "kept\n"


@pytest.mark.parametrize(
    ("name", "megabytes"),
    [("pyproject.toml", 10), ("uv.toml", 10), ("uv.lock", 100), ("a.py.lock", 100), ("z.py", 2), ("z.pyi", 2), ("z.pyw", 2)],
)
def test_a_file_is_read_up_to_the_limit_for_its_name(tmp_path: Path, name: str, megabytes: int) -> None:
    path, most = tmp_path / name, megabytes * 1_000_000
    with path.open("wb") as file:
        file.truncate(most)
    assert len(files.read(path) or b"") == most
    os.truncate(path, most + 1)
    with pytest.raises(files.Unfit, match=f"larger than {megabytes} MB, which is the most that is read of it"):
        files.read(path)


def test_a_file_that_says_it_has_no_bytes_is_read_to_its_end_all_the_same() -> None:
    if sys.platform != "linux":
        pytest.skip("/proc")
    status = Path("/proc/self/status")
    assert stat.S_ISREG(status.stat().st_mode)
    assert status.stat().st_size == 0
    assert b"Threads:" in (files.read(status) or b"")


@strange
def test_every_reader_of_a_workspace_goes_on_without_what_it_cannot_read(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    assert said
    info = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages" / "odd-1.0.dist-info"
    plain = info.parent / "plain-1.0.dist-info"
    for folder in (info, plain):
        folder.mkdir(parents=True)
    (plain / "METADATA").write_text("Name: plain\nVersion: 1.0\n")
    (plain / "RECORD").write_text("plain.pth,,\n__editable___plain_finder.py,,\nplain.py,,\n")
    (tmp_path / "sub").mkdir()
    for name in ("uv.lock", "uv.toml", "z.py", "requirements.txt", ".git", "sub/pyproject.toml"):
        make(tmp_path / name)
    for name in ("METADATA", "RECORD", "top_level.txt", "entry_points.txt"):
        make(info / name)
    for name in ("plain.pth", "__editable___plain_finder.py"):
        make(info.parent / name)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\n[tool.uv.workspace]\nmembers = ["sub"]\n')
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("home = /nowhere\nversion = 3.11.0\n")
    project = projects.find(tmp_path)
    assert project is not None
    installed = modules.read(tmp_path / ".venv")
    assert installed is not None
    assert installed.distributions.keys() == {"plain"}
    assert environment.installed(tmp_path / ".venv").keys() == {"odd", "plain"}
    assert source_tree.usage(tmp_path, source_tree.read(tmp_path)).keys() <= {"z.py"}
    assert source_tree.elsewhere(tmp_path) == frozenset()
    assert offered.read(project, {}).versions == {}
    git.wrote(tmp_path / "pyproject.toml", b"", 0.0)
    (tmp_path / ".venv" / "pyvenv.cfg").unlink()
    make(tmp_path / ".venv" / "pyvenv.cfg")
    assert environment.read(tmp_path / ".venv") is None
    assert modules.read(tmp_path / ".venv") is None


@strange
def test_a_lock_that_cannot_be_opened_is_nobodys_and_not_waited_for(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    path = tmp_path / ".lock"
    make(path)
    if "pipe" in said and not path.is_symlink():
        assert can_be_taken(path)
    else:
        assert not can_be_taken(path)
    assert LockProbe(path).is_held() is False


def test_a_pipe_that_a_real_uv_locks_is_seen_as_held(project: Project) -> None:
    project.uv_ok("sync")
    (project.root / ".venv" / ".lock").unlink()
    os.mkfifo(project.root / ".venv" / ".lock")
    probe = LockProbe(project.root / ".venv" / ".lock")
    assert not probe.is_held()
    with project.held_sync():
        assert probe.is_held()


def test_where_there_are_no_links_pipes_devices_and_loops_are_not_copied(tmp_path: Path) -> None:
    live = tmp_path / "live"
    (live / "below").mkdir(parents=True)
    (live / "plain.txt").write_text("text")
    os.mkfifo(live / "pipe")
    (live / "zero").symlink_to("/dev/zero")
    (live / "below" / "loop").symlink_to(live)
    shadow.link_without_symlinks(live, tmp_path / "copy")
    assert sorted(each.name for each in (tmp_path / "copy").rglob("*")) == ["below", "plain.txt"]
