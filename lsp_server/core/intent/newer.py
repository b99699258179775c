"""Intents about version numbers: upgrade what the project depends on, bump its own version."""

from dataclasses import dataclass
from typing import Literal, Self, cast, get_args

from lsp_server.core import commandline
from lsp_server.core.commandline import Target, Words
from lsp_server.core.facts import Facts, Key
from lsp_server.core.intent import argument
from lsp_server.core.intent.argument import RefusedError
from lsp_server.core.intent.base import Argument, Intent
from lsp_server.core.pyproject import Manifest

BumpPart = Literal["major", "minor", "patch", "stable", "alpha", "beta", "rc", "post", "dev"]


@dataclass(frozen=True, slots=True)
class Upgrade(Intent):
    """Raise the bounds of packages in the manifest, or in the PEP 723 block of a script; no package means all of them."""

    COMMAND = "pyproject.upgrade"
    FIELDS = ("uri", "packages", "all", "script")
    is_barrier = True

    packages: tuple[str, ...] = ()
    script: bool = False

    @classmethod
    def read(cls, given: Argument) -> Self:
        """Read the argument."""
        packages = argument.names(given, "packages")
        if bool(packages) == argument.boolean(given, "all"):
            rule = (
                "'all' is true: give one of them" if packages else "must be a list of package names, or else 'all' must be true"
            )
            raise RefusedError("packages", given.get("packages"), rule)
        return cls(packages, argument.boolean(given, "script"))

    def title(self) -> str:
        """Say what is upgraded."""
        return f"Upgrade {', '.join(self.packages) or 'all dependencies'}{' of the script' if self.script else ''}"

    def commands(self, target: Target, stated: Facts) -> tuple[Words, ...]:  # noqa: ARG002  not needed
        """Return the lock after the bounds are raised (`raising`): `uv upgrade` leaves uv.lock as it was."""
        wanted = [f"--upgrade-package={name}" for name in self.packages] or ["--upgrade"]
        return (("lock", *commandline.script_options(target), *wanted),)

    def concerns(self, key: Key) -> bool:
        """Tell whether it is a requirement of one of the packages, in any table."""
        return key[0] == "dependency" and (not self.packages or key[-1] in self.packages)

    def names(self) -> frozenset[str]:
        """Return the packages."""
        return frozenset(self.packages)

    def needs_project(self) -> bool:
        """Tell that it does."""
        return True


@dataclass(frozen=True, slots=True)
class Bump(Intent):
    """Change the project's version (PEP 440): by one part, or to a given one."""

    COMMAND = "pyproject.bumpVersion"
    FIELDS = ("uri", "bump", "version")

    part: BumpPart | None = None
    version: str | None = None

    @classmethod
    def read(cls, given: Argument) -> Self:
        """Read the argument."""
        part = argument.choice(given, "bump", get_args(BumpPart))
        if (part is None) == (given.get("version") is None):
            parts = f"must be one of {', '.join(get_args(BumpPart))}, or else 'version' must be given"
            rule = parts if part is None else "'version' is given too: give one of them"
            raise RefusedError("bump", given.get("bump"), rule)
        return cls(cast("BumpPart | None", part), argument.version(given, "version"))

    def title(self) -> str:
        """Say which version comes."""
        return f"Set version {self.version}" if self.version else f"Bump {self.part} version"

    def commands(self, target: Target, stated: Facts) -> tuple[Words, ...]:  # noqa: ARG002  not needed
        """Return one `uv version`."""
        return (("version", "--no-sync", *(("--bump", self.part) if self.part else ("--", self.version or ""))),)

    def concerns(self, key: Key) -> bool:
        """Tell whether it is the version."""
        return key == ("version",)

    def needs_project(self) -> bool:
        """Tell that it does."""
        return True

    def obstacle(self, manifest: Manifest) -> tuple[str, str] | None:
        """Refuse a version that stands nowhere."""
        if not manifest.dynamic_version:
            return None
        return "invalid-toml", ": the version is dynamic (the build backend makes it), so it cannot be bumped here"
