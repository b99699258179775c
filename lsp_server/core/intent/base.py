"""What every intent says of itself. A new one is a class beside this, with a place in `INTENTS`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from lsp_server.core import commandline
from lsp_server.core.commandline import Target, Words
from lsp_server.core.facts import Facts, Key
from lsp_server.core.pyproject import Manifest, Table

Argument = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Touched:
    """What an operation's sync has to install besides the default groups.

    `members` are all members of the workspace, `everything` also all their groups and extras.
    """

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    everything: bool = False
    members: bool = False

    @classmethod
    def by(cls, *tables: Table) -> "Touched":
        """Return the groups and extras among some tables."""
        return cls(
            tuple(table.name or "" for table in tables if table.kind == "group"),
            tuple(table.name or "" for table in tables if table.kind == "extra"),
        )


@dataclass(frozen=True, slots=True)
class Intent:
    """What one operation is to do. The defaults here are those of an intent that changes no statement of a manifest."""

    COMMAND: ClassVar[str]
    FIELDS: ClassVar[tuple[str, ...]]
    changes_manifest: ClassVar[bool] = True
    # Whether later intents may not be moved before it, whatever packages they are about.
    is_barrier: ClassVar[bool] = False

    @property
    def kind(self) -> str:
        """The operation kind that the status notification shows."""
        return type(self).__name__.lower()

    @classmethod
    def read(cls, given: Argument) -> Self:
        """Read the argument of the command; `RefusedError` for what it cannot take."""
        raise NotImplementedError

    def title(self) -> str:
        """Say the intent in a few words, for a queue view or a progress title."""
        raise NotImplementedError

    def commands(self, target: Target, stated: Facts) -> tuple[Words, ...]:  # noqa: ARG002  a move needs what is stated
        """Return the uv commands (without the executable) that do it in the shadow.

        A lock or a sync changes no manifest, so each is one `uv lock`; an undo is a merge of texts, so it has none
        of its own either. `--` keeps a requirement from being read as an option, whatever it begins with.

        Args:
            target: the folder or the script that it is about.
            stated: what the manifest states now.

        """
        return (("lock", *commandline.script_options(target)),)

    def concerns(self, key: Key) -> bool:  # noqa: ARG002  none
        """Tell whether a statement is what it is about, to find whose edit was dropped."""
        return False

    def is_met_by(self, stated: Facts) -> bool:  # noqa: ARG002  nothing new is stated
        """Tell whether a manifest states what it asks for."""
        return True

    def names(self) -> frozenset[str]:
        """Return the packages that it names: the order of two intents that name the same one matters."""
        return frozenset()

    def touched(self) -> Touched:
        """Return the groups and extras that its sync has to install."""
        return Touched()

    def joined(self, other: "Intent") -> "Intent | None":  # noqa: ARG002  most cannot
        """Return the one intent that does both with one uv command; None if there is none."""
        return None

    def needs_project(self) -> bool:
        """Tell whether it needs a `[project]` table: a workspace root without one may still have groups."""
        return False

    def obstacle(self, manifest: Manifest) -> tuple[str, str] | None:  # noqa: ARG002  none
        """Return why it cannot be done with a manifest, as an error code and a sentence's end; None if it can."""
        return None

    def done(self) -> str | None:
        """Say what it did, where that is more than the statements that changed; None if they say it."""
        return None
