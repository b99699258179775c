"""One project's worker: a thread that takes operations from the queue to their end.

It alone changes the project. Everybody else adds to the ledger and sets `wake`; the worker looks at all there is to
look at, does one thing, and looks again. It waits for events with nothing held but, at most, the manifest lock.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lsp_server.adapters import files, uv
from lsp_server.adapters import project as projects
from lsp_server.adapters.editor import Editor
from lsp_server.adapters.shadow import Shadow
from lsp_server.core import diff, facts, intent
from lsp_server.core.operation import HOLDS_QUEUE, Blocked, Failure, Operation, State
from lsp_server.core.settings import Settings
from lsp_server.jobs import outcome, recover
from lsp_server.jobs.commit import Busy, Changed, Committed, commit
from lsp_server.jobs.journal import Texts
from lsp_server.jobs.ledger import Ledger
from lsp_server.jobs.place import Place, now
from lsp_server.jobs.plan import Cancelled, Planned, Planner, as_lock, refusal
from lsp_server.jobs.quiet import SAFETY_SECONDS, Quiet
from lsp_server.jobs.selection import Asked, selection
from lsp_server.jobs.settle import Settling, judge, writers_of
from lsp_server.jobs.sync import Due, Lane, Synced
from lsp_server.jobs.tools import executable_for
from lsp_server.jobs.turn import inherited
from lsp_server.locks import holder
from lsp_server.locks.lock import FileMutex
from lsp_server.locks.rank import Rank

_log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
# An editor or a script that writes in place leaves a file torn for a moment; longer than this and it is meant.
TORN_SECONDS = 0.3


class Worker:
    """Works for one project until it is stopped."""

    def __init__(
        self,
        place: Place,
        editor: Editor,
        settings: Callable[[], Settings],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.place = place
        self.wake = threading.Event()
        self.ledger = Ledger(place, on_change)
        self._editor = editor
        self._settings = settings
        self._quiet = Quiet(place, self.wake)
        self._shadow = Shadow(place.shadow, place.project.folder)
        self._planning = uv.Cancellation()
        self._lane = Lane(place, self._synced)
        self._settling: list[Settling] = []
        self._due: list[Due] = []
        self._buffered: dict[str, tuple[Path, Texts, Texts]] = {}
        self._standing: set[str] = set()  # operations whose edit stands in the manifest: only uv.lock is missing
        self._saved: dict[Path, str] = {}
        self._stopping = False
        self._watches = [
            place.watch.files(place.journal.path.parent, {place.journal.path.name + "-wal"}, self._told),
            place.watch.lock_file(place.manifest_lock, self._told),
            *(place.watch.files(f.parent, {f.name}, self._told) for f in projects.files_of(place.project)),
            place.watch.lock_file(place.environment_lock, self._told),
        ]
        self._thread = threading.Thread(target=self._run, name=f"worker {place.project.root.name}", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread: what waits is left to be retried, what is being committed is committed, uv is stopped."""
        self._stopping = True
        for operation in self.ledger.within(HOLDS_QUEUE - {"committing"}):
            self.cancel(operation.id, "the server was stopped; retry it")
        self._planning.request()
        self._lane.cancel()
        self.wake.set()
        self._thread.join()
        self._lane.join()
        for cancel in self._watches:
            cancel()
        self._quiet.close()

    def submit(self, operation: Operation) -> Operation:
        """Queue an operation; when this returns it is in the journal."""
        written = self.ledger.add(operation)
        self.wake.set()
        return written

    def retry(self, operation: Operation) -> Operation:
        """Queue an operation again that had failed or was cancelled, whoever had it."""
        again = replace(operation, state="queued", failure=None, finished_at=None, message="", attempts=0, in_buffer=False)
        self.ledger.adopt(again)
        self.wake.set()
        return again

    def cancel(self, operation: str, message: str = "cancelled; nothing was changed") -> bool:
        """Cancel an operation of this process; false if it is being committed or finished already."""
        present = self.ledger.get(operation)
        if present is not None and present.state == "syncing":
            message = "the sync was cancelled; the edit stays (undo takes it back)"
        state = self.ledger.cancel(operation, message)
        if state == "planning":
            self._planning.request()
        elif state == "syncing":
            self._lane.cancel()
        self.wake.set()
        return state is not None

    # What the editor tells

    def saved(self, path: Path, text: str) -> None:
        """The user saved a document: operations that waited for it go on."""
        self._saved[path] = text
        self.reverted(path, text)

    def reverted(self, path: Path, text: str) -> None:
        """A document has no unsaved changes any more: what waited for that goes on, or ends with the edit taken back."""
        for operation in self.ledger.within({"needsSave"}):
            if self._manifest(operation) == path:
                self._resume(operation, text)
        self.wake.set()

    def closed(self, path: Path) -> None:
        """The user closed a document; what stood in it only, unsaved, is what they gave up."""
        for operation in self.ledger.within({"needsSave"}):
            if self._manifest(operation) == path:
                self._buffered.pop(operation.id, None)
                self.ledger.cancel(operation.id, "the file was closed without saving; nothing was changed")

    def _resume(self, operation: Operation, text: str) -> None:
        path, before, after = self._buffered.pop(operation.id, (None, {}, {}))
        if path is not None:
            old, new, present = (facts.of_manifest(_text(t)) for t in (before[path], after[path], text.encode()))
            if facts.changed(old, new) and facts.dropped(old, new, present) == facts.changed(old, new):
                self.ledger.cancel(operation.id, "the edit was taken back before saving; nothing was changed")
                return
            self._standing.add(operation.id)
        self.ledger.move(operation.id, "queued", message="saved", in_buffer=False)

    def _told(self, _path: Path) -> None:
        """A file of the project, of another process's queue or of a lock moved: look, and show it."""
        self.wake.set()
        self.ledger.on_change()

    # The loop

    def _run(self) -> None:
        while not self._stopping:
            self.wake.clear()
            try:
                if self._step():
                    continue
            except Exception as error:  # the one boundary: an operation fails, the worker goes on
                _log.exception("an operation failed unexpectedly")
                for operation in self.ledger.group():
                    self.ledger.fail(operation.id, outcome.unexpected(error))
                continue
            self.wake.wait(self._patience() if self._restless() else None)

    def _restless(self) -> bool:
        return bool(self._settling or self._due or self.ledger.within(HOLDS_QUEUE))

    def _patience(self) -> float:
        """Return the longest time without a look, in seconds: `lock.timeout` has to be noticed as well."""
        limit = self._settings().lock_timeout
        return min(SAFETY_SECONDS, limit) if limit else SAFETY_SECONDS

    def _step(self) -> bool:
        self._settle()
        self._sync()
        if self._timed_out(self.ledger.within({"queued"})):
            return True
        self.ledger.ancestor = inherited(self.place, self.place.environ)
        if self.ledger.ancestor is not None and not self.ledger.ahead():
            return self._step_in_turn()
        ahead = self.ledger.ahead()
        if ahead:
            first = ahead[0]
            blocked = Blocked("manifest", first.origin.pid, first.title, first.created_at, str(self.place.manifest_lock))
            self._wait_for([o.id for o in self.ledger.within({"queued"})], "queued", blocked)
            return False
        if not self.ledger.group():
            return False
        mutex = FileMutex(self.place.manifest_lock, Rank.MANIFEST, self.ledger.group()[0].title)
        # Looked at first: a failed attempt closes the lock file, and that event would wake us to try again.
        if self._quiet.is_held(self.place.manifest_lock) or not mutex.try_acquire():
            self._wait_for([o.id for o in self.ledger.within({"queued"})], "queued", self._manifest_holder())
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
        torn_since: float | None = None
        while not self._stopping:
            self.wake.clear()
            self._settle()
            self._sync()
            group = self._group()
            if not group:
                return
            if self._timed_out(group):
                continue
            wanted = tuple(self._asked(operation) for operation in group)
            base, dirty = self._texts(wanted)
            if self._is_torn(base, wanted):
                torn_since = torn_since or time.monotonic()
                if self._wait_for_writer(group) or time.monotonic() - torn_since < TORN_SECONDS:
                    self.wake.wait(TORN_SECONDS / 3)
                    continue
            if planned is None or planned.base != base or asked != wanted:
                planned = self._plan(base, wanted)
                if planned is None:
                    continue
                asked = tuple(one for one in wanted if one.operation in planned.done)
                if asked != wanted:
                    continue  # the others went through; see whether anything moved meanwhile
            if dirty:
                if self._into_buffer(planned, asked, dirty):
                    return
                planned = None
                continue
            if self._must_wait(group):
                continue
            planned = self._commit(planned, asked)

    def _group(self) -> tuple[Operation, ...]:
        """Return the head of the queue as far as it is of one kind: about an unsaved document, or not."""
        group = self.ledger.group()
        if not group:
            return ()
        first = self._is_about_unsaved(group[0])
        return tuple(operation for operation in group if self._is_about_unsaved(operation) == first)

    def _is_about_unsaved(self, operation: Operation) -> bool:
        if operation.kind in {"lock", "sync"} or operation.id in self._standing:
            return False
        document = self._editor.document(self._manifest(operation))
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
        settings = self._settings()
        executable = executable_for(self.place, settings)
        if isinstance(executable, Failure):
            for one in wanted:
                self.ledger.fail(one.operation, executable)
            return None
        self._planning = uv.Cancellation()
        for one in wanted:
            self.ledger.move(one.operation, "planning", message="planning")
        planned = Planner(self.place, self._shadow, executable, settings, self._planning).plan(base, wanted)
        if isinstance(planned, Cancelled):
            return None
        for operation, failure in planned.failures.items():
            self.ledger.fail(operation, failure)
        return planned if planned.done else None

    def _into_buffer(self, planned: Planned, asked: Sequence[Asked], dirty: frozenset[Path]) -> bool:
        """Put the edit into the unsaved documents and let the operations wait for the user, with no lock held."""
        for path in dirty:
            document = self._editor.document(path)
            if document is None or document.text.encode("utf-8", "surrogatepass") != planned.base[path]:
                return False
            edits = diff.edits(document.text, _text(planned.result[path]))
            applied = not edits or self._editor.apply(path, document.version, edits, self._label(asked))
            if not applied and self._editor.edits:
                return False
            for one in asked:
                if one.manifest == path:
                    if applied:
                        self._buffered[one.operation] = (path, planned.base, planned.result)
                    message = outcome.needs_save(path, applied=applied)
                    self.ledger.move(one.operation, "needsSave", message=message, in_buffer=applied)
        return True

    def _must_wait(self, group: Sequence[Operation]) -> bool:
        """Wait for one event if the project is not quiet; say on whom."""
        if self._quiet.blocker() is None:
            for operation in group:
                if operation.state != "waiting":
                    self.ledger.move(operation.id, "waiting", message="planned")
            return False
        self._quiet.arm()
        blocker = self._quiet.blocker()
        if blocker is None:
            return True
        self._wait_for([operation.id for operation in group], "waiting", blocker)
        self.wake.wait(self._patience())
        return True

    def _commit(self, planned: Planned, asked: Sequence[Asked]) -> Planned | None:
        """Commit a plan; return it if it has to wait again, None if it is done with or has to be made anew."""
        names = [one.operation for one in asked]
        changes = planned.changes
        number = self._prepared(planned, names)
        if not self.ledger.claim(names):
            return None
        result = commit(self.place, planned.base, changes, self._editor, self._still_quiet, self._label(asked))
        writers = writers_of(self._quiet.writers())
        self.ledger.persist(names)
        match result:
            case Committed(open_documents=documents):
                self.place.journal.mark(number, "committed")
                for path in documents:
                    self._editor.save(path)
                self._settling.append(Settling(number, tuple(asked), planned.base, planned.result, writers))
                self._standing -= set(names)
                for name in names:
                    self.ledger.move(name, "committing", message=outcome.committed(planned, name, asked))
                return None
            case Busy() | Changed():
                self._quiet.doubts |= isinstance(result, Busy) and self._quiet.blocker() is None
                self._back_to_waiting(names)
                return planned if isinstance(result, Busy) else None
            case Failure():
                self.place.journal.mark(number, "abandoned")
                for name in names:
                    self.ledger.fail(name, result)
                return None

    def _prepared(self, planned: Planned, names: Sequence[str]) -> int:
        """Return the number of this plan in the journal, writing it there the first time."""
        mine = [c for c in self.place.journal.prepared(self.place.key) if c.owner == self.place.journal.owner]
        for change in mine:
            if change.operations == tuple(names) and dict(change.after) == dict(planned.changes):
                return change.id
            self.place.journal.mark(change.id, "abandoned")
        return self.place.journal.prepare(self.place.key, names, planned.base, planned.changes)

    def _back_to_waiting(self, names: Sequence[str]) -> None:
        for name in names:
            self.ledger.move(name, "planning", message="the project changed meanwhile")
            self.ledger.move(name, "waiting", message="waiting")

    def _still_quiet(self) -> bool:
        return self._quiet.writing() is None

    # After the commit

    def _settle(self) -> None:
        for item in list(self._settling):
            verdict = judge(self.place, item, by_user=self._by_user)
            for name in verdict.dropped:
                self._dropped(name, verdict.culprits)
            if verdict.dropped:
                left = tuple(one for one in item.asked if one.operation not in verdict.dropped)
                self._settling[self._settling.index(item)] = replace(item, asked=left)
            elif verdict.settled:
                self._settling.remove(item)
                self._settled(item, relock=verdict.relock)
            else:
                self._quiet.arm()

    def _by_user(self, path: Path, text: str) -> bool:
        return self._saved.get(path) == text

    def _dropped(self, name: str, culprits: Sequence[int]) -> None:
        operation = self.ledger.get(name)
        if operation is None:
            return
        if operation.attempts + 1 >= MOST_ATTEMPTS:
            self.ledger.fail(name, outcome.lost(operation, culprits))
            return
        message = (
            f"another process (pid {culprits[0]}) wrote an older text over it; planning it again"
            if culprits
            else "planning it again"
        )
        self.ledger.move(name, "queued", attempts=operation.attempts + 1, message=message)
        self.wake.set()

    def _settled(self, item: Settling, *, relock: bool) -> None:
        for one in item.asked:
            operation = self.ledger.get(one.operation)
            if operation is None:
                continue
            if relock and operation.attempts + 1 < MOST_ATTEMPTS:
                self._standing.add(operation.id)
                self.ledger.move(
                    operation.id,
                    "queued",
                    attempts=operation.attempts + 1,
                    message="uv.lock was overwritten; locking again",
                )
                self.wake.set()
            elif self._wants_sync(operation):
                self._due.append(Due(operation.id, selection(item.after, [one]), item.before, item.after))
                self.ledger.move(operation.id, "syncing", message=operation.message)
            else:
                self.ledger.move(operation.id, "done", message=operation.message)

    def _wants_sync(self, operation: Operation) -> bool:
        if operation.kind == "sync":
            return True
        return self._settings().sync_after_edit and operation.kind != "lock" and self.place.project.kind == "workspace"

    def _sync(self) -> None:
        """Start the sync of what is due, when nobody else's uv runs or waits in the project: the terminal goes first."""
        self._due = [one for one in self._due if self.ledger.get(one.operation) is not None]
        if not self._due or self._lane.busy or self._settling:
            return
        blocker = self._quiet.blocker() or self._quiet.anybody()
        if blocker is not None:
            self._quiet.arm()
            self._wait_for([one.operation for one in self._due], "syncing", blocker)
            return
        executable = executable_for(self.place, self._settings())
        due, self._due = self._due, []
        for one in due:
            if isinstance(executable, Failure):
                self.ledger.fail(one.operation, executable)
            else:
                self.ledger.move(one.operation, "syncing", message="syncing the environment")
        if not isinstance(executable, Failure):
            self._lane.start(executable, self._settings(), due)

    def _synced(self, synced: Synced) -> None:
        for one in synced.due:
            operation = self.ledger.get(one.operation)
            if operation is None:
                continue
            if synced.cancelled:
                self._due.append(one)  # another operation's sync was cancelled; this one still wants its own
            elif synced.outdated and operation.attempts + 1 < MOST_ATTEMPTS:
                self._standing.add(operation.id)
                self.ledger.move(
                    operation.id,
                    "queued",
                    attempts=operation.attempts + 1,
                    message="the manifest changed; locking again",
                )
            elif synced.failure is not None:
                self.ledger.fail(operation.id, synced.failure)
            else:
                self.ledger.move(operation.id, "done", message=outcome.done(one))
        self.wake.set()

    # Small things

    def _asked(self, operation: Operation) -> Asked:
        wanted = intent.from_argument(operation.command, operation.argument)
        assert not isinstance(wanted, intent.BadArgument)  # noqa: S101  it was checked before it was queued
        asked = Asked(operation.id, wanted, self._manifest(operation))
        return as_lock(asked) if operation.id in self._standing else asked

    def _manifest(self, operation: Operation) -> Path:
        return self.place.manifest_of(projects.path_of(operation.uri))

    def _label(self, asked: Sequence[Asked]) -> str:
        titles: Mapping[str, None] = {intent.title(one.intent): None for one in asked}
        return "; ".join(titles)

    def _wait_for(self, operations: Sequence[str], state: State, blocked: Blocked) -> None:
        self.ledger.block(operations, state, blocked, outcome.waits(blocked))

    def _manifest_holder(self) -> Blocked:
        found = holder.read(self.place.manifest_lock)
        path = str(self.place.manifest_lock)
        if found is None:
            return Blocked("manifest", None, None, now(), path)
        return Blocked("manifest", found.pid, found.title, found.since, path)

    def _timed_out(self, group: Sequence[Operation]) -> bool:
        limit = self._settings().lock_timeout
        late = [o for o in group if limit and o.state in {"queued", "waiting"} and outcome.age(o) > limit]
        for operation in late:
            self.ledger.fail(operation.id, outcome.lock_timeout(operation, limit))
        return bool(late)

    def _is_torn(self, base: Texts, asked: Sequence[Asked]) -> bool:
        return any(
            base.get(one.manifest) is not None and refusal(as_lock(one), base.get(one.manifest)) is not None for one in asked
        )

    def _wait_for_writer(self, group: Sequence[Operation]) -> bool:
        blocker = self._quiet.writing()
        if blocker is None:
            return False
        self._quiet.arm()
        for operation in group:
            if operation.state == "queued":
                self._wait_for([operation.id], "queued", blocker)
        return True


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "surrogatepass")
