"""The real uv: where it is, and one run of it that can be cancelled and leaves no child behind."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from lsp_server.adapters import lockwaits, processes
from lsp_server.adapters.lockwaits import LockWait
from lsp_server.core.text import HeadAndTail

# uv gets this long to roll back after an interrupt; cancelling promises two seconds in all.
INTERRUPT_SECONDS = 1.2
MOST_WORDS = 64 * 1024
"""So many characters are kept of what a uv writes to stderr: a build may write hundreds of megabytes."""
_LONGEST_LINE = 8 * 1024


@dataclass(frozen=True, slots=True)
class Uv:
    """A uv executable and how it was found."""

    path: Path
    found_by: str


@dataclass(frozen=True, slots=True)
class NoUv:
    """There is no uv to run; the message says where it was looked for and what to do."""

    message: str


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended. `code` is uv's exit code, or None if it was cancelled."""

    code: int | None
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        """Whether uv said that all went well."""
        return self.code == 0


def find(setting: str | None, environ: Mapping[str, str], *, outside: Path | None = None) -> Uv | NoUv:
    """Find uv: the setting `uv.path`, `UV` in the environment, PATH, the places of uv's installers, the `uv` package.

    A place that is named (the setting, `UV`) and holds no executable is an error, not a reason to run another uv. Nothing
    is looked for in the current folder, which is a workspace's as often as not.

    Args:
        setting: the setting.
        environ: the environment.
        outside: a folder in which a uv on PATH does not count: that of a workspace whose programs nobody asked to run.

    """
    for named, source in ((setting, "the setting pyproject.uv.path"), (environ.get("UV"), "UV in the environment")):
        if named:
            path = Path(os.path.expanduser(named))  # noqa: PTH111  '~' in a setting
            if path.name != named and not path.is_absolute():
                return NoUv(f"{source} names '{named}', which depends on the current folder; write the whole path")
            found = shutil.which(path) if path.is_absolute() else on_path(named, environ)
            if found is None:
                return NoUv(f"{source} names '{named}', which is no executable; correct it or remove it")
            return Uv(Path(found).absolute(), source)
    found = on_path("uv", environ, outside=outside)
    if found:
        return Uv(Path(found), "PATH")
    installed = on_path("uv", {"PATH": os.pathsep.join(map(str, usual_places(environ)))}, outside=outside)
    return Uv(Path(installed), "a usual place of its installers") if installed else _of_package()


def usual_places(environ: Mapping[str, str], platform: str = sys.platform) -> tuple[Path, ...]:
    """Return where uv's own installer and package managers put it.

    An editor that a desktop starts often lacks the PATH of a shell. The order is the installer's: `UV_INSTALL_DIR`,
    `XDG_BIN_HOME`, `~/.local/bin`, then Cargo's, Homebrew's, WinGet's and Scoop's folders.
    """
    home = environ.get("USERPROFILE" if platform == "win32" else "HOME")
    named = [environ.get("UV_INSTALL_DIR"), environ.get("XDG_BIN_HOME")]
    below = [(".local", "bin"), (".cargo", "bin"), *([("scoop", "shims")] if platform == "win32" else [])]
    at_home = [str(Path(home, *parts)) for parts in below] if home else []
    local = environ.get("LOCALAPPDATA")
    links = [str(Path(local, "Microsoft", "WinGet", "Links"))] if platform == "win32" and local else []
    shared = [] if platform == "win32" else ["/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin", "/usr/local/bin"]
    return tuple(Path(folder) for folder in (*named, *at_home, *links, *shared) if folder)


def on_path(program: str, environ: Mapping[str, str], *, outside: Path | None = None) -> str | None:
    """Return where a program is on PATH; an empty or relative entry there would mean the current folder, and is passed over.

    `shutil.which` alone looks into the current folder first on Windows.
    """
    names = [program] if os.name != "nt" or Path(program).suffix else [f"{program}.exe", program]
    for entry in environ.get("PATH", os.defpath).split(os.pathsep):
        folder = Path(entry)
        if entry and folder.is_absolute() and not (outside is not None and is_inside(folder, outside)):
            found = next((path for name in names if (path := shutil.which(str(folder / name)))), None)
            if found is not None and not (outside is not None and is_inside(Path(found), outside)):
                return found
    return None


def is_inside(path: Path, folder: Path) -> bool:
    """Tell whether a path is below a folder, by its name or by what that leads to."""
    real = Path(os.path.realpath(folder))
    return any(one.is_relative_to(above) for one in (path, Path(os.path.realpath(path))) for above in (folder, real))


def _of_package() -> Uv | NoUv:
    try:
        from uv import find_uv_bin  # noqa: PLC0415  an optional extra
    except ImportError:
        return NoUv(
            "uv was not found: no setting pyproject.uv.path, no UV in the environment, none on PATH "
            "or where its installers put it, no 'uv' package; "
            "install it (https://docs.astral.sh/uv/) or install pyproject-lsp[uv]"
        )
    try:
        # It asks sysconfig, which gives None to a second thread while the first one fills it.
        with _package_asked:
            return Uv(Path(find_uv_bin()), "the 'uv' package")
    except FileNotFoundError as error:
        return NoUv(f"the 'uv' package has no executable ({error}); reinstall it")


_package_asked = threading.Lock()


@dataclass(slots=True)
class Cancellation:
    """A wish to stop, which a running uv hears at once. One for each group of operations.

    `waits` is told of a lock before which the running uv stands, and None when it is past it.
    """

    waits: Callable[[LockWait | None], None] | None = None
    requested: threading.Event = field(default_factory=threading.Event)
    _stop: Callable[[], None] | None = None
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def request(self) -> None:
        """Ask for an end; a running uv gets an interrupt, then is killed with its children."""
        self.requested.set()
        with self._mutex:
            if self._stop is not None:
                self._stop()

    def _attach(self, stop: Callable[[], None] | None) -> None:
        with self._mutex:
            self._stop = stop
            if stop is not None and self.requested.is_set():
                stop()


def run(
    command: Sequence[str],
    *,
    folder: Path,
    environ: Mapping[str, str],
    cancellation: Cancellation,
    started: Callable[[int], None] = lambda _pid: None,
) -> Result:
    """Run one uv command to its end.

    Args:
        command: the executable and its arguments.
        folder: uv's current folder.
        environ: uv's whole environment.
        cancellation: stops it; then `code` is None and nothing of it runs any more.
        started: is told the pid.

    Raises:
        OSError: the executable could not be started.

    """
    # A process group of its own: a Ctrl-C in the terminal of our command line is ours to pass on, and
    # killing the group reaches the build backends that uv started. Its pipes are its own, since a child
    # that wrote to our stdout would break the protocol.
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    started(process.pid)
    pid, waits = process.pid, cancellation.waits
    unfollow = lockwaits.follow(lambda: lockwaits.of([pid]), waits) if waits is not None else lambda: None
    lines = HeadAndTail(MOST_WORDS)
    reader = threading.Thread(target=_read_lines, args=(process, lines), daemon=True)
    reader.start()
    cancellation._attach(lambda: threading.Thread(target=stop, args=(process.pid,), daemon=True).start())  # noqa: SLF001  its other half
    try:
        assert process.stdout is not None  # noqa: S101  asked for above
        stdout = process.stdout.read()
        process.stdout.close()
        code = process.wait()
        reader.join()
    finally:
        cancellation._attach(None)  # noqa: SLF001  its other half
        unfollow()
    # `stop` waits for the process too, and whoever waits second is told 0 whatever happened.
    if cancellation.requested.is_set():
        return Result(None, stdout, lines.text())
    if code < 0:
        _end_group(process.pid)
        lines.add(f"error: uv was killed by {_signal_name(-code)}; nobody here asked for it\n")
    return Result(code, stdout, lines.text())


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def stop(pid: int) -> None:
    """Interrupt a uv that we started, give it time to roll back, then kill it and all that it started."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    with contextlib.suppress(OSError, psutil.Error):
        if sys.platform == "win32":
            process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            os.killpg(pid, signal.SIGINT)
    _gone, alive = psutil.wait_procs(family, timeout=INTERRUPT_SECONDS)
    for survivor in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            family.extend(survivor.children(recursive=True))
    for survivor in {*alive, *family}:
        with contextlib.suppress(psutil.NoSuchProcess):
            survivor.kill()


def _end_group(pid: int) -> None:
    """Kill what a uv of ours that was killed just now has left running: its builds are in its group and serve nobody.

    On Windows there is no such group, and they go on.
    """
    # A group keeps its number from being given to a new process; a living process of that number is not ours.
    if sys.platform != "win32" and processes.of(pid) is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _read_lines(process: "subprocess.Popen[str]", lines: HeadAndTail) -> None:
    assert process.stderr is not None  # noqa: S101  asked for in run()
    with process.stderr as stream:
        for line in iter(lambda: stream.readline(_LONGEST_LINE), ""):
            lines.add(line)


def version(uv: Uv) -> str | None:
    """Return uv's version, or None if it does not answer as a uv does."""
    try:
        done = subprocess.run([uv.path, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = done.stdout.split()
    return words[1] if done.returncode == 0 and words[:1] == ["uv"] and len(words) > 1 else None


_versions: dict[tuple[Path, int, int], str | None] = {}


def known_version(uv: Uv) -> str | None:
    """Return uv's version as `version` does, and ask each executable only once while it stays the same file."""
    try:
        found = uv.path.stat()
    except OSError:
        return None
    key = (uv.path, found.st_mtime_ns, found.st_size)
    if key not in _versions:
        _versions[key] = version(uv)
    return _versions[key]
