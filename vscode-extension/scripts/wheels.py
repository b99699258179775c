"""Collect the wheels that the extension brings along: the server, what it depends on, and pip to install them with.

Pure wheels once, compiled ones for each platform below. A machine that is not among them asks its own index on first
start (README, 'Platforms'). What `requirements-dev.lock` and `pip.txt` do not know by its hash is not packed. Run with a
Python that has pip; the argument is the folder to fill.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PIP = Path(__file__).with_name("pip.txt")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# What a wheel's file name may say for each system; several spellings, since projects differ in the oldest they support.
PLATFORMS = {
    "Linux x86-64": ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64"),
    "Linux ARM": ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64"),
    "macOS Intel": ("macosx_10_9_x86_64", "macosx_10_13_x86_64", "macosx_11_0_x86_64"),
    "macOS ARM": ("macosx_11_0_arm64", "macosx_12_0_arm64"),
    "Windows x86-64": ("win_amd64",),
    "Windows ARM": ("win_arm64",),
}


def pip(*arguments: str) -> None:
    """Run pip; its own words go to the terminal when it fails."""
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *arguments], check=True)


def constraints() -> str:
    """Return the versions of the project's own lock file, so that what is shipped is what was tested."""
    lock = ROOT / "requirements-dev.lock"
    lines = lock.read_text(encoding="utf-8").splitlines() if lock.exists() else []
    pins = [found[0] for line in lines if (found := re.match(r"[\w.-]+==[^\s;]+", line))]
    return "".join(f"{pin}\n" for pin in pins)


def locked_hashes() -> dict[str, set[str]]:
    """Return the SHA-256 digests of the lock file's packages and of pip, by `name==version`."""
    found: dict[str, set[str]] = {}
    pinned: set[str] = set()
    for lock in (ROOT / "requirements-dev.lock", PIP):
        for line in lock.read_text(encoding="utf-8").splitlines():
            if pin := re.match(r"([\w.-]+)==([^\s;]+)", line):
                pinned = found.setdefault(f"{normalized(pin[1])}=={pin[2]}", set())
            pinned.update(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
    return found


def normalized(name: str) -> str:
    """Return a distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def strangers(wheels: Path) -> list[str]:
    """Return the wheels whose content the lock file does not know: what an index gave instead, or what was built here."""
    hashes = locked_hashes()
    found = []
    for wheel in sorted(wheels.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        known = hashes.get(f"{normalized(name)}=={version}", set())
        if name != "pyproject_lsp" and hashlib.sha256(wheel.read_bytes()).hexdigest() not in known:
            found.append(wheel.name)
    return found


def requirements(wheels: Path) -> list[str]:
    """Return `name==version` of every wheel that was resolved for this machine, except the server's own."""
    found = [wheel.name.split("-")[:2] for wheel in wheels.glob("*.whl")]
    return sorted(f"{name}=={version}" for name, version in found if name != "pyproject_lsp")


def bring_platforms(wheels: Path, pinned: list[str]) -> None:
    """Fetch the same versions for all platforms; where a project has no wheel for one, that one is left out."""
    compiled = [line for line in pinned if not any(wheels.glob(f"{line.replace('==', '-')}-*-none-any.whl"))]
    for requirement in compiled:
        for label, tags in PLATFORMS.items():
            # `abi3` and `py3` wheels come four times and are one file.
            for python in PYTHONS:
                platform = [option for tag in tags for option in ("--platform", tag)]
                where = ["--only-binary=:all:", "--no-deps", f"--python-version={python}", *platform, "-d", str(wheels)]
                try:
                    pip("download", *where, requirement)
                except subprocess.CalledProcessError:
                    sys.stdout.write(f"{requirement}: no wheel for {label}, Python {python}\n")


def digest(wheels: Path) -> str:
    """Return a digest of names and contents: another content is another environment."""
    state = hashlib.sha256()
    for wheel in sorted(wheels.glob("*.whl")):
        state.update(wheel.name.encode() + b"\0" + wheel.read_bytes())
    return state.hexdigest()


def main() -> None:
    """Fill the folder anew; what was there before goes only when the new content is complete."""
    target = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        wheels = Path(scratch)
        locked = wheels / "constraints.txt"
        locked.write_text(constraints())
        pip("wheel", "--prefer-binary", "-c", str(locked), "-w", str(wheels), str(ROOT))
        locked.unlink()
        if "--this-machine" not in sys.argv:
            bring_platforms(wheels, requirements(wheels))
        pip("download", "--no-deps", "--require-hashes", "-d", str(wheels), "-r", str(PIP))
        unknown = strangers(wheels)
        if unknown:
            sys.exit(f"not in requirements-dev.lock, by name, version or hash: {', '.join(unknown)}; nothing is packed")
        # Python imports a wheel by the path of the file: a fixed name spares the extension a search.
        next(wheels.glob("pip-*.whl")).rename(wheels / "pip.whl")
        (wheels / "digest.txt").write_text(digest(wheels) + "\n")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(wheels, target)


if __name__ == "__main__":
    main()
