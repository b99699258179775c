"""The server's two tables: LSP method to function, command to function. The only importer of pygls.

A handler finds the snapshot, calls the pure feature, answers. What may wait (the journal, uv) runs in a pool of
our own: pygls reads stdin in its pool, and a handler that blocked there would stop all reading.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import psutil
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from lsp_server import __version__, commands, protocol
from lsp_server.adapters import project as projects
from lsp_server.adapters.exits import on_exit
from lsp_server.core import settings as settings_of
from lsp_server.core.intent import CHANGING_COMMANDS, BadArgument
from lsp_server.core.text import Document, Encoding
from lsp_server.features.code_actions import KINDS, code_actions
from lsp_server.features.code_lens import code_lenses
from lsp_server.features.diagnostics import diagnostics
from lsp_server.jobs.journal import ProcessId
from lsp_server.jobs.office import NoProject, Office, project_of
from lsp_server.remote_editor import RemoteEditor
from lsp_server.session import Client, Session
from lsp_server.status_feed import StatusFeed

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Server(LanguageServer):
    """One connection: the session, the office once it is open, and the way back to the client."""

    def __init__(self) -> None:
        super().__init__(protocol.NAME, __version__, text_document_sync_kind=types.TextDocumentSyncKind.Incremental)
        self.session = Session()
        self.pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="jobs")
        self.ready: asyncio.Future[Office] | None = None
        self.feed: StatusFeed | None = None

    def report_server_error(self, error: Exception, source: Any) -> None:  # noqa: ANN401  as pygls has it
        """Log what went wrong outside of a request; a pop-up with a traceback would help nobody."""
        _log.error("%s: %s", getattr(source, "__name__", source), error)

    async def aside(self, function: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401  passed through
        """Run what may wait in the pool."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, partial(function, *arguments))

    async def ask(self, method: str, params: Any) -> Any:  # noqa: ANN401  JSON
        """Send a request to the client and await its answer."""
        return await self.protocol.send_request_async(method, self._typed(method, params))

    def tell(self, method: str, params: Any) -> None:  # noqa: ANN401  JSON
        """Send a notification to the client."""
        self.protocol.notify(method, self._typed(method, params))

    def _typed(self, method: str, params: Any) -> Any:  # noqa: ANN401  JSON
        """Return the parameters as lsprotocol's objects, which pygls asks for where it knows the method."""
        known = types.METHOD_TO_TYPES.get(method)
        if known is None:
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
            self.feed = StatusFeed(self.session, loop, self._status, self.tell, self.ask)
            feed = self.feed
            opening = partial(
                Office, editor, lambda: self.session.settings, os.environ, lambda project: feed.changed(project.uri)
            )
            self.ready = asyncio.ensure_future(self.aside(opening))
        try:
            return await asyncio.shield(self.ready)
        except Exception as error:
            self.ready = None
            raise JsonRpcInternalError(message=commands.cannot_open(error)) from error

    async def _status(self, project_uri: str) -> dict[str, Any]:
        office = await self.office()
        return await self.aside(commands.status_of, office, projects.find_by_root(project_uri))

    def close(self) -> None:
        """Stop all work, in order."""
        if self.ready is not None and self.ready.done() and self.ready.exception() is None:
            self.ready.result().close()
        self.pool.shutdown(wait=False, cancel_futures=True)


# Life


def initialize(server: Server, params: types.InitializeParams) -> None:
    """Learn what the client can and what it wants; nothing is opened yet."""
    server.session.client = _client(params)
    options = _plain(params.initialization_options)
    server.session.settings, problems = settings_of.read(options)
    server.session.reported = set(problems)
    if params.process_id:
        _end_with(server, params.process_id)


async def initialized(server: Server, _params: types.InitializedParams) -> None:
    """Open the office, ask for the settings, and for the watching of files where the client does it."""
    for problem in sorted(server.session.reported):
        _say(server, types.MessageType.Warning, problem)
    await server.office()
    if server.session.client.watches_files:
        watcher = {"watchers": [{"globPattern": "**/pyproject.toml"}, {"globPattern": "**/uv.lock"}]}
        registration = {"id": "files", "method": "workspace/didChangeWatchedFiles", "registerOptions": watcher}
        await server.ask("client/registerCapability", {"registrations": [registration]})
    await _fetch_settings(server)


async def did_change_configuration(server: Server, params: types.DidChangeConfigurationParams) -> None:
    """Take new settings: pulled where the client answers, pushed where it sends them."""
    if server.session.client.configuration:
        await _fetch_settings(server)
    else:
        _take_settings(server, _plain(params.settings))


async def _fetch_settings(server: Server) -> None:
    if server.session.client.configuration:
        answer = await server.ask("workspace/configuration", {"items": [{"section": settings_of.SECTION}]})
        _take_settings(server, _plain(answer[0]) if answer else None)


def _take_settings(server: Server, raw: object) -> None:
    # What the client gave at the start and cannot change later (`trusted`) stays.
    settings, problems = settings_of.read(raw, server.session.settings)
    server.session.settings = settings
    for problem in problems:
        if problem not in server.session.reported:
            server.session.reported.add(problem)
            _say(server, types.MessageType.Warning, problem)


def _end_with(server: Server, client_pid: int) -> None:
    """End when the client is gone, however it went: its end of our stdin may live on in a child of its own."""
    try:
        client = ProcessId(client_pid, psutil.Process(client_pid).create_time())
    except psutil.Error:
        return

    def end() -> None:
        _log.warning("the client (pid %s) is gone", client_pid)
        server.close()
        os._exit(1)

    on_exit(client, end)


# Documents


async def did_open(server: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Keep the document, and begin to work for its project."""
    opened = params.text_document
    server.session.open(Document(opened.uri, opened.language_id, opened.version, opened.text))
    _publish_diagnostics(server, opened.uri)
    if not opened.uri.endswith(projects.MANIFEST):
        return
    office = await server.office()
    project = await server.aside(project_of, {"uri": opened.uri})
    if isinstance(project, projects.Project):
        await server.aside(office.worker, project)
        if server.feed is not None:
            server.feed.changed(project.uri)


def did_change(server: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Apply the changes to our own copy."""
    identifier = params.text_document
    document = server.session.document(identifier.uri)
    if document is None:
        return
    changes = [(_range(change), change.text) for change in params.content_changes]
    server.session.change(document.changed(identifier.version, changes, server.session.client.encoding))
    _publish_diagnostics(server, identifier.uri)


async def did_save(server: Server, params: types.DidSaveTextDocumentParams) -> None:
    """Let the operations go on that waited for this; lock or sync, where the setting says so."""
    document = server.session.save(params.text_document.uri)
    if document is None or not document.uri.endswith(projects.MANIFEST):
        return
    office = await server.office()
    path = await server.aside(_real, document.uri)
    for worker in office.workers():
        await server.aside(worker.saved, path, document.text)
    await commands.on_save(server, office, document.uri)


async def did_close(server: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Forget the document; what waited for its being saved ends."""
    path = server.session.close(params.text_document.uri)
    if params.text_document.uri.endswith(projects.MANIFEST):
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(params.text_document.uri, []))
    if path is not None:
        office = await server.office()
        for worker in office.workers():
            await server.aside(worker.closed, path)


async def did_change_watched_files(server: Server, _params: types.DidChangeWatchedFilesParams) -> None:
    """Look again: the client saw a manifest or a lock file change that our own watch may not reach."""
    office = await server.office()
    for worker in office.workers():
        worker.wake.set()
        if server.feed is not None:
            server.feed.changed(worker.place.project.uri)


def did_change_workspace_folders(_server: Server, _params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Nothing to do: projects are found from the files that are named, not from folders."""


def cancel_progress(server: Server, params: types.WorkDoneProgressCancelParams) -> None:
    """Cancel the operation whose progress the user stopped."""
    if server.ready is not None and server.ready.done():
        commands.cancel_anywhere(server.ready.result(), str(params.token))


# Features


def on_code_action(server: Server, params: types.CodeActionParams) -> list[dict[str, Any]]:
    """Answer from the snapshot alone."""
    snapshot = server.session.snapshot(params.text_document.uri)
    if snapshot is None:
        return []
    return code_actions(snapshot, _range_object(params.range), params.context.only)


def on_code_lens(server: Server, params: types.CodeLensParams) -> list[dict[str, Any]]:
    """Answer from the snapshot alone."""
    snapshot = server.session.snapshot(params.text_document.uri)
    return [] if snapshot is None else code_lenses(snapshot)


def _publish_diagnostics(server: Server, uri: str) -> None:
    snapshot = server.session.snapshot(uri)
    if snapshot is not None:
        server.tell(
            "textDocument/publishDiagnostics",
            {"uri": uri, "version": snapshot.version, "diagnostics": diagnostics(snapshot)},
        )


# The tables

FEATURES: Mapping[str, tuple[Callable[..., Any], Any]] = {
    # Life
    types.INITIALIZE: (initialize, None),
    types.INITIALIZED: (initialized, None),
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: (did_change_configuration, None),
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: (did_change_workspace_folders, None),
    # Documents: their order matters, so what they do to the session they do before they first wait
    types.TEXT_DOCUMENT_DID_OPEN: (did_open, None),
    types.TEXT_DOCUMENT_DID_CHANGE: (did_change, None),
    types.TEXT_DOCUMENT_DID_SAVE: (did_save, types.SaveOptions(include_text=False)),
    types.TEXT_DOCUMENT_DID_CLOSE: (did_close, None),
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: (did_change_watched_files, None),
    # Features: pure functions of a snapshot
    types.TEXT_DOCUMENT_CODE_ACTION: (on_code_action, types.CodeActionOptions(code_action_kinds=list(KINDS))),
    types.TEXT_DOCUMENT_CODE_LENS: (on_code_lens, types.CodeLensOptions(resolve_provider=False)),
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
}


def build() -> Server:
    """Return a server with both tables registered."""
    server = Server()
    for method, (function, options) in FEATURES.items():
        server.feature(method, options)(_bound(server, method, function))
    for name, command in COMMANDS.items():
        server.command(name)(_command(server, command))
    return server


def _bound(server: Server, method: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a handler its server, and put the one boundary around it."""
    if asyncio.iscoroutinefunction(function):

        async def later(params: Any = None) -> Any:  # noqa: ANN401  as LSP has it
            try:
                return await function(server, params)
            except JsonRpcException:
                raise
            except Exception as error:
                raise _internal(method, error) from None

        return later

    def at_once(params: Any = None) -> Any:  # noqa: ANN401  as LSP has it
        try:
            return function(server, params)
        except Exception as error:
            raise _internal(method, error) from None

    return at_once


def _command(server: Server, command: Callable[[Any, Office, Mapping[str, Any]], Awaitable[Any]]) -> Callable[..., Any]:
    async def run(*arguments: Any) -> Any:  # noqa: ANN401  JSON
        argument = _plain(arguments[0]) if arguments else {}
        if not isinstance(argument, Mapping):
            raise JsonRpcInvalidParams(message=BadArgument("arguments", argument, "one object").message)
        try:
            answer = await command(server, await server.office(), argument)
        except JsonRpcException:
            raise
        except Exception as error:
            raise _internal("workspace/executeCommand", error) from None
        if isinstance(answer, BadArgument | NoProject):
            raise JsonRpcInvalidParams(message=answer.message)
        return answer

    return run


def _internal(method: str, error: Exception) -> JsonRpcException:
    _log.exception("%s failed", method)
    return JsonRpcInternalError(message=f"{method} failed: {error}; the server's log has more")


# Small things


def _client(params: types.InitializeParams) -> Client:
    capabilities = params.capabilities
    workspace, window, general = capabilities.workspace, capabilities.window, capabilities.general
    experimental = _attributes(capabilities.experimental)
    edit = workspace.workspace_edit if workspace else None
    watched = workspace.did_change_watched_files if workspace else None
    return Client(
        name=params.client_info.name if params.client_info else "unknown client",
        encoding=_encoding(general.position_encodings if general else None),
        edits=bool(workspace and workspace.apply_edit),
        versioned_edits=bool(edit and edit.document_changes),
        saves=experimental.get("pyprojectSave") is True,
        progress=bool(window and window.work_done_progress),
        server_status=bool(experimental.get("serverStatusNotification")),
        configuration=bool(workspace and workspace.configuration),
        watches_files=bool(watched and watched.dynamic_registration),
    )


def _encoding(offered: Any) -> Encoding:  # noqa: ANN401  a sequence of names or nothing
    """Choose as pygls does, which tells the client: the first of ours that it offers, else UTF-16."""
    from pygls.capabilities import ServerCapabilitiesBuilder  # noqa: PLC0415  the one source of that choice

    general = types.GeneralClientCapabilities(position_encodings=offered)
    chosen = ServerCapabilitiesBuilder.choose_position_encoding(types.ClientCapabilities(general=general))
    return cast("Encoding", getattr(chosen, "value", chosen))


def _attributes(value: Any) -> Mapping[str, Any]:  # noqa: ANN401  pygls makes objects of unknown shapes
    if isinstance(value, Mapping):
        return value
    return value._asdict() if hasattr(value, "_asdict") else {}


def _plain(value: Any) -> Any:  # noqa: ANN401  JSON
    """Return JSON as it came over the wire, whatever objects were made of it."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _range(change: Any) -> tuple[int, int, int, int] | None:  # noqa: ANN401  one of two shapes
    where = getattr(change, "range", None)
    if where is None:
        return None
    return (where.start.line, where.start.character, where.end.line, where.end.character)


def _range_object(where: types.Range) -> dict[str, dict[str, int]]:
    return {
        "start": {"line": where.start.line, "character": where.start.character},
        "end": {"line": where.end.line, "character": where.end.character},
    }


def _real(uri: str) -> Path:
    return projects.path_of(uri).resolve()


def _say(server: Server, kind: types.MessageType, message: str) -> None:
    server.window_show_message(types.ShowMessageParams(kind, message))
