"""Run the tests of kernel, server, adapters and command line on other Pythons than that of `.venv`.

`python -m scripts.pythons`: a quick part of them on the oldest and the newest supported Python that this machine has.
`python -m scripts.pythons --all`: all of them on every one. It says which it found, and where.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PLACES = ROOT / ".cache" / "pythons"
UV = Path(sys.executable).with_name("uv.exe" if sys.platform == "win32" else "uv")
TESTS = ("tests/jobs", "tests/server", "tests/adapters", "tests/cli")
# Of each folder what uses most of its modules, with the real uv; together less than a minute on two cores.
QUICK = (
    "tests/cli/test_start.py",
    "tests/cli/test_command_line.py::test_add_remove_bump_and_undo_do_what_the_editor_does",
    "tests/cli/test_command_line.py::test_a_current_folder_that_is_gone_is_told_by_a_traceback",
    "tests/server/test_first_light.py",
    "tests/server/test_contract.py",
    "tests/jobs/test_journal.py",
    "tests/adapters/test_files.py",
    "tests/adapters/test_processes.py",
    "tests/demo/test_run.py",
)
_NAMED = re.compile(r"python3\.\d+(\.exe)?")
_ASK = "import json, platform, sys; print(json.dumps([platform.python_implementation(), platform.python_version(), sys.prefix]))"


def candidates() -> Iterator[Path]:
    """Yield every executable that may be a Python: pyenv's, uv's, those on PATH."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob("versions/*/bin/python"))
    with suppress(OSError, subprocess.CalledProcessError, ValueError):
        words = [str(UV), "python", "list", "--only-installed", "--offline", "--output-format", "json"]
        for each in json.loads(subprocess.run(words, capture_output=True, check=True).stdout):
            yield Path(each["path"])
    for folder in os.get_exec_path():
        with suppress(OSError):
            yield from (each for each in sorted(Path(folder).iterdir()) if _NAMED.fullmatch(each.name))


def supported() -> dict[Version, Path]:
    """Return the supported Pythons of this machine, the oldest first, each with one executable."""
    wanted = SpecifierSet(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"])
    found: dict[Version, Path] = {}
    for path in candidates():
        version = _version(path)
        if version is not None and version in wanted:
            found.setdefault(version, path)
    return dict(sorted(found.items()))


def _version(path: Path) -> Version | None:
    """Return the version of a CPython; None for another one, a virtual environment, or what does not run."""
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        done = subprocess.run([path, "-I", "-c", _ASK], capture_output=True, check=True, timeout=20)
        kind, version, prefix = json.loads(done.stdout)
        if kind == "CPython" and not (Path(prefix) / "pyvenv.cfg").exists():
            return Version(version)
    return None


def chosen(found: Mapping[Version, Path]) -> tuple[Version, ...]:
    """Return the oldest and the newest, without the one that `.venv` is made of: all tests run there."""
    ends = dict.fromkeys((min(found), max(found)))
    return tuple(each for each in ends if each != _version_here())


def _version_here() -> Version:
    return Version(".".join(map(str, sys.version_info[:3])))


def prepared(version: Version, interpreter: Path) -> Path:
    """Return the Python of an environment with the pinned dependencies and this project in it; it is kept for the next time."""
    place = PLACES / str(version)
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pinned = ROOT / "requirements-dev.lock"
    ready = place / ".ready"
    if not ready.exists() or ready.read_bytes() != pinned.read_bytes() or _prefix_of(python) is None:
        shutil.rmtree(place, ignore_errors=True)
        _uv("venv", "--python", str(interpreter), str(place))
        _uv("pip", "install", "--python", str(python), "--require-hashes", "--requirement", str(pinned))
        ready.write_bytes(pinned.read_bytes())
    _uv("pip", "install", "--python", str(python), "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    return python


def _prefix_of(python: Path) -> str | None:
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run([python, "-c", "import sys; print(sys.prefix)"], capture_output=True, check=True, text=True).stdout
    return None


def _uv(*words: str) -> None:
    # The person's uv may be told by its environment to use this one or that Python; here it is named.
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("UV_PYTHON", "VIRTUAL_ENV"))}
    subprocess.run([str(UV), "--quiet", *words], check=True, cwd=ROOT, env=environ)


def run(version: Version, interpreter: Path, tests: Iterable[str]) -> bool:
    """Run tests on one Python; tell whether all passed."""
    print(f"--- Python {version} ({interpreter})", flush=True)
    python = prepared(version, interpreter)
    words = [str(python), "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", *tests]
    return subprocess.run(words, check=False, cwd=ROOT).returncode == 0


def main() -> int:
    """Say which Pythons there are, and run the tests on those that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="all tests of these folders, on every Python")
    options = parser.parse_args()
    found = supported()
    for version, path in found.items():
        print(f"found Python {version}: {path}")
    asked = tuple(found) if options.all else chosen(found)
    left = [str(version) for version in found if version not in asked]
    print(
        f"running on {', '.join(map(str, asked)) or 'none of them'}; not on {', '.join(left) or 'any that is left'}"
        f"; all tests run on {_version_here()} (.venv)",
        flush=True,
    )
    failed = [version for version in asked if not run(version, found[version], TESTS if options.all else QUICK)]
    print(f"failed on {', '.join(map(str, failed))}" if failed else "all passed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
