"""Real packages, gates and projects to work on, all offline: wheels, builds that wait, a hermetic uv.

The demonstration and the tests are made of these. Nothing here runs uv; `uv_environment` says with which
environment variables to run it, so that neither the network nor the person's own settings and caches are touched.
"""

import gzip
import io
import json
import os
import sys
import tarfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from demo import backend as _backend

FAILURE = _backend.FAILURE
"""What a build that was told to fail writes on stderr."""

_BACKEND_TEXT = Path(_backend.__file__).read_text(encoding="utf-8")

_FOREIGN = ("UV_", "PIP_", "XDG_", "GIT_", "CONDA", "VIRTUAL_ENV", "PYTHON", "PYPROJECT_LSP_", "HOME", "USERPROFILE")
"""Beginnings of the variables that would let the outside into a hermetic run."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A folder where a build waits until somebody opens it."""

    path: Path

    def open(self) -> None:
        """Let the build, and all later ones, go on."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.joinpath("open").touch()

    def wait_reached(self, timeout: float = 30.0) -> int:
        """Wait until a build stands at the gate and return its process id.

        Raises:
            TimeoutError: no build came within `timeout` seconds.
        """
        return self._wait("reached", timeout)

    def wait_child(self, timeout: float = 30.0) -> int:
        """Wait for the process below the build (`spawn_child`) and return its process id.

        Raises:
            TimeoutError: it was not started within `timeout` seconds.
        """
        return self._wait("child", timeout)

    def is_reached(self) -> bool:
        """Whether a build has come to the gate since the last `close`."""
        return self.path.joinpath("reached").exists()

    def close(self) -> None:
        """Make the gate new: the next build waits again."""
        for name in ("open", "reached", "child"):
            self.path.joinpath(name).unlink(missing_ok=True)

    def _wait(self, name: str, timeout: float) -> int:
        end = time.monotonic() + timeout
        file = self.path / name
        while not file.exists():
            if time.monotonic() > end:
                raise TimeoutError(f"nobody reached the gate {self.path} within {timeout} s")
            time.sleep(0.005)  # the build is another program: a look at the folder works on every system
        return int(file.read_text(encoding="ascii"))


At = Literal["build", "metadata", "both"]
Then = Literal["succeed", "fail"]


@dataclass(frozen=True, slots=True)
class Backend:
    """What the in-tree build backend does at the hooks named by `at`, before it builds."""

    gate: Gate | None = None
    at: At = "build"
    then: Then = "succeed"
    ignore_sigint: bool = False
    spawn_child: bool = False

    @property
    def dynamic(self) -> bool:
        """Whether the metadata can only be known by running the metadata hook."""
        return self.at in ("metadata", "both")

    def toml(self) -> str:
        """The `[build-system]` and `[tool.demo-backend]` tables."""
        hooks = ["metadata", "build"] if self.at == "both" else [self.at]
        lines = ["[build-system]", "requires = []", 'build-backend = "backend"', 'backend-path = ["."]', ""]
        lines += ["[tool.demo-backend]", f"at = {toml_value(hooks)}", f"then = {toml_value(self.then)}"]
        lines += [f"gate = {toml_value(str(self.gate.path))}"] if self.gate else []
        lines += [f"ignore-sigint = {toml_value(self.ignore_sigint)}", f"spawn-child = {toml_value(self.spawn_child)}"]
        return "\n".join(lines) + "\n"


PLAIN = Backend()
"""A backend that just builds."""


def toml_value(value: str | bool | Sequence[str]) -> str:  # noqa: FBT001 - a value to write, not a switch
    """One TOML value; an array stands on one line."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    requires: Sequence[str] = (),
    modules: Mapping[str, str] | None = None,
    *,
    size: int = 0,
    extras: Mapping[str, Sequence[str]] | None = None,
    requires_python: str | None = None,
) -> Path:
    """Write a valid pure-Python wheel (PEP 427) whose bytes depend on the arguments alone.

    Args:
        folder: where it goes; made if it is missing.
        name: the distribution's name.
        version: a PEP 440 version.
        requires: PEP 508 requirements.
        modules: file path -> text; without it one package named like the distribution.
        size: bytes of ballast, to make copying it take time.
        extras: extra -> PEP 508 requirements.
        requires_python: a PEP 440 version specifier.
    """
    folder.mkdir(parents=True, exist_ok=True)
    module = _backend.module_name(name)
    files: dict[str, str | bytes] = dict(modules or {f"{module}/__init__.py": f'__version__ = "{version}"\n'})
    if size:
        files[f"{module}_ballast.bin"] = bytes(size)
    text = _backend.metadata(name, version, requires, extras=extras, requires_python=requires_python)
    return _backend.write_wheel(folder, name, version, text, files)


def make_sdist(folder: Path, name: str, version: str, backend: Backend = PLAIN, requires: Sequence[str] = ()) -> Path:
    """Write a source distribution (PEP 625, core metadata 2.2) that `backend` builds.

    Its metadata is static, so resolving it needs no build, unless the backend is `dynamic`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{_backend.module_name(name)}-{version}"
    dynamic = ["Requires-Dist"] if backend.dynamic else []
    files = {
        "PKG-INFO": _backend.metadata(name, version, requires, dynamic=dynamic),
        "backend.py": _BACKEND_TEXT,
        "pyproject.toml": _package_manifest(name, version, backend, requires),
    }
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{stem}/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    target = folder / f"{stem}.tar.gz"
    target.write_bytes(gzip.compress(raw.getvalue(), mtime=0))
    return target


def make_package(folder: Path, name: str, version: str, backend: Backend = PLAIN, requires: Sequence[str] = ()) -> Path:
    """Write the project folder of a package with its own build backend, and return the folder.

    A backend that is `dynamic` makes its dependencies dynamic, so that every tool has to ask the metadata hook.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "pyproject.toml", _package_manifest(name, version, backend, requires))
    write(folder / "backend.py", _BACKEND_TEXT)
    module = folder / _backend.module_name(name)
    module.mkdir(exist_ok=True)
    write(module / "__init__.py", f'__version__ = "{version}"\n')
    return folder


def gated_package(
    folder: Path,
    name: str,
    version: str,
    gate: Gate,
    at: At = "build",
    *,
    then: Then = "succeed",
    ignore_sigint: bool = False,
    spawn_child: bool = False,
) -> Path:
    """Write a package whose build (or metadata hook, or both) waits until `gate` is open.

    Args:
        folder: the project folder; made if it is missing.
        name: the distribution's name.
        version: a PEP 440 version.
        gate: where it waits.
        at: the hook that waits. 'build' holds a sync, 'metadata' a resolution.
        then: what it does once the gate is open; a failure writes `FAILURE` on stderr.
        ignore_sigint: Ctrl-C does not end the waiting build.
        spawn_child: a process below the build waits too (`Gate.wait_child`).
    """
    return make_package(folder, name, version, Backend(gate, at, then, ignore_sigint, spawn_child))


def failing_package(folder: Path, name: str, version: str, at: At = "build") -> Path:
    """Write a package that fails at once with `FAILURE` on stderr, when it is built or asked for its metadata."""
    return make_package(folder, name, version, Backend(at=at, then="fail"))


def _package_manifest(name: str, version: str, backend: Backend, requires: Sequence[str]) -> str:
    project = ["[project]", f"name = {toml_value(name)}", f"version = {toml_value(version)}"]
    if not backend.dynamic:
        project += [f"dependencies = {toml_value(requires)}", "", backend.toml()]
    else:
        project += ['dynamic = ["dependencies"]', "", f"{backend.toml()}requires = {toml_value(requires)}\n"]
    return "\n".join(project)


def manifest(
    *,
    dependencies: Sequence[str] = (),
    wheels: Path | None = None,
    name: str = "demo",
    version: str = "0.1.0",
    groups: Mapping[str, Sequence[str]] | None = None,
    extras: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The text of a readable `pyproject.toml` whose only index is the folder `wheels`, written as it is given."""
    lines = ["[project]", f"name = {toml_value(name)}", f"version = {toml_value(version)}"]
    lines += ['requires-python = ">=3.11"', _array("dependencies", dependencies)]
    if extras:
        lines += ["", "[project.optional-dependencies]", *(_array(key, value) for key, value in extras.items())]
    if groups:
        lines += ["", "[dependency-groups]", *(_array(key, value) for key, value in groups.items())]
    if wheels is not None:
        lines += ["", "[tool.uv]", "no-index = true", f"find-links = {toml_value([wheels.as_posix()])}"]
    return "\n".join(lines) + "\n"


def make_project(
    folder: Path,
    *,
    dependencies: Sequence[str] = (),
    wheels: Path | None = None,
    name: str = "demo",
    version: str = "0.1.0",
    groups: Mapping[str, Sequence[str]] | None = None,
    extras: Mapping[str, Sequence[str]] | None = None,
    text: str | None = None,
) -> Path:
    """Write `pyproject.toml` into `folder` and return its path; `text` is used instead of all the rest."""
    folder.mkdir(parents=True, exist_ok=True)
    made = manifest(dependencies=dependencies, wheels=wheels, name=name, version=version, groups=groups, extras=extras)
    return write(folder / "pyproject.toml", made if text is None else text)


def _array(key: str, values: Sequence[str]) -> str:
    """`key = [...]`, one value a line, as a person and uv would write it."""
    if not values:
        return f"{key} = []"
    return "\n".join([f"{key} = [", *(f"    {toml_value(value)}," for value in values), "]"])


def write(path: Path, text: str) -> Path:
    """Write exactly these characters as UTF-8 (no newline translation) and return the path."""
    path.write_text(text, encoding="utf-8", newline="")
    return path


def uv_environment(base: Path) -> dict[str, str]:
    """Environment variables for a uv that sees no network, no settings and no cache but those under `base`.

    `UV_NO_CONFIG` is left out on purpose: it also hides the `[tool.uv]` table of the project. The folders
    where uv looks for a person's or a system's `uv.toml` are moved under `base` instead.
    """
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(_FOREIGN)}
    folders = {
        "HOME": "home",
        "USERPROFILE": "home",
        "APPDATA": "home/config",
        "LOCALAPPDATA": "home/data",
        "PROGRAMDATA": "home/system",
        "XDG_CONFIG_HOME": "home/config",
        "XDG_CONFIG_DIRS": "home/system",
        "XDG_CACHE_HOME": "home/cache",
        "XDG_DATA_HOME": "home/data",
        "XDG_STATE_HOME": "home/state",
        "XDG_BIN_HOME": "home/bin",
        "TMPDIR": "tmp",
        "TEMP": "tmp",
        "TMP": "tmp",
        "UV_CACHE_DIR": "cache",
        "UV_PYTHON_INSTALL_DIR": "pythons",
        "PYPROJECT_LSP_STATE_DIR": "state",
    }
    for folder in folders.values():
        base.joinpath(folder).mkdir(parents=True, exist_ok=True)
    # A virtual environment is no base for other environments: uv shall take the interpreter below it.
    interpreter = getattr(sys, "_base_executable", None) or sys.executable
    fixed = {
        "UV_OFFLINE": "1",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON": interpreter,
        "UV_PYTHON_DOWNLOADS": "never",
        "NO_COLOR": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    return kept | {key: str(base / folder) for key, folder in folders.items()} | fixed
