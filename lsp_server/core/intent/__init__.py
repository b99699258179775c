"""What a person asked for: the argument of a command as a value, one class for each intent.

A class says how its argument is read, what it is called, how uv does it, which statements of a manifest it is about,
what it needs of a manifest and what its sync installs.
"""

from collections.abc import Mapping

from lsp_server.core.intent.argument import BadArgument, RefusedError, not_a_folder, not_unicode, unknown_field
from lsp_server.core.intent.base import Argument, Intent, Touched
from lsp_server.core.intent.newer import Bump, BumpPart, Upgrade
from lsp_server.core.intent.tables import Add, Bounds, Move, Remove
from lsp_server.core.intent.upkeep import Lock, Resolve, Sync, Undo

__all__ = [
    "CHANGING_COMMANDS",
    "INTENTS",
    "Add",
    "BadArgument",
    "Bounds",
    "Bump",
    "BumpPart",
    "Intent",
    "Lock",
    "Move",
    "Remove",
    "Resolve",
    "Sync",
    "Touched",
    "Undo",
    "Upgrade",
    "from_argument",
    "not_unicode",
    "unknown_field",
]

INTENTS: tuple[type[Intent], ...] = (Add, Remove, Upgrade, Bump, Move, Lock, Sync, Undo, Resolve)
_BY_COMMAND: Mapping[str, type[Intent]] = {each.COMMAND: each for each in INTENTS}
CHANGING_COMMANDS = frozenset(_BY_COMMAND)


def from_argument(command: str, given: Argument) -> Intent | BadArgument:
    """Read the argument object of one of the changing commands (docs/protocol.md)."""
    found = _BY_COMMAND.get(command)
    if found is None:
        return BadArgument("command", command, "must be one of " + ", ".join(sorted(_BY_COMMAND)))
    wrong = unknown_field(given, (*found.FIELDS, "folder")) or not_unicode(given) or not_a_folder(given)
    if wrong is not None:
        return wrong
    try:
        return found.read(given)
    except RefusedError as refused:
        return refused.bad
