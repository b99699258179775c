"""`pyproject-lsp status`: the locks, their holders and the queue of a project."""

import argparse
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsp_server.adapters import live, proclocks
from lsp_server.adapters import project as projects
from lsp_server.adapters.processes import this_process
from lsp_server.adapters.watch import Watch
from lsp_server.cli import shared
from lsp_server.jobs.blocking import shortened
from lsp_server.jobs.journal import Journal
from lsp_server.jobs.place import Place, state_folder
from lsp_server.server.commands import status_of


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser("status", help="show the locks, their holders and the queue of a project")
    parser.add_argument("path", nargs="?", type=Path, default=Path(), help="a file or folder in the project (default: here)")
    parser.add_argument("--json", action="store_true", help="print it as JSON, with --watch one line a change")
    parser.add_argument("--watch", action="store_true", help="show each change until interrupted")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the status once, or each time it changes."""
    project = shared.project_at(options.path)
    if project is None:
        return shared.FAILED
    folder = state_folder(os.environ)
    journal, watch = Journal(folder / "journal.sqlite3", this_process()), Watch()
    shared.tell_of_opening(journal)
    place = Place(project, folder, os.environ, journal, watch)
    try:
        _show(describe(place), as_json=options.json, indent=None if options.watch else 2)
        if options.watch:
            _follow(place, as_json=options.json)
    except KeyboardInterrupt:
        pass  # how a person ends --watch
    finally:
        watch.close()
        journal.close()
    return shared.DONE


def describe(place: Place) -> dict[str, Any]:
    """Return the object of `pyproject/status` with the locks and who is at each."""
    locks = {"manifest": place.manifest_lock, "project": place.project_lock, "environment": place.environment_lock}
    return {**status_of(place), "locks": [_lock(name, path) for name, path in locks.items()]}


def _lock(name: str, path: Path) -> dict[str, Any]:
    users = proclocks.lock_users(path) or proclocks.LockUsers()
    return {
        "lock": name,
        "path": str(path),
        "holders": [{"pid": pid, "command": live.running_command_of(pid)} for pid in users.holders],
        "waiters": [{"pid": pid, "command": live.running_command_of(pid)} for pid in users.waiters],
    }


def _follow(place: Place, *, as_json: bool) -> None:
    told = threading.Event()
    watched = [place.manifest_lock, place.project_lock, place.environment_lock]
    for lock in watched:
        place.watch.lock_file(lock, lambda _path: told.set())
        place.watch.files(lock.parent, {lock.name}, lambda _path: told.set())
    for file in (*projects.files_of(place.project), place.journal.bell):
        place.watch.files(file.parent, {file.name}, lambda _path: told.set())
    shown = describe(place)
    while True:
        # A lock that is taken makes no event, so it is looked for; a person does not see a second.
        told.wait(1.0)
        told.clear()
        present = describe(place)
        if present != shown:
            shown = present
            _show(present, as_json=as_json, indent=None)


def _show(status: Mapping[str, Any], *, as_json: bool, indent: int | None) -> None:
    if as_json:
        shared.show_json(status, indent)
    else:
        sys.stdout.write("\n".join(lines(status)) + "\n")
    sys.stdout.flush()


def lines(status: Mapping[str, Any]) -> list[str]:
    """Return the status as lines for a person."""
    said = [f"{projects.path_of(status['project'])}: {status['state']}"]
    said.append(f"  environment {status['environment']}, uv.lock {status['lock']}")
    for lock in status["locks"]:
        said.append(f"  {lock['lock']:<12}{_users(lock['holders']) or 'free'}")
        said += [f"  {'':<12}waiting: {_users([waiter])}" for waiter in lock["waiters"]]
    finished = {"done", "failed", "cancelled"}
    for operation in status["operations"]:
        if operation["state"] not in finished:
            said.append(f"  queue       {operation['title']}: {_state(operation)}")
    for operation in [each for each in status["operations"] if each["state"] in finished][:5]:
        when = shared.clock(operation["finishedAt"]) if operation["finishedAt"] else ""
        said.append(f"  {operation['state']:<12}{operation['title']}: {operation['message']} {when}".rstrip())
    return said


def _users(users: list[Mapping[str, Any]]) -> str:
    return ", ".join(f"{shortened(user['command'] or 'a process')} (pid {user['pid']})" for user in users)


def _state(operation: Mapping[str, Any]) -> str:
    blocked = operation["blockedBy"]
    since = f", since {shared.clock(blocked['since'])}" if blocked else ""
    return f"{operation['state']}, {operation['message']}{since}" if operation["message"] else operation["state"]
