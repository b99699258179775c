"""`pyproject-lsp add|remove|upgrade|bump|move|lock|sync|undo|retry`: the operations of the editor, from the command line."""

import argparse
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lsp_server import protocol
from lsp_server.adapters.editor import NoEditor
from lsp_server.adapters.project import Project
from lsp_server.adapters.uv import Cancellation
from lsp_server.cli import arguments, shared
from lsp_server.core.intent import CHANGING_COMMANDS, BadArgument
from lsp_server.core.operation import RETRYABLE, Failure, Operation, Origin
from lsp_server.core.settings import Settings
from lsp_server.jobs import preview, undo
from lsp_server.jobs.office import Office, project_of
from lsp_server.jobs.selection import Asked


@dataclass(frozen=True, slots=True)
class _Desk:
    """What one call of the command line works with."""

    options: argparse.Namespace
    office: Office
    settings: Settings
    told: threading.Event = field(default_factory=threading.Event)

    def refuse(self, message: str) -> int:
        """Say what is wrong with the call."""
        return shared.refuse(message, as_json=self.options.json)


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the commands."""
    for parser in arguments.declare(commands):
        parser.set_defaults(run=run)
    previewing = commands.add_parser(
        "preview", help="say what one of these would change: 'preview add httpx' is 'add --dry-run httpx'"
    )
    previewing.add_argument("command", choices=[name for name in commands.choices if name != "preview"], help="the operation")
    retrying = commands.add_parser("retry", help="queue a failed or cancelled operation again")
    retrying.add_argument("id", nargs="?", metavar="ID", help="the operation; default the last one that can be retried")
    shared.add_project_option(retrying)
    shared.add_output_options(retrying)
    shared.add_timeout_option(retrying)
    retrying.add_argument("--no-sync", action="store_true", help="do not sync the environment afterwards")
    retrying.set_defaults(run=retry)
    cancelling = commands.add_parser("cancel", help="cancel an operation, whichever process has it")
    cancelling.add_argument("id", nargs="?", metavar="ID", help="the operation; default the only one that can be cancelled")
    shared.add_project_option(cancelling)
    cancelling.add_argument("--json", action="store_true", help="print the answer as JSON")
    cancelling.set_defaults(run=cancel, timeout=0.0, no_sync=True)


def run(options: argparse.Namespace) -> int:
    """Queue one operation, show what it waits for, and wait for its end; with `--dry-run` say what it would do."""
    script = getattr(options, "script", None)
    path = Path(script) if script else options.project
    project = _script(path) if script else shared.project_at(path, as_json=options.json)
    if not isinstance(project, Project):
        return shared.FAILED if project is None else shared.refuse(project.rule, as_json=options.json)
    with _desk(options) as desk:
        argument = arguments.argument(options, project, path)
        if isinstance(argument, BadArgument):
            return desk.refuse(arguments.in_shell_words(argument, options))
        undone = desk.office.project_of_undo(argument) if options.lsp_command == "pyproject.undo" else project
        found = undone if isinstance(undone, Project) else project
        if options.dry_run:
            return _preview(desk, found, argument)
        operation = desk.office.submit(found, options.lsp_command, argument)
        if isinstance(operation, BadArgument):
            return desk.refuse(arguments.in_shell_words(operation, options))
        return _end(desk, operation)


def retry(options: argparse.Namespace) -> int:
    """Queue an operation again, and wait for its end."""
    project = shared.project_at(options.project, as_json=options.json)
    if project is None:
        return shared.FAILED
    with _desk(options) as desk:
        finished = desk.office.journal.finished(desk.office.place(project).key)
        last = next((one for one in finished if one.state in RETRYABLE and one.command in CHANGING_COMMANDS), None)
        operation = desk.office.journal.get(options.id) if options.id else last
        if operation is None:
            return desk.refuse(f"there is no operation '{options.id}'" if options.id else "there is nothing to retry here")
        if operation.state not in RETRYABLE or operation.command not in CHANGING_COMMANDS:
            return desk.refuse(f"'{operation.title}' cannot be retried: it is {operation.state}")
        found = project_of({**operation.argument, "uri": operation.uri})
        if isinstance(found, BadArgument):
            return desk.refuse(f"'{operation.title}' cannot be retried: its file {found.rule}")
        mine = replace(operation, origin=Origin(shared.CLIENT, os.getpid()))
        return _end(desk, desk.office.worker(found).retry(mine))


def cancel(options: argparse.Namespace) -> int:
    """Cancel an operation; 1 where it goes on."""
    project = shared.project_at(options.project, as_json=options.json)
    if project is None:
        return shared.FAILED
    with _desk(options) as desk:
        waiting = desk.office.journal.unfinished(desk.office.place(project).key)
        if options.id is None and len(waiting) != 1:
            named = "; ".join(f"{one.id} ({one.title})" for one in waiting)
            return desk.refuse(f"name the operation to cancel: {named}" if named else "there is nothing to cancel here")
        name = options.id or waiting[0].id
        operation = desk.office.journal.get(name)
        if operation is None:
            return desk.refuse(f"there is no operation '{name}'")
        cancelled = desk.office.cancel(name)
    if options.json:
        shared.show_json({"id": name, "cancelled": cancelled})
    elif cancelled:
        shared.say(f"{operation.title}: cancelled")
    else:
        shared.complain(f"'{operation.title}' is not cancelled: it is {operation.state}")
    return shared.DONE if cancelled else shared.FAILED


@contextmanager
def _desk(options: argparse.Namespace) -> Iterator[_Desk]:
    settings = Settings(lock_timeout=options.timeout, sync_after_edit=not options.no_sync)
    told = threading.Event()
    office = Office(
        NoEditor(), lambda: settings, os.environ, lambda _project: told.set(), lambda said: shared.complain(said.message)
    )
    try:
        shared.tell_of_opening(office.journal)
        yield _Desk(options, office, settings, told)
    finally:
        office.close()


def _script(path: Path) -> Project | BadArgument:
    found = project_of({"uri": path.absolute().as_uri(), "script": True})
    return replace(found, rule=f"--script is {path}, but {found.rule}") if isinstance(found, BadArgument) else found


def _end(desk: _Desk, operation: Operation) -> int:
    """Wait for the end of an operation, show it, and return the exit code."""
    options = desk.options
    waiting = undo.waiting(desk.office.journal, operation) if operation.kind == "undo" and not options.id else ()
    if waiting:
        shared.complain(undo.about(operation, waiting))
    ended = _follow(desk, operation, _show_state if options.json and options.watch else lambda _operation: None)
    undoable = bool(undo.undoable(desk.office.journal, ended.project, [ended]))
    if options.json:
        shared.show_json(protocol.operation(ended, 0, undoable=undoable), indent=None if options.watch else 2)
    elif ended.state == "failed" and ended.failure is not None:
        _complain(ended.title, ended.failure)
    else:
        shared.say(f"{ended.title}: {ended.message or ended.state}")
    return _exit_code(ended)


def _follow(desk: _Desk, operation: Operation, show: Callable[[Operation], None]) -> Operation:
    said = ""
    interrupted = False
    shown: Operation | None = None
    while True:
        desk.told.clear()
        present = desk.office.journal.get(operation.id) or operation
        if present.finished:
            return present
        if shown is None or (present.state, present.message) != (shown.state, shown.message):
            shown = present
            show(present)
        line = shared.wait_line(present.blocked) if present.blocked else ""
        if line.partition(", since")[0] != said:
            said = line.partition(", since")[0]
            if line:
                shared.complain(line)
        try:
            desk.told.wait()
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            for worker in desk.office.workers():
                worker.cancel(operation.id)


def _show_state(operation: Operation) -> None:
    shared.show_json(protocol.operation(operation, 0, undoable=False), indent=None)
    sys.stdout.flush()


def _complain(title: str, failure: Failure) -> None:
    shared.complain(f"{title}: {failure.message}")
    if failure.detail:
        shared.show_words(failure.detail)


def _preview(desk: _Desk, project: Project, argument: arguments.Argument) -> int:
    """Say what an operation would change."""
    completed = desk.office.completed(project, desk.options.lsp_command, argument)
    if isinstance(completed, BadArgument):
        return desk.refuse(arguments.in_shell_words(completed, desk.options))
    wanted, filled = completed
    place = desk.office.place(project)
    manifest = place.manifest_of(str(filled.get("uri", project.uri)), filled)
    asked = Asked("preview", wanted, manifest, place.stand_of(filled))
    found = preview.preview(place, NoEditor(), desk.settings, asked, Cancellation())
    if isinstance(found, Failure):
        if desk.options.json:
            shared.show_json({"error": protocol.failure(found)})
        _complain(wanted.title(), found)
        return shared.FAILED
    told = protocol.preview(found.changes, found.direct, found.notes)
    if desk.options.json:
        shared.show_json(told)
    else:
        for line in _shown(wanted.title(), told):
            shared.say(line)
    return shared.DONE


def _shown(title: str, told: Mapping[str, Any]) -> list[str]:
    """Return a preview for a person, in lines: from and to of each statement and of each package, major steps marked."""
    lines = [f"{title} would change:"]
    lines += [f"  {change['table']}: {_step(change['from'], change['to'])}" for change in told["changes"]]
    for moved in told["lock"]:
        why = "" if moved["name"] in told["direct"] else " (not in the manifest)"
        major = " (major)" if moved["name"] in told["major"] else ""
        lines.append(f"  lock: {moved['name']} {_step(moved['from'], moved['to'])}{major}{why}")
    if len(lines) == 1:
        lines = [f"{title} would change nothing"]
    return [*lines, *told["notes"]]


def _step(before: str | None, after: str | None) -> str:
    return f"{before or 'none'} → {after or 'none'}"


def _exit_code(ended: Operation) -> int:
    match ended.state:
        case "done":
            return shared.DONE
        case "cancelled":
            return shared.CANCELLED
        case _:
            timed_out = ended.failure is not None and ended.failure.code == "lock-timeout"
            return shared.NO_TURN if timed_out else shared.FAILED
