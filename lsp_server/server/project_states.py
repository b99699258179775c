"""What the last status said of a project, for the diagnostics of its open manifests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsp_server.adapters import files
from lsp_server.adapters import project as projects
from lsp_server.client.connection import Connection
from lsp_server.core.snapshot import ProjectState
from lsp_server.jobs.place import Place

_OF_THE_MANIFEST = frozenset({"unresolvable", "build-failed"})


async def learn(connection: Connection, place: Place, status: Mapping[str, Any]) -> tuple[str, ...]:
    """Keep what a status says; return the URIs of the open manifests of which it is news."""
    session, told = connection.session, []
    for path in await connection.aside(projects.manifests, place.project):
        uri = session.uri(path)
        if uri is None:
            session.states.pop(path, None)
            continue
        disk = await connection.aside(files.read_text, path)
        before, after = session.states.get(path, ProjectState()), _state(connection, uri, disk, status, path)
        if before != after:
            session.states[path] = after
            told.append(uri)
    return tuple(told)


def _state(connection: Connection, uri: str, disk: str, status: Mapping[str, Any], path: Path) -> ProjectState:
    document, before = connection.session.document(uri), connection.session.states.get(path, ProjectState())
    failed = _failure(status)
    if failed is None:
        return ProjectState(str(status["lock"]), str(status["environment"]), disk)
    # The text that a failure is about is the one that stood when it was first heard of.
    text = before.failed_text if before.failure == failed else document.text if document is not None else ""
    return ProjectState(str(status["lock"]), str(status["environment"]), disk, failed, text)


def _failure(status: Mapping[str, Any]) -> str | None:
    """Return uv's words for why the last operation that has ended found no solution."""
    finished = (one for one in status["operations"] if one["finishedAt"] is not None)
    last = next(finished, None)
    error = last["error"] if last is not None and last["state"] == "failed" else None
    if error is None or error["code"] not in _OF_THE_MANIFEST:
        return None
    return str(error["detail"] or error["message"])
