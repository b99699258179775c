"""The sync that follows committed edits: one for all of them, in the live project, when the terminal lets it."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

from lsp_server.adapters import environment, files, uv
from lsp_server.adapters.lockwaits import LockWait
from lsp_server.adapters.project import MANIFEST
from lsp_server.core import commandline, lockfile, pyproject, uvwords
from lsp_server.core.commandline import Target
from lsp_server.core.operation import Failure
from lsp_server.core.settings import Settings
from lsp_server.core.text import decoded
from lsp_server.jobs import children, outcome
from lsp_server.jobs.journal import Texts
from lsp_server.jobs.place import Place
from lsp_server.jobs.selection import Selection
from lsp_server.locks.rank import assert_may_start_uv

_log = logging.getLogger(__name__)

# So often a sync is repeated where uv.lock is another one after it: then somebody else writes it all the time.
MOST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Due:
    """One operation that waits to be synced: what it changed, in words and texts, what it selects, where the person stands."""

    operation: str
    said: str
    selection: Selection
    before: Texts
    after: Texts
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Synced:
    """How a sync ended. `failure` is None if all went well; `outdated` says that uv.lock has to be made anew first."""

    due: tuple[Due, ...]
    failure: Failure | None = None
    cancelled: bool = False
    outdated: bool = False


@dataclass(slots=True)
class Lane:
    """Runs one sync at a time beside the planning of the next edits."""

    place: Place
    finished: Callable[[Synced], None]
    waits: Callable[[Sequence[Due], LockWait | None], None] = lambda _due, _wait: None
    _thread: threading.Thread | None = None
    _cancellation: uv.Cancellation = field(default_factory=uv.Cancellation)

    @property
    def busy(self) -> bool:
        """Whether a sync runs."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, executable: uv.Uv, settings: Settings, due: Sequence[Due]) -> None:
        """Begin a sync for all that is due; `finished` is called on its thread."""
        self._cancellation = uv.Cancellation(lambda wait: self.waits(due, wait))
        self._thread = threading.Thread(
            target=self._run, args=(executable, settings, tuple(due), self._cancellation), name="sync", daemon=True
        )
        self._thread.start()

    def cancel(self) -> None:
        """Stop a running sync."""
        self._cancellation.request()

    def join(self) -> None:
        """Wait for the running sync, if there is one."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, executable: uv.Uv, settings: Settings, due: tuple[Due, ...], cancellation: uv.Cancellation) -> None:
        try:
            ended = self._sync(executable, settings, due, cancellation)
        except OSError as error:
            said = f"uv could not be started: {error}; check 'uv.path', or run 'pyproject-lsp doctor'"
            ended = Synced(due, Failure("sync-failed", said))
        except Exception as error:  # noqa: BLE001  the boundary of a thread: without an end its operations never finish
            outcome.log(error, "a sync failed unexpectedly")
            ended = Synced(due, Failure("sync-failed", outcome.fault(error)))
        self.finished(ended)

    def _sync(self, executable: uv.Uv, settings: Settings, due: tuple[Due, ...], cancellation: uv.Cancellation) -> Synced:
        """Install what is locked now, and look again afterwards: another uv may have locked and installed meanwhile."""
        refused = environment.refusal(self.place.environment)
        if refused is not None:
            return Synced(due, Failure("sync-failed", refused))
        wanted = reduce(Selection.joined, (one.selection for one in due)).arguments()
        stand = next((one.folder for one in due if one.folder), self.place.project.folder)
        for _ in range(MOST_ROUNDS):
            lock = files.read(self.place.project.lockfile)
            result = self._uv(executable, settings, wanted, cancellation, stand)
            if cancellation.requested.is_set():
                return Synced(due, cancelled=True)
            if not result.ok:
                words = result.stderr or result.stdout
                failure = Failure("sync-failed", outcome.not_synced(due[0].said, uvwords.sentence(words)), words)
                return Synced(due, failure, outdated=uvwords.lock_outdated(words))
            removed = self._remove(executable, settings, due, cancellation)
            if not removed.ok and not cancellation.requested.is_set():
                said = outcome.not_synced(due[0].said, uvwords.sentence(removed.stderr))
                return Synced(due, Failure("sync-failed", said, removed.stderr))
            if cancellation.requested.is_set() or files.read(self.place.project.lockfile) == lock:
                break
        return Synced(due, cancelled=cancellation.requested.is_set(), outdated=lock_is_stale(self.place, due[-1].after))

    def _remove(self, executable: uv.Uv, settings: Settings, due: Sequence[Due], cancellation: uv.Cancellation) -> uv.Result:
        """Take out what these edits dropped, which is ours to do: --inexact keeps what a person installed by hand."""
        gone = self._dropped(due)
        words = ("pip", "uninstall", "--python", str(self.place.environment), "--", *gone)
        return self._uv(executable, settings, words, cancellation, self.place.project.folder) if gone else uv.Result(0, "", "")

    def _uv(
        self, executable: uv.Uv, settings: Settings, words: Sequence[str], cancellation: uv.Cancellation, stand: Path
    ) -> uv.Result:
        assert_may_start_uv()
        root = self.place.project.folder
        overrides = {} if settings.network else {"UV_OFFLINE": "1"}
        environ = commandline.environment_to_install(self.place.environ, **overrides)
        options = () if stand == root else commandline.project_options(Target(stand, project=root))
        return children.run(self.place.journal, [str(executable.path), *options, *words], stand, environ, cancellation)

    def _dropped(self, due: Sequence[Due]) -> tuple[str, ...]:
        """Return the installed packages that were locked before these edits and are not locked now, whoever locked."""
        lock = self.place.project.lockfile
        before = {name for one in due for name in lockfile.versions(decoded(one.before.get(lock)))}
        left = before - lockfile.versions(decoded(files.read(lock))).keys()
        return tuple(sorted(left & environment.installed(self.place.environment).keys()))


def lock_is_stale(place: Place, planned: Texts) -> bool:
    """Tell whether the manifest or uv.lock is not the planned one any more, and they do not fit each other.

    Raises:
        OSError: one of them cannot be read.

    """
    lock, root = place.project.lockfile, place.project.root / MANIFEST
    if place.project.kind == "script" or planned.get(lock) is None:
        return False
    present = {path: files.read(path) for path in (lock, root)}
    if present[root] is None or all(text == planned.get(path) for path, text in present.items()):
        return False
    return lockfile.fits(pyproject.read(decoded(present[root])), decoded(present[lock])) is False
