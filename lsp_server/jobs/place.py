"""What one project's jobs work with: its files, its locks, the state folder, the tools. Set once, then only read."""

import hashlib
import os
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from lsp_server.adapters import project as projects
from lsp_server.adapters import uvlocks
from lsp_server.adapters.project import Project
from lsp_server.jobs.journal import Journal

STATE_VARIABLE = "PYPROJECT_LSP_STATE_DIR"


class Watching(Protocol):
    """What jobs need of `adapters.watch.Watch`. Named here so that whoever does not wait need not import watchdog."""

    def lock_file(self, path: Path, callback: Callable[[Path], None]) -> Callable[[], None]:
        """Call when a lock may have been given back, until the returned function is called."""

    def files(self, folder: Path, names: set[str], callback: Callable[[Path], None]) -> Callable[[], None]:
        """Call when one of the files may have been written, until the returned function is called."""


@dataclass(frozen=True, slots=True)
class Place:
    """One project on this machine."""

    project: Project
    state: Path
    environ: Mapping[str, str]
    journal: Journal
    watch: Watching

    @property
    def key(self) -> str:
        """The project's name in the journal and the state folder."""
        return self.project.key

    @property
    def manifest_lock(self) -> Path:
        """The file of our own lock (rank 1)."""
        return self.state / "locks" / f"{self.key}.lock"

    @property
    def project_lock(self) -> Path:
        """The file of uv's project lock (rank 2)."""
        return uvlocks.project_lock(self.project.root, self.environ)

    @property
    def environment(self) -> Path:
        """The project's virtual environment, whether it exists or not."""
        if self.project.kind == "script":
            digest = hashlib.sha256(os.fsencode(self.project.root)).hexdigest()[:16]
            return self.state / "no-environment" / digest
        return uvlocks.environment(self.project.root, self.environ)

    @property
    def environment_lock(self) -> Path:
        """The file of uv's environment lock (rank 3)."""
        return uvlocks.environment_lock(self.environment)

    @property
    def shadow(self) -> Path:
        """The folder of the project's shadow."""
        return self.state / "shadow" / self.key

    @property
    def staging(self) -> Path:
        """The folder where new files lie until their project is quiet."""
        return self.state / "staged" / self.key

    def watch_journal(self, callback: Callable[[Path], None]) -> Callable[[], None]:
        """Call when somebody wrote of this project's operations, until the returned function is called.

        All projects share one journal, so most that is written there is about others.
        """
        known: list[int] = []

        def look(path: Path) -> None:
            try:
                present = [self.journal.news(self.key)]
            except sqlite3.Error:
                present = []  # whoever is called will see the same
            if present != known or not present:
                known[:] = present
                callback(path)

        return self.watch.files(self.journal.bell.parent, {self.journal.bell.name}, look)

    def watch_file(self, file: Path, callback: Callable[[Path], None]) -> Callable[[], None]:
        """Call with `file` when it may have been written, also where it is a link, until the returned function is called."""
        places = {file, Path(os.path.realpath(file))}
        cancels = [self.watch.files(each.parent, {each.name}, lambda _path: callback(file)) for each in places]

        def cancel() -> None:
            for one in cancels:
                one()

        return cancel

    def manifest_of(self, uri: str, argument: Mapping[str, Any]) -> Path:
        """Return the manifest that a command is about: a script, a member by name, that of what it undoes, or the nearest.

        Args:
            uri: names the project, as the command does.
            argument: that of the command; an undo has an `id`.

        """
        if self.project.kind == "script":
            return self.project.root
        undone = self.journal.get(str(argument["id"])) if "id" in argument else None
        if undone is not None:
            return self.manifest_of(undone.uri, undone.argument)
        member = argument.get("member")
        if isinstance(member, str):
            return projects.manifest_of_member(self.project, member)
        found = projects.manifest_of(projects.path_of(uri))
        known = projects.manifests(self.project)
        return found if found in known else known[0]

    def stand_of(self, argument: Mapping[str, Any]) -> Path | None:
        """Return the folder from which the relative paths of a command count, if it is named and still there.

        In the environment nothing of the project is seen by a plan.
        """
        named = str(argument.get("folder", ""))
        folder = projects.path_of(named) if named.startswith("file:") else Path(named)
        if not folder.is_absolute() or not folder.is_dir():
            return None
        folder = Path(os.path.realpath(folder))
        return None if folder.is_relative_to(self.environment) else folder


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return the state folder: `PYPROJECT_LSP_STATE_DIR`, else the user's state folder of this system."""
    named = environ.get(STATE_VARIABLE)
    if named:
        return Path(named).absolute()
    import platformdirs  # noqa: PLC0415  `exec` in a terminal should not wait for it where the folder is named

    return platformdirs.user_state_path("pyproject-lsp", appauthor=False)


def now() -> str:
    """Return the time as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
