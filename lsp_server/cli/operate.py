"""`pyproject-lsp add|remove|upgrade|bump|move|lock|sync|undo`: the operations of the editor, from the command line."""

import argparse
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from lsp_server import protocol
from lsp_server.adapters import project as projects
from lsp_server.adapters.editor import NoEditor
from lsp_server.adapters.project import Project
from lsp_server.cli import shared
from lsp_server.core.intent import BadArgument, Bounds, BumpPart
from lsp_server.core.operation import Operation
from lsp_server.core.settings import Settings
from lsp_server.jobs import undo
from lsp_server.jobs.office import Office, project_of


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the commands."""
    adding = _command(commands, "add", "pyproject.add", "add requirements (PEP 508)")
    adding.add_argument("requirements", nargs="+", metavar="REQUIREMENT")
    _table(adding)
    adding.add_argument("--marker", help="an environment marker for all of them")
    adding.add_argument("--bounds", choices=get_args(Bounds), help="the kind of bound to write")
    adding.add_argument("--index", help="the index to take them from")
    adding.add_argument("--editable", action="store_true", default=None, help="add a path as editable")
    adding.add_argument("--member", help="the workspace member to add to")
    removing = _command(commands, "remove", "pyproject.remove", "remove packages")
    removing.add_argument("packages", nargs="+", metavar="PACKAGE")
    _table(removing)
    upgrading = _command(commands, "upgrade", "pyproject.upgrade", "raise the bounds in the manifest")
    upgrading.add_argument("packages", nargs="*", metavar="PACKAGE")
    upgrading.add_argument("--all", action="store_true", default=None, help="all dependencies")
    upgrading.add_argument("--script", metavar="FILE", help="in the PEP 723 block of this script")
    bumping = _command(commands, "bump", "pyproject.bumpVersion", "change the project's version")
    bumping.add_argument("to", metavar="PART|VERSION", help=f"one of {', '.join(get_args(BumpPart))}, or a version")
    moving = _command(commands, "move", "pyproject.move", "move a dependency to another table")
    moving.add_argument("package", metavar="PACKAGE")
    moving.add_argument("--from", dest="source", default="", metavar="TABLE", help="'group:NAME', 'extra:NAME'; default runtime")
    moving.add_argument("--to", dest="target", default="", metavar="TABLE", help="the same")
    locking = _command(commands, "lock", "pyproject.lock", "bring uv.lock up to date")
    locking.add_argument("--script", metavar="FILE", help="the lock file of this script instead")
    syncing = _command(commands, "sync", "pyproject.sync", "bring uv.lock and the environment up to date")
    syncing.add_argument("--group", dest="groups", action="append", metavar="NAME", help="also this group")
    syncing.add_argument("--extra", dest="extras", action="append", metavar="NAME", help="also this extra")
    syncing.add_argument("--all", action="store_true", default=None, help="all members, groups and extras")
    undoing = _command(commands, "undo", "pyproject.undo", "take back a finished operation")
    undoing.add_argument("id", nargs="?", metavar="ID", help="the operation; default the last one")
    undoing.add_argument("--script", metavar="FILE", help="what was done to this script")


def run(options: argparse.Namespace) -> int:
    """Queue one operation, show what it waits for, and wait for its end."""
    script = getattr(options, "script", None)
    path = Path(script) if script else options.project
    project = _script(path) if script else shared.project_at(path)
    if project is None:
        return shared.USAGE if script else shared.FAILED
    settings = Settings(lock_timeout=options.timeout, sync_after_edit=not options.no_sync)
    told = threading.Event()
    office = Office(
        NoEditor(), lambda: settings, os.environ, lambda _project: told.set(), lambda said: shared.complain(said.message)
    )
    try:
        shared.tell_of_opening(office.journal)
        argument = _argument(options, project, path)
        undone = office.project_of_undo(argument) if options.lsp_command == "pyproject.undo" else project
        operation = office.submit(undone if isinstance(undone, Project) else project, options.lsp_command, argument)
        if isinstance(operation, BadArgument):
            shared.complain(operation.message)
            return shared.USAGE
        ended = _follow(office, operation, told)
        undoable = bool(undo.undoable(office.journal, ended.project, [ended]))
    finally:
        office.close()
    if options.json:
        shared.show_json(protocol.operation(ended, 0, undoable=undoable))
    elif ended.state == "failed" and ended.failure is not None:
        shared.complain(f"{ended.title}: {ended.failure.message}")
        if ended.failure.detail:
            shared.show_words(ended.failure.detail)
    else:
        shared.say(f"{ended.title}: {ended.message or ended.state}")
    return _exit_code(ended)


def _script(path: Path) -> Project | None:
    """Return the project that a script is, or say on stderr why it is none."""
    found = project_of({"uri": path.absolute().as_uri(), "script": True})
    if isinstance(found, BadArgument):
        shared.complain(f"--script is {path}, but {found.rule}")
        return None
    return found


def _follow(office: Office, operation: Operation, told: threading.Event) -> Operation:
    said = ""
    interrupted = False
    while True:
        told.clear()
        present = office.journal.get(operation.id) or operation
        if present.finished:
            return present
        line = shared.wait_line(present.blocked) if present.blocked else ""
        if line.partition(", since")[0] != said:
            said = line.partition(", since")[0]
            if line:
                shared.complain(line)
        try:
            told.wait()
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            for worker in office.workers():
                worker.cancel(operation.id)


_FIELDS = (
    "requirements",
    "packages",
    "group",
    "extra",
    "marker",
    "bounds",
    "index",
    "editable",
    "member",
    "all",
    "package",
    "groups",
    "extras",
    "id",
)
"""The options that have the name of the field of the command's argument."""


def _exit_code(ended: Operation) -> int:
    match ended.state:
        case "done":
            return shared.DONE
        case "cancelled":
            return shared.CANCELLED
        case _:
            timed_out = ended.failure is not None and ended.failure.code == "lock-timeout"
            return shared.NO_TURN if timed_out else shared.FAILED


def _argument(options: argparse.Namespace, project: Project, path: Path) -> Mapping[str, Any]:
    given = vars(options)
    argument = {name: given[name] for name in _FIELDS if given.get(name) not in (None, [])}
    file = path if path.is_file() else (projects.manifest_of(path) or project.root)
    argument |= {"uri": file.absolute().as_uri(), "folder": str(Path.cwd())}
    if given.get("script") and options.lsp_command != "pyproject.undo":
        argument["script"] = True
    if "to" in given:
        argument |= {"bump": options.to} if options.to in get_args(BumpPart) else {"version": options.to}
    if "source" in given:
        argument |= {"from": _named_table(options.source), "to": _named_table(options.target)}
    return argument


def _named_table(text: str) -> Mapping[str, str]:
    kind, _, name = text.partition(":")
    return {kind: name} if text else {}


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, command: str, text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}, in the project's queue.")
    shared.add_project_option(parser)
    parser.add_argument("--json", action="store_true", help="print the finished operation as JSON")
    shared.add_timeout_option(parser)
    parser.add_argument("--no-sync", action="store_true", help="do not sync the environment afterwards")
    parser.set_defaults(run=run, lsp_command=command)
    return parser


def _table(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--group", help="in this dependency group (PEP 735)")
    where.add_argument("--extra", help="in this extra")
    where.add_argument("--script", metavar="FILE", help="in the PEP 723 block of this script")
