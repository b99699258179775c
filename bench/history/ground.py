"""Where a history happens: a project, a uv and a state folder of its own, copied from one that was made once."""

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.history import texts
from bench.history.model import Act, Effect, Key, Record, Source
from bench.worksite import real_uv
from demo import parts
from tests.support.projects import Tools

PATIENCE = 90.0
"""Seconds after which whoever waits is said to wait for ever; a busy machine is slow."""
MENDED_WITHIN = 15.0
"""Seconds after which a half written manifest is broken for good."""
_HERE, _EXCHANGE = -100, 2


class BrokenManifestError(Exception):
    """Nobody can go on: the manifest is no TOML any more."""


@dataclass(frozen=True, slots=True)
class Template:
    """What all histories of a run are copied from: packages, a project in git that is locked, uv's cache."""

    base: Path
    uv: str
    checkout: Path

    @property
    def wheels(self) -> Path:
        """The packages; one version of each, so that who wrote a bound is all that a register tells."""
        return self.base / "wheels"


@contextmanager
def template(checkout: Path | None = None) -> Iterator[Template]:
    """Make the template and take it away at the end; `checkout` is where the product is taken from."""
    base = Path(tempfile.mkdtemp(prefix="pl-history-")).resolve()
    made = Template(base, real_uv(), checkout or Path(__file__).resolve().parents[2])
    try:
        _fill(made)
        yield made
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _fill(made: Template) -> None:
    for key in (*texts.PACKAGES, *texts.GROUP, "delta"):
        parts.make_wheel(made.wheels, key.rpartition("/")[2], "1.0")
    for version in ("1.0", "1.1"):
        parts.make_wheel(made.wheels, "alpha", version)
    folder = made.base / "template"
    tools = Tools(made.uv, parts.uv_environment(folder), folder)
    root = folder / "demo"
    root.mkdir()
    parts.write(root / "pyproject.toml", texts.manifest(made.wheels))
    parts.write(root / ".gitignore", ".venv\n")
    tools.git(root, "init", "--quiet", "--initial-branch=main")
    _uv(tools, root, "lock", "--upgrade-package", "alpha==1.0")
    tools.git(root, "add", ".")
    tools.git(root, "commit", "--quiet", "--message=first")
    tools.git(root, "checkout", "--quiet", "-b", "colleague")
    _uv(tools, root, "lock", "--upgrade-package", "alpha")
    tools.git(root, "commit", "--quiet", "--all", "--message=alpha is newer")
    tools.git(root, "checkout", "--quiet", "main")
    # All wheels are unpacked once, so that a history's sync makes links only.
    _uv(tools, root, "venv")
    _uv(
        tools,
        root,
        "pip",
        "install",
        "--no-index",
        "--find-links",
        str(made.wheels),
        *sorted({key.rpartition("/")[2] for key in texts.PACKAGES + texts.GROUP}),
        "alpha",
        "delta",
    )
    shutil.rmtree(root / ".venv")
    tools.stop()


def _uv(tools: Tools, root: Path, *words: str) -> None:
    done = tools.run([tools.uv, *words], root)
    if done.returncode != 0:
        raise RuntimeError(f"uv {' '.join(words)}: {done.stderr}")


@dataclass(slots=True)
class Ground:
    """One history's folder, and what is written down of it."""

    base: Path
    tools: Tools
    environment: Mapping[str, str]
    record: Record
    is_bare: bool = False
    is_broken: bool = False
    live: dict[int, tuple[subprocess.Popen[str], Act]] = field(default_factory=dict)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def root(self) -> Path:
        """The project."""
        return self.base / "demo"

    @property
    def manifest(self) -> Path:
        """The file that all is about."""
        return self.root / "pyproject.toml"

    def act(self, client: str, what: str, source: Source, effects: Mapping[Key, Effect] | None = None) -> Act:
        """Note that somebody begins something."""
        rewrites = source in {"uv", "exec"} and what.split()[1] in {"add", "remove", "version"}
        made = Act(client, what, source, time.monotonic(), effects=dict(effects or {}), rewrites=rewrites)
        with self._writing:
            self.record.acts.append(made)
        return made

    def read(self) -> str:
        """Return the manifest as it is, empty where there is none."""
        try:
            return self.manifest.read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            return ""

    def stamp(self) -> tuple[int, int, int]:
        """Return what changes whenever the manifest does."""
        try:
            found = self.manifest.stat()
        except OSError:
            return 0, 0, 0
        return found.st_ino, found.st_mtime_ns, found.st_size

    def whole(self) -> str:
        """Return the manifest once nobody is writing it.

        Raises:
            BrokenManifestError: it stays half written.

        """
        end = time.monotonic() + MENDED_WITHIN
        while not texts.is_whole(text := self.read()):
            if self.is_broken or time.monotonic() > end:
                self.is_broken = True
                raise BrokenManifestError(f"the manifest stays broken: {text!r}")
            time.sleep(0.002)  # a uv is writing it
        return text

    def replace(self, text: str) -> str:
        """Put a text in the manifest's place in one step; return what stood there at that moment."""
        handle, name = tempfile.mkstemp(dir=self.root, prefix=".saved-")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        temporary = Path(name)
        temporary.chmod(0o644)
        stood = ""
        if _exchange(temporary, self.manifest):
            stood = temporary.read_bytes().decode(errors="replace")
            temporary.unlink()
        else:
            temporary.replace(self.manifest)
        return stood

    def uv(self, *words: str) -> subprocess.Popen[str]:
        """Start the real uv in the project."""
        return self.tools.start([self.tools.uv, *words], self.root)

    def product(self, *words: str) -> subprocess.Popen[str]:
        """Start `pyproject-lsp` in the project."""
        return self.tools.start([sys.executable, "-m", "lsp_server", *words], self.root, self.environment)

    def installed(self) -> set[str]:
        """Return the names of the packages in the environment."""
        return {path.name.partition("-")[0].replace("_", "-") for path in self.root.glob(".venv/lib/*/site-packages/*.dist-info")}


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two files in one step (renameat2, Linux 3.15); False where that cannot be."""
    call = getattr(ctypes.CDLL(None), "renameat2", None)
    return call is not None and call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0


@contextmanager
def ground(made: Template, name: str, *, is_bare: bool) -> Iterator[Ground]:
    """Copy the template for one history, and end at its end all that was started there."""
    base = made.base / name
    base.mkdir()
    environment = parts.uv_environment(base) | {"UV": made.uv, "PYTHONPATH": str(made.checkout)}
    shutil.copytree(made.base / "template" / "demo", base / "demo", symlinks=True)
    shutil.copytree(made.base / "template" / "cache", base / "cache", symlinks=True, dirs_exist_ok=True)
    tools = Tools(made.uv, environment, base)
    try:
        _uv(tools, base / "demo", "sync")
        before = texts.registers((base / "demo" / "pyproject.toml").read_text())
        yield Ground(base, tools, environment, Record(time.monotonic(), before), is_bare)
    finally:
        tools.stop()
        shutil.rmtree(base, ignore_errors=True)
