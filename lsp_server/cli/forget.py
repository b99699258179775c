"""`pyproject-lsp forget`: erase what is kept of a project, or of all."""

import argparse
import os
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from lsp_server.adapters.processes import this_process
from lsp_server.cli import shared
from lsp_server.jobs import forget
from lsp_server.jobs.journal import Journal
from lsp_server.jobs.place import state_folder


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    text = "erase what is kept of a project: history, texts, lost texts; nothing can be undone afterwards"
    parser = commands.add_parser("forget", help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("path", nargs="?", type=Path, default=Path(), help="a file or folder in the project (default: here)")
    parser.add_argument("--all", action="store_true", help="of all projects")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Erase it, and say what is left."""
    project = None if options.all else shared.project_at(options.path)
    if project is None and not options.all:
        return shared.FAILED
    state = state_folder(os.environ)
    with closing(Journal(state / "journal.sqlite3", this_process())) as journal:
        shared.tell_of_opening(journal)
        done = forget.forget(state, journal, project.key if project else None)
    if options.json:
        shared.show_json(asdict(done))
        return shared.DONE
    whose = "all projects" if project is None else str(project.folder)
    shared.say(f"what was kept of {whose} in {state} is erased")
    if done.still_needed:
        shared.say(f"{done.still_needed} operations or changes are not finished, and stay until they are")
    return shared.DONE
