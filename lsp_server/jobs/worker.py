"""One project's worker: a thread that takes operations from the queue to their end.

It alone changes the project. Everybody else adds to the ledger and sets `wake`; the worker looks at all there is to
look at, does one thing, and looks again. It waits for events with nothing held but, at most, the manifest lock.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lsp_server.adapters import files, uv
from lsp_server.adapters import project as projects
from lsp_server.adapters.editor import Editor
from lsp_server.adapters.live import UvProcess
from lsp_server.adapters.shadow import Shadow
from lsp_server.core import changes, intent
from lsp_server.core.operation import HOLDS_QUEUE, Failure, Operation, asked_again
from lsp_server.core.settings import Settings
from lsp_server.jobs import blocking, outcome, recover
from lsp_server.jobs.aftermath import Aftermath, Settling, names_of
from lsp_server.jobs.commit import Busy, Changed, Committed, Staged, commit, make_clean, stage
from lsp_server.jobs.files_watch import FilesWatch
from lsp_server.jobs.journal import Texts
from lsp_server.jobs.ledger import Ledger
from lsp_server.jobs.outcome import Notice
from lsp_server.jobs.place import Place, now
from lsp_server.jobs.plan import Cancelled, Planned, Planner, as_lock
from lsp_server.jobs.quiet import SAFETY_SECONDS, Quiet
from lsp_server.jobs.selection import Asked
from lsp_server.jobs.standing import images
from lsp_server.jobs.tools import executable_for
from lsp_server.jobs.turn import inherited
from lsp_server.jobs.unsaved import Unsaved
from lsp_server.jobs.verify import Verifier
from lsp_server.jobs.waits import Waits
from lsp_server.locks.lock import FileMutex
from lsp_server.locks.rank import Rank

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A plan that stands in the journal and whose files are staged."""

    change: int
    staged: Staged


class Worker:
    """Works for one project until it is stopped."""

    def __init__(
        self,
        place: Place,
        editor: Editor,
        settings: Callable[[], Settings],
        on_change: Callable[[], None] = lambda: None,
        tell: Callable[[Notice], None] = lambda _notice: None,
    ) -> None:
        self.place = place
        self.wake = threading.Event()
        self.ledger = Ledger(place, on_change)
        self._editor = editor
        self._settings = settings
        self._quiet = Quiet(place, self.wake)
        self._shadow = Shadow(place.shadow, place.project.folder)
        self._planning = uv.Cancellation()
        self._waits = Waits(self.ledger, self._quiet, self.wake, self._patience)
        self.verifier = Verifier(place, editor, self._quiet.writers, lambda: settings().guardian, tell, self.wake.set)
        self._after = Aftermath(place, self.ledger, self._quiet, settings, self.wake, self.verifier)
        self._unsaved = Unsaved(self.ledger, editor, self._after.standing)
        self._stopping = False
        self.files = FilesWatch(place, self._written)
        self._watches = [
            place.watch_journal(self._queue_told),
            place.watch.lock_file(place.manifest_lock, self._told),
            place.watch.lock_file(place.environment_lock, self._told),
        ]
        self._thread = threading.Thread(target=self._run, name=f"worker {place.project.root.name}", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self.files.look()
        self._thread.start()

    def stop(self) -> None:
        """End the thread: what waits stays in the journal to be offered again, a commit is ended, uv is stopped."""
        self._stopping = True
        self._planning.request()
        self._after.lane.cancel()
        self.wake.set()
        self._thread.join()
        self._after.lane.cancel()  # one that was started in this very moment
        self._after.lane.join()
        for cancel in (*self._watches, self.files.close):
            cancel()
        self.verifier.close()
        self._quiet.close()

    def submit(self, operation: Operation) -> Operation:
        """Queue an operation; when this returns it is in the journal."""
        written = self.ledger.add(operation)
        self.wake.set()
        return written

    def retry(self, operation: Operation) -> Operation:
        """Queue an operation again that had failed or was cancelled, whoever had it, behind all others; else it stays so."""
        again = asked_again(operation, now())
        adopted = self.ledger.adopt(again)
        self.wake.set()
        return adopted or again

    def cancel(self, operation: str) -> bool:
        """Cancel an operation of this process; false if it is being committed or finished already."""
        present = self.ledger.get(operation)
        if present is None:
            return False
        state = self.ledger.cancel(operation, outcome.cancelled(present, saved=operation in self._after.standing))
        if state == "planning":
            self._planning.request()
        elif state == "syncing":
            self._after.lane.cancel()
        self.wake.set()
        return state is not None

    # What the editor tells

    def saved(self, path: Path, text: str, shown: str = "", at_work: Sequence[UvProcess] = (), *, loaded: bool = False) -> None:
        """The user saved a document (`Verifier.saved` says what else is told): operations that waited for it go on."""
        if self.files.has(path):
            self.verifier.saved(path, text, shown, at_work, loaded=loaded)
            self.reverted(path, text, saved=True)

    def reverted(self, path: Path, text: str, *, saved: bool = False) -> None:
        """A document has no unsaved changes any more: what waited for that goes on, or ends with the edit taken back."""
        for operation in self.ledger.within({"needsSave"}):
            if self._manifest(operation) == path:
                self._unsaved.resume(operation, path, text, saved=saved)
        self.wake.set()

    def closed(self, path: Path) -> None:
        """The user closed a document."""
        for operation in self.ledger.within({"needsSave"}):
            if self._manifest(operation) == path:
                self._unsaved.closed(operation, path)

    def _queue_told(self, path: Path) -> None:
        """Somebody wrote of this project's operations: they moved, or another process asks that one of ours be cancelled."""
        self._told(path)
        with suppress(sqlite3.Error):
            for operation in self.place.journal.to_cancel(self.place.key):
                self.cancel(operation)

    def _told(self, _path: Path) -> None:
        """A file of the project, of another process's queue or of a lock moved: look, and show it."""
        self.wake.set()
        self.ledger.on_change()

    def _written(self, path: Path) -> None:
        """A manifest or uv.lock has a new text."""
        self.verifier.told(path)
        self._told(path)

    # The loop

    def _run(self) -> None:
        while not self._stopping:
            self.wake.clear()
            try:
                if self._step():
                    continue
            except Exception as error:  # noqa: BLE001  the one boundary: an operation fails, the worker goes on
                outcome.log(error, "an operation failed unexpectedly")
                for operation in self.ledger.within(HOLDS_QUEUE | {"committing"}):
                    if not self._after.has(operation.id):
                        self.ledger.fail(operation.id, outcome.unexpected(error, self.place.state))
            self.wake.wait(self._patience() if self._restless() else None)

    def _restless(self) -> bool:
        return bool(self._after.restless or self.ledger.is_behind or self.ledger.within(HOLDS_QUEUE))

    def _patience(self) -> float:
        """Return the longest time without a look, in seconds: `lock.timeout` has to be noticed as well."""
        limit = self._settings().lock_timeout
        return min(SAFETY_SECONDS, limit) if limit else SAFETY_SECONDS

    def _step(self) -> bool:
        self.ledger.write_again()
        self.verifier.inherit(self.wake.set)
        self._after.go_on_with_saved()
        self._after.settle()
        self._after.sync()
        if self.ledger.time_out(self.ledger.within({"queued"}), self._settings().lock_timeout):
            return True
        self.ledger.ancestor = inherited(self.place, self.place.environ)
        if self.ledger.ancestor is not None and not self.ledger.ahead():
            return self._step_in_turn()
        if self.ledger.ahead():
            self._waits.say_who_is_ahead()
            return False
        group = self.ledger.group()
        if not group:
            return False
        mutex = FileMutex(self.place.manifest_lock, Rank.MANIFEST, group[0].title)
        # Looked at first: a failed attempt closes the lock file, and that event would wake us to try again.
        if self._quiet.is_held(self.place.manifest_lock) or not mutex.try_acquire():
            waiting = [operation.id for operation in self.ledger.within({"queued"})]
            self._after.wait_for(waiting, "queued", blocking.manifest_holder(self.place.manifest_lock))
            return False
        try:
            recover.settle_changes(self.place)
            self._transact()
        finally:
            mutex.release()
        return True

    def _step_in_turn(self) -> bool:
        """Work inside the turn of an ancestor, which holds the manifest lock and is first in the queue."""
        if not self.ledger.group():
            return False
        self._transact()
        return True

    def _transact(self) -> None:
        """Take the group at the head of the queue through plan, quiet and commit, with whoever joins it meanwhile."""
        planned: Planned | None = None
        asked: tuple[Asked, ...] = ()
        begun: _Begun | None = None
        while not self._stopping:
            self.wake.clear()
            self._after.settle()
            self._after.sync()
            group = self._group()
            if not group:
                return
            wanted = tuple(self._asked(operation) for operation in group)
            base, dirty = self._texts(wanted)
            if self._waits.for_whole_text(base, wanted, group):
                continue
            # One that was cancelled and asked for again has not been planned, though its plan is still here.
            is_new = any(operation.state == "queued" for operation in group)
            if planned is None or planned.base != base or asked != wanted or is_new:
                if self._waits.for_company():
                    continue
                planned, begun = self._plan(base, wanted), None
                asked = tuple(one for one in wanted if planned is not None and one.operation in planned.done)
            if planned is None or asked != wanted:
                continue  # what could be planned stays planned; see whether anything moved meanwhile
            if dirty:
                if self._unsaved.put(planned, asked, dirty, self._label(asked)):
                    return
                planned = None
                continue
            # Written before the wait, so that nothing stands between the release of a lock and the rename.
            begun = begun or self._begin(planned, asked)
            if begun is None or (not self._waits.for_quiet(group) and not self._commit(begun, planned, asked)):
                planned = None

    def _group(self) -> tuple[Operation, ...]:
        """Return the head of the queue as far as it is of one kind: about an unsaved document, or not."""
        group = self.ledger.group()
        if self.ledger.time_out(group, self._settings().lock_timeout):
            group = self.ledger.group()
        if not group:
            return ()
        if len(group) < len(self.ledger.within(HOLDS_QUEUE)):
            self._waits.say_who_is_ahead()
        first = self._is_about_unsaved(group[0])
        return tuple(operation for operation in group if self._is_about_unsaved(operation) == first)

    def _is_about_unsaved(self, operation: Operation) -> bool:
        if operation.kind in {"lock", "sync"} or operation.id in self._after.standing:
            return False
        return self._is_unsaved(self._manifest(operation))

    def _is_unsaved(self, path: Path) -> bool:
        document = self._editor.document(path)
        return document is not None and document.dirty

    def _texts(self, asked: Sequence[Asked]) -> tuple[Texts, frozenset[Path]]:
        """Read every file an operation may change, and the buffers of unsaved documents that it is about."""
        base: dict[Path, bytes | None] = {path: files.read(path) for path in projects.files_of(self.place.project)}
        dirty: set[Path] = set()
        for one in asked:
            operation = self.ledger.get(one.operation)
            document = self._editor.document(one.manifest)
            if operation is not None and document is not None and self._is_about_unsaved(operation):
                base[one.manifest] = document.text.encode("utf-8", "surrogatepass")
                dirty.add(one.manifest)
        return base, frozenset(dirty)

    def _plan(self, base: Texts, wanted: tuple[Asked, ...]) -> Planned | None:
        if self._waits.for_settled_text(base, wanted, failed=False):
            return None
        settings = self._settings()
        executable = executable_for(self.place, settings)
        if isinstance(executable, Failure):
            for one in wanted:
                self.ledger.fail(one.operation, executable)
            return None
        self._planning = uv.Cancellation(lambda wait: self.ledger.say_inside([o.operation for o in wanted], "planning", wait))
        if self._stopping:
            return None  # asked for before there was this to be cancelled
        for one in wanted:
            self.ledger.move(one.operation, "planning", message="planning")
        self.ledger.say_planned()
        planned = Planner(self.place, self._shadow, executable, settings, self._planning).plan(base, wanted)
        if isinstance(planned, Cancelled):
            return None
        if planned.failures and (self._waits.for_settled_text(base, wanted, failed=True) or self._texts(wanted)[0] != base):
            return None  # made from a text that a uv was working on, or has rolled back meanwhile
        for operation, failure in planned.failures.items():
            self.ledger.fail(operation, failure)
        return planned if planned.done else None

    def _begin(self, planned: Planned, asked: Sequence[Asked]) -> _Begun | None:
        """Write a plan to the journal, then its files where nobody sees them; fail the operations if that cannot be."""
        names, own = [one.operation for one in asked], {one.manifest for one in asked}
        unsaved = [path for path in planned.changes if path not in own and self._is_unsaved(path)]
        if unsaved:
            self._give_up(names, outcome.unsaved_elsewhere(unsaved[0]))
            return None
        recover.settle_changes(self.place)
        number = self.place.journal.prepare(self.place.key, names, planned.base, planned.changes)
        staged = stage(self.place, planned.base, planned.changes)
        if isinstance(staged, Staged):
            return _Begun(number, staged)
        self._give_up(names, staged)
        return None

    def _give_up(self, names: Sequence[str], failure: Failure) -> None:
        recover.settle_changes(self.place)
        for name in names:
            self.ledger.fail(name, failure)

    def _commit(self, begun: _Begun, planned: Planned, asked: Sequence[Asked]) -> bool:
        """Commit a plan; true if it is still good and has to wait again, false if it is done with or out of date."""
        names = [one.operation for one in asked]
        # What a uv erased is put back before its text is taken for the project's: the comparison then fails.
        self.verifier.look()
        if not self.ledger.claim(names):
            return False
        with self.verifier.writing() as note:
            result = commit(
                self.place,
                begun.staged,
                self._editor,
                still_quiet=lambda: self._quiet.writing() is None,
                alive=self._quiet.late_writers,
                label=self._label(asked),
            )
            if isinstance(result, Committed):
                note(planned.base, planned.changes, result)
        self.ledger.persist(names)
        self._waits.was_busy = isinstance(result, Busy)
        match result:
            case Committed(open_documents=documents, alive=alive):
                before, after = images(planned, asked, self._after.standing)
                # Without the mark the next transaction, or a restart, finds the files as planned and sets it then.
                with suppress(sqlite3.Error):
                    self.place.journal.mark(begun.change, "committed", (before, after) if before != planned.base else None)
                for path in documents:
                    make_clean(self._editor, path, planned.changes[path])
                edits = tuple(self._wanted(operation) for name in names if (operation := self.ledger.get(name)) is not None)
                made = {one.operation: changes.of(one.intent, before, planned.result) for one in edits}
                notes = planned.notes
                said = {one.operation: outcome.committed(one, made[one.operation], notes.get(one.operation, ())) for one in edits}
                self._after.begin(Settling(edits, before, planned.result, said, names_of(alive), self.verifier.restored))
                for name, words in said.items():
                    self.ledger.move(name, "committing", message=words, changes=made[name])
            case Busy() | Changed():
                for name in names:
                    self.ledger.move(name, "planning", message="the project changed meanwhile")
                    self.ledger.move(name, "waiting", message="waiting")
            case Failure():
                self._give_up(names, result)
        return isinstance(result, Busy)

    # Small things

    def _wanted(self, operation: Operation) -> Asked:
        wanted = intent.from_argument(operation.command, operation.argument)
        assert not isinstance(wanted, intent.BadArgument)  # noqa: S101  it was checked before it was queued
        return Asked(operation.id, wanted, self._manifest(operation), self.place.stand_of(operation.argument))

    def _asked(self, operation: Operation) -> Asked:
        asked = self._wanted(operation)
        return as_lock(asked) if operation.id in self._after.standing else asked

    def _manifest(self, operation: Operation) -> Path:
        return self.place.manifest_of(operation.uri, operation.argument)

    def _label(self, asked: Sequence[Asked]) -> str:
        return "; ".join(dict.fromkeys(one.intent.title() for one in asked))
