"""When a project is quiet: nobody installs, and no uv that would still write the manifest or the lock is alive.

Looking is cheap and repeated; the watches only say when to look again.
"""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from lsp_server.adapters import live, proclocks, uvcommand
from lsp_server.adapters import project as projects
from lsp_server.adapters.exits import Cancel, on_exit
from lsp_server.adapters.lockprobe import LockProbe
from lsp_server.adapters.uvcommand import Writes
from lsp_server.core.operation import Blocked, LockName
from lsp_server.jobs.place import Place, now

# The longest time without a look, should an event get lost: nothing is built on it.
SAFETY_SECONDS = 2.0

_TEXTS = Writes.MANIFEST | Writes.LOCKFILE | Writes.STALE_LOCKFILE


@dataclass(slots=True)
class Quiet:
    """Watches one project for quiet. Used by one thread; `wake` may be set from any."""

    place: Place
    wake: threading.Event
    _probes: dict[Path, LockProbe] = field(default_factory=dict)
    _watched: dict[Path, Cancel] = field(default_factory=dict)
    _awaited: dict[int, Cancel] = field(default_factory=dict)
    _since: dict[tuple[str, int | None], str] = field(default_factory=dict)

    def is_locked(self) -> bool:
        """Tell in microseconds whether somebody holds one of uv's locks of the project."""
        return self.is_held(self.place.environment_lock) or self.is_held(self.place.project_lock)

    def blocker(self) -> Blocked | None:
        """Return what has to end before a commit, or None."""
        locks: tuple[tuple[LockName, Path], ...] = (
            ("environment", self.place.environment_lock),
            ("project", self.place.project_lock),
        )
        for name, path in locks:
            if self.is_held(path):
                return self._held(name, path)
        found = self.writing()
        if found is None:
            self._since.clear()
        return found

    def writers(self) -> tuple[live.UvProcess, ...]:
        """Return the uv processes of the project that may still write its manifest or its lock file.

        A sync that waits has read early, so it is one of them.
        """
        return tuple(process for process in self._working() if self._may_write(process, _TEXTS))

    def late_writers(self) -> tuple[live.UvProcess, ...]:
        """Return the uv processes that may write what they have read before, also where what stands now needs no writing.

        An audit locks in its first moment; then it waits for a service, perhaps for long.
        """
        return tuple(each for each in self._working() if each.writes & _TEXTS and each.subcommand != "audit")

    def late(self) -> Blocked | None:
        """Return the first of them."""
        return next(map(self._process, self.late_writers()), None)

    def writing(self) -> Blocked | None:
        """Return a uv that is alive and will write the manifest or uv.lock, whether it holds a lock or not.

        One that locks only to install does so under the environment's lock.
        """
        for process in self._processes():
            if process.writes_manifest or (Writes.ENVIRONMENT not in process.writes and self._may_write(process, _TEXTS)):
                return self._process(process)
        return None

    def anybody(self) -> Blocked | None:
        """Return any uv that works in the project, or waits there, to write something: our own sync comes after it."""
        return next((self._process(process) for process in self._working() if self._may_write(process, ~Writes.NOTHING)), None)

    def _may_write(self, process: live.UvProcess, what: Writes) -> bool:
        found = process.writes & what
        return found not in {Writes.NOTHING, Writes.STALE_LOCKFILE} or (bool(found) and not self._lock_fits())

    def _lock_fits(self) -> bool:
        """Tell whether uv.lock is surely up to date: a uv that only looks then has nothing to write."""
        from lsp_server.jobs import state  # noqa: PLC0415  `exec` needs it where such a uv is seen only

        project = self.place.project
        try:
            return len(projects.manifests(project)) == 1 and state.of_lock(self.place) == "up-to-date"
        except OSError:
            return False

    def unknown(self) -> Blocked:
        """Return what to say where a lock cannot be had and nobody is seen who holds it."""
        return self._blocked("environment", None, None, self.place.environment_lock)

    def arm(self) -> None:
        """See to it that `wake` is set when something ends that `blocker` or `writers` speak of."""
        for path in (self.place.environment_lock, self.place.project_lock):
            if path not in self._watched and path.parent.is_dir():
                self._watched[path] = self.place.watch.lock_file(path, self._woken)
        alive = {process.pid: process for process in self._processes()}
        for pid in self._awaited.keys() - alive.keys():
            self._awaited.pop(pid)()
        for pid in alive.keys() - self._awaited.keys():
            self._awaited[pid] = on_exit(alive[pid], self.wake.set)

    def _woken(self, _path: Path) -> None:
        self.wake.set()

    def _process(self, process: live.UvProcess) -> Blocked:
        path = process.cwd or self.place.project.folder
        return self._blocked("process", process.pid, uvcommand.shown(process.command), path)

    def close(self) -> None:
        """Stop watching."""
        for cancel in (*self._watched.values(), *self._awaited.values()):
            cancel()
        self._watched.clear()
        self._awaited.clear()

    def _working(self) -> tuple[live.UvProcess, ...]:
        """Return all but the `uv run`s that have handed over to the user's command."""
        return tuple(process for process in self._processes() if not live.runs_users_command(process))

    def _processes(self) -> tuple[live.UvProcess, ...]:
        return live.processes(self.place.project.root)

    def is_held(self, path: Path) -> bool:
        """Tell whether somebody holds a lock, without an event for those who watch it."""
        probe = self._probes.get(path)
        if probe is None:
            probe = self._probes[path] = LockProbe(path)
        return probe.is_held()

    def _held(self, name: LockName, path: Path) -> Blocked:
        users = proclocks.lock_users(path)
        pid = users.holders[0] if users and users.holders else self._likely_holder()
        return self._blocked(name, pid, live.running_command_of(pid) if pid else None, path)

    def _likely_holder(self) -> int | None:
        alive = self._working()
        return min(alive, key=lambda process: process.started).pid if alive else None

    def _blocked(self, name: LockName, pid: int | None, command: str | None, path: Path) -> Blocked:
        since = self._since.setdefault((name, pid), now())
        return Blocked(name, pid, command, since, str(path))
