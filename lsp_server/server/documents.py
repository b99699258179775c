"""What is done when the client opens, changes, saves or closes a document.

Each function changes the session before it returns, so that messages take effect in the order in which they came;
what waits for the journal or a project goes on later, in that order too.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from lsp_server.adapters import live
from lsp_server.adapters import project as projects
from lsp_server.client.connection import Connection
from lsp_server.client.session import MOST_SHOWN, Saved, is_edited, is_manifest, is_too_large
from lsp_server.core.text import Document, Range
from lsp_server.features.diagnostics import diagnostics, too_large
from lsp_server.jobs.office import Office, project_of
from lsp_server.jobs.worker import Worker
from lsp_server.server import commands, known_packages

Change = tuple[Range | None, str]


def opened(connection: Connection, document: Document) -> None:
    """Keep the document, and begin to work for its project."""
    connection.session.open(document)
    publish_diagnostics(connection, document.uri)
    if is_edited(document):
        connection.later("textDocument/didOpen", _begin(connection, document.uri))


def changed(connection: Connection, uri: str, version: int, changes: Sequence[Change]) -> None:
    """Apply the changes to our own copy."""
    document = connection.session.document(uri)
    if document is None:
        return
    steps: list[Document] = []
    for change in changes:
        document = document.changed(version, [change], connection.session.client.encoding)
        steps.append(document)
    reverted = connection.session.change(steps or [document.changed(version, (), "utf-16")])
    publish_diagnostics(connection, uri)
    path = connection.session.path(uri)
    if path is not None and is_edited(document) and connection.session.is_behind(uri):
        connection.later("textDocument/didChange", _tell(connection, lambda worker: worker.verifier.told(path)))
    if reverted and path is not None and is_edited(document):
        connection.later("textDocument/didChange", _tell(connection, lambda worker: worker.reverted(path, document.text)))


def saved(connection: Connection, uri: str) -> None:
    """Let the operations go on that waited for this; lock or sync, where the setting says so."""
    saved, path = connection.session.save(uri), connection.session.path(uri)
    if saved is not None and path is not None and is_edited(saved.document):
        connection.later("textDocument/didSave", _saved(connection, saved, path))


def closed(connection: Connection, uri: str) -> None:
    """Forget the document; what waited for its being saved ends."""
    document = connection.session.document(uri)
    path = connection.session.close(uri)
    if is_manifest(uri):
        connection.tell("textDocument/publishDiagnostics", {"uri": uri, "diagnostics": []})
    if path is not None and document is not None and is_edited(document):
        connection.later("textDocument/didClose", _tell(connection, lambda worker: worker.closed(path)))


async def files_changed(connection: Connection) -> None:
    """Look again: the client saw a manifest or a lock file change that our own watch may not reach."""

    def look(worker: Worker) -> None:
        worker.wake.set()
        worker.ledger.on_change()

    await _tell(connection, look)


def publish_diagnostics(connection: Connection, uri: str) -> None:
    """Tell what is wrong in an open manifest."""
    snapshot = connection.session.snapshot(uri)
    if snapshot is not None:
        found = {"uri": uri, "version": snapshot.version, "diagnostics": diagnostics(snapshot)}
        connection.tell("textDocument/publishDiagnostics", found)
        return
    document = connection.session.document(uri)
    if document is not None and is_manifest(uri) and is_too_large(document):
        found = {"uri": uri, "version": document.version, "diagnostics": [too_large(MOST_SHOWN)]}
        connection.tell("textDocument/publishDiagnostics", found)


def show_news(connection: Connection, uri: str) -> None:
    """There is news of the packages of an open document: show it."""
    publish_diagnostics(connection, uri)
    if connection.session.client.refreshes_hints:
        connection.later(known_packages.REFRESH, connection.ask(known_packages.REFRESH, None))


async def _begin(connection: Connection, uri: str) -> None:
    # A PEP 723 script is a project by itself: its worker is there for what another tool writes over its body.
    argument = {"uri": uri} if is_manifest(uri) else {"uri": uri, "script": True}

    def begin(office: Office) -> None:
        project = project_of(argument)
        if isinstance(project, projects.Project):
            worker = office.worker(project)
            worker.files.look()
            worker.ledger.on_change()

    async with connection.session.order:
        await connection.aside(begin, await connection.office())


async def _saved(connection: Connection, saved: Saved, path: Path) -> None:
    # Looked for at once: until all before it is acted on, a uv that the save has to be guarded from may have ended.
    at_work = asyncio.ensure_future(asyncio.to_thread(live.everywhere))
    async with connection.session.order:
        seen = await at_work
        await _tell_in_turn(
            connection, lambda worker: worker.saved(path, saved.document.text, saved.shown, seen, loaded=saved.loaded)
        )
    if is_manifest(saved.document.uri):
        await commands.on_save(connection, await connection.office(), saved.document.uri)


async def _tell(connection: Connection, news: Callable[[Worker], None]) -> None:
    """Tell all workers something, once all that the client said before is acted on: a save counts before the close after it."""
    async with connection.session.order:
        await _tell_in_turn(connection, news)


async def _tell_in_turn(connection: Connection, news: Callable[[Worker], None]) -> None:
    def tell(office: Office) -> None:
        for worker in office.workers():
            news(worker)

    await connection.aside(tell, await connection.office())
