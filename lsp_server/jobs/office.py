"""All workers of this process, one a project, with the journal and the watch that they share."""

import errno
import logging
import os
import sqlite3
import threading
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lsp_server.adapters import files
from lsp_server.adapters import project as projects
from lsp_server.adapters.editor import Editor
from lsp_server.adapters.processes import this_process
from lsp_server.adapters.project import Project
from lsp_server.adapters.watch import Watch
from lsp_server.core import intent, script
from lsp_server.core.intent import BadArgument
from lsp_server.core.operation import Operation, Origin
from lsp_server.core.settings import Settings
from lsp_server.jobs import cancel, children, leftovers, undo
from lsp_server.jobs.journal import Journal
from lsp_server.jobs.outcome import Notice
from lsp_server.jobs.place import Place, now, state_folder
from lsp_server.jobs.worker import Worker

_log = logging.getLogger(__name__)


class Office:
    """Opens workers as projects are asked for, and closes all of them. Safe from any thread."""

    def __init__(
        self,
        editor: Editor,
        settings: Callable[[], Settings],
        environ: Mapping[str, str],
        on_change: Callable[[Project], None] = lambda _project: None,
        on_notice: Callable[[Notice], None] = lambda _notice: None,
    ) -> None:
        self.state = state_folder(environ)
        self.journal = Journal(self.state / "journal.sqlite3", this_process())
        self.journal.check()
        self.watch = Watch()
        self._editor = editor
        self._settings = settings
        self._environ = environ
        self._on_change = on_change
        self._on_notice = on_notice
        self._workers: dict[str, Worker] = {}
        self._opening: dict[str, threading.Lock] = {}
        self._mutex = threading.Lock()
        children.end_orphans(self.journal)
        threading.Thread(target=self._tidy, name="leftovers", daemon=True).start()

    def _tidy(self) -> None:
        """Remove what nobody needs; on a thread of its own, since a deleted project may have been on a mount that is dead."""
        try:
            leftovers.remove(self.state, self.journal)
        except (OSError, sqlite3.Error):
            _log.exception("what killed processes left in %s could not be removed", self.state)

    def worker(self, project: Project) -> Worker:
        """Return the worker of a project; it begins to work when it is first asked for.

        It takes a while to open one, for which only those wait who want the same.
        """
        with self._mutex:
            opening = self._opening.setdefault(project.key, threading.Lock())
        with opening:
            found = self._workers.get(project.key)
            if found is None:
                place = self.place(project)
                found = Worker(place, self._editor, self._settings, lambda: self._on_change(project), self._on_notice)
                found.start()
                with self._mutex:
                    self._workers[project.key] = found
            return found

    def workers(self) -> tuple[Worker, ...]:
        """Return the workers that were opened."""
        with self._mutex:
            return tuple(self._workers.values())

    def place(self, project: Project) -> Place:
        """Return what the jobs of a project work with."""
        return Place(project, self.state, self._environ, self.journal, self.watch)

    def was_asked(self, project: Project) -> bool:
        """Tell whether a person has asked for something in a project, as far as the journal remembers."""
        return bool(self.journal.unfinished(project.key) or self.journal.finished(project.key, most=1))

    def submit(self, project: Project, command: str, argument: Mapping[str, Any]) -> Operation | BadArgument:
        """Queue what a command asks for; when this returns an operation, it is in the journal."""
        completed = self.completed(project, command, argument)
        if isinstance(completed, BadArgument):
            return completed
        wanted, argument = completed
        operation = Operation(
            id=uuid.uuid4().hex,
            ticket=0,
            project=project.key,
            uri=str(argument.get("uri", project.uri)),
            command=command,
            argument=dict(argument),
            kind=wanted.kind,
            title=self._title(wanted),
            state="queued",
            origin=Origin(self._editor.name, os.getpid()),
            created_at=now(),
        )
        return self.worker(project).submit(operation)

    def cancel(self, operation: str) -> bool:
        """Cancel an operation, whichever process has it; false if it is being committed or finished already."""
        for worker in self.workers():
            if worker.ledger.get(operation) is not None:
                return worker.cancel(operation)
        return cancel.by_its_owner(self.journal, self.watch, operation)

    def completed(
        self, project: Project, command: str, argument: Mapping[str, Any]
    ) -> tuple[intent.Intent, Mapping[str, Any]] | BadArgument:
        """Read a command's argument, and fill in what it leaves to the project's history and to the settings."""
        wanted = intent.from_argument(command, argument)
        settings = self._settings()
        match wanted:
            case intent.Undo(id=None):
                last = self._last_undoable(project)
                if last is None:
                    none = "must be the id of a finished operation: none of this project can be undone"
                    waits = [
                        f"'{each.title}'" for each in self.journal.unfinished(project.key) if each.kind not in {"exec", "undo"}
                    ]
                    return BadArgument("id", None, f"{none}; {', '.join(waits)} still waits: cancel that" if waits else none)
                return intent.Undo(last), {**argument, "id": last}
            case intent.Add(bounds=None, script=False) if settings.edit_bounds:
                argument = {"bounds": settings.edit_bounds, **argument}
            case intent.Upgrade():
                argument = {"strategy": settings.upgrade_strategy, "level": settings.upgrade_level, **argument}
            case BadArgument():
                return wanted
        again = intent.from_argument(command, argument)
        return again if isinstance(again, BadArgument) else (again, argument)

    def close(self) -> None:
        """Stop all workers, then close the journal."""
        with self._mutex:
            opening = tuple(self._opening.values())
        for one in opening:
            with one:
                pass  # the worker that was being opened can be stopped now
        for worker in self.workers():
            worker.stop()
        self.watch.close()
        self.journal.close()

    def project_of_undo(self, argument: Mapping[str, Any]) -> Project | BadArgument:
        """Return the project whose operation an undo takes back.

        With an `id` it is that operation's, whatever file `uri` names. Without, a script is meant before the project
        whose folder it lies in, if there is something of it to take back.
        """
        operation = self.journal.get(str(argument.get("id"))) if argument.get("id") else None
        uri = operation.uri if operation else argument.get("uri")
        for named in (project_of({"uri": uri, "script": True}), project_of({"uri": uri})):
            if isinstance(named, Project) and (named.key == operation.project if operation else self._last_undoable(named)):
                return named
        return project_of(argument)

    def _last_undoable(self, project: Project) -> str | None:
        return next(iter(undo.undoable(self.journal, project.key, self.journal.finished(project.key))), None)

    def _title(self, wanted: intent.Intent) -> str:
        if isinstance(wanted, intent.Undo) and wanted.id:
            undone = self.journal.get(wanted.id)
            return f"Undo '{undone.title}'" if undone else wanted.title()
        return wanted.title()


def project_of(argument: Mapping[str, Any]) -> Project | BadArgument:
    """Return the project that a command's argument names by `uri`."""
    uri = argument.get("uri")
    if not isinstance(uri, str):
        return BadArgument("uri", uri, "must be the URI of a file in the project")
    try:
        path = projects.real(projects.path_of(uri))
    except ValueError:
        return BadArgument("uri", uri, "must be a file: URI of a file in the project")
    try:
        path.lstat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return BadArgument("uri", uri, "must name a file: no file of this system can have so long a name")
    if argument.get("script") is True:
        return _script(uri, path)
    nothing = f"there is no pyproject.toml at or above {path}; make one, for example with 'uv init --bare'"
    return projects.find(path) or BadArgument("uri", uri, f"must be a file in a project: {nothing}")


def _script(uri: str, path: Path) -> Project | BadArgument:
    """Return the script that a path names. A metadata block is written into nothing else: a manifest would be broken by it."""
    if not path.is_file():
        nothing = f"there is no file {path}; make it, for example with 'uv init --script {path}'"
        return BadArgument("uri", uri, f"must be a Python script: {nothing}")
    if not script.is_script(path.name, files.read_text(path)):
        signs = "a .py or .pyw file, or one with a '#!' line for Python or a '# /// script' block"
        return BadArgument("uri", uri, f"must be a Python script: {signs}")
    return projects.find_script(path)
