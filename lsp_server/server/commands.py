"""What each command does, in the terms of jobs: the functions of the server's command table."""

import asyncio
import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lsp_server import protocol
from lsp_server.adapters.project import Project
from lsp_server.client.connection import WARNING, Connection, say
from lsp_server.client.remote_editor import RemoteEditor
from lsp_server.core import diff, intent, masking
from lsp_server.core.intent import CHANGING_COMMANDS, BadArgument
from lsp_server.core.operation import RETRYABLE, Failure, Operation, Origin
from lsp_server.core.text import Document, decoded
from lsp_server.jobs import inherit, recover, refusals, state, undo
from lsp_server.jobs import preview as previews
from lsp_server.jobs.journal import Journal
from lsp_server.jobs.office import Office, project_of
from lsp_server.jobs.place import STATE_VARIABLE, Place, state_folder
from lsp_server.jobs.selection import Asked
from lsp_server.server import known_packages

Argument = Mapping[str, Any]
Answer = Any
NOT_KEPT = "it named a URL with a password or token, which is not kept; ask for it anew"
RUN_AGAIN, DISCARD = "Run again", "Discard"


async def change(connection: Connection, office: Office, argument: Argument, *, command: str) -> Answer:
    """Queue an operation; answered as soon as it is in the journal, and what the client said of documents before is known."""
    async with connection.session.order:
        pass
    project = await _project(connection, office, command, argument)
    if not isinstance(project, Project):
        return project
    operation = await connection.aside(office.submit, project, command, argument)
    if isinstance(operation, BadArgument):
        return operation
    if command == "pyproject.undo" and not argument.get("id"):
        waiting = await connection.aside(undo.waiting, office.journal, operation)
        if waiting:
            connection.later("window/showMessageRequest", _offer_to_cancel(connection, office, operation, waiting))
    return {"id": operation.id, "state": "queued"}


async def _offer_to_cancel(connection: Connection, office: Office, undoing: Operation, waiting: Sequence[Operation]) -> None:
    """Say what an undo takes back while edits wait, and offer to cancel those instead. Nothing waits for the answer."""
    message = undo.about(undoing, waiting)
    if not connection.session.client.asks:
        say(connection, WARNING, message)
        return
    instead = f"Cancel {', '.join(each.title for each in waiting)} instead"
    answer = await connection.ask(
        "window/showMessageRequest", {"type": WARNING, "message": message, "actions": [{"title": instead}, {"title": "Undo"}]}
    )
    title = answer.get("title") if isinstance(answer, dict) else getattr(answer, "title", None)
    if title == instead:
        for each in (undoing, *waiting):
            await connection.aside(office.cancel, each.id)


async def _project(connection: Connection, office: Office, command: str, argument: Argument) -> Project | BadArgument:
    """Return the project that a changing command is for; what is wrong with its other fields is said first."""
    wanted = intent.from_argument(command, argument)
    if isinstance(wanted, BadArgument):
        return wanted
    return await connection.aside(office.project_of_undo if isinstance(wanted, intent.Undo) else project_of, argument)


async def on_save(connection: Connection, office: Office, uri: str) -> None:
    """Lock or sync after a save, where the setting `sync.onSave` says so."""
    wanted = connection.session.settings.sync_on_save
    if wanted != "off":
        command = {"lock": "pyproject.lock", "sync": "pyproject.sync"}[wanted]
        await change(connection, office, {"uri": uri}, command=command)


async def retry(connection: Connection, office: Office, argument: Argument) -> Answer:
    """Queue a failed or cancelled operation again, also one of an earlier server."""
    operation = await connection.aside(_named, office, argument)
    if isinstance(operation, BadArgument):
        return operation
    if operation.state not in RETRYABLE:
        return BadArgument("id", operation.id, f"must be the id of a failed or cancelled operation: it is {operation.state}")
    if operation.command not in CHANGING_COMMANDS:
        return BadArgument(
            "id", operation.id, f"must be the id of an operation that an editor asked for: this one is '{operation.title}'"
        )
    if masking.is_masked(operation.argument):
        return BadArgument("id", operation.id, f"must be the id of an operation whose secrets are kept: {NOT_KEPT}")
    project = await _project(connection, office, operation.command, {**operation.argument, "uri": operation.uri})
    if not isinstance(project, Project):
        return project
    # Whoever retries it is the one to be told what becomes of it.
    mine = replace(operation, origin=Origin(connection.session.client.name, os.getpid()))
    again = await connection.aside(lambda: office.worker(project).retry(mine))
    return {"id": again.id, "state": "queued"}


async def cancel(connection: Connection, office: Office, argument: Argument) -> Answer:
    """Cancel an operation, whichever process has it; false where it is finished or is being committed, and why is said."""
    operation = argument.get("id")
    if not isinstance(operation, str):
        return BadArgument("id", operation, "must be the id of an operation")
    cancelled = await connection.aside(office.cancel, operation)
    present = None if cancelled else await connection.aside(office.journal.get, operation)
    if present is not None and not present.finished:
        say(connection, WARNING, not_cancelled(present))
    return {"cancelled": cancelled}


async def status(connection: Connection, office: Office, argument: Argument) -> Answer:
    """Answer what the notification says."""
    project = await connection.aside(project_of, argument)
    return await current_status(connection, office, project) if isinstance(project, Project) else project


async def current_status(connection: Connection, office: Office, project: Project) -> dict[str, Any]:
    """Return a project's status, after what dead processes left in it was settled; the user is asked about that."""
    place = office.place(project)
    left = await connection.aside(inherit.inherit, place)
    lost = [operation for operation in left if operation.state == "failed" and operation.command in CHANGING_COMMANDS]
    if lost:
        connection.later("window/showMessageRequest", offer(connection, office, lost))
    return await connection.aside(status_of, place)


async def offer(connection: Connection, office: Office, lost: Sequence[Operation]) -> None:
    """Ask whether to run again what another process had taken and not done. Nothing waits for the answer."""
    titles = ", ".join(f"'{operation.title}'" for operation in lost)
    message = f"{titles}: the process that had taken this ended before it was done; nothing was changed."
    if not connection.session.client.asks:
        say(connection, WARNING, f"{message} Run it again with pyproject.retry.")
        return
    actions = [{"title": RUN_AGAIN}, {"title": DISCARD}]
    answer = await connection.ask("window/showMessageRequest", {"type": WARNING, "message": message, "actions": actions})
    title = answer.get("title") if isinstance(answer, dict) else getattr(answer, "title", None)
    for operation in lost if title == RUN_AGAIN else ():
        await retry(connection, office, {"id": operation.id})


async def preview(connection: Connection, office: Office, argument: Argument) -> Answer:
    """Say what a command would do; nothing is changed and no lock is taken."""
    command, inner = argument.get("command"), argument.get("arguments")
    if not isinstance(command, str) or not isinstance(inner, list) or len(inner) != 1 or not isinstance(inner[0], Mapping):
        return BadArgument("arguments", inner, "must be a list with the one argument object of 'command'")
    project = await _project(connection, office, command, inner[0])
    if not isinstance(project, Project):
        return project
    completed = await connection.aside(office.completed, project, command, inner[0])
    if isinstance(completed, BadArgument):
        return completed
    wanted, filled = completed
    editor = RemoteEditor(connection.session, asyncio.get_running_loop(), connection.ask)
    settings = connection.session.settings
    place = office.place(project)
    manifest = await connection.aside(place.manifest_of, str(filled.get("uri", project.uri)), filled)
    asked = Asked("preview", wanted, manifest, place.stand_of(filled))
    outcome = await connection.at_length(previews.preview, place, editor, settings, asked)
    if isinstance(outcome, Failure):
        return outcome
    return {"edits": _edits(editor, outcome), **protocol.preview(outcome.changes, outcome.direct, outcome.notes)}


def _edits(editor: RemoteEditor, outcome: previews.Preview) -> dict[str, Any]:
    changes: list[Any] = []
    flat: dict[str, Any] = {}
    for path, after in outcome.planned.changes.items():
        if path.name.endswith(".lock") or after is None:
            continue
        before = decoded(outcome.planned.base.get(path))
        document = editor.session.document(editor.session.uri(path) or "") or Document(path.as_uri(), "toml", 0, before)
        edit = editor.workspace_edit(document, diff.edits(before, after.decode("utf-8")))
        changes += edit.get("documentChanges", [])
        flat |= edit.get("changes", {})
    return {"documentChanges": changes} if editor.session.client.versioned_edits else {"changes": flat}


async def check_upgrades(connection: Connection, office: Office, argument: Argument) -> Answer:
    """Ask for newer versions now."""
    project = await connection.aside(project_of, argument)
    if not isinstance(project, Project):
        return project
    found = await connection.at_length(previews.outdated, office.place(project), connection.session.settings)
    if isinstance(found, Failure):
        return found
    await known_packages.learn_latest(connection, office.place(project), found)
    return {"outdated": found}


def status_of(place: Place) -> dict[str, Any]:
    """Return the status of a project, with the operations of every process on this machine."""
    active, finished = recover.unfinished(place.journal, place.key), place.journal.finished(place.key)
    undoable = undo.undoable(place.journal, place.key, finished)
    environment, lock = state.of_environment(place), state.of_lock(place)
    return protocol.status(place.project.uri, (*active, *finished), undoable, environment=environment, lock=lock)


def cannot_open(error: BaseException) -> str:
    """Say why the state folder or the journal cannot be opened, and what to do."""
    state = state_folder(os.environ)
    said = refusals.sentence(error, state) or str(error)
    return f"the state folder cannot be used: {said}; or set {STATE_VARIABLE} to another folder, one that can be written"


def not_cancelled(operation: Operation) -> str:
    """Say why an operation goes on that was to be cancelled, and what to do."""
    # The journal is told of a commit after it: what this process itself did not cancel is being committed.
    if operation.state == "committing" or operation.origin.pid == os.getpid():
        return f"'{operation.title}' is not cancelled: its edit is made already; undo takes it back once it is done"
    owner = f"{operation.origin.client}, pid {operation.origin.pid}"
    return f"'{operation.title}' is not cancelled: the process that has it ({owner}) does not answer; end that, or try again"


def found_at_opening(journal: Journal) -> list[str]:
    """Say what was wrong with the journal and its folder, and was mended."""
    said = []
    if journal.set_aside is not None:
        said.append(begun_anew(journal.set_aside))
    if journal.tightened:
        said.append(f"others could read {journal.path.parent}, where your texts are kept; it is closed to them now (chmod go=)")
    return said


def begun_anew(kept: Path) -> str:
    """Say what a corrupt journal means."""
    lost = "a new one was begun, so what was queued or could be undone is gone"
    return f"the journal was corrupt and is kept as {kept}; {lost}"


def cannot_write(error: sqlite3.Error) -> str:
    """Say why nothing could be written to the journal, and what to do."""
    return f"{refusals.of_journal(error, state_folder(os.environ))}; nothing was queued"


def _named(office: Office, argument: Argument) -> Operation | BadArgument:
    name = argument.get("id")
    operation = office.journal.get(name) if isinstance(name, str) else None
    return operation or BadArgument("id", name, "must be the id of an operation in the journal")
