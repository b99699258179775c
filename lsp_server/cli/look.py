"""`pyproject-lsp outdated|search`: what is newer, and which packages there are. Nothing is changed."""

import argparse
import os
import threading
from pathlib import Path

from lsp_server import protocol
from lsp_server.adapters import uv
from lsp_server.adapters.processes import this_process
from lsp_server.adapters.project import Project
from lsp_server.adapters.uv import Cancellation
from lsp_server.adapters.watch import Watch
from lsp_server.cli import shared
from lsp_server.core import bounds, package_search, requirement
from lsp_server.core.intent import BadArgument
from lsp_server.core.operation import Failure
from lsp_server.core.settings import Settings
from lsp_server.jobs import preview
from lsp_server.jobs.journal import Journal
from lsp_server.jobs.office import project_of
from lsp_server.jobs.place import Place, state_folder
from lsp_server.server import search as searching


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the commands."""
    outdated = commands.add_parser("outdated", help="list the packages that have newer versions")
    shared.add_project_option(outdated)
    outdated.add_argument("--script", type=Path, metavar="FILE", help="what this script needs instead")
    outdated.add_argument("--json", action="store_true", help="print them as JSON")
    outdated.set_defaults(run=run_outdated)
    search = commands.add_parser("search", help="list packages by name")
    search.add_argument("query", help="the beginning or a part of a name, or of a module's")
    shared.add_project_option(search)
    search.add_argument("--json", action="store_true", help="print them as JSON")
    search.set_defaults(run=run_search)


def run_outdated(options: argparse.Namespace) -> int:
    """Ask uv for newer versions, and list them."""
    project = _project(options)
    if not isinstance(project, Project):
        return project
    folder = state_folder(os.environ)
    journal, watch = Journal(folder / "journal.sqlite3", this_process()), Watch()
    try:
        found = preview.outdated(Place(project, folder, os.environ, journal, watch), Settings(), Cancellation())
    finally:
        watch.close()
        journal.close()
    if isinstance(found, Failure):
        if options.json:
            shared.show_json({"error": protocol.failure(found)})
        shared.complain(found.message)
        return shared.FAILED
    if options.json:
        shared.show_json({"outdated": found})
    for one in () if options.json else found:
        mark = " (major)" if bounds.is_major(one["version"], one["latest"]) else ""
        shared.say(f"{one['name']} {one['version']} → {one['latest']}{mark}")
    if not found:
        shared.note("nothing is newer than what is locked")
    return shared.DONE


def run_search(options: argparse.Namespace) -> int:
    """List the names that fit, those that are known here and the typed one as the index has it."""
    query = package_search.query_of(options.query)
    if query is None:
        return shared.refuse(f"'{options.query}' is no part of a package's name", as_json=options.json)
    project = _project(options)
    if not isinstance(project, Project):
        return project
    found = searching.fitting(project, options.query.strip(), query)
    name = requirement.parse_name(query)
    executable = uv.find(None, os.environ)
    if isinstance(name, str) and isinstance(executable, uv.Uv):
        cancellation = Cancellation()
        timer = threading.Timer(_INDEX_SECONDS, cancellation.request)
        timer.start()
        answer = searching.ask_index(executable, name, project, cancellation)
        timer.cancel()
        if answer.exists is not None:
            found = package_search.with_answer(found, name, exists=answer.exists, version=answer.version)
    if options.json:
        shared.show_json({"packages": [searching.as_json(package) for package in found]})
    for package in () if options.json else found:
        unknown = " (the index does not have it)" if package.exists is False else ""
        shared.say(f"{package.name}{f' {package.version}' if package.version else ''}{unknown}")
    return shared.DONE if found else shared.FAILED


_INDEX_SECONDS = 10.0
"""How long an index may take: nobody types on meanwhile, as in an editor."""


def _project(options: argparse.Namespace) -> Project | int:
    script = getattr(options, "script", None)
    if script is None:
        return shared.project_at(options.project, as_json=options.json) or shared.FAILED
    found = project_of({"uri": script.absolute().as_uri(), "script": True})
    return (
        shared.refuse(f"--script is {script}, but {found.rule}", as_json=options.json)
        if isinstance(found, BadArgument)
        else found
    )
