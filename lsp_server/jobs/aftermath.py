"""What follows a commit: watch until no stale text can undo it, then bring the environment up to date."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lsp_server.adapters.live import UvProcess
from lsp_server.adapters.lockwaits import LockWait
from lsp_server.adapters.processes import ProcessId
from lsp_server.core.operation import Blocked, Failure, Operation, State
from lsp_server.core.settings import Settings
from lsp_server.core.text import decoded
from lsp_server.jobs import blocking, outcome, recover
from lsp_server.jobs.journal import Texts
from lsp_server.jobs.ledger import Ledger
from lsp_server.jobs.place import Place
from lsp_server.jobs.quiet import Quiet
from lsp_server.jobs.selection import Asked, selection
from lsp_server.jobs.standing import Made, Standing
from lsp_server.jobs.sync import Due, Lane, Synced, lock_is_stale
from lsp_server.jobs.tools import executable_for
from lsp_server.jobs.verify import Verifier

MOST_ATTEMPTS = 3
"""So often uv.lock is made anew for one operation, when others write it or the manifest meanwhile."""


@dataclass(frozen=True, slots=True)
class Settling:
    """One committed change, watched as long as a uv lives that had read the texts before it.

    What such a uv writes over it is written again by `verify`; here its end is awaited, and uv.lock made to fit.

    Attributes:
        said: what each operation changed, in words.
        writers: those uv processes.
        restored: how often a stale text had been corrected when they were looked for.
    """

    asked: tuple[Asked, ...]
    before: Texts
    after: Texts
    said: Mapping[str, str]
    writers: frozenset[ProcessId] = frozenset()
    restored: int = 0


def names_of(processes: Collection[UvProcess]) -> frozenset[ProcessId]:
    """Name processes for ever."""
    return frozenset(ProcessId(process.pid, process.started) for process in processes)


@dataclass(slots=True)
class Aftermath:
    """The operations of one project whose edit stands on disk. Used by the worker's thread, the lane's ends apart.

    Attributes:
        standing: edits that stand in the manifest, so that only uv.lock has to be made anew.
        verifier: corrects the stale texts of those uvs.

    """

    place: Place
    ledger: Ledger
    quiet: Quiet
    settings: Callable[[], Settings]
    wake: threading.Event
    verifier: Verifier
    standing: Standing = field(default_factory=dict)
    settling: list[Settling] = field(default_factory=list)
    due: list[Due] = field(default_factory=list)
    lane: Lane = field(init=False)

    def __post_init__(self) -> None:
        self.lane = Lane(self.place, self._synced, self._waits_inside)

    @property
    def restless(self) -> bool:
        """Whether there is something to look after."""
        return bool(self.settling or self.due)

    def has(self, operation: str) -> bool:
        """Tell whether an operation was handed over."""
        return any(one.operation == operation for item in self.settling for one in item.asked)

    def begin(self, item: Settling) -> None:
        """Take over a change that was just committed."""
        self.settling.append(item)
        for one in item.asked:
            self.standing.pop(one.operation, None)

    def wait_for(self, operations: Sequence[str], state: State, blocked: Blocked) -> None:
        """Say what operations wait for."""
        self.ledger.block(operations, state, blocked, blocking.waits(blocked))

    def go_on_with_saved(self) -> None:
        """Go on with operations of dead processes whose edit their person has saved."""
        for operation, former, made in recover.saved_edits(self.place.journal, self.place.key):
            self.standing[operation.id] = made
            if not self.ledger.take(operation, former):
                del self.standing[operation.id]

    def settle(self) -> None:
        """Look once more at each change that a uv may still undo."""
        if not self.settling:
            return
        writers = self.quiet.late_writers()
        for item in self._joined_by_later(writers):
            try:
                self.verifier.look()  # what they wrote before they ended is corrected before uv.lock is compared with it
                relock = lock_is_stale(self.place, item.after)
            except OSError as error:
                self._say_unreadable(item, error)
                continue
            if item.writers.intersection(names_of(writers)):
                self.quiet.arm()
                self._say_watched(item)
            else:
                self.settling.remove(item)
                self._settled(item, relock=relock)

    def _joined_by_later(self, writers: Sequence[UvProcess]) -> list[Settling]:
        """Return what settles, each with the uv processes that may have read a stale text since.

        One that started while a stale text stood writes it again, after it was corrected.
        """
        later = names_of([process for process in writers if process.writes_manifest])
        present = self.verifier.restored
        self.settling = [
            item if item.restored == present else replace(item, writers=item.writers | later, restored=present)
            for item in self.settling
        ]
        return list(self.settling)

    def _say_watched(self, item: Settling) -> None:
        """Say for whose end an edit, which is made, is still watched."""
        writer = self.quiet.late()
        if writer is None:
            return  # it has ended in this moment
        for one in item.asked:
            self.ledger.block([one.operation], "committing", writer, f"{item.said[one.operation]}; {blocking.watched(writer)}")

    def _say_unreadable(self, item: Settling, error: OSError) -> None:
        for one in item.asked:
            message = f"{item.said[one.operation]}; {error.filename} cannot be read now: {error.strerror}"
            self.ledger.move(one.operation, "committing", message=message)

    def _settled(self, item: Settling, *, relock: bool) -> None:
        for one in item.asked:
            operation = self.ledger.get(one.operation)
            if operation is None:
                continue
            said = item.said[one.operation]
            if relock and operation.attempts + 1 < MOST_ATTEMPTS:
                self._stands(operation, item.before, item.after)
                self.ledger.move(
                    operation.id,
                    "queued",
                    attempts=operation.attempts + 1,
                    message="uv.lock was overwritten; locking again",
                )
                self.wake.set()
            elif self._wants_sync(operation):
                self.due.append(Due(operation.id, said, selection(item.after, [one]), item.before, item.after, one.folder))
                self.ledger.move(operation.id, "syncing", message=said)
            else:
                self.ledger.move(operation.id, "done", message=said)

    def _stands(self, operation: Operation, before: Texts, after: Texts) -> None:
        path = self.place.manifest_of(operation.uri, operation.argument)
        texts = (decoded(each.get(path)) for each in (before, after))
        self.standing[operation.id] = Made(path, *texts)

    def _wants_sync(self, operation: Operation) -> bool:
        if operation.kind == "sync":
            return True
        return self.settings().sync_after_edit and operation.kind != "lock" and self.place.project.kind == "workspace"

    def sync(self) -> None:
        """Start the sync of what is due, when nobody else's uv runs or waits in the project: the terminal goes first."""
        if self.lane.busy:
            return  # it still adds to what is due, on its own thread
        self.due = [one for one in self.due if self.ledger.get(one.operation) is not None]
        if not self.due:
            return
        blocker = self.quiet.blocker() or self.quiet.anybody()
        if blocker is None and self.settling:
            return  # the next look settles it
        if blocker is not None:
            self.quiet.arm()
            self.wait_for([one.operation for one in self.due], "syncing", blocker)
            return
        executable = executable_for(self.place, self.settings())
        due, self.due = self.due, []
        for one in due:
            if isinstance(executable, Failure):
                self.ledger.fail(one.operation, executable)
            else:
                self.ledger.move(one.operation, "syncing", message="syncing the environment")
        if not isinstance(executable, Failure):
            self.lane.start(executable, self.settings(), due)

    def _waits_inside(self, due: Sequence[Due], wait: LockWait | None) -> None:
        self.ledger.say_inside([one.operation for one in due], "syncing", wait)

    def _synced(self, synced: Synced) -> None:
        for one in synced.due:
            operation = self.ledger.get(one.operation)
            if operation is None:
                continue
            if synced.cancelled:
                self.due.append(one)  # another operation's sync was cancelled; this one still wants its own
            elif synced.outdated and operation.attempts + 1 < MOST_ATTEMPTS:
                self._stands(operation, one.before, one.after)
                self.ledger.move(
                    operation.id,
                    "queued",
                    attempts=operation.attempts + 1,
                    message="the manifest changed; locking again",
                )
            elif synced.failure is not None:
                self.ledger.fail(operation.id, synced.failure)
            else:
                self.ledger.move(operation.id, "done", message=outcome.synced(one.said))
        self.wake.set()
