"""Intents about the tables of dependencies: add, remove, move."""

from dataclasses import dataclass, replace
from typing import Literal, Self, cast, get_args

from lsp_server.core import commandline, masking
from lsp_server.core.commandline import Target, Words
from lsp_server.core.facts import Facts, Key, dependency_key
from lsp_server.core.intent import argument
from lsp_server.core.intent.argument import RefusedError
from lsp_server.core.intent.base import Argument, Intent, Touched
from lsp_server.core.pyproject import RUNTIME, Table
from lsp_server.core.requirement import combined, leading_name

Bounds = Literal["lower", "major", "minor", "exact"]


@dataclass(frozen=True, slots=True)
class Add(Intent):
    """Add or update requirements (PEP 508) in one table, or in the PEP 723 block of a script."""

    COMMAND = "pyproject.add"
    FIELDS = ("uri", "requirements", "group", "extra", "script", "marker", "bounds", "index", "editable", "member")

    requirements: tuple[str, ...]
    table: Table = RUNTIME
    script: bool = False
    marker: str | None = None
    bounds: Bounds | None = None
    index: str | None = None
    editable: bool = False
    member: str | None = None

    @classmethod
    def read(cls, given: Argument) -> Self:
        """Read the argument."""
        return cls(
            requirements=argument.requirements(given),
            table=argument.table(given),
            script=argument.boolean(given, "script"),
            marker=argument.marker(given),
            bounds=cast("Bounds | None", argument.choice(given, "bounds", get_args(Bounds))),
            index=argument.index(given),
            editable=argument.boolean(given, "editable"),
            member=argument.optional_name(given, "member"),
        )

    def title(self) -> str:
        """Say what is added, without passwords."""
        return f"Add {masking.text(', '.join(self.requirements))} to {_where(self.table, script=self.script)}"

    def commands(self, target: Target, stated: Facts) -> tuple[Words, ...]:  # noqa: ARG002  not needed
        """Return one `uv add`."""
        options = [*commandline.place_options(target), *commandline.table_options(self.table)]
        named = {"marker": self.marker, "bounds": self.bounds, "index": self.index}
        options += [f"--{option}={value}" for option, value in named.items() if value]
        options += ["--editable"] if self.editable else []
        options += [f"--package={self.member}"] if self.member else []
        return (("add", *options, "--", *dict.fromkeys(self.requirements)),)

    def concerns(self, key: Key) -> bool:
        """Tell whether it is one of the requirements, in the table."""
        return key == dependency_key(self.table, key[-1]) and key[-1] in self.names()

    def is_met_by(self, stated: Facts) -> bool:
        """Tell whether each has a requirement in the table."""
        return all(dependency_key(self.table, name) in stated for name in self.names())

    def names(self) -> frozenset[str]:
        """Return whose requirements they are."""
        return frozenset(leading_name(text) for text in self.requirements)

    def touched(self) -> Touched:
        """Return its table."""
        return Touched.by(self.table)

    def joined(self, other: Intent) -> Intent | None:
        """Join with another that differs in the requirements only."""
        if isinstance(other, Add) and replace(other, requirements=self.requirements) == self:
            return replace(self, requirements=self.requirements + other.requirements)
        return None

    def needs_project(self) -> bool:
        """Tell that groups can be without."""
        return self.member is None and self.table.kind != "group"


@dataclass(frozen=True, slots=True)
class Remove(Intent):
    """Remove packages (normalized names) from one table, or from the PEP 723 block of a script."""

    COMMAND = "pyproject.remove"
    FIELDS = ("uri", "packages", "group", "extra", "script")

    packages: tuple[str, ...]
    table: Table = RUNTIME
    script: bool = False

    @classmethod
    def read(cls, given: Argument) -> Self:
        """Read the argument."""
        packages = argument.names(given, "packages")
        if not packages:
            raise RefusedError("packages", given.get("packages"), "must be a list of at least one package name")
        return cls(packages, argument.table(given), argument.boolean(given, "script"))

    def title(self) -> str:
        """Say what is removed."""
        return f"Remove {', '.join(self.packages)} from {_where(self.table, script=self.script)}"

    def commands(self, target: Target, stated: Facts) -> tuple[Words, ...]:  # noqa: ARG002  not needed
        """Return one `uv remove`."""
        options = (*commandline.place_options(target), *commandline.table_options(self.table))
        return (("remove", *options, "--", *dict.fromkeys(self.packages)),)

    def concerns(self, key: Key) -> bool:
        """Tell whether it is one of the packages, in the table."""
        return key == dependency_key(self.table, key[-1]) and key[-1] in self.packages

    def is_met_by(self, stated: Facts) -> bool:
        """Tell whether none has a requirement in the table."""
        return not any(dependency_key(self.table, name) in stated for name in self.packages)

    def names(self) -> frozenset[str]:
        """Return the packages."""
        return frozenset(self.packages)

    def touched(self) -> Touched:
        """Return its table."""
        return Touched.by(self.table)

    def joined(self, other: Intent) -> Intent | None:
        """Join with another of the same table."""
        if isinstance(other, Remove) and replace(other, packages=self.packages) == self:
            return replace(self, packages=self.packages + other.packages)
        return None

    def needs_project(self) -> bool:
        """Tell that groups can be without."""
        return self.table.kind != "group"


@dataclass(frozen=True, slots=True)
class Move(Intent):
    """Move a dependency from one table to another, with its bounds, extras and marker."""

    COMMAND = "pyproject.move"
    FIELDS = ("uri", "package", "from", "to")

    package: str
    source: Table
    target: Table

    @classmethod
    def read(cls, given: Argument) -> Self:
        """Read the argument."""
        package = argument.optional_name(given, "package")
        if package is None:
            raise RefusedError("package", None, "must be a package name")
        source, target = argument.table_object(given, "from"), argument.table_object(given, "to")
        if source == target:
            raise RefusedError("to", given.get("to"), "must be another table than 'from'")
        return cls(package, source, target)

    def title(self) -> str:
        """Say what goes where."""
        return f"Move {self.package} from {self.source.label()} to {self.target.label()}"

    def requirements(self, stated: Facts) -> tuple[str, ...] | None:
        """Return what the table will require: what moves there, and what it required before; None if none means both."""
        moving = stated.get(dependency_key(self.source, self.package), self.package).split("\n")
        present = stated.get(dependency_key(self.target, self.package), "").split("\n")
        if present in ([""], moving):
            return tuple(moving)
        both = combined(present[0], moving[0]) if len(moving) == len(present) == 1 else None
        return None if both is None else (both,)

    def commands(self, target: Target, stated: Facts) -> tuple[Words, ...]:  # noqa: ARG002  not needed
        """Return an add, then a remove: uv forgets the source of a package that no table names any more."""
        requirements = self.requirements(stated) or (self.package,)
        return (
            ("add", "--no-sync", "--raw", *commandline.table_options(self.target), "--", *requirements),
            ("remove", "--no-sync", *commandline.table_options(self.source), "--", self.package),
        )

    def concerns(self, key: Key) -> bool:
        """Tell whether it is a requirement of the package, in any table."""
        return key[0] == "dependency" and key[-1] == self.package

    def is_met_by(self, stated: Facts) -> bool:
        """Tell whether it is in the one table and not in the other."""
        return dependency_key(self.target, self.package) in stated and dependency_key(self.source, self.package) not in stated

    def names(self) -> frozenset[str]:
        """Return the package."""
        return frozenset({self.package})

    def touched(self) -> Touched:
        """Return both tables."""
        return Touched.by(self.source, self.target)

    def needs_project(self) -> bool:
        """Tell that it does."""
        return True

    def done(self) -> str | None:
        """Say that it moved, instead of that one was added and one removed."""
        return f"moved {self.package} from {self.source.label()} to {self.target.label()}"


def _where(table: Table, *, script: bool) -> str:
    return "the script" if script else table.label()
