"""Whether the configured index has a distribution of a name, as uv sees it: its settings and credentials are followed."""

import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_server.adapters import environment, uv
from lsp_server.adapters.uv import Cancellation, Uv
from lsp_server.core import commandline

_ABSENT = ("not found in the package registry", "not found in the provided package locations")
_PRESENT = ("no usable wheels", "no wheels with a matching")
_CHOSEN = re.compile(r"^ \+ \S+?==(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the index said of a name.

    Attributes:
        exists: Whether it has it; None if it could not be asked.
        version: The version that uv would take, where one comes as a wheel.
    """

    exists: bool | None
    version: str | None = None


def ask(
    found: Uv,
    name: str,
    *,
    folder: Path,
    venv: Path,
    environ: Mapping[str, str],
    cancellation: Cancellation,
    own: Sequence[str] = (),
) -> Answer:
    """Ask the index for a name. Nothing is installed or built, and no lock of the project is taken.

    Args:
        found: the uv to ask with.
        name: a normalised name.
        folder: the project's; uv reads its settings there.
        venv: its environment, whose interpreter the answer is for.
        environ: the whole environment of the process.
        cancellation: stops it.
        own: options that go before the folder's settings (`script.index_options`).

    """
    live = environment.read(venv)
    python = live.base_python if live is not None and live.base_python is not None else Path(sys.executable)
    with tempfile.TemporaryDirectory(prefix="pyproject-lsp-") as nowhere:
        options = ["--dry-run", "--no-deps", "--no-build", f"--python={python}", f"--target={nowhere}"]
        command = [str(found.path), "pip", "install", *options, *own, "--", name]
        try:
            done = uv.run(command, folder=folder, environ=commandline.environment_for(environ), cancellation=cancellation)
        except OSError:
            return Answer(None)
    if done.ok or any(words in done.stderr for words in _PRESENT):
        chosen = _CHOSEN.search(done.stderr)
        return Answer(exists=True, version=chosen[1] if chosen else None)
    return Answer(False if any(words in done.stderr for words in _ABSENT) else None)
