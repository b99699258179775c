"""The sync that follows committed edits: one for all of them, in the live project, when the terminal lets it."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

from lsp_server.adapters import environment, uv
from lsp_server.adapters.lockwaits import LockWait
from lsp_server.core import commandline, lockfile, uvwords
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


@dataclass(frozen=True, slots=True)
class Due:
    """One operation that waits to be synced: what it selects, the texts before and after it, where the person stands."""

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
        refused = environment.refusal(self.place.environment)
        if refused is not None:
            return Synced(due, Failure("sync-failed", refused))
        wanted = reduce(Selection.joined, (one.selection for one in due))
        stand = next((one.folder for one in due if one.folder), self.place.project.folder)
        result = self._uv(executable, settings, wanted.arguments(), cancellation, stand)
        if cancellation.requested.is_set():
            return Synced(due, cancelled=True)
        if not result.ok:
            words = result.stderr or result.stdout
            failure = Failure("sync-failed", uvwords.sentence(words), words)
            return Synced(due, failure, outdated=uvwords.lock_outdated(words))
        gone = self._dropped(due)
        if gone:
            # --inexact keeps what a person installed by hand; what these edits dropped is ours to take out.
            python = str(self.place.environment)
            removal = ("pip", "uninstall", "--python", python, "--", *gone)
            result = self._uv(executable, settings, removal, cancellation, self.place.project.folder)
            if not result.ok and not cancellation.requested.is_set():
                return Synced(due, Failure("sync-failed", uvwords.sentence(result.stderr), result.stderr))
        return Synced(due, cancelled=cancellation.requested.is_set())

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
        """Return the installed packages that were locked before these edits and are not any more."""
        lock = self.place.project.lockfile
        before = lockfile.versions(decoded(due[0].before.get(lock))) if due else {}
        now = lockfile.versions(decoded(due[-1].after.get(lock))) if due else {}
        installed = environment.installed(self.place.environment)
        return tuple(sorted(name for name in before if name not in now and name in installed))
