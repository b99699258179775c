"""What the system refused, in one sentence: what, where, the likely cause, what to do."""

import os
import sqlite3
import sys
from pathlib import Path

from lsp_server.jobs.place import state_folder
from lsp_server.server.commands import cannot_open


def explanation(error: Exception) -> str | None:
    """Say what an error of the operating system or of the journal means; None for any other, which is a bug."""
    if isinstance(error, BrokenPipeError):
        # Python flushes once more when it ends, and would say that it cannot.
        sys.stdout = sys.stderr
        return "whoever read the output has ended, so the rest of it is lost"
    if isinstance(error, sqlite3.Error):
        return cannot_open(error)
    if not isinstance(error, OSError):
        return None
    try:
        os.getcwd()  # noqa: PTH109  only whether it is there
    except OSError:
        return "the current folder does not exist any more; go to another one"
    where = str(error.filename or "")
    state = state_folder(os.environ)
    # Which part of a path is named where a folder cannot be made differs from Python to Python.
    if where and (Path(where) in state.parents or Path(where).is_relative_to(state)):
        return cannot_open(error)
    return f"{where or 'a file'} cannot be used ({error.strerror or error}); see whether it exists and may be read and written"
