"""`pyproject-lsp status`: the locks, their holders and the queue of a project."""

import argparse
import os
import select
import shutil
import stat
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lsp_server.adapters import live, proclocks
from lsp_server.adapters import project as projects
from lsp_server.adapters.processes import this_process
from lsp_server.adapters.watch import Watch
from lsp_server.cli import shared
from lsp_server.core.shown import line as one_line
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
    shown = _as_json(None if options.watch else 2) if options.json else _as_lines(redraw=options.watch and sys.stdout.isatty())
    try:
        shown(describe(place))
        if options.watch:
            _follow(place, shown)
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


def _follow(place: Place, show: Callable[[Mapping[str, Any]], None]) -> None:
    """Show each change, and once a second how long a wait has lasted, until the reader or the person ends it."""
    told = threading.Event()
    watched = [place.manifest_lock, place.project_lock, place.environment_lock]
    for lock in watched:
        place.watch.lock_file(lock, lambda _path: told.set())
        place.watch.files(lock.parent, {lock.name}, lambda _path: told.set())
    for file in (*projects.files_of(place.project), place.journal.bell):
        place.watch.files(file.parent, {file.name}, lambda _path: told.set())
    shown = describe(place)
    while not _reader_is_gone():
        # A lock that is taken makes no event, so it is looked for; a person does not see a second.
        told.wait(1.0)
        told.clear()
        present = describe(place)
        if present != shown or (sys.stdout.isatty() and any(each["blockedBy"] for each in present["operations"])):
            shown = present
            show(present)


def _reader_is_gone() -> bool:
    """Whether nobody reads our output any more: a pipe whose other end is closed (POSIX; elsewhere the next write tells)."""
    if sys.platform != "win32" and stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode):
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
    return False


def _as_json(indent: int | None) -> Callable[[Mapping[str, Any]], None]:
    def show(status: Mapping[str, Any]) -> None:
        shared.show_json(status, indent)
        sys.stdout.flush()

    return show


def _as_lines(*, redraw: bool) -> Callable[[Mapping[str, Any]], None]:
    """Return what shows a status to a person; with `redraw` each one takes the place of the one before."""
    drawn = 0

    def show(status: Mapping[str, Any]) -> None:
        nonlocal drawn
        width = shutil.get_terminal_size().columns - 1
        said = [line if not redraw or len(line) <= width else f"{line[: width - 1]}…" for line in map(one_line, lines(status))]
        back = f"\x1b[{drawn}F\x1b[J" if redraw and drawn else ""
        sys.stdout.write(back + "".join(f"{_coloured(line)}\n" for line in said))
        sys.stdout.flush()
        drawn = len(said)

    return show


def _coloured(line: str) -> str:
    """Colour the state that a line begins with, on a terminal, unless NO_COLOR says otherwise (no-color.org)."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return line
    word = line.split(maxsplit=1)[0] if line.strip() else ""
    colour = {"done": 32, "failed": 31, "cancelled": 90, "queue": 36, "waiting:": 33}.get(word)
    return f"\x1b[{colour}m{line}\x1b[0m" if colour else line


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
    blocked, state, message = operation["blockedBy"], operation["state"], operation["message"]
    since = f", since {shared.clock(blocked['since'])}" if blocked else ""
    # The message of a step often begins with its name: a word is said once.
    said = message if message.startswith(state) else ", ".join(part for part in (state, message) if part)
    return f"{said}{since}"
