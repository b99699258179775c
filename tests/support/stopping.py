"""A process that is stopped for a while, as by a debugger or a laptop that sleeps."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil


@contextmanager
def stopped(pid: int, state: Path) -> Iterator[None]:
    """Stop a process that uses a state folder, not in the middle of a transaction: that would hold up everybody."""
    process = psutil.Process(pid)
    with closing(sqlite3.connect(state / "journal.sqlite3", isolation_level=None, timeout=20)) as journal:
        journal.execute("BEGIN IMMEDIATE")
        process.suspend()
    try:
        yield
    finally:
        process.resume()
