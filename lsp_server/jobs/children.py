"""The uv processes of ours: each is in the journal while it lives, so that none outlives its owner."""

import contextlib
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from lsp_server.adapters import live, processes, uv
from lsp_server.adapters.processes import ProcessId, is_alive, is_seen_from_here
from lsp_server.jobs.journal import Journal

# Says whose a uv is, and what it started: the `ProcessId` of its owner.
OWNER = "PYPROJECT_LSP_STARTED_BY"


def run(
    journal: Journal, command: Sequence[str], folder: Path, environ: Mapping[str, str], cancellation: uv.Cancellation
) -> uv.Result:
    """Run uv with its pid in the journal while it lives, so that it can be ended if this process is killed."""
    started: list[ProcessId] = []

    def note(pid: int) -> None:
        started.append(processes.of(pid) or ProcessId(pid, ""))
        # It runs already, so a journal that cannot be written must not make us lose sight of it.
        with contextlib.suppress(sqlite3.Error):
            journal.child_started(started[0])

    owned = {**environ, OWNER: mark(journal.owner)}
    try:
        return uv.run(command, folder=folder, environ=owned, cancellation=cancellation, started=note)
    finally:
        for child in started:
            with contextlib.suppress(sqlite3.Error):
                journal.child_ended(child)


def mark(owner: ProcessId) -> str:
    """Return what stands in the environment of all that an owner's uv starts."""
    return f"{owner.pid} {owner.started}"


def end_orphans(journal: Journal) -> None:
    """End the uv processes whose owner is dead, with all that they started, also when they were killed themselves."""
    for child, owner in journal.children():
        if is_alive(owner):
            continue
        if is_alive(child):
            _stop(child.pid)
        _end_builds(child, owner)
        journal.child_ended(child)
    for pid, value in live.marked(OWNER):
        named = _parsed(value)
        if named is not None and is_seen_from_here(named) and not is_alive(named):
            _stop(pid)


def _end_builds(child: ProcessId, owner: ProcessId) -> None:
    """End what a uv that was killed itself has left in its group; who does not bear the owner's mark is a stranger there."""
    for _ in range(2):  # the second time those that the first ones had just started
        for pid, value in live.marked(OWNER, live.group(child.pid)):
            if _parsed(value) == owner:
                with contextlib.suppress(psutil.Error):
                    psutil.Process(pid).kill()


def _stop(pid: int) -> None:
    with contextlib.suppress(psutil.Error, OSError):
        uv.stop(pid)


def _parsed(value: str) -> ProcessId | None:
    pid, _, started = value.partition(" ")
    try:
        return ProcessId(int(pid), started)
    except ValueError:
        return None
