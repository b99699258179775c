"""What is said of somebody who waits for a turn: on whom, for how long, and that it took too long.

Apart from `outcome`, so that `exec` needs nothing of what plans and edits.
"""

from pathlib import Path

from lsp_server.adapters import live
from lsp_server.adapters.lockwaits import LockWait
from lsp_server.core.operation import Blocked, Failure, LockName, Operation
from lsp_server.jobs.place import Place, now
from lsp_server.locks import holder


def waits(blocked: Blocked) -> str:
    """Say on whom an operation waits, without a time that would change every second."""
    who = blocked.command or "another process"
    pid = f" (pid {blocked.pid})" if blocked.pid else ""
    return f"waits for {shortened(who)}{pid}"


def watched(blocked: Blocked) -> str:
    """Say whose end is awaited before an edit that was made counts as done."""
    return f"{waits(blocked)}, which may have read the text before it"


def manifest_holder(lock: Path) -> Blocked:
    """Return who holds the manifest lock, as far as that is known."""
    found = holder.read(lock)
    if found is None:
        return Blocked("manifest", None, None, now(), str(lock))
    return Blocked("manifest", found.pid, found.title, found.since, str(lock))


def inside(place: Place, wait: LockWait) -> Blocked:
    """Return on whom a uv waits that we, or a command in its turn, have started: its own locks, or one in its cache."""
    names: dict[Path | None, LockName] = {place.environment_lock: "environment", place.project_lock: "project"}
    command = None if wait.holder is None else live.running_command_of(wait.holder)
    return Blocked(names.get(wait.path, "process"), wait.holder, command, now(), str(wait.path or place.project.folder))


def queued_behind(lock: Path, front: Operation) -> Blocked:
    """Return an operation, of this process or another, as what those behind it in the queue wait for."""
    return Blocked("manifest", front.origin.pid, front.title, front.created_at, str(lock))


def shortened(command: str, most: int = 60) -> str:
    """Return a command line as people write it: the program's name, not its path."""
    program, _, rest = command.partition(" ")
    name = program.replace("\\", "/").rsplit("/", 1)[-1]
    text = f"{name} {rest}".strip()
    return text if len(text) <= most else text[: most - 1] + "…"


def lock_timeout(operation: Operation, limit: float) -> Failure:
    """Say that an operation did not get its turn in the time that `lock.timeout` allows."""
    return Failure(
        "lock-timeout",
        f"'{operation.title}' did not get its turn within {limit:g} s ({operation.message or 'queued'}); nothing was changed",
    )
