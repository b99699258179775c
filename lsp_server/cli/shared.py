"""What the commands of the command line have in common: exit codes, the project of a folder, one way to say a wait."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsp_server.adapters import project as projects
from lsp_server.adapters.project import Project
from lsp_server.core import shown
from lsp_server.core.operation import Blocked
from lsp_server.jobs.blocking import shortened

if TYPE_CHECKING:
    import argparse

    from lsp_server.jobs.journal import Journal

DONE, FAILED, USAGE, CANCELLED, NO_TURN = 0, 1, 2, 3, 4
CLIENT = "command line"


def project_at(path: Path, *, as_json: bool = False) -> Project | None:
    """Return the project of a folder or file, or say that there is none."""
    found = projects.find(path)
    if found is None:
        nothing = f"no pyproject.toml at or above {path.absolute()}; go to a project or make one with 'uv init --bare'"
        refuse(nothing, as_json=as_json, code="not-found")
    return found


def refuse(message: str, *, as_json: bool, code: str = "usage") -> int:
    """Say why nothing was tried, with `--json` as an object too, and return the exit code of wrong usage."""
    if as_json:
        show_json({"error": {"code": code, "message": message, "detail": ""}})
    complain(message)
    return USAGE


def note(message: str) -> None:
    """Say on stderr what is no part of the answer."""
    sys.stderr.write(shown.line(message) + "\n")


def complain(message: str) -> None:
    """Say on stderr what is wrong."""
    sys.stderr.write(f"pyproject-lsp: {shown.line(message)}\n")


def say(line: str) -> None:
    """Print a line for a person."""
    sys.stdout.write(shown.line(line) + "\n")


def show_words(words: str) -> None:
    """Print a tool's own words on stderr."""
    sys.stderr.write(shown.text(words.rstrip()) + "\n")


def show_json(value: Any, indent: int | None = 2) -> None:  # noqa: ANN401  JSON
    """Print a value as JSON, for scripts; without an indent in one line."""
    is_unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    sys.stdout.write(shown.ascii_escapes(json.dumps(value, indent=indent, ensure_ascii=not is_unicode)) + "\n")


def tell_of_opening(journal: "Journal") -> None:
    """Say on stderr that the journal had to be begun anew, or was open to others."""
    journal.heard = lambda kept: complain(f"the journal was corrupt and is kept as {kept}; a new one was begun")
    if journal.set_aside is not None or journal.tightened:
        from lsp_server.server.commands import found_at_opening  # noqa: PLC0415  `exec` should not wait for it

        for sentence in found_at_opening(journal):
            complain(sentence)


def wait_line(blocked: Blocked) -> str:
    """Say on whom somebody waits: which lock, pid, command, since when."""
    who = shortened(blocked.command or "another process")
    pid = f" (pid {blocked.pid})" if blocked.pid else ""
    whom = f"{who}{pid} to end" if blocked.lock == "process" else f"the {blocked.lock} lock, held by {who}{pid}"
    return f"waiting for {whom}, since {clock(blocked.since)}"


def clock(since: str) -> str:
    """Return a time of an operation as a person reads it: the local clock, and how long ago."""
    then = datetime.fromisoformat(since)
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    return f"{then.astimezone():%H:%M:%S} ({seconds} s)"


def seconds(text: str) -> float:
    """Read a number of seconds, 0 for ever; for argparse, to which a ValueError is wrong usage."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def add_output_options(parser: "argparse.ArgumentParser") -> None:
    """Add the options that say how an operation is told."""
    parser.add_argument("--json", action="store_true", help="print the finished operation as JSON")
    parser.add_argument("--watch", action="store_true", help="with --json, print each state of it, one a line")


def add_timeout_option(parser: "argparse.ArgumentParser") -> None:
    """Add the option that ends a wait."""
    parser.add_argument(
        "--timeout", type=seconds, default=0.0, metavar="SECONDS", help="give up after this wait (0, the default: never)"
    )


def add_project_option(parser: "argparse.ArgumentParser") -> None:
    """Add the option that names another project than the current folder's."""
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="PATH", help="a file or folder in the project (default: here)"
    )
