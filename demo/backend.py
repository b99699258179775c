"""A PEP 517 build backend that waits at a gate, fails on purpose or just builds.

`parts` copies this file beside a project's `pyproject.toml` (`requires = []`, `backend-path = ["."]`), so it needs
nothing but the standard library and never imports the rest of this package. It reads `[project]` and
`[tool.demo-backend]` from the `pyproject.toml` of the folder it runs in.
"""

import base64
import csv
import hashlib
import io
import os
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FAILURE = "demo-backend: this build fails on purpose"
"""What a build that was told to fail writes on stderr, followed by the hook's name."""

_POLL = 0.01
"""Seconds between two looks at the gate: the only wait in the demo that is not driven by an event."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time stamp that a zip file can hold; equal content then gives equal bytes."""

_CHILD = """
import os, pathlib, sys, time
gate = pathlib.Path(sys.argv[1])
part = gate / "child.part"
part.write_text(str(os.getpid()))
part.replace(gate / "child")
while gate.is_dir() and not (gate / "open").exists():
    time.sleep(0.01)
"""
"""A process below the build: stopping uv must stop this one too."""


def get_requires_for_build_wheel(config_settings: object = None) -> list[str]:
    """PEP 517: no package is needed to build."""
    del config_settings
    return []


get_requires_for_build_editable = get_requires_for_build_wheel
get_requires_for_build_sdist = get_requires_for_build_wheel


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: object = None) -> str:
    """PEP 517: write the metadata folder and return its name; waits when the gate is at 'metadata'."""
    del config_settings
    project, settings = _read()
    _behave("metadata", settings)
    info = dist_info(project["name"], project["version"])
    folder = Path(metadata_directory, info)
    folder.mkdir(parents=True)
    folder.joinpath("METADATA").write_text(_metadata_of(project, settings), encoding="utf-8", newline="")
    folder.joinpath("WHEEL").write_text(WHEEL, encoding="utf-8", newline="")
    return info


def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: object = None) -> str:
    """PEP 660: the metadata of an editable install is the same."""
    return prepare_metadata_for_build_wheel(metadata_directory, config_settings)


def build_wheel(wheel_directory: str, config_settings: object = None, metadata_directory: str | None = None) -> str:
    """PEP 517: write the wheel and return its name; waits when the gate is at 'build'."""
    del config_settings, metadata_directory
    project, settings = _read()
    _behave("build", settings)
    module = module_name(project["name"])
    files = {f"{module}/__init__.py": f'"""Built by the demo backend."""\n\n__version__ = "{project["version"]}"\n'}
    return _write(wheel_directory, project, settings, files)


def build_editable(wheel_directory: str, config_settings: object = None, metadata_directory: str | None = None) -> str:
    """PEP 660: a wheel with nothing but a `.pth` line to this folder."""
    del config_settings, metadata_directory
    project, settings = _read()
    _behave("build", settings)
    return _write(wheel_directory, project, settings, {f"{module_name(project['name'])}.pth": f"{Path.cwd()}\n"})


def module_name(name: str) -> str:
    """The distribution's name as a file name part and as a module (PEP 427 escaping)."""
    return name.lower().replace("-", "_").replace(".", "_")


def dist_info(name: str, version: str) -> str:
    """The name of the metadata folder (PEP 427)."""
    return f"{module_name(name)}-{version}.dist-info"


WHEEL = "Wheel-Version: 1.0\nGenerator: demo-backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
"""The `WHEEL` file of every wheel here (PEP 427)."""


def metadata(
    name: str,
    version: str,
    requires: Sequence[str] = (),
    *,
    extras: Mapping[str, Sequence[str]] | None = None,
    requires_python: str | None = None,
    dynamic: Sequence[str] = (),
) -> str:
    """The text of `METADATA` or `PKG-INFO` (core metadata 2.2, PEP 643).

    `dynamic` names fields that a build may change: a tool then has to build to know them.
    """
    lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
    lines += [f"Dynamic: {field}" for field in dynamic]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    for extra, requirements in (extras or {}).items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {requirement} ; extra == '{extra}'" for requirement in requirements]
    return "\n".join(lines) + "\n"


def write_wheel(folder: Path, name: str, version: str, metadata_text: str, files: Mapping[str, str | bytes]) -> Path:
    """Write a pure-Python wheel (PEP 427) and return its path; the same input gives the same bytes."""
    info = dist_info(name, version)
    content = {path: data.encode() if isinstance(data, str) else data for path, data in files.items()}
    content[f"{info}/METADATA"] = metadata_text.encode()
    content[f"{info}/WHEEL"] = WHEEL.encode()
    content[f"{info}/RECORD"] = _record(content, f"{info}/RECORD")
    target = folder / f"{module_name(name)}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path, data in content.items():
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return target


def _record(content: Mapping[str, bytes], own_path: str) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for path, data in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.writerow([path, f"sha256={digest}", len(data)])
    rows.writerow([own_path, "", ""])
    return text.getvalue().encode()


def _read() -> tuple[dict[str, Any], dict[str, Any]]:
    """`[project]` with its version filled in, and `[tool.demo-backend]`."""
    document = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    project = document["project"]
    if "version" in project.get("dynamic", ()):
        project["version"] = Path("VERSION").read_text(encoding="utf-8").strip()
    return project, document.get("tool", {}).get("demo-backend", {})


def _metadata_of(project: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    requires = [*project.get("dependencies", ()), *settings.get("requires", ())]
    return metadata(
        project["name"],
        project["version"],
        requires,
        extras=project.get("optional-dependencies"),
        requires_python=project.get("requires-python"),
    )


def _write(folder: str, project: Mapping[str, Any], settings: Mapping[str, Any], files: Mapping[str, str]) -> str:
    text = _metadata_of(project, settings)
    return write_wheel(Path(folder), project["name"], project["version"], text, files).name


def _behave(hook: str, settings: Mapping[str, Any]) -> None:
    """Do what `[tool.demo-backend]` asks of this hook before the real work."""
    if hook not in settings.get("at", ()):
        return
    if settings.get("ignore-sigint"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if gate := settings.get("gate"):
        _wait(Path(gate), spawn_child=settings.get("spawn-child", False))
    if settings.get("then") == "fail":
        sys.exit(f"{FAILURE} ({hook} of {Path.cwd().name})")


def _wait(gate: Path, *, spawn_child: bool) -> None:
    """Say that the gate is reached, then wait until it is open.

    A gate whose folder is gone counts as open: no process outlives the folder it was made for.
    """
    gate.mkdir(parents=True, exist_ok=True)
    if spawn_child:
        quiet = subprocess.DEVNULL  # the child must not keep uv's pipes open
        subprocess.Popen([sys.executable, "-c", _CHILD, str(gate)], stdin=quiet, stdout=quiet, stderr=quiet)
        while gate.is_dir() and not (gate / "child").exists():
            time.sleep(_POLL)
    part = gate / f"reached.{os.getpid()}"
    part.write_text(str(os.getpid()), encoding="ascii")
    part.replace(gate / "reached")
    while gate.is_dir() and not (gate / "open").exists():
        time.sleep(_POLL)
