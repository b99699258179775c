"""What each command does, in the terms of jobs: the functions of the server's command table."""

import asyncio
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsp_server import protocol
from lsp_server.adapters import project as projects
from lsp_server.adapters.project import Project
from lsp_server.core import diff, intent
from lsp_server.core.intent import BadArgument
from lsp_server.core.operation import Failure, Operation
from lsp_server.core.text import Document
from lsp_server.jobs import preview as previews
from lsp_server.jobs import state
from lsp_server.jobs.office import NoProject, Office, project_of
from lsp_server.remote_editor import RemoteEditor

Argument = Mapping[str, Any]
Answer = Any


async def change(server: Any, office: Office, argument: Argument, *, command: str) -> Answer:  # noqa: ANN401  the server
    """Queue an operation; answered as soon as it is in the journal."""
    wanted = intent.from_argument(command, argument)
    if isinstance(wanted, BadArgument):
        return wanted
    project = await server.aside(project_of, argument)
    if not isinstance(project, Project):
        return project
    operation = await server.aside(office.submit, project, command, argument)
    return operation if isinstance(operation, BadArgument) else {"id": operation.id, "state": "queued"}


async def on_save(server: Any, office: Office, uri: str) -> None:  # noqa: ANN401  the server
    """Lock or sync after a save, where the setting `sync.onSave` says so."""
    wanted = server.session.settings.sync_on_save
    if wanted != "off":
        command = {"lock": "pyproject.lock", "sync": "pyproject.sync"}[wanted]
        await change(server, office, {"uri": uri}, command=command)


async def retry(server: Any, office: Office, argument: Argument) -> Answer:  # noqa: ANN401  the server
    """Queue a failed or cancelled operation again, also one of an earlier server."""
    operation = await server.aside(_named, office, argument)
    if isinstance(operation, BadArgument):
        return operation
    if operation.state not in {"failed", "cancelled"}:
        return BadArgument("id", operation.id, f"the id of a failed operation; this one is {operation.state}")
    project = await server.aside(project_of, {**operation.argument, "uri": operation.uri})
    if not isinstance(project, Project):
        return project
    again = await server.aside(lambda: office.worker(project).retry(operation))
    return {"id": again.id, "state": "queued"}


async def cancel(server: Any, office: Office, argument: Argument) -> Answer:  # noqa: ANN401  the server
    """Cancel an operation; false where it is finished, is being committed, or belongs to another process."""
    operation = argument.get("id")
    if not isinstance(operation, str):
        return BadArgument("id", operation, "the id of an operation")
    return {"cancelled": await server.aside(cancel_anywhere, office, operation)}


def cancel_anywhere(office: Office, operation: str) -> bool:
    """Cancel an operation of whichever project."""
    return any(worker.cancel(operation) for worker in office.workers() if worker.ledger.get(operation) is not None)


async def status(server: Any, office: Office, argument: Argument) -> Answer:  # noqa: ANN401  the server
    """Answer what the notification says."""
    project = await server.aside(project_of, argument)
    return await server.aside(status_of, office, project) if isinstance(project, Project) else project


async def preview(server: Any, office: Office, argument: Argument) -> Answer:  # noqa: ANN401  the server
    """Say what a command would do; nothing is changed and no lock is taken."""
    command, inner = argument.get("command"), argument.get("arguments")
    if (
        not isinstance(command, str)
        or not isinstance(inner, list)
        or len(inner) != 1
        or not isinstance(inner[0], Mapping)
    ):
        return BadArgument("arguments", inner, "a list with the one argument object of 'command'")
    wanted = intent.from_argument(command, inner[0])
    if isinstance(wanted, BadArgument):
        return wanted
    project = await server.aside(project_of, inner[0])
    if not isinstance(project, Project):
        return project
    editor = RemoteEditor(server.session, asyncio.get_running_loop(), server.ask)
    settings = server.session.settings
    path = projects.path_of(inner[0]["uri"])
    outcome = await server.aside(previews.preview, office.place(project), editor, settings, wanted, path)
    if isinstance(outcome, Failure):
        return NoProject(f"{outcome.code}: {outcome.message}")
    lock = [{"name": moved.name, "from": moved.before, "to": moved.after} for moved in outcome.moved]
    return {"edits": _edits(editor, outcome), "lock": lock}


def _edits(editor: RemoteEditor, outcome: previews.Preview) -> dict[str, Any]:
    changes: list[Any] = []
    flat: dict[str, Any] = {}
    for path, after in outcome.planned.changes.items():
        if path.name.endswith(".lock") or after is None:
            continue
        before = (outcome.planned.base.get(path) or b"").decode("utf-8", "replace")
        document = editor.session.document(editor.session.uri(path) or "") or Document(path.as_uri(), "toml", 0, before)
        edit = editor.workspace_edit(document, diff.edits(before, after.decode("utf-8")))
        changes += edit.get("documentChanges", [])
        flat |= edit.get("changes", {})
    return {"documentChanges": changes} if editor.session.client.versioned_edits else {"changes": flat}


async def check_upgrades(server: Any, office: Office, argument: Argument) -> Answer:  # noqa: ANN401  the server
    """Ask for newer versions now."""
    project = await server.aside(project_of, argument)
    if not isinstance(project, Project):
        return project
    found = await server.aside(previews.outdated, office.place(project), server.session.settings)
    return NoProject(f"{found.code}: {found.message}") if isinstance(found, Failure) else {"outdated": found}


def status_of(office: Office, project: Project) -> dict[str, Any]:
    """Return the status of a project, with the operations of every process on this machine."""
    place = office.place(project)
    operations = (*office.journal.unfinished(project.key), *office.journal.finished(project.key))
    return protocol.status(project.uri, operations, environment=state.of_environment(place), lock=state.of_lock(place))


def cannot_open(error: BaseException) -> str:
    """Say why the state folder or the journal cannot be opened, and what to do."""
    if isinstance(error, sqlite3.Error):
        return f"the journal cannot be opened ({error}); end the process that holds it, or set PYPROJECT_LSP_STATE_DIR to another folder"
    where = getattr(error, "filename", None) or Path.home()
    return f"the state folder cannot be used ({error}, {where}); set PYPROJECT_LSP_STATE_DIR to a folder that can be written"


def _named(office: Office, argument: Argument) -> Operation | BadArgument:
    name = argument.get("id")
    operation = office.journal.get(name) if isinstance(name, str) else None
    return operation or BadArgument("id", name, "the id of an operation in the journal")
