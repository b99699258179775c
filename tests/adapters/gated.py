"""A real `uv sync` that stops in its build phase until a file appears: a package with its own build backend."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

UV = str(Path(sys.executable).with_name("uv"))

# The hook opens two fifos: the first tells that it is there, the second blocks until the test opens the gate.
_BACKEND = """
import os, zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    open(os.environ["GATE_REACHED"], "w").close()
    open(os.environ["GATE"]).close()
    name = "gated-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        info = "gated-1.0.dist-info/"
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: gated\\nVersion: 1.0\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
build_wheel = build_editable
"""

_MANIFEST = """
[project]
name = "gated"
version = "1.0"
requires-python = ">=3.11"

[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


@dataclass(frozen=True, slots=True)
class Gated:
    """A project whose build waits, and the environment to run uv in."""

    root: Path
    environ: dict[str, str]

    @contextmanager
    def sync(self, *arguments: str, cwd: Path | None = None) -> Iterator["subprocess.Popen[bytes]"]:
        """A `uv sync` (or the given command) that has reached the gate."""
        for name in ("GATE", "GATE_REACHED"):
            Path(self.environ[name]).unlink(missing_ok=True)
            os.mkfifo(self.environ[name])
        reached = os.open(self.environ["GATE_REACHED"], os.O_RDONLY | os.O_NONBLOCK)
        command = [UV, *(arguments or ("sync", "-q", "--reinstall"))]
        with subprocess.Popen(command, cwd=cwd or self.root, env=self.environ, stdin=subprocess.DEVNULL) as process:
            poll = select.poll()
            poll.register(reached)
            assert poll.poll(20_000), "the build never reached the gate"
            os.close(reached)
            try:
                yield process
            finally:
                process.kill()
                _open_gate_if_awaited(self.environ["GATE"])

    def open_gate(self) -> None:
        """Lets the build go on."""
        Path(self.environ["GATE"]).write_bytes(b"")


def _open_gate_if_awaited(path: str) -> None:
    # A killed uv leaves its build hook behind, which would wait for ever.
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return


def make(folder: Path) -> Gated:
    """Makes the project in `folder`, with caches and temporary files of its own."""
    root = (folder / "gated").resolve()
    root.mkdir()
    (root / "pyproject.toml").write_text(_MANIFEST)
    (root / "backend.py").write_text(_BACKEND)
    (folder / "tmp").mkdir()
    environ = os.environ | {
        "GATE": str(folder / "gate"),
        "GATE_REACHED": str(folder / "reached"),
        "TMPDIR": str(folder / "tmp"),
        "UV_CACHE_DIR": str(folder / "cache"),
        "UV_OFFLINE": "1",
        "UV_PYTHON": sys.executable,
    }
    for name in ("UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV"):
        environ.pop(name, None)
    return Gated(root, environ)
