"""The command `pyproject.audit`: known vulnerabilities of what is locked, answered and shown at the lines that bring them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from lsp_server.adapters import project as projects
from lsp_server.adapters.project import Project
from lsp_server.adapters.uv import Cancellation
from lsp_server.client.connection import Connection
from lsp_server.core import vulnerabilities
from lsp_server.core.intent import BadArgument, unknown_field
from lsp_server.core.operation import Failure
from lsp_server.core.packages import Packages
from lsp_server.core.settings import Settings
from lsp_server.core.vulnerabilities import Vulnerability
from lsp_server.index import wire
from lsp_server.jobs import audit as audits
from lsp_server.jobs.office import Office, project_of
from lsp_server.jobs.place import Place
from lsp_server.server import documents

_FIELDS = ("uri", "script", "serviceUrl")
_SERVICE = "https://api.osv.dev"
_MOST_ADVISORIES = 50


async def audit(connection: Connection, office: Office, argument: Mapping[str, Any]) -> dict[str, Any] | BadArgument | Failure:
    """Answer the findings, and publish them as diagnostics of the open manifests."""
    unknown = unknown_field(argument, _FIELDS)
    if unknown is not None:
        return unknown
    service = argument.get("serviceUrl")
    if service is not None and not (isinstance(service, str) and service.startswith(("http://", "https://"))):
        return BadArgument("serviceUrl", service, "must be the http(s) URL of an OSV service")
    project = await connection.aside(project_of, argument)
    if not isinstance(project, Project):
        return project
    place, settings = office.place(project), connection.session.settings
    found = await connection.at_length(_audit, place, settings, service)
    if isinstance(found, Failure):
        return found
    await _show(connection, place, found)
    return {"findings": vulnerabilities.as_json(found)}


def _audit(
    place: Place, settings: Settings, service: str | None, cancellation: Cancellation
) -> Sequence[Vulnerability] | Failure:
    found = audits.audit(place, settings, service, cancellation)
    if isinstance(found, Failure) or not settings.network:
        return found
    said = {one.id: "" for one in found[:_MOST_ADVISORIES]}
    for advisory in said:
        if not cancellation.requested.is_set():
            said[advisory] = _severity(service or _SERVICE, advisory)
    return [replace(one, severity=said.get(one.id) or vulnerabilities.UNKNOWN) for one in found]


def _severity(service: str, advisory: str) -> str:
    """Ask how severe an advisory is: uv does not say it."""
    answer = wire.get(f"{service.rstrip('/')}/v1/vulns/{quote(advisory, safe='')}", {"Accept": "application/json"})
    if isinstance(answer, wire.NoAnswer):
        return vulnerabilities.UNKNOWN
    try:
        return vulnerabilities.severity_of(json.loads(answer.body))
    except ValueError:
        return vulnerabilities.UNKNOWN


async def _show(connection: Connection, place: Place, found: Sequence[Vulnerability]) -> None:
    session = connection.session
    for path in await connection.aside(projects.manifests, place.project):
        session.packages[path] = replace(session.packages.get(path, Packages()), vulnerable=tuple(found))
        uri = session.uri(path)
        if uri is not None:
            documents.publish_diagnostics(connection, uri)
