"""Who holds our manifest lock, since when, doing what: a small JSON file beside the lock file.

The record is for people who wait ("queued behind ..."); the lock alone gives the safety. A holder that was killed
leaves its record behind, so a reader believes it only while a process with that id *and* that start time lives.
"""

import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from lsp_server.adapters.private import write as write_for_its_user
from lsp_server.adapters.processes import is_alive, this_process
from lsp_server.core import masking


@dataclass(frozen=True, slots=True)
class Holder:
    """One live holder.

    Attributes:
        pid: its process id.
        started: when that process started, as `processes.ProcessId` says it; tells a reused id apart.
        title: what it does, for people: a command line or the title of an operation.
        since: when it took the lock, ISO 8601 in UTC with microseconds.
    """

    pid: int
    started: str
    title: str
    since: str


def sidecar(lock: Path) -> Path:
    """Where the record of the lock file `lock` is kept: in the same folder, so that it is replaced atomically."""
    return lock.with_name(lock.name + ".holder.json")


def announce(lock: Path, title: str | None = None) -> Holder:
    """Writes this process as the holder of `lock`; to be called right after taking it.

    A record that cannot be written (a full disk) is left out: nobody loses an edit because a name is missing.

    Args:
        lock: the lock file.
        title: what the holder does; default is the command line of this process.
    """
    ours = this_process()
    holder = Holder(
        pid=ours.pid,
        started=ours.started,
        title=title if title is not None else masking.line(sys.orig_argv),
        since=datetime.now(UTC).isoformat(),
    )
    with suppress(OSError):
        _replace(sidecar(lock), json.dumps(asdict(holder)).encode())
    return holder


def withdraw(lock: Path) -> None:
    """Removes the record of `lock`; to be called right before giving it back, never after."""
    with suppress(OSError):
        sidecar(lock).unlink(missing_ok=True)


def read(lock: Path) -> Holder | None:
    """The live process that says it holds `lock`, or None.

    None as well for a record that is missing or damaged, for a dead process, and for another process that was given
    the same id later. A hint: the holder may give the lock back while this function returns.
    """
    try:
        record = json.loads(sidecar(lock).read_bytes())
        holder = Holder(int(record["pid"]), str(record["started"]), str(record["title"]), str(record["since"]))
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return None
    return holder if is_alive(holder) else None


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        write_for_its_user(temporary, content)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
