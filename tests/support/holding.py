"""Locks as another process has them: held until the test lets go, or tried once."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lsp_server.adapters import project as projects
from tests.support.projects import Project, Tools

_HOLD = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1], mode=0o666, preserve_lock_file=True):
    print("held", flush=True)
    sys.stdin.readline()
print("free", flush=True)
sys.stdin.readline()
"""
_TRY = """
import sys
from filelock import FileLock, Timeout
try:
    with FileLock(sys.argv[1], mode=0o666, preserve_lock_file=True, blocking=False):
        print("free")
except Timeout:
    print("held")
"""
_HOLD_JOURNAL = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
database.execute("ROLLBACK")
print("free", flush=True)
sys.stdin.readline()
"""


def state_folder(tools: Tools) -> Path:
    """Where the servers of a test keep their journal and locks."""
    return Path(tools.environment["PYPROJECT_LSP_STATE_DIR"])


def manifest_lock(project: Project) -> Path:
    """The lock of rank 1 of a project, which every server takes before it plans."""
    found = projects.find(project.manifest)
    assert found is not None
    return state_folder(project.tools) / "locks" / f"{found.key}.lock"


@contextmanager
def held(tools: Tools, path: Path) -> Iterator[int]:
    """Another process holds a lock; its process id."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _holding(tools, _HOLD, path) as pid:
        yield pid


@contextmanager
def journal_held(tools: Tools) -> Iterator[int]:
    """Another process keeps everybody from writing to the journal."""
    with _holding(tools, _HOLD_JOURNAL, state_folder(tools) / "journal.sqlite3") as pid:
        yield pid


def is_free(tools: Tools, path: Path) -> bool:
    """Whether another process can have a lock at once."""
    done = tools.run([sys.executable, "-c", _TRY, path], tools.base)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip() == "free"


@contextmanager
def _holding(tools: Tools, program: str, path: Path) -> Iterator[int]:
    process = tools.start([sys.executable, "-c", program, path], tools.base)
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    try:
        yield process.pid
    finally:
        if process.poll() is None:
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "free\n"
            process.stdin.write("\n")
            process.stdin.flush()
            process.wait(10)
