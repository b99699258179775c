"""The command `pyproject.searchPackages`: names to choose from while a person types one, with what the index says of it."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from lsp_server.adapters import index, offered, uv, uvlocks
from lsp_server.adapters.project import Project
from lsp_server.adapters.uv import Cancellation, Uv
from lsp_server.client.connection import Connection
from lsp_server.core import package_search, requirement
from lsp_server.core.intent import BadArgument, unknown_field
from lsp_server.core.package_search import Package
from lsp_server.imports import import_data
from lsp_server.jobs.office import Office, project_of

INDEX_SECONDS = 1.5
"""How long the index may take; then the names go without its answer. The person goes on typing meanwhile."""

_FIELDS = ("uri", "query", "script")


async def search(connection: Connection, _office: Office, argument: Mapping[str, Any]) -> dict[str, Any] | BadArgument:
    """Answer the names that fit what was typed; the index is asked for that very name only, since none can be searched."""
    unknown = unknown_field(argument, _FIELDS)
    if unknown is not None:
        return unknown
    typed = argument.get("query")
    query = package_search.query_of(typed)
    if query is None:
        rule = "must be the beginning or a part of a package name: ASCII letters, digits, '.', '_', '-', a letter or digit first"
        return BadArgument("query", typed, rule)
    project = await connection.aside(project_of, argument)
    if not isinstance(project, Project):
        return project
    known = connection.aside(fitting, project, str(typed).strip(), query)
    name = requirement.parse_name(query)
    if isinstance(name, str):
        found, answer = await asyncio.gather(known, _ask(connection, project, name))
        if answer.exists is not None:
            found = package_search.with_answer(found, name, exists=answer.exists, version=answer.version)
    else:
        found = await known
    return {"packages": [as_json(package) for package in found]}


def fitting(project: Project, typed: str, query: str) -> tuple[Package, ...]:
    """Return the names that fit what was typed, of those that are known here."""
    owners = [one.name for one in import_data.names().lookup(typed)]
    return package_search.fitting(query, offered.listed(), owners, offered.read(project, os.environ))


async def _ask(connection: Connection, project: Project, name: str) -> index.Answer:
    settings = connection.session.settings
    found = uv.find(settings.uv_path, os.environ) if settings.network and settings.may_run else None
    if not isinstance(found, Uv):
        return index.Answer(None)
    try:
        return await asyncio.wait_for(connection.at_length(ask_index, found, name, project), INDEX_SECONDS)
    except TimeoutError:
        return index.Answer(None)


def ask_index(found: Uv, name: str, project: Project, cancellation: Cancellation) -> index.Answer:
    """Ask the index of a project for one name, by uv."""
    venv = uvlocks.environment(project.folder, os.environ)
    folder = project.folder
    return index.ask(found, name, folder=folder, project=folder, venv=venv, environ=os.environ, cancellation=cancellation)


def as_json(package: Package) -> dict[str, Any]:
    """Return a package as it goes over the wire."""
    said = {"name": package.name, "version": package.version, "exists": package.exists}
    return {name: value for name, value in said.items() if value is not None}
