"""The uv processes of ours: each is in the journal while it lives, so that none outlives its owner."""

import contextlib
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from lsp_server.adapters import live, processes, uv
from lsp_server.adapters.processes import ProcessId, is_alive
from lsp_server.jobs.journal import Journal

# Says whose a uv is in the moment before it stands in the journal: the `ProcessId` of its owner.
OWNER = "PYPROJECT_LSP_OWNER"


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

    owned = {**environ, OWNER: f"{journal.owner.pid} {journal.owner.started}"}
    try:
        return uv.run(command, folder=folder, environ=owned, cancellation=cancellation, started=note)
    finally:
        for child in started:
            with contextlib.suppress(sqlite3.Error):
                journal.child_ended(child)


def end_orphans(journal: Journal) -> None:
    """End the uv processes whose owner is dead, with all that they started, also when they were killed themselves."""
    for child, owner in journal.children():
        if is_alive(owner):
            continue
        if is_alive(child):
            _stop(child.pid)
        uv.end_group(child.pid)
        journal.child_ended(child)
    for pid, value in live.marked(OWNER):
        named = _parsed(value)
        if named is not None and not is_alive(named):
            _stop(pid)


def _stop(pid: int) -> None:
    with contextlib.suppress(psutil.Error, OSError):
        uv.stop(pid)


def _parsed(value: str) -> ProcessId | None:
    pid, _, started = value.partition(" ")
    try:
        return ProcessId(int(pid), started)
    except ValueError:
        return None
