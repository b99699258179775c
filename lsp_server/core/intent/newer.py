"""Intents about version numbers: upgrade what the project depends on, bump its own version."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self, cast, get_args

from packaging.utils import canonicalize_version

from lsp_server.core.bounds import Level, Strategy
from lsp_server.core.commandline import Target, Words
from lsp_server.core.facts import Facts, Key
from lsp_server.core.intent import argument
from lsp_server.core.intent.argument import RefusedError
from lsp_server.core.intent.base import Argument, Intent, Touched
from lsp_server.core.pyproject import RUNTIME, Manifest, Table

BumpPart = Literal["major", "minor", "patch", "stable", "alpha", "beta", "rc", "post", "dev"]


@dataclass(frozen=True, slots=True)
class Upgrade(Intent):
    """Take newer versions of packages, in the manifest and in uv.lock; no package means all of them.

    Attributes:
        packages: Normalized names.
        script: Whether the PEP 723 block of a script is meant.
        table: Only what this group or extra names; None for all tables.
        workspace: Whether what any member declares is meant, not only what the manifest does.
        strategy: "latest" moves pins and caps too, "within" stays within them, "lock" changes uv.lock alone.
        level: How far a step may go from the version that is locked.

    """

    COMMAND = "pyproject.upgrade"
    FIELDS = ("uri", "packages", "all", "group", "extra", "script", "member", "workspace", "strategy", "level")
    is_barrier = True

    packages: tuple[str, ...] = ()
    script: bool = False
    table: Table | None = None
    workspace: bool = False
    strategy: Strategy = "latest"
    level: Level = "major"

    @classmethod
    def read(cls, given: Argument) -> Self:
        """Read the argument."""
        packages = argument.names(given, "packages")
        if bool(packages) == argument.boolean(given, "all"):
            lacking = "must be a list of package names, or else 'all' must be true"
            raise RefusedError("packages", given.get("packages"), "'all' is true: give one of them" if packages else lacking)
        table = argument.table(given)
        for field in ("member", "workspace"):
            if argument.boolean(given, "script") and given.get(field):
                raise RefusedError(field, given[field], "'script' is given too: a script has no members")
        argument.optional_name(given, "member")  # whose manifest it is follows from the argument itself
        return cls(
            packages,
            argument.boolean(given, "script"),
            None if table == RUNTIME else table,
            argument.boolean(given, "workspace"),
            cast("Strategy", argument.choice(given, "strategy", get_args(Strategy)) or "latest"),
            cast("Level", argument.choice(given, "level", get_args(Level)) or "major"),
        )

    def title(self) -> str:
        """Say what is upgraded, and how far."""
        where = "the script" if self.script else "the workspace" if self.workspace else None
        where = self.table.label() if self.table else where
        how = [{"latest": "", "within": "within the bounds", "lock": "in uv.lock only"}[self.strategy]]
        how += [f"{self.level} steps at most"] if self.level != "major" else []
        words = ", ".join(filter(None, how))
        what = ", ".join(self.packages) or "all dependencies"
        return f"Upgrade {what}{f' of {where}' if where else ''}{f' ({words})' if words else ''}"

    def concerns(self, key: Key) -> bool:
        """Tell whether it is a requirement of one of the packages, in any table."""
        return key[0] in {"dependency", "requirement"} and (not self.packages or key[-1] in self.packages)

    def names(self) -> frozenset[str]:
        """Return the packages."""
        return frozenset(self.packages)

    def touched(self) -> Touched:
        """Return the table, and whether the sync is that of all members."""
        return replace(Touched.by(*([self.table] if self.table else [])), members=self.workspace)

    def obstacle(self, manifest: Manifest) -> tuple[str, str] | None:
        """Refuse a table that is nowhere; one of a workspace may be in another member."""
        if self.table is None or self.table in manifest.tables() or self.workspace:
            return None
        known = ", ".join(table.label() for table in manifest.tables()) or "none"
        return "not-found", f" has no {self.table.label()}; there are: {known}"


@dataclass(frozen=True, slots=True)
class Bump(Intent):
    """Change a project's version (PEP 440): by parts, or to a given one.

    Attributes:
        parts: What `uv version --bump` takes, each with `=NUMBER` where it gets a given one.
        version: The version that it gets instead.
        workspace: Whether all members get theirs, in one commit.

    """

    COMMAND = "pyproject.bumpVersion"
    FIELDS = ("uri", "bump", "version", "member", "workspace")

    parts: tuple[str, ...] = ()
    version: str | None = None
    workspace: bool = False

    @classmethod
    def read(cls, given: Argument) -> Self:
        """Read the argument."""
        bump = given.get("bump")
        listed = [bump] if isinstance(bump, str) else bump
        if (bump is None) == (given.get("version") is None):
            parts = f"{_PARTS}, or else 'version' must be given"
            raise RefusedError("bump", bump, parts if bump is None else "'version' is given too: give one of them")
        if listed is not None and (not isinstance(listed, list | tuple) or not is_possible(listed)):
            raise RefusedError("bump", bump, _PARTS)
        workspace = argument.boolean(given, "workspace")
        if argument.optional_name(given, "member") and workspace:
            raise RefusedError("member", given["member"], "'workspace' is true: give one of them")
        return cls(tuple(listed or ()), argument.version(given, "version"), workspace)

    def title(self) -> str:
        """Say which version comes."""
        whose = " of all members" if self.workspace else ""
        return f"Set version {self.version}{whose}" if self.version else f"Bump {' '.join(self.parts)} version{whose}"

    def words(self) -> Words:
        """Return one `uv version`."""
        return ("version", "--no-sync", *(word for part in self.parts for word in ("--bump", part)), *self._given())

    def commands(self, target: Target, stated: Facts) -> tuple[Words, ...]:
        """Return one `uv version`; for all members those come before (`jobs/plan.py`), and one lock is left."""
        return Intent.commands(self, target, stated) if self.workspace else (self.words(),)

    def is_met_by(self, stated: Facts) -> bool:
        """Tell whether the version is the given one; which one a part leads to is uv's to say."""
        return self.version is None or canonicalize_version(stated.get(("version",), "")) == canonicalize_version(self.version)

    def concerns(self, key: Key) -> bool:
        """Tell whether it is the version."""
        return key == ("version",)

    def touched(self) -> Touched:
        """Return whether the sync is that of all members."""
        return Touched(members=self.workspace)

    def needs_project(self) -> bool:
        """Tell that it does, where it is not about all members."""
        return not self.workspace

    def obstacle(self, manifest: Manifest) -> tuple[str, str] | None:
        """Refuse a version that stands nowhere."""
        if self.workspace or not manifest.dynamic_version:
            return None
        return "invalid-toml", ": the version is dynamic (the build backend makes it), so it cannot be bumped here"

    def _given(self) -> Words:
        return ("--", self.version) if self.version else ()


def is_possible(parts: Sequence[object]) -> bool:
    """Tell whether uv takes these parts together: one of the release and one of the pre-release, in any order, or one alone."""
    names = [part.partition("=")[0] for part in parts if isinstance(part, str) and _PART.fullmatch(part)]
    known = len(names) == len(parts) and set(names) <= set(get_args(BumpPart))
    kinds = sorted("release" if name in RELEASE else "pre-release" if name in PRE_RELEASE else "alone" for name in names)
    return known and (len(kinds) == 1 or kinds == ["pre-release", "release"])


RELEASE = ("major", "minor", "patch")
PRE_RELEASE = ("alpha", "beta", "rc", "dev")
_PART = re.compile(r"[a-z]+(=[0-9]+)?")
_PARTS = (
    f"must be one of {', '.join(get_args(BumpPart))}, or a list of one of {', '.join(RELEASE)} with one of "
    f"{', '.join(PRE_RELEASE)}; '=NUMBER' behind a part gives it that number"
)
