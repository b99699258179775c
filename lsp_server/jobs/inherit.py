"""What processes left behind that ended in the middle: finished or given up at once, also while we live beside them."""

from collections.abc import Mapping

from lsp_server.adapters import proclocks
from lsp_server.adapters.processes import ProcessId, is_alive
from lsp_server.core.operation import Operation
from lsp_server.jobs import children, recover
from lsp_server.jobs.place import Place
from lsp_server.locks.lock import FileMutex
from lsp_server.locks.rank import Rank


def inherit(place: Place) -> tuple[Operation, ...]:
    """Settle what dead processes had begun in a project, and return their operations as they ended.

    While somebody else holds the manifest lock a change that was begun is left: what it is about to become cannot be
    told then, so ask again at the next event.
    """
    if not _is_left(place):
        return ()
    children.end_orphans(place.journal)
    # Looked at first: a failed attempt closes the lock file, and whoever watches that would ask us again.
    users = proclocks.lock_users(place.manifest_lock)
    mutex = FileMutex(place.manifest_lock, Rank.MANIFEST, "recovery")
    if (users is not None and users.holders) or not mutex.try_acquire():
        begun = {change.owner for change in place.journal.prepared(place.key)}
        return recover.interrupted(place.journal, place.key, apart_from=begun)
    try:
        recover.settle_changes(place)
        return recover.interrupted(place.journal, place.key)
    finally:
        mutex.release()


def others(place: Place) -> Mapping[ProcessId, tuple[str, ...]]:
    """Return the other processes that have unfinished operations here, with the ids of those."""
    found: dict[ProcessId, tuple[str, ...]] = {}
    for operation, owner in place.journal.unfinished_with_owner(place.key):
        if owner != place.journal.owner:
            found[owner] = (*found.get(owner, ()), operation.id)
    return found


def _is_left(place: Place) -> bool:
    owners = {*others(place), *(change.owner for change in place.journal.prepared(place.key))}
    return any(not is_alive(owner) for owner in owners)
