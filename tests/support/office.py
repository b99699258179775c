"""An office driven by a test: it queues operations and waits for what the ledger and the journal say, never by time."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_server.adapters import exits, processes
from lsp_server.adapters import project as projects
from lsp_server.adapters.editor import Editor, NoEditor, OpenDocument
from lsp_server.adapters.processes import ProcessId
from lsp_server.core import diff
from lsp_server.core.diff import Edit
from lsp_server.core.intent import BadArgument
from lsp_server.core.operation import Operation, State
from lsp_server.core.settings import Settings
from lsp_server.jobs.journal import Change
from lsp_server.jobs.office import Office
from lsp_server.jobs.outcome import Notice
from lsp_server.jobs.worker import Worker
from tests.support.projects import Project

PATIENCE = 25.0
"""Seconds after which a test that waits has failed."""


def process(pid: int) -> ProcessId:
    """Name a process for ever."""
    found = processes.of(pid)
    assert found is not None
    return found


def are_gone(*processes: ProcessId, within: float = 2.0) -> bool:
    """Wait until these processes have ended, at most `within` seconds; one that nobody reaps has ended too."""
    ended = [threading.Event() for _ in processes]
    cancels = [exits.on_exit(each, event.set) for each, event in zip(processes, ended, strict=True)]
    try:
        return all(event.wait(within) for event in ended)
    finally:
        for cancel in cancels:
            cancel()


@dataclass(slots=True)
class Desk:
    """One server process' worth of jobs for one project, without a server."""

    project: Project
    office: Office
    known: projects.Project
    changed: threading.Condition
    editor: Editor
    notices: list[Notice] = field(default_factory=list)

    @property
    def worker(self) -> Worker:
        return self.office.worker(self.known)

    def ask(self, command: str, *, manifest: Path | None = None, **argument: Any) -> Operation:
        """Queue an operation of the command `pyproject.<command>`."""
        argument.setdefault("uri", (manifest or self.project.manifest).as_uri())
        queued = self.office.submit(self.known, f"pyproject.{command}", argument)
        assert not isinstance(queued, BadArgument), queued.message
        return queued

    def add(self, *requirements: str, **argument: Any) -> Operation:
        return self.ask("add", requirements=requirements, **argument)

    def now(self, operation: Operation) -> Operation:
        """The operation as the journal has it."""
        found = self.office.journal.get(operation.id)
        assert found is not None
        return found

    def wait(self, condition: Callable[[], bool], what: str = "the condition") -> None:
        """Wait until `condition` holds; it is looked at whenever an operation moved.

        Raises:
            AssertionError: it did not hold in time; says where every operation stands.
        """
        with self.changed:
            if not self.changed.wait_for(condition, PATIENCE):
                rows = (*self.office.journal.unfinished(self.known.key), *self.office.journal.finished(self.known.key))
                raise AssertionError(f"{what} did not come: " + "; ".join(f"{o.title}: {o.state} {o.message}" for o in rows))

    def until(self, operation: Operation, *states: State) -> Operation:
        """Wait until an operation is in one of these states."""
        self.wait(lambda: self.now(operation).state in states, f"{operation.title} {states}")
        return self.now(operation)

    def save(self, text: str, path: Path | None = None, *, shown: str | None = None) -> None:
        """Save a file as an editor does that has loaded `shown`, by default what it has now: then the server is told."""
        path = path or self.project.manifest
        shown = path.read_bytes().decode() if shown is None else shown
        if isinstance(self.editor, Papers):
            self.editor.type(path, text)
            path.write_bytes(text.encode())
            self.editor.show(path)
        else:
            path.write_bytes(text.encode())
        self.worker.saved(path, text, shown)

    def until_told(self, words: str) -> Notice:
        """Wait until the user is told something with these words in it."""
        self.wait(lambda: any(words in notice.message for notice in self.notices), f"'{words}' in {self.notices}")
        return next(notice for notice in self.notices if words in notice.message)

    def until_blocked(self, operation: Operation) -> Operation:
        """Wait until an operation says on whom it waits."""
        self.wait(lambda: self.now(operation).blocked is not None, f"{operation.title} blocked")
        return self.now(operation)

    def finish(self, *operations: Operation) -> list[Operation]:
        """Wait until all of these are finished, however they end."""
        self.wait(lambda: all(self.now(operation).finished for operation in operations), "the end")
        return [self.now(operation) for operation in operations]

    def done(self, *operations: Operation) -> list[Operation]:
        """Wait until all of these are finished; all have to be done."""
        ended = self.finish(*operations)
        assert [o.state for o in ended] == ["done"] * len(ended), [(o.title, o.failure or o.message) for o in ended]
        return ended

    def failed(self, operation: Operation, code: str) -> str:
        """Wait until an operation has failed with this code, and return its message and detail."""
        (ended,) = self.finish(operation)
        assert ended.failure is not None, f"{ended.title} ended as {ended.state}: {ended.message}"
        assert ended.failure.code == code, ended.failure
        return f"{ended.failure.message}\n{ended.failure.detail}"

    def changes(self) -> tuple[Change, ...]:
        """Every change of the project that was committed."""
        return self.office.journal.committed_after(self.known.key, 0)


@contextmanager
def desk(
    project: Project, editor: Editor | None = None, *, at: Path | None = None, script: Path | None = None, **settings: Any
) -> Iterator[Desk]:
    """An office for a project, closed at the end of the block."""
    changed = threading.Condition()

    def tell(_project: object) -> None:
        with changed:
            changed.notify_all()

    notices: list[Notice] = []

    def notice(said: Notice) -> None:
        with changed:
            notices.append(said)
            changed.notify_all()

    chosen = Settings(**{"uv_path": project.tools.uv, **settings})
    chosen_editor = editor or NoEditor()
    office = Office(chosen_editor, lambda: chosen, project.tools.environment, tell, notice)
    try:
        known = projects.find(at or project.root) if script is None else projects.find_script(script)
        assert known is not None
        yield Desk(project, office, known, changed, chosen_editor, notices)
    finally:
        office.close()


@dataclass(slots=True)
class Papers:
    """An editor in this process: open documents that a test types into and saves."""

    name: str = "papers"
    edits: bool = True
    saves: bool = True
    open: dict[Path, OpenDocument] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def show(self, path: Path, text: str | None = None) -> None:
        """Open a file; with `text`, type that instead of what is saved."""
        saved = path.read_bytes().decode()
        version = self.open[path].version + 1 if path in self.open else 1
        self.open[path] = OpenDocument(saved if text is None else text, version, dirty=text not in {None, saved})

    def type(self, path: Path, text: str) -> None:
        """Change a document without saving it."""
        self.open[path] = OpenDocument(text, self.open[path].version + 1, dirty=True)

    def document(self, path: Path) -> OpenDocument | None:
        return self.open.get(path)

    def apply(self, path: Path, version: int, edits: Sequence[Edit], label: str) -> bool:
        del label
        present = self.open[path]
        if present.version != version:
            return False
        self.open[path] = OpenDocument(diff.apply(present.text, edits), version + 1, present.dirty)
        return True

    def follow(self, path: Path, version: int, edits: Sequence[Edit], base: str) -> bool:
        del base
        return self.apply(path, version, edits, "")

    def save(self, path: Path) -> bool:
        """Write a document to its file."""
        present = self.open[path]
        path.write_bytes(present.text.encode())
        self.open[path] = OpenDocument(present.text, present.version, dirty=False)
        return True
