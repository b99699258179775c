"""Whether the configured index has a distribution of a name, as uv sees it: its settings and credentials are followed."""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lsp_server.adapters import environment, uv
from lsp_server.adapters.uv import Cancellation, Uv
from lsp_server.core import commandline

_ABSENT = ("not found in the package registry", "not found in the provided package locations")
_PRESENT = ("no usable wheels", "no wheels with a matching")


def has(found: Uv, name: str, *, folder: Path, venv: Path, environ: Mapping[str, str], cancellation: Cancellation) -> bool | None:
    """Ask the index; None if it could not be asked. Nothing is installed or built, and no lock of the project is taken.

    Args:
        found: the uv to ask with.
        name: a normalised name.
        folder: the project's; uv reads its settings there.
        venv: its environment, whose interpreter the answer is for.
        environ: the whole environment of the process.
        cancellation: stops it.

    """
    live = environment.read(venv)
    python = live.base_python if live is not None and live.base_python is not None else Path(sys.executable)
    with tempfile.TemporaryDirectory(prefix="pyproject-lsp-") as nowhere:
        options = ["--dry-run", "--no-deps", "--no-build", f"--python={python}", f"--target={nowhere}"]
        command = [str(found.path), "pip", "install", *options, "--", name]
        try:
            done = uv.run(command, folder=folder, environ=commandline.environment_for(environ), cancellation=cancellation)
        except OSError:
            return None
    if done.ok or any(words in done.stderr for words in _PRESENT):
        return True
    return False if any(words in done.stderr for words in _ABSENT) else None
