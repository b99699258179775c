"""A virtual environment as data: its interpreter, what is installed in it, what markers mean there."""

import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags

from lsp_server.adapters import files
from lsp_server.core import metadata
from lsp_server.core.metadata import Metadata
from lsp_server.core.requirement import normalize
from lsp_server.core.text import decoded

_DIST_INFO = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)\.dist-info")


@dataclass(frozen=True, slots=True)
class Environment:
    """What `pyvenv.cfg` says: the folder, the interpreter it was made from, and that one's version."""

    folder: Path
    base_python: Path | None
    version: str | None


def read(folder: Path) -> Environment | None:
    """Read a virtual environment, or return None where there is none."""
    try:
        content = files.read(folder / "pyvenv.cfg", files.METADATA_LIMIT)
    except OSError:
        return None
    if content is None:
        return None
    lines = (line.partition("=") for line in decoded(content).splitlines())
    fields = {key.strip(): value.strip() for key, _, value in lines}
    version = fields.get("version_info") or fields.get("version")
    return Environment(folder, _base_python(fields.get("home"), version), version)


def refusal(folder: Path) -> str | None:
    """Say why no uv is sent into an environment: it would wait for ever for a `pyvenv.cfg` that has no end."""
    try:
        files.read(folder / "pyvenv.cfg", files.METADATA_LIMIT)
    except files.Unfit as error:
        return str(error)
    except OSError:
        return None  # uv says what it is
    return None


def usable_python(folder: Path, requires_python: str | None) -> Path | None:
    """Return the live environment's base interpreter if the project still allows it.

    uv is given this one in the shadow, so that it resolves as in the live project; never the environment's own
    `python`, since uv would then take the live environment's lock.
    """
    environment = read(folder)
    if environment is None or environment.base_python is None or environment.version is None:
        return None
    try:
        allowed = SpecifierSet(requires_python or "").contains(".".join(environment.version.split(".")[:3]), prereleases=True)
    except ValueError:  # InvalidSpecifier, InvalidVersion, numbers of absurd length
        return None
    return environment.base_python if allowed else None


def installed(folder: Path) -> dict[str, str]:
    """Return the installed distributions, normalized name to version, by the names of their `.dist-info` folders."""
    return {name: version for packages in site_packages(folder) for name, version, _ in _distributions(packages)}


def _distributions(packages: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the normalised names, the versions and the `.dist-info` folders."""
    try:
        names = os.listdir(packages)  # noqa: PTH208  ten times faster, with hundreds of names
    except OSError:
        return
    for name in names:
        match = _DIST_INFO.fullmatch(name)
        if match:
            yield normalize(match["name"]), match["version"], name


def described(folder: Path, wanted: Mapping[str, str]) -> dict[str, Metadata]:
    """Return what installed distributions say of themselves.

    Args:
        folder: the environment.
        wanted: their versions, by normalised name.

    """
    found: dict[str, Metadata] = {}
    for packages in site_packages(folder):
        for name, version, info in _distributions(packages):
            with suppress(OSError):
                if wanted.get(name) == version:
                    path = packages / info / "METADATA"
                    found[name] = _metadata(path, version, path.stat().st_mtime_ns)
    return found


@lru_cache(maxsize=4096)
def _metadata(path: Path, version: str, _modified: int) -> Metadata:
    return metadata.parse(version, files.read_text(path).encode())


def marker_environment(environment: Environment) -> Mapping[str, str]:
    """Return the values of PEP 508 markers for the environment: this machine's, with its Python version."""
    full = ".".join((environment.version or platform.python_version()).split(".")[:3])
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": full,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "platform_python_implementation": platform.python_implementation(),
        "python_full_version": full,
        "python_version": ".".join(full.split(".")[:2]),
        "sys_platform": sys.platform,
        "extra": "",
    }


@lru_cache(maxsize=8)
def supported_tags(version: str | None) -> frozenset[Tag]:
    """Return the wheel tags (PEP 425) that a CPython of this version supports here; without one, the pure ones.

    Other implementations get the pure ones too: their native wheels then count as builds, which costs a look.
    """
    numbers = [int(part) for part in (version or "").split(".")[:2] if part.isdigit()]
    if len(numbers) < 2 or sys.implementation.name != "cpython":  # noqa: PLR2004  major and minor
        return frozenset({Tag("py3", "none", "any"), Tag("py2", "none", "any")})
    return frozenset((*cpython_tags(tuple(numbers)), *compatible_tags(tuple(numbers))))


def _base_python(home: str | None, version: str | None) -> Path | None:
    if not home:
        return None
    minor = ".".join((version or "").split(".")[:2])
    for name in (f"python{minor}", "python3", "python", "python.exe"):
        candidate = Path(home) / name
        if candidate.is_file():
            return candidate
    return None


def site_packages(folder: Path) -> tuple[Path, ...]:
    """Return the folders that packages are installed in."""
    windows = folder / "Lib" / "site-packages"
    return (windows,) if windows.is_dir() else tuple(folder.glob("lib/python*/site-packages"))
