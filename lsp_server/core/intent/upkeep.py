"""Intents that state nothing new: lock, sync, undo."""

from dataclasses import dataclass
from typing import Self

from lsp_server.core.facts import Key
from lsp_server.core.intent import argument
from lsp_server.core.intent.argument import RefusedError
from lsp_server.core.intent.base import Argument, Intent, Touched
from lsp_server.core.pyproject import Manifest


@dataclass(frozen=True, slots=True)
class Lock(Intent):
    """Bring uv.lock up to date with the manifest; `begins` one for a script that has none."""

    COMMAND = "pyproject.lock"
    FIELDS = ("uri", "script")
    changes_manifest = False

    begins: bool = True

    @classmethod
    def read(cls, given: Argument) -> Self:
        """Read the argument: whose lock file it is follows from the project, which the argument names with `script`."""
        argument.boolean(given, "script")
        return cls()

    def title(self) -> str:
        """Say it."""
        return "Lock"


@dataclass(frozen=True, slots=True)
class Sync(Intent):
    """Bring uv.lock and the environment up to date with the manifest."""

    COMMAND = "pyproject.sync"
    FIELDS = ("uri", "groups", "extras", "all")
    changes_manifest = False

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    everything: bool = False

    @classmethod
    def read(cls, given: Argument) -> Self:
        """Read the argument."""
        return cls(argument.names(given, "groups"), argument.names(given, "extras"), argument.boolean(given, "all"))

    def title(self) -> str:
        """Say it."""
        return "Sync the environment"

    def touched(self) -> Touched:
        """Return what was asked for."""
        return Touched(self.groups, self.extras, self.everything)

    def obstacle(self, manifest: Manifest) -> tuple[str, str] | None:
        """Refuse groups and extras that are nowhere; those of a workspace may be in another member."""
        if manifest.workspace is not None:
            return None
        unknown = [name for name in self.groups if name not in {*manifest.groups, "dev"}]
        unknown += [name for name in self.extras if name not in manifest.extras]
        known = ", ".join((*manifest.groups, *manifest.extras)) or "none"
        return ("not-found", f" has no group or extra '{unknown[0]}'; there are: {known}") if unknown else None


@dataclass(frozen=True, slots=True)
class Resolve(Intent):
    """Resolve git's merge conflict: the manifests by statements, uv.lock anew with one side's versions."""

    COMMAND = "pyproject.resolveConflict"
    FIELDS = ("uri",)
    is_barrier = True

    @classmethod
    def read(cls, given: Argument) -> Self:  # noqa: ARG003  it has no more than the project
        """Read the argument."""
        return cls()

    def title(self) -> str:
        """Say it."""
        return "Resolve the merge conflict"

    def concerns(self, key: Key) -> bool:  # noqa: ARG002  any
        """Tell that it may be anything."""
        return True


@dataclass(frozen=True, slots=True)
class Undo(Intent):
    """Take back one finished operation; without an id, the last one."""

    COMMAND = "pyproject.undo"
    FIELDS = ("uri", "id")
    is_barrier = True

    id: str | None = None

    @classmethod
    def read(cls, given: Argument) -> Self:
        """Read the argument."""
        operation = given.get("id")
        if operation is not None and not isinstance(operation, str):
            raise RefusedError("id", operation, "must be the id of a finished operation, or be left out for the last one")
        return cls(operation)

    def title(self) -> str:
        """Say it by the id; whoever has the journal knows more."""
        return f"Undo {self.id}" if self.id else "Undo the last change"

    def concerns(self, key: Key) -> bool:  # noqa: ARG002  any
        """Tell that it may be anything."""
        return True
