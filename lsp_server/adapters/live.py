"""What uv processes do right now in a workspace, and when they end. Facts only: whom to wait for is decided in jobs.

A process is found from its first moment on, so a uv that has not read the manifest yet is found as well as one that
has; and every uv reads a `pyproject.toml` that it will write again after it took its cache lock (traced and raced for
add, remove, version, upgrade).
"""

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from lsp_server.adapters import proclocks, uvcommand
from lsp_server.adapters.processes import of as process_of
from lsp_server.adapters.uvcommand import Writes, option, script, subcommand, writes

# A running uv that was replaced by an update shows as "uv (deleted)".
_UV = re.compile(r"uvx?(\.exe)?( \(deleted\))?", re.IGNORECASE)
_USER_COMMANDS = frozenset({"check", "run", "tool run"})


@dataclass(frozen=True, slots=True)
class UvProcess:
    """One live uv.

    Attributes:
        pid: its process id.
        started: when it started; with `pid` it names one process for ever, as a `processes.ProcessId` does.
        command: its command line, the program first.
        cwd: its current folder (after `--directory`), None if we may not look.
        subcommand: "sync", "pip install", ...; "" if it has none.
        project: the folder where it looks for a project (`--project`, `UV_PROJECT`, else `cwd`); None with `script`.
        script: the PEP 723 script it works on.
        writes: what it may write of its project or script, by its command line and its environment.
    """

    pid: int
    started: str
    command: tuple[str, ...]
    cwd: Path | None
    subcommand: str
    project: Path | None
    script: Path | None = None
    writes: Writes = Writes.ALL

    @property
    def writes_manifest(self) -> bool:
        """Whether it will write the manifest of its project or script."""
        return Writes.MANIFEST in self.writes


def processes(root: Path, ignore: Collection[int] = ()) -> tuple[UvProcess, ...]:
    """The live uv processes that work in the workspace at `root`: its folder or below, by current folder or option.

    One that is sent to a script works on that alone.
    Looks at the names of all processes (1-2 ms). The table of locks would name the candidates, but the kernel makes its
    first reader after a pause wait for a grace period of several milliseconds, just when a lock has been released.

    Args:
        root: the canonical root of the workspace, or a script's path.
        ignore: process ids to leave out, such as our own uv.
    """
    return working_in(root, _those(sorted(set(_uv_pids()) - set(ignore))))


def everywhere() -> tuple[UvProcess, ...]:
    """The live uv processes of this machine, for who will ask `working_in` which of them work in a workspace."""
    return tuple(_those(_uv_pids()))


def working_in(root: Path, among: Iterable[UvProcess]) -> tuple[UvProcess, ...]:
    """Those of some processes that work, or worked when they were looked at, in the workspace at `root`."""
    return tuple(process for process in among if _works_in(process, root))


def marked(variable: str, pids: Iterable[int] | None = None) -> Iterator[tuple[int, str]]:
    """The pid of every uv of this person that has a variable in its environment, with the variable's value.

    Args:
        variable: its name.
        pids: look at these processes instead of every uv.
    """
    for pid in _uv_pids() if pids is None else pids:
        try:
            value = psutil.Process(pid).environ().get(variable)
        except (psutil.Error, OSError, ValueError):
            continue  # gone meanwhile, or another person's
        if value is not None:
            yield pid, value


def group(leader: int) -> list[int]:
    """The pids in the process group of that number, whether its leader lives or not; none where there are no groups."""
    found: list[int] = []
    if sys.platform != "win32":
        for pid in psutil.pids():
            with suppress(OSError):  # gone meanwhile, or of another session
                if os.getpgid(pid) == leader:
                    found.append(pid)
    return found


def running_command_of(pid: int) -> str | None:
    """The command line of `pid` for people to read, or None for a process that is gone or hidden."""
    try:
        return uvcommand.shown(psutil.Process(pid).cmdline()) or None
    except (psutil.Error, OSError, ValueError):
        return None


def has_children(pid: int) -> bool:
    """Whether `pid` has a living child process; False when it is gone."""
    try:
        return any(child.status() != psutil.STATUS_ZOMBIE for child in psutil.Process(pid).children())
    except (psutil.Error, OSError, ValueError):
        return False


def runs_users_command(process: UvProcess) -> bool:
    """Whether this `uv run` or `uvx` is done with the project and only waits for the user's command, perhaps for hours.

    A child alone does not tell, since builds and interpreter probes are children as well; but uv holds or awaits an
    exclusive lock during those. Where locks are not listed, a child counts as the user's command.
    """
    if process.subcommand not in _USER_COMMANDS:
        return False
    if proclocks.is_available() and any(entry.pid == process.pid and entry.is_exclusive for entry in proclocks.entries()):
        return False
    return has_children(process.pid)


def _those(pids: Iterable[int]) -> Iterator[UvProcess]:
    return (process for process in map(_look_at, pids) if process is not None)


def _works_in(process: UvProcess, root: Path) -> bool:
    if process.script is not None and process.subcommand != "run":
        return process.script == root  # it writes nothing else; a `run` of a file without a block syncs the project
    places = (process.cwd, process.project, process.script)
    return any(place is not None and place.is_relative_to(root) for place in places)


def _uv_pids() -> Iterator[int]:
    if not _has_proc():
        for process in psutil.process_iter(["name"]):
            if _is_uv_name(process.info["name"] or ""):
                yield process.pid
        return
    for name in os.listdir("/proc"):  # noqa: PTH208  as above: pathlib costs as much again as the reading
        if name.isdigit() and _is_uv_name(_comm(name)):
            yield int(name)


def _comm(pid: str) -> str:
    # Plain descriptors: this is done for every process of the system, right before a commit.
    try:
        descriptor = os.open(f"/proc/{pid}/comm", os.O_RDONLY)
    except OSError:
        return ""
    try:
        return os.read(descriptor, 64).decode("utf-8", "replace").strip()
    except OSError:
        return ""
    finally:
        os.close(descriptor)


@cache
def _has_proc() -> bool:
    return sys.platform == "linux" and Path("/proc/self/comm").exists()


def _is_uv_name(name: str) -> bool:
    return _UV.fullmatch(name) is not None


def _look_at(pid: int) -> UvProcess | None:
    """The facts of one uv, None if it has gone meanwhile."""
    named = process_of(pid)
    try:
        process = psutil.Process(pid)
        command = tuple(process.cmdline())
    except (psutil.Error, OSError, ValueError):
        return None
    if named is None or not command:
        return None
    cwd = _current_folder(process)
    environ = _environment_of(process)
    target = script(command)
    return UvProcess(
        pid=pid,
        started=named.started,
        command=command,
        cwd=cwd,
        subcommand=subcommand(command),
        project=_project(environ, command, cwd) if target is None else None,
        script=_under(cwd, target) if target is not None else None,
        writes=writes(command, environ),
    )


def _current_folder(process: psutil.Process) -> Path | None:
    try:
        return Path(process.cwd())
    except (psutil.Error, OSError):
        return None


def _project(environ: Mapping[str, str], command: tuple[str, ...], cwd: Path | None) -> Path | None:
    # `--directory` needs no look: uv has changed to it before it takes any lock, so it is in `cwd`.
    return _under(cwd, option(command, "project") or environ.get("UV_PROJECT") or ".")


def _under(cwd: Path | None, name: str) -> Path | None:
    path = Path(name) if cwd is None else cwd / name
    return path.resolve() if path.is_absolute() else None


def _environment_of(process: psutil.Process) -> Mapping[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}
