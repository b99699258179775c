"""What an environment has installed, read from the metadata in its site-packages folder.

uv can say it too (`uv workspace metadata`), but waits for the environment's lock while a sync runs, and starts a
process; these are the same files that it reads.
"""

import os
from functools import lru_cache
from pathlib import Path

from lsp_server.adapters import files
from lsp_server.adapters.environment import site_packages
from lsp_server.core.text import decoded
from lsp_server.imports.core import installed
from lsp_server.imports.core.installed import Distribution, Installed

_MOST_DISTRIBUTIONS = 4096
# The largest of PyPI's (a line for each file of a distribution) have some 3 MB.
_RECORD_LIMIT = 10 * files.METADATA_LIMIT
_MOST_FOLDERS = 1000


def read(folder: Path) -> Installed | None:
    """Return what is installed in a virtual environment; None where there is none.

    A distribution that vanishes while it is read, as it does in a sync, is left out.
    """
    if not (folder / "pyvenv.cfg").is_file():
        return None
    found: list[Distribution] = []
    for packages in site_packages(folder):
        for info in _metadata_folders(packages):
            try:
                stamp = Path(info).stat().st_mtime_ns
            except OSError:
                continue
            one = _distribution(str(packages), info, stamp)
            if one is not None:
                found.append(one)
    return Installed(found)


def _metadata_folders(packages: Path) -> list[str]:
    try:
        with os.scandir(packages) as entries:
            found = sorted(entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
            return found[:_MOST_DISTRIBUTIONS]
    except OSError:
        return []


@lru_cache(maxsize=_MOST_DISTRIBUTIONS)
def _distribution(packages: str, info: str, _stamp: int) -> Distribution | None:
    """Read one distribution. Its folder is written once and then replaced, so its time names its content."""
    metadata = _text(info, "METADATA") or _text(info, "PKG-INFO")
    if metadata is None:
        return None
    record = _text(info, "RECORD", _RECORD_LIMIT)
    namespaces = (_text(info, "namespace_packages.txt") or "").split()
    modules = installed.modules_of_record(record or "", namespaces)
    if not modules:
        modules = installed.modules_of_top_level(_text(info, "top_level.txt") or "")
    if record is not None:
        modules |= _editable(Path(packages), record)
    return installed.from_metadata(metadata, modules, _text(info, "entry_points.txt") or "")


def _editable(packages: Path, record: str) -> frozenset[str]:
    """Return the modules of an editable install: those below the folders of its .pth file, or in its finder's mapping."""
    found: set[str] = set()
    for line in record.splitlines():
        name = line.partition(",")[0]
        if "/" in name:
            continue
        if name.endswith(".pth"):
            for folder in (_text(str(packages), name) or "").splitlines()[:_MOST_FOLDERS]:
                if folder and not folder.startswith(("import ", "import\t", "#")):
                    found |= _importable(packages / folder.strip())
        elif name.startswith("__editable__") and name.endswith("_finder.py"):
            found |= installed.editable_modules(_text(str(packages), name) or "")
    return frozenset(found)


def _importable(folder: Path) -> set[str]:
    try:
        with os.scandir(folder) as entries:
            return {name for entry in entries if (name := _module(entry)) is not None}
    except (OSError, ValueError):  # ValueError: a line with a NUL
        return set()


def _module(entry: "os.DirEntry[str]") -> str | None:
    if entry.name.endswith(".py"):
        return entry.name.removesuffix(".py")
    is_package = entry.name.isidentifier() and entry.is_dir() and Path(entry.path, "__init__.py").is_file()
    return entry.name if is_package else None


def _text(folder: str, name: str, limit: int = files.METADATA_LIMIT) -> str | None:
    """Return the beginning of a file: what is asked of METADATA stands there, a long description may follow."""
    try:
        return decoded(files.head(os.path.join(folder, name), limit))  # noqa: PTH118  called a thousand times
    except OSError:
        return None
