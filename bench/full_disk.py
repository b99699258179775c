"""A disk that fills at byte n of an operation, for n over the whole of it: under the state folder, the project, TMPDIR.

    python -m bench.full_disk [--step KILOBYTES]

Each try is one `add` on the command line, in a namespace of its own with a small tmpfs in the place of that disk. It has
to end within 5 s with the edit made, or with a sentence that names the disk and a manifest as it was; and `exec` has to
run its command all the same. Exit 1 if one does not.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from demo import parts

PLACES = ("state", "project", "tmp")
LIMIT_SECONDS = 5.0
_GIVEN_UP_SECONDS = 30.0
_NO_MOUNT = 99
_MADE_OFTEN_ENOUGH = 3
# In the namespace: the disk, filled up to the given room; the command; what it left, copied out while it can be seen.
_INSIDE = """
mount -t tmpfs -o size=32m,mode=0700 tmpfs "$DISK" && cp -a "$FORMER/." "$DISK" || exit 99
free=$(df -k --output=avail "$DISK" | tail -n 1)
head -c "$((free - ROOM))k" /dev/zero > "$DISK/.ballast"
cd "$PROJECT" && "$@"
code=$?
cp pyproject.toml uv.lock "$OUT" 2>/dev/null
exit $code
"""


@dataclass(frozen=True, slots=True)
class Tried:
    """What one command did on a disk of so much room."""

    code: int
    seconds: float
    said: str
    manifest: str

    @property
    def is_made(self) -> bool:
        """Whether the edit stands."""
        return '"alpha' in self.manifest


# Where nobody may mount: no file may grow beyond the given room, whichever disk it is on.
_LIMITED = """
trap "" XFSZ
ulimit -f "$ROOM"
cd "$PROJECT" && "$@"
code=$?
ulimit -f unlimited 2>/dev/null
cp pyproject.toml uv.lock "$OUT" 2>/dev/null
exit $code
"""


class Site:
    """A project with a package to add, in a folder of its own."""

    def __init__(self, base: Path, uv: str) -> None:
        self.base = base
        self.environment = {**parts.uv_environment(base), "UV": uv, "PATH": f"{Path(uv).parent}{os.pathsep}{os.environ['PATH']}"}
        wheels = base / "wheels"
        wheels.mkdir()
        parts.make_wheel(wheels, "alpha", "1.0")
        self.project = parts.make_project(base / "work" / "demo", wheels=wheels).parent
        self.before = (self.project / "pyproject.toml").read_text("utf-8")
        # Interpreter, cache and environment are there, as on any machine that has been used.
        subprocess.run([uv, "sync", "-q"], cwd=self.project, env=self.environment, check=True)

    def disk(self, place: str) -> Path:
        """Return the folder that is on the small disk."""
        return (
            self.project
            if place == "project"
            else Path(self.environment["PYPROJECT_LSP_STATE_DIR" if place == "state" else "TMPDIR"])
        )

    def attempt(self, place: str, room: int, words: Sequence[str]) -> Tried:
        """Run a command line with so many kilobytes of room left under one of the places."""
        way = namespace()
        out, disk = Path(tempfile.mkdtemp(dir=self.base)), self.disk(place)
        environ = {**self.environment, "DISK": str(disk), "OUT": str(out), "PROJECT": str(self.project)}
        environ |= {"ROOM": str(room), "FORMER": str(self._copy(disk))}
        begun = time.monotonic()
        try:
            done = subprocess.run(
                [*way, "sh", "-c", _INSIDE if way else _LIMITED, "sh", sys.executable, "-m", "lsp_server", *words],
                env=environ,
                capture_output=True,
                text=True,
                timeout=_GIVEN_UP_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            return Tried(-1, _GIVEN_UP_SECONDS, f"it never ended: {error.stderr!r}", "")
        if done.returncode == _NO_MOUNT:
            raise OSError(f"no tmpfs can be mounted here: {done.stderr}")
        manifest = out / "pyproject.toml"
        return Tried(
            done.returncode, time.monotonic() - begun, done.stderr, manifest.read_text("utf-8") if manifest.exists() else ""
        )

    def _copy(self, disk: Path) -> Path:
        """Keep what lies on the disk where it can be seen when the disk is mounted over it."""
        copy = self.base / f"copy-of-{disk.name}"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(disk, copy, symlinks=True)
        return copy

    def fault(self, tried: Tried, place: str) -> str | None:
        """Say what is wrong with what an add did; None if nothing is."""
        if tried.seconds > LIMIT_SECONDS * patience():
            return f"it took {tried.seconds:.1f} s: {tried.said}"
        if "Traceback" in tried.said:
            return tried.said
        if tried.code == 0:
            return None if tried.is_made else "it says that it is done, and the edit is not there"
        if tried.manifest != self.before and not (place != "state" and tried.is_made):
            return f"it failed, and the manifest is another: {tried.manifest!r}"
        named = " is full" in tried.said or (not namespace() and "cannot be read or written" in tried.said)
        return None if named else f"it names no disk: {tried.said}"


@cache
def namespace() -> list[str]:
    """Return how to get mounts of one's own here: as root, else in a namespace of users; nothing where neither goes."""
    for words in (["unshare", "-m"], ["unshare", "-rm"]):
        script = f"mount -t tmpfs -o size=64k tmpfs {tempfile.gettempdir()}"
        if (
            shutil.which("unshare")
            and subprocess.run([*words, "sh", "-c", script], capture_output=True, check=False).returncode == 0
        ):
            return words
    return []


def patience() -> float:
    """Return by how much a busy machine may be slower."""
    return float(os.environ.get("BUSY", "1"))


def main() -> int:
    """Try all rooms in all places; print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=int, default=16, help="kilobytes from one room to the next")
    parser.add_argument("--places", nargs="*", default=PLACES, choices=PLACES)
    options = parser.parse_args()
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None or not namespace():
        sys.stderr.write("this needs uv, and mounts of one's own (Linux)\n")
        return 2
    bad = 0
    for place in options.places:
        room, made = 0, 0
        while made < _MADE_OFTEN_ENOUGH:
            with tempfile.TemporaryDirectory(prefix="pl-") as folder:
                site = Site(Path(folder).resolve(), uv)
                tried = site.attempt(place, room, ["add", "alpha"])
                fault = site.fault(tried, place)
            made, bad = made + (tried.code == 0), bad + (fault is not None)
            line = {"place": place, "room": room, "code": tried.code, "seconds": round(tried.seconds, 1), "fault": fault}
            sys.stdout.write(json.dumps(line | {"said": tried.said.strip()[-300:]}) + "\n")
            sys.stdout.flush()
            room += options.step
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
