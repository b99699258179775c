"""What a transaction waits for, and for how long: a whole text, company, a settled text, a quiet project."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_server.adapters.project import MANIFEST
from lsp_server.core import lockfile, pyproject
from lsp_server.core.operation import Blocked, Operation, State
from lsp_server.core.text import decoded
from lsp_server.jobs import blocking, obstacles
from lsp_server.jobs.journal import Texts
from lsp_server.jobs.ledger import Ledger
from lsp_server.jobs.quiet import Quiet
from lsp_server.jobs.selection import Asked

# An editor or a script that writes in place leaves a file torn for a moment; longer than this and it is meant.
TORN_SECONDS = 0.5

# Operations that come this soon one after the other are planned together.
COMPANY_SECONDS = 0.1

# How long to leave a lock alone that could not be had though nobody seems to hold it.
UNEXPLAINED_SECONDS = 0.02


@dataclass(slots=True)
class Waits:
    """Waits of one worker. Each method waits for one event at most and tells whether to look at everything again."""

    ledger: Ledger
    quiet: Quiet
    wake: threading.Event
    patience: Callable[[], float]
    was_busy: bool = False
    _was_unexplained: bool = False
    _torn_since: float | None = None
    _premature: tuple[Texts, tuple[Asked, ...]] | None = None

    def say_who_is_ahead(self) -> None:
        """Say for each operation that another process's comes before which one that is."""
        for operation, front in self.ledger.behind():
            self._say([operation.id], "queued", blocking.queued_behind(self.quiet.place.manifest_lock, front))

    def for_whole_text(self, base: Texts, asked: Sequence[Asked], group: Sequence[Operation]) -> bool:
        """Wait a moment for a torn text to become whole; false if none is, or one has been so for too long."""
        if not any(_looks_torn(one, base.get(one.manifest)) for one in asked):
            self._torn_since = None
            return False
        writer = self.quiet.writing()
        # Counted from when nobody writes any more: a text that was read before may be of a uv that has just ended.
        if writer is not None or self._torn_since is None:
            self._torn_since = time.monotonic()
        elif time.monotonic() - self._torn_since >= TORN_SECONDS:
            return False
        if writer is not None:
            self.quiet.arm()
            self._say([operation.id for operation in group if operation.state == "queued"], "queued", writer)
        self.wake.wait(TORN_SECONDS / 3)
        return True

    def for_company(self) -> bool:
        """Let more operations join while somebody holds the project: what is planned now cannot be committed yet anyhow."""
        left = COMPANY_SECONDS - (time.monotonic() - self.ledger.arrived)
        if left <= 0 or not self.quiet.is_locked():
            return False
        self.wake.wait(left)
        return True

    def for_settled_text(self, base: Texts, asked: tuple[Asked, ...], *, failed: bool) -> bool:
        """Wait for a uv that works on the manifest, where a plan made from its half-done text failed or would only wait too.

        What cannot be done with that text may well be possible once that uv has ended, or has rolled back. One that has
        written the manifest and not yet uv.lock is still building: our own uv would build the same, and say nothing.

        Args:
            base: the texts to plan from.
            asked: what to plan.
            failed: whether a plan of these was just tried and failed.

        """
        if not failed and self._premature != (base, asked) and not self._is_half_done(base):
            return False
        self.quiet.arm()
        writer = self.quiet.writing()
        if writer is None:
            self._premature = None
            return False
        self._premature = (base, asked)
        self._say([one.operation for one in asked], "waiting" if failed else None, writer)
        self.wake.wait(self.patience())
        return True

    def _is_half_done(self, base: Texts) -> bool:
        project = self.quiet.place.project
        lock, manifest = base.get(project.lockfile), base.get(project.root / MANIFEST)
        if project.kind == "script" or lock is None or manifest is None:
            return False
        stated = pyproject.read(decoded(manifest))
        return lockfile.fits(stated, decoded(lock)) is False

    def for_quiet(self, group: Sequence[Operation]) -> bool:
        """Wait if the project is not quiet; say on whom.

        A free project is committed to at once: the commit itself looks for a uv that will write, under the locks. Only
        when that look found one is everything looked at here, too, to name who it is.
        """
        ids = [operation.id for operation in group]
        if not self.quiet.is_locked() and (not self.was_busy or self.quiet.blocker() is None):
            if self.was_busy and self._was_unexplained:
                # Somebody who is not seen has a lock again and again, or it cannot be had.
                self._say(ids, "waiting", self.quiet.unknown())
                self.wake.wait(UNEXPLAINED_SECONDS)
            self._was_unexplained, self.was_busy = self.was_busy, False
            for operation in group:
                # As it is now: the group is older than its plan, which has moved what was waiting before.
                present = self.ledger.get(operation.id)
                if present is not None and present.state != "waiting":
                    # Not written: the commit follows at once, and what comes of it is.
                    self.ledger.move(operation.id, "waiting", persist=False, message="planned")
            return False
        self.quiet.arm()
        blocker = self.quiet.blocker()
        if blocker is not None:
            self._say(ids, "waiting", blocker)
            self.wake.wait(self.patience())
        return True

    def _say(self, operations: Sequence[str], state: State | None, blocked: Blocked) -> None:
        for operation in operations:
            present = self.ledger.get(operation)
            if present is not None:
                self.ledger.block([operation], state or present.state, blocked, blocking.waits(blocked))


def _looks_torn(one: Asked, content: bytes | None) -> bool:
    """Tell whether a text may be half of one: it is empty, as after a truncation, or lacks what it must have."""
    return content is not None and (not content.strip() or obstacles.of_text(one, content) is not None)
