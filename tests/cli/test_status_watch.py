"""`status --watch`: redrawn in place on a terminal, and over with its reader."""

import os
import pty
import subprocess
import sys
import time

from lsp_server.cli import status
from tests.support.projects import Project


def test_a_step_is_said_once() -> None:
    operation = {"state": "planning", "message": "planning", "blockedBy": None, "title": "Add x", "finishedAt": None}
    described = {"project": "file:///w", "state": "busy", "environment": "in-sync", "lock": "up-to-date", "locks": []}
    assert status.lines({**described, "operations": [operation]})[-1] == "  queue       Add x: planning"


def test_a_watched_status_is_drawn_anew_in_its_place(project: Project) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "lsp_server", "status", "--watch"]
    environ = {**project.tools.environment, "NO_COLOR": "1", "COLUMNS": "80"}
    process = subprocess.Popen(command, cwd=project.root, env=environ, stdout=theirs, stdin=subprocess.DEVNULL)
    project.tools.started.append(process)  # type: ignore[arg-type]
    os.close(theirs)
    shown = _read_until(ours, "free")
    assert "\x1b[" not in shown
    project.uv_ok("lock")
    shown = _read_until(ours, "uv.lock up-to-date")
    assert "F\x1b[J" in shown
    process.terminate()
    process.wait(20)
    os.close(ours)


def test_a_watched_status_ends_with_its_reader(project: Project) -> None:
    command = [sys.executable, "-m", "lsp_server", "status", "--watch", "--json"]
    process = subprocess.Popen(command, cwd=project.root, env=project.tools.environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(10) in {0, 1}


def _read_until(descriptor: int, wanted: str) -> str:
    found, end = "", time.monotonic() + 30
    while wanted not in found:
        assert time.monotonic() < end, found
        found += os.read(descriptor, 4096).decode()
    return found
