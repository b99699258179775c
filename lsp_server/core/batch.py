"""Which operations one uv command does together."""

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_server.core.commandline import Target, Words
from lsp_server.core.facts import Facts
from lsp_server.core.intent import Intent


@dataclass(frozen=True, slots=True)
class Request:
    """One operation's intent with the place it is meant for."""

    operation: str
    intent: Intent
    target: Target


@dataclass(frozen=True, slots=True)
class Batch:
    """Operations that one uv command does at once, and the intent that does all that they ask for."""

    operations: tuple[str, ...]
    intent: Intent
    target: Target

    def commands(self, stated: Facts) -> tuple[Words, ...]:
        """Return the uv commands that do it, given what the manifest states now."""
        return self.intent.commands(self.target, stated)


def batches(requests: Sequence[Request]) -> tuple[Batch, ...]:
    """Put together what one uv command can do, so that twenty queued adds are resolved once.

    A request joins an earlier batch of the same kind and place, unless a batch in between touches one of its
    packages: then the order of the two matters and is kept.
    """
    found: list[Batch] = []
    for request in requests:
        place, joined = _place(found, request)
        found[place : place + 1] = [joined]
    return tuple(found)


def _place(found: Sequence[Batch], request: Request) -> tuple[int, Batch]:
    """Return the batch with the request in it, and where it goes; a new one goes behind the last."""
    names = request.intent.names()
    for place in range(len(found) - 1, -1, -1):
        batch = found[place]
        meets = bool(names & batch.intent.names())
        intent = batch.intent.joined(request.intent) if batch.target == request.target and not meets else None
        if intent is not None:
            return place, Batch((*batch.operations, request.operation), intent, batch.target)
        if meets or batch.intent.is_barrier:
            break
    return len(found), Batch((request.operation,), request.intent, request.target)
