"""The open Python files of a connection: what is known of their projects, read in the background and kept fresh.

A request is answered from what is known at that moment. What may take long (reading a whole project, asking an index)
runs on other threads; when it is there, the diagnostics are sent again.
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

from lsp_server.adapters import index, uv, uvlocks
from lsp_server.adapters import project as projects
from lsp_server.adapters.project import Project
from lsp_server.adapters.uv import Cancellation, Uv
from lsp_server.client.connection import Connection
from lsp_server.client.session import is_too_large
from lsp_server.core import script
from lsp_server.core.lsp import Diagnostic
from lsp_server.core.text import Document
from lsp_server.features.diagnostics import diagnostics
from lsp_server.imports import source_tree, surroundings
from lsp_server.imports.awaited import Awaited, Lookout, missing
from lsp_server.imports.core import candidates
from lsp_server.imports.core.python_file import PythonFile
from lsp_server.imports.core.view import View
from lsp_server.imports.features.missing_imports import missing_imports
from lsp_server.imports.features.unused_dependencies import unused_dependencies
from lsp_server.imports.views import Asking, Views

_LANGUAGE = "python"
_MOST_QUESTIONS = 8
TYPING_SECONDS = 0.2
"""So long nobody types before the Python files are judged by what a manifest says, and what they lack is looked out for."""


@dataclass(frozen=True, slots=True)
class _Known:
    """Where an open Python file belongs: its project, and its path relative to that."""

    project: Project
    path: str

    def asking(self, text: str) -> Asking:
        """Return where the index is looked for: a script may have settings of its own (PEP 723, `[tool.uv]`)."""
        options = _index_options(text) if script.may_have_block(text) else ()
        return Asking((self.project.folder / self.path).parent, options) if options else Asking(self.project.folder)


@dataclass(slots=True)
class PythonFiles:
    """What is known of the projects of the open Python files. Used on the loop's thread."""

    connection: Connection
    _known: dict[str, _Known | None] = field(default_factory=dict)
    _manifests: set[str] = field(default_factory=set)
    _stale: set[str] = field(default_factory=set)
    _reading: set[str] = field(default_factory=set)
    _seen: dict[str, object] = field(default_factory=dict)
    _sent: dict[str, object] = field(default_factory=dict)
    _judged: dict[str, View] = field(default_factory=dict)
    _missing: dict[str, frozenset[Awaited]] = field(default_factory=dict)
    _typing: asyncio.TimerHandle | None = None
    _ended: threading.Event = field(default_factory=threading.Event)
    _views: Views = field(init=False)
    _lookout: Lookout = field(init=False)

    def __post_init__(self) -> None:
        self._views = Views(self.connection.session)
        self._lookout = Lookout(self.connection, self.refresh)

    def file(self, uri: str) -> PythonFile | None:
        """Return what a feature may see of an open Python file; None while its project has not been read yet."""
        document = self.connection.session.document(uri)
        if document is None or not is_python(document) or is_too_large(document):
            return None
        known = self._known.get(uri)
        view = self._views.of(known.project, known.asking(document.text)) if known is not None else None
        if known is None or view is None:
            return None
        session = self.connection.session
        return PythonFile(uri, document.version, document.text, session.client.encoding, session.settings, view, known.path)

    def view(self, project: Project) -> View | None:
        """Return what is known of a project."""
        return self._views.of(project)

    def opened(self, document: Document) -> None:
        """A document was opened; if it is Python, or a manifest whose unused dependencies are asked for, read its project."""
        if _is_manifest(document.uri):
            self._manifests.add(document.uri)
            self._follow_soon()
        if is_python(document) or self._looks_for_unused(document.uri):
            self.connection.later("textDocument/didOpen", self._begin(document.uri))

    def closed(self, uri: str) -> None:
        """A document was closed: the diagnostics of a Python file go with it."""
        lacked = self._missing.pop(uri, frozenset())
        if uri in self._manifests or lacked:
            self._manifests.discard(uri)
            self._follow_soon()
        self._sent.pop(uri, None)
        self._judged.pop(uri, None)
        if self._known.pop(uri, None) is not None and not _is_manifest(uri):
            self.connection.tell("textDocument/publishDiagnostics", {"uri": uri, "diagnostics": []})

    def changed(self, uri: str) -> None:
        """A document has a new text. The Python files follow what an unsaved manifest says, once nobody types."""
        self.publish(uri)
        if uri in self._manifests:
            self._follow_soon()

    def files_changed(self, uris: Iterable[str]) -> None:
        """Files on disk came, went or changed: a new module is no longer missing."""
        roots = {known.project.folder for known in self._known.values() if known is not None}
        if any(_matters(uri, roots) for uri in uris):
            self.refresh()

    def _follow_soon(self) -> None:
        if self._typing is not None:
            self._typing.cancel()
        if self._ended.is_set():
            return
        self._typing = asyncio.get_running_loop().call_later(TYPING_SECONDS, self._follow)

    def _follow(self) -> None:
        """Judge those files again of whose project something else is known now, and look out for what they lack."""
        self._typing = None
        lacking = frozenset[Awaited]().union(*self._missing.values())
        self.connection.later("watching for modules", self._lookout.wait_for(lacking))
        for uri in tuple(self._known):
            file = self.file(uri)
            if file is not None and file.view is not self._judged.get(uri):
                self.publish(uri)

    def publish(self, uri: str) -> None:
        """Send the diagnostics of an open Python file, or what a manifest's are with its unused dependencies."""
        file = self.file(uri)
        if file is not None:
            self._judged[uri] = file.view
            lacks = frozenset(missing(file))
            if self._missing.get(uri, frozenset()) != lacks:
                self._missing[uri] = lacks
                self._follow_soon()
            found = {"uri": uri, "version": file.version, "diagnostics": [*self._of_block(uri), *missing_imports(file)]}
            # Each status makes us look again, and most often nothing is new.
            if self._sent.get(uri) != found:
                self._sent[uri] = found
                self.connection.tell("textDocument/publishDiagnostics", found)
        elif self._looks_for_unused(uri):
            self._publish_manifest(uri)

    def _of_block(self, uri: str) -> list[Diagnostic]:
        """What is wrong in the metadata block of a script (PEP 723)."""
        block = self.connection.session.block(uri)
        return [] if block is None else diagnostics(block)

    async def after_settings(self, taking: Awaitable[None]) -> None:
        """Send the diagnostics of all open files again once new settings are taken."""
        await taking
        for uri in self._manifests - self._known.keys():
            if self._looks_for_unused(uri):
                self.connection.later("workspace/didChangeConfiguration", self._begin(uri))
        for uri in tuple(self._known):
            self.publish(uri)

    def _looks_for_unused(self, uri: str) -> bool:
        return uri in self._manifests and self.connection.session.settings.imports_unused != "off"

    def _publish_manifest(self, uri: str) -> None:
        snapshot, known = self.connection.session.snapshot(uri), self._known.get(uri)
        view = self._views.of(known.project) if known is not None else None
        if snapshot is None or known is None or view is None:
            return
        unused = unused_dependencies(snapshot, view, known.path)
        found = {"uri": uri, "version": snapshot.version, "diagnostics": [*diagnostics(snapshot), *unused]}
        self.connection.tell("textDocument/publishDiagnostics", found)

    def refresh(self) -> None:
        """Something on disk may have changed: read the projects of the open Python files again."""
        for key, project in {known.project.key: known.project for known in self._known.values() if known is not None}.items():
            self._stale.add(key)
            if key not in self._reading:
                self._reading.add(key)
                self.connection.later("reading a project", self._read(project))

    def status_changed(self, project_uri: str, status: Mapping[str, object]) -> None:
        """A project's status is news: if its lock, its environment or its finished operations changed, read it again."""
        operations = status.get("operations")
        finished = [one["id"] for one in operations if one["finishedAt"]] if isinstance(operations, list) else []
        seen = (status.get("environment"), status.get("lock"), tuple(finished))
        if self._seen.get(project_uri) != seen:
            self._seen[project_uri] = seen
            self.refresh()

    async def _begin(self, uri: str) -> None:
        found = await self.connection.aside(_find, uri)
        if self.connection.session.document(uri) is not None:
            self._known[uri] = found
            self.refresh()

    async def _read(self, project: Project) -> None:
        """Read a project until nothing is stale: first what answers need, then what its files import."""
        key = project.key
        try:
            while key in self._stale and not self._ended.is_set():
                self._stale.discard(key)
                await self._read_once(project)
        finally:
            self._reading.discard(key)

    async def _read_once(self, project: Project) -> None:
        key = project.key

        def needless() -> bool:
            """Tell another thread that what it reads is old by now, or that nobody is there to hear it."""
            return self._ended.is_set() or key in self._stale

        with contextlib.suppress(source_tree.Interrupted):
            view = await self.connection.aside(surroundings.read, project, os.environ, self._ended.is_set)
            self._views.put(project, view)
            self._show(project)
            self._views.put(project, await self.connection.aside(surroundings.with_usage, view, project, needless))
            self._show(project)
            await self._ask(project)

    def close(self) -> None:
        """Let what is being read on other threads end."""
        self._ended.set()
        if self._typing is not None:
            self._typing.cancel()

    def _show(self, project: Project) -> None:
        for uri, known in tuple(self._known.items()):
            if known is not None and known.project.key == project.key:
                self.publish(uri)

    async def _ask(self, project: Project) -> None:
        """Ask the index for the modules that nothing is known of, a few at a time.

        Nobody has asked for this: no program of the workspace is run for it, and an index that the workspace names is
        asked only where the workspace is trusted, or a person has asked for something in this project before.
        """
        settings = self.connection.session.settings
        questions = self._questions(project)[:_MOST_QUESTIONS]
        if not settings.network or not settings.may_run or not questions:
            return
        office = await self.connection.office()
        found = await self.connection.aside(partial(uv.find, settings.uv_path, os.environ, outside=project.folder))
        if not isinstance(found, Uv):
            return
        is_known = settings.trusted is True or await self.connection.aside(office.was_asked, project)
        for asking, name in questions:
            where = asking if is_known else await self.connection.aside(_elsewhere, asking, office.state)
            if where is None:
                continue
            answer = await self.connection.at_length(_ask_index, found, name, where, project)
            if answer is not None:
                self._views.answered(asking, name, has=answer)
                self._show(project)

    def _questions(self, project: Project) -> list[tuple[Asking, str]]:
        """Whom to ask for which names: of missing modules in the open files, for which there is no candidate."""
        questions: dict[tuple[Asking, str], None] = {}
        for uri, known in self._known.items():
            file = self.file(uri) if known is not None and known.project.key == project.key else None
            if known is None or file is None or file.place is None:
                continue
            for finding in file.findings:
                name = candidates.guess(finding.found.top)
                unknown = not candidates.candidates(file.view, file.place.member, finding.targets)
                if finding.problem == "missing" and unknown and name and name not in file.view.answers:
                    questions[known.asking(file.text), name] = None
        return list(questions)


def is_python(document: Document) -> bool:
    """Tell whether a document is a Python file."""
    return document.language_id == _LANGUAGE or document.uri.endswith((".py", ".pyw", ".pyi"))


def _is_manifest(uri: str) -> bool:
    return uri.rsplit("/", 1)[-1] == projects.MANIFEST


def _matters(uri: str, roots: Iterable[Path]) -> bool:
    """Tell whether a project may see a file; of one that is below none of them, a link may lead to it."""
    try:
        path = projects.path_of(uri)
    except ValueError:
        return False
    around = [root for root in roots if path.is_relative_to(root)]
    return not around or any(source_tree.is_seen(root, path) for root in around)


def _find(uri: str) -> _Known | None:
    """Return where a file belongs: the project that uv sees around it, else the folder that it stands in."""
    try:
        path = Path(os.path.realpath(projects.path_of(uri)))
    except (ValueError, OSError):
        return None
    project = projects.find(path) or projects.find_script(path)
    try:
        return _Known(project, path.relative_to(project.folder).as_posix())
    except ValueError:
        return None


def _elsewhere(asking: Asking, folder: Path) -> Asking | None:
    """Return how the person's own index can be asked for what a workspace lacks; None where that names another one."""
    options = index.options_apart(asking.folder, asking.options)
    return None if options is None else Asking(folder, options)


def _ask_index(found: Uv, name: str, asking: Asking, project: Project, cancellation: Cancellation) -> bool | None:
    answer = index.ask(
        found,
        name,
        folder=asking.folder,
        project=project.folder,
        own=asking.options,
        venv=uvlocks.environment(project.folder, os.environ),
        environ=os.environ,
        cancellation=cancellation,
    )
    return answer.exists


@lru_cache(maxsize=16)
def _index_options(text: str) -> tuple[str, ...]:
    block = script.find(text)
    return script.index_options(block.toml) if isinstance(block, script.Block) else ()
