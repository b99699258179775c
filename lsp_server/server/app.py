"""The server's two tables: LSP method to function, command to function.

A handler finds the snapshot, calls the pure feature, answers. What may wait (the journal, uv) runs in a pool of
our own: pygls reads stdin in its pool, and a handler that blocked there would stop all reading.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar, cast

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.lsp.server import LanguageServer

from lsp_server import __version__, protocol
from lsp_server.adapters import offered
from lsp_server.adapters import project as projects
from lsp_server.adapters.uv import Cancellation
from lsp_server.client.capabilities import client_of, plain, range_of
from lsp_server.client.connection import ERROR, WARNING, say
from lsp_server.client.exit import end_with
from lsp_server.client.progress import Progress
from lsp_server.client.remote_editor import RemoteEditor
from lsp_server.client.restored import show_restored
from lsp_server.client.session import Session
from lsp_server.client.status_feed import StatusFeed
from lsp_server.client.wire import Wire
from lsp_server.core import shown
from lsp_server.core.intent import CHANGING_COMMANDS
from lsp_server.core.names import Names
from lsp_server.core.text import Document, Encoding
from lsp_server.imports.python_files import PythonFiles
from lsp_server.index.lookups import Lookups
from lsp_server.jobs.neighbours import Neighbours
from lsp_server.jobs.office import Office
from lsp_server.jobs.outcome import Notice
from lsp_server.server import (
    audit,
    boundary,
    commands,
    configuration,
    documents,
    known_packages,
    navigation,
    project_states,
    requests,
    search,
    watched,
)

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Server(LanguageServer):
    """One connection: the session, the office once it is open, and the way back to the client."""

    @property
    def exit_code(self) -> int:
        """0 after a `shutdown` request, else 1 (LSP 3.17, "Exit Notification")."""
        return 0 if self.protocol._shutdown else 1  # noqa: SLF001  pygls keeps it to itself

    def __init__(self) -> None:
        super().__init__(
            protocol.NAME,
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Wire,
        )
        self.session = Session()
        self.python = PythonFiles(self)
        self.lookups = Lookups(self, self._show_news)
        self.ready: asyncio.Future[Office] | None = None
        self.feed: StatusFeed | None = None
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="jobs")
        # What runs uv has threads of its own: a preview that builds for a minute must not delay a command.
        self._long_pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="previews")
        self._running: list[Cancellation] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._neighbours = Neighbours(self.changed)
        for method in _OURS_ALONE:
            self.protocol.fm.builtin_features.pop(method, None)

    def report_server_error(self, error: Exception, source: Any) -> None:  # noqa: ANN401  as pygls has it
        """Log what went wrong; a pop-up with a traceback would help nobody. What a client asked wrongly, it was told."""
        level = logging.DEBUG if isinstance(error, JsonRpcException) else logging.ERROR
        _log.log(level, "%s: %s", getattr(source, "__name__", source), error)

    async def aside(self, function: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401  passed through
        """Run what may wait for the journal or a file, on another thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(function, *arguments))

    async def at_length(self, function: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401  passed through
        """Run what may take as long as a build, with a `Cancellation` as its last argument."""
        cancellation = Cancellation()
        self._running.append(cancellation)
        try:
            run = partial(function, *arguments, cancellation)
            return await asyncio.get_running_loop().run_in_executor(self._long_pool, run)
        finally:
            # Also when the client took its request back: nobody waits for the answer then.
            cancellation.request()
            self._running.remove(cancellation)

    async def ask(self, method: str, params: Any) -> Any:  # noqa: ANN401  JSON
        """Send a request to the client and await its answer."""
        return await self.protocol.send_request_async(method, self._typed(method, shown.json(params)))

    def tell(self, method: str, params: Any) -> None:  # noqa: ANN401  JSON
        """Send a notification to the client."""
        self.protocol.notify(method, self._typed(method, shown.json(params)))

    def later(self, what: str, work: Coroutine[Any, Any, Any]) -> None:
        """Do something without anybody waiting for it; a failure is logged as that of `what`."""

        def ended(task: asyncio.Task[Any]) -> None:
            self._tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None:
                # What the client refused is its own business; anything else is a bug, and its place is wanted.
                _log.error("%s: %s", what, error, exc_info=None if isinstance(error, JsonRpcException) else error)

        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(ended)

    def changed(self, project_uri: str) -> None:
        """Something changed in a project: send its status, if it is news. May be called from any thread."""
        if self.feed is not None:
            self.feed.changed(project_uri)

    def json(self, value: Any) -> Any:  # noqa: ANN401  JSON
        """Return one of lsprotocol's objects as JSON."""
        return self.protocol._converter.unstructure(value)  # noqa: SLF001  pygls gives no other way to it

    def _typed(self, method: str, params: Any) -> Any:  # noqa: ANN401  JSON
        """Return the parameters as lsprotocol's objects, which pygls asks for where it knows the method."""
        known = types.METHOD_TO_TYPES.get(method)
        if known is None or params is None:
            return params
        message = {"jsonrpc": "2.0", "id": 0, "method": method, "params": params}
        typed: Any = self.protocol._converter.structure(message, known[0])  # noqa: SLF001  pygls gives no other way to it
        return typed.params

    async def office(self) -> Office:
        """Return the office; the first to ask opens it.

        Raises:
            JsonRpcInternalError: the state folder or the journal cannot be opened.

        """
        if self.ready is None:
            loop = asyncio.get_running_loop()
            editor = RemoteEditor(self.session, loop, self.ask)
            self.feed = feed = StatusFeed(self, loop, self._status, Progress(self.tell, self.ask, self.later))

            def told(notice: Notice) -> None:
                with suppress(RuntimeError):  # the loop has ended, and with it the connection
                    loop.call_soon_threadsafe(show_restored, self, notice)

            opening = partial(
                Office,
                editor,
                lambda: self.session.settings,
                os.environ,
                lambda project: feed.changed(project.uri),
                told,
            )
            self.ready = asyncio.ensure_future(self.aside(opening))
        try:
            return await asyncio.shield(self.ready)
        except Exception as error:
            self.ready = None
            raise JsonRpcInternalError(message=commands.cannot_open(error)) from error

    def opened_office(self) -> Office | None:
        """Return the office if it is open already."""
        is_open = self.ready is not None and self.ready.done() and not self.ready.cancelled() and not self.ready.exception()
        return self.ready.result() if self.ready is not None and is_open else None

    async def _status(self, project_uri: str) -> dict[str, Any]:
        office = await self.office()
        project = await self.aside(projects.find_by_root, project_uri)
        status = await commands.current_status(self, office, project)
        await self.aside(self._neighbours.watch, office.place(project))
        self.python.status_changed(project_uri, status)
        for uri in await project_states.learn(self, office.place(project), status):
            documents.publish_diagnostics(self, uri)
        if status["state"] in {"idle", "error"}:
            self.later("packages", known_packages.learn(self, office.place(project)))
        return status

    def _show_news(self, uri: str) -> None:
        documents.show_news(self, uri)
        self.python.publish(uri)

    def close(self) -> None:
        """Stop all work, in order."""
        self.python.close()
        self.lookups.close()
        for cancellation in tuple(self._running):
            cancellation.request()
        office = self.opened_office()
        if office is not None:
            office.close()
        for pool in (self._pool, self._long_pool):
            pool.shutdown(wait=False, cancel_futures=True)


# Life


def initialize(server: Server, params: types.InitializeParams) -> None:
    """Learn what the client can and what it wants; nothing is opened yet."""
    server.session.client = client_of(params, _encoding(params))
    if not server.session.client.action_literals:  # then LSP 3.17 allows a plain `true`, no kinds
        server.protocol.fm.feature_options.pop(types.TEXT_DOCUMENT_CODE_ACTION, None)
    configuration.begin(server, plain(params.initialization_options))
    if params.process_id:
        end_with(params.process_id, server.close)


def initialized(server: Server, _params: types.InitializedParams) -> None:
    """Open the office, ask for the settings, and for the watching of files where the client does it."""
    configuration.report(server)
    server.later("the state folder", _open(server))
    server.later("the names of packages", _read_names(server))
    server.later("client/registerCapability", _register(server))
    server.later("workspace/configuration", server.python.after_settings(configuration.fetch(server)))


async def _read_names(server: Server) -> None:
    server.session.names = await server.aside(lambda: Names(offered.listed()))


async def _open(server: Server) -> None:
    try:
        office = await server.office()
    except JsonRpcException as error:
        say(server, ERROR, error.message)
        return
    loop = asyncio.get_running_loop()
    office.journal.heard = lambda kept: _say_later(server, loop, commands.begun_anew(kept))
    for sentence in commands.found_at_opening(office.journal):
        say(server, WARNING, sentence)


def _say_later(server: Server, loop: asyncio.AbstractEventLoop, sentence: str) -> None:
    """Say something from any thread."""
    with suppress(RuntimeError):  # the loop has ended, and with it the connection
        loop.call_soon_threadsafe(say, server, WARNING, sentence)


async def _register(server: Server) -> None:
    client = server.session.client
    wanted = [
        (client.watches_files, types.WORKSPACE_DID_CHANGE_WATCHED_FILES, {"watchers": watched.WATCHERS}),
        (client.announces_settings, types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"section": protocol.SECTION}),
    ]
    registrations = [{"id": m, "method": m, "registerOptions": options} for asked, m, options in wanted if asked]
    if registrations:
        await server.ask("client/registerCapability", {"registrations": registrations})


def did_change_configuration(server: Server, params: types.DidChangeConfigurationParams) -> None:
    """Take new settings."""
    server.later("workspace/configuration", server.python.after_settings(configuration.changed(server, plain(params.settings))))


# Documents


def did_open(server: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Keep the document."""
    opened = params.text_document
    document = Document(opened.uri, opened.language_id, opened.version, opened.text)
    documents.opened(server, document)
    server.python.opened(document)
    server.lookups.follow(opened.uri)


def did_change(server: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Apply the changes to our own copy."""
    changes = [(range_of(change), change.text) for change in params.content_changes]
    documents.changed(server, params.text_document.uri, params.text_document.version, changes)
    server.python.changed(params.text_document.uri)


def did_save(server: Server, params: types.DidSaveTextDocumentParams) -> None:
    """Go on with what waited for this."""
    documents.saved(server, params.text_document.uri)
    server.python.refresh()
    server.lookups.follow(params.text_document.uri)


def did_close(server: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Forget the document."""
    server.lookups.closed(server.session.path(params.text_document.uri))
    documents.closed(server, params.text_document.uri)
    server.python.closed(params.text_document.uri)


def did_change_watched_files(server: Server, params: types.DidChangeWatchedFilesParams) -> None:
    """Look again."""
    watched.changed(server, [change.uri for change in params.changes])


def cancel_progress(server: Server, params: types.WorkDoneProgressCancelParams) -> None:
    """Cancel the operation whose progress the user stopped."""
    office = server.opened_office()
    if office is not None:
        server.later("pyproject.cancel", server.aside(office.cancel, str(params.token)))


# The tables

# pygls would keep a copy of each document too, with line ends that are not those of LSP.
_OURS_ALONE = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL,
)

FEATURES: Mapping[str, tuple[Callable[..., Any], Any]] = {
    # Life
    types.INITIALIZE: (initialize, None),
    types.INITIALIZED: (initialized, None),
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: (did_change_configuration, None),
    # Documents: their order matters, so these are plain functions
    types.TEXT_DOCUMENT_DID_OPEN: (did_open, None),
    types.TEXT_DOCUMENT_DID_CHANGE: (did_change, None),
    types.TEXT_DOCUMENT_DID_SAVE: (did_save, types.SaveOptions(include_text=False)),
    types.TEXT_DOCUMENT_DID_CLOSE: (did_close, None),
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: (did_change_watched_files, None),
    # Features: pure functions of a snapshot
    types.TEXT_DOCUMENT_CODE_ACTION: (
        requests.code_action,
        types.CodeActionOptions(code_action_kinds=list(requests.ACTION_KINDS)),
    ),
    types.TEXT_DOCUMENT_CODE_LENS: (requests.code_lens, types.CodeLensOptions(resolve_provider=False)),
    types.TEXT_DOCUMENT_COMPLETION: (
        requests.completion,
        types.CompletionOptions(trigger_characters=requests.COMPLETION_TRIGGERS),
    ),
    types.TEXT_DOCUMENT_HOVER: (requests.hover, None),
    types.TEXT_DOCUMENT_INLAY_HINT: (requests.inlay_hint, types.InlayHintOptions(resolve_provider=False)),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (navigation.document_symbol, None),
    types.TEXT_DOCUMENT_FOLDING_RANGE: (navigation.folding_range, None),
    types.TEXT_DOCUMENT_SELECTION_RANGE: (navigation.selection_range, None),
    types.TEXT_DOCUMENT_DEFINITION: (navigation.definition, None),
    types.TEXT_DOCUMENT_REFERENCES: (navigation.references, None),
    types.TEXT_DOCUMENT_RENAME: (navigation.renaming, None),
    types.TEXT_DOCUMENT_DOCUMENT_LINK: (navigation.document_link, types.DocumentLinkOptions(resolve_provider=False)),
    # Cancelling
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL: (cancel_progress, None),
}

COMMANDS: Mapping[str, Callable[[Any, Office, Mapping[str, Any]], Awaitable[Any]]] = {
    **{name: partial(commands.change, command=name) for name in sorted(CHANGING_COMMANDS)},
    "pyproject.retry": commands.retry,
    "pyproject.cancel": commands.cancel,
    "pyproject.status": commands.status,
    "pyproject.preview": commands.preview,
    "pyproject.checkUpgrades": commands.check_upgrades,
    "pyproject.audit": audit.audit,
    "pyproject.searchPackages": search.search,
}


def build() -> Server:
    """Return a server with both tables registered."""
    server = Server()
    for method, (function, options) in FEATURES.items():
        server.feature(method, options)(boundary.bound(server, method, function))
    for name, command in COMMANDS.items():
        server.command(name)(boundary.command(server, name, command))
    return server


def _encoding(params: types.InitializeParams) -> Encoding:
    """Choose as pygls does, which tells the client: the first of ours that it offers, else UTF-16."""
    chosen = ServerCapabilitiesBuilder.choose_position_encoding(params.capabilities)
    return cast("Encoding", getattr(chosen, "value", chosen))
