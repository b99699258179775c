"""Whether the configured index has a distribution of a name, as uv sees it: its settings and credentials are followed."""

import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lsp_server.adapters import environment, files, uv
from lsp_server.adapters.project import MANIFEST
from lsp_server.adapters.uv import Cancellation, Uv
from lsp_server.core import commandline, shapes, toml

_ABSENT = ("not found in the package registry", "not found in the provided package locations")
_PRESENT = ("no usable wheels", "no wheels with a matching")
_VERSION = re.compile(r"3\.\d{1,3}(\.\d{1,3})?")
_CHOSEN = re.compile(r"^ \+ \S+?==(\S+)", re.MULTILINE)
# Of `[tool.uv]`: whom uv asks, and through whom. A `uv.toml` counts whatever it says.
_NETWORK = frozenset(
    """
    allow-insecure-host default-index extra-index-url find-links http-proxy https-proxy index index-strategy index-url
    keyring-provider native-tls no-index no-proxy offline pip proxy system-certs trusted-host
    """.split()  # noqa: SIM905  as a paragraph
)


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
    project: Path,
    venv: Path,
    environ: Mapping[str, str],
    cancellation: Cancellation,
    own: Sequence[str] = (),
) -> Answer:
    """Ask the index for a name. Nothing is installed or built, no lock of the project is taken, nothing of it is run.

    Args:
        found: the uv to ask with.
        name: a normalised name.
        folder: where uv reads its settings.
        project: the project's folder. No interpreter in it is asked for what it is: that would run it.
        venv: its environment, whose version of Python the answer is for.
        environ: the whole environment of the process.
        cancellation: stops it.
        own: options that go before the folder's settings (`script.index_options`).

    """
    python = _python_outside(project)
    if python is None:
        return Answer(None)
    live = environment.read(venv)
    version = live.version if live is not None and _VERSION.fullmatch(live.version or "") else None
    with tempfile.TemporaryDirectory(prefix="pyproject-lsp-") as nowhere:
        options = ["--dry-run", "--no-deps", "--no-build", f"--python={python}", f"--target={nowhere}"]
        options += [f"--python-version={version}"] if version else []
        command = [str(found.path), "pip", "install", *options, *own, "--", name]
        try:
            done = uv.run(command, folder=folder, environ=commandline.environment_for(environ), cancellation=cancellation)
        except OSError:
            return Answer(None)
    if done.ok or any(words in done.stderr for words in _PRESENT):
        chosen = _CHOSEN.search(done.stderr)
        return Answer(exists=True, version=chosen[1] if chosen else None)
    return Answer(False if any(words in done.stderr for words in _ABSENT) else None)


def options_apart(folder: Path, own: Sequence[str] = ()) -> tuple[str, ...] | None:
    """Return the options to ask with apart from a workspace, so that nobody is asked whom only the workspace names.

    Folders on this machine may be named by anybody: they are read, and nothing else.

    Args:
        folder: where uv would read its settings.
        own: options that would go before these.

    Returns:
        None where the workspace names an index, or how one is reached: then it is not for us to ask at all.

    """
    above, settings = _named_in(folder)
    words = [(above, word) for key, values in settings.items() for word in _as_options(key, values)]
    found: list[str] = []
    for base, word in (*words, *((folder, word) for word in own)):
        option, _, place = word.partition("=")
        local = _local_folder(base, place) if option == "--find-links" else None
        if option != "--no-index" and local is None:
            return None
        found.append("--no-index" if local is None else f"--find-links={local}")
    return tuple(found)


def _named_in(folder: Path) -> tuple[Path, Mapping[str, Any]]:
    """Return the folder whose uv settings count for one, its own or the next one above, and what they say of indexes."""
    for above in (folder, *folder.parents):
        own = os.path.lexists(above / "uv.toml")
        parsed = toml.parse(files.read_text(above / ("uv.toml" if own else MANIFEST)))
        if isinstance(parsed, toml.Problem):
            return above, {"unknown": True}
        settings = shapes.table(parsed, *(() if own else ("tool", "uv")))
        if own or settings:
            return above, {key: value for key, value in settings.items() if key in _NETWORK}
    return folder, {}


def _as_options(key: str, value: object) -> list[str]:
    if key == "no-index" and isinstance(value, bool):
        return ["--no-index"] if value else []
    if key == "find-links" and isinstance(value, list):
        return [f"--find-links={one}" for one in value]
    return [f"--{key}"]


def _local_folder(folder: Path, place: str) -> Path | None:
    """Return the folder that a find-links names, None for what is elsewhere: a share of Windows is another machine, too."""
    # A single letter before the colon is a drive of Windows.
    if not place or len(urlsplit(place).scheme) > 1 or place.startswith(("//", "\\\\")):
        return None
    return folder / place if (folder / place).is_dir() else None


def _python_outside(project: Path) -> str | None:
    """Return our own interpreter, or the one that it was made from, whichever does not lie in a project."""
    ours = (sys.executable, getattr(sys, "_base_executable", None))
    return next((python for python in ours if python and not uv.is_inside(Path(python), project)), None)
