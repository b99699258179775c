"""Cancelling an operation of another process: that one alone can stop what it has started, so it is asked to."""

import sqlite3
import threading
import time
from contextlib import suppress

from lsp_server.adapters.processes import is_alive
from lsp_server.adapters.watch import Watch
from lsp_server.core.operation import CANCELLABLE
from lsp_server.jobs.journal import Journal

# A process that is well answers within milliseconds; one that is stopped, or knows of no such question, never does.
PATIENCE_SECONDS = 2.0


def by_its_owner(journal: Journal, watch: Watch, operation: str) -> bool:
    """Ask the process that has an operation to cancel it, and wait for that; false if it cannot, or does not answer.

    Raises:
        sqlite3.Error: the journal cannot be written; nobody was asked.

    """
    found = next(((one, owner) for one, owner in journal.unfinished_with_owner() if one.id == operation), None)
    if found is None or found[0].state not in CANCELLABLE or not is_alive(found[1]):
        return False
    present = found[0]
    told = threading.Event()
    unwatch = watch.files(journal.bell.parent, {journal.bell.name}, lambda _path: told.set())
    try:
        journal.ask_to_cancel(operation)
        until = time.monotonic() + PATIENCE_SECONDS
        while not present.finished and (left := until - time.monotonic()) > 0:
            told.wait(left)
            told.clear()
            present = journal.get(operation) or present
        return present.state == "cancelled"
    finally:
        unwatch()
        # Not to come true later, of an operation that was said to go on.
        with suppress(sqlite3.Error):
            journal.no_longer_cancel(operation)
