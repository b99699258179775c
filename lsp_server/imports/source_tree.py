"""A project's Python files: where they are and what they import. Read in the background, and interruptible."""

import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from lsp_server.adapters import files
from lsp_server.core import script
from lsp_server.imports.core import declared, scanner
from lsp_server.imports.core.scanner import Import
from lsp_server.imports.core.tree import Tree

_SUFFIXES = (".py", ".pyi", ".pyw", ".so", ".pyd", ".pyx")
_SKIPPED = frozenset(
    {"node_modules", "__pycache__", "site-packages", "build", "dist", "target", "htmlcov", "_build", "venv", "env", "vendor"}
)
_MOST_FILES = 50_000
_REQUIREMENTS_FOLDERS = ("", "requirements", "requirements.d")
_MOST_REQUIREMENTS_FILES = 64


class Interrupted(Exception):  # noqa: N818  it is no error
    """Nobody needs the answer any more."""


def read(root: Path, cancelled: Callable[[], bool] = lambda: False, *, depth: int = 64) -> Tree:
    """Return the Python files below a folder. Hidden folders, environments and what builds leave behind are not looked at.

    Args:
        root: the folder.
        cancelled: asked now and then whether to stop.
        depth: how many folders below the root are looked into.

    Raises:
        Interrupted: `cancelled` said so.

    """
    found: list[str] = []
    for path in _walk(str(root), depth):
        if cancelled():
            raise Interrupted
        found.append(os.path.relpath(path, root).replace(os.sep, "/"))
        if len(found) >= _MOST_FILES:
            break
    return Tree(found)


def _walk(folder: str, depth: int) -> Iterator[str]:
    waiting = [(folder, depth)]
    while waiting:
        here, left = waiting.pop()
        try:
            with os.scandir(here) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        if here != folder and any(entry.name == "pyvenv.cfg" for entry in listed):
            continue
        for entry in listed:
            if entry.is_dir(follow_symlinks=False):
                if left and not entry.name.startswith(".") and entry.name not in _SKIPPED:
                    waiting.append((entry.path, left - 1))
            elif entry.name.endswith(_SUFFIXES):
                yield entry.path


def is_seen(root: Path, path: Path) -> bool:
    """Tell whether `read` would look into the folder of a file below `root`; a sync makes thousands where it does not."""
    folders = path.relative_to(root).parts[:-1]
    return not any(folder.startswith(".") or folder in _SKIPPED for folder in folders)


def usage(root: Path, tree: Tree, cancelled: Callable[[], bool] = lambda: False) -> dict[str, tuple[Import, ...]]:
    """Return what each Python file imports. A file that did not change since is not read again.

    Raises:
        Interrupted: `cancelled` said so.

    """
    found: dict[str, tuple[Import, ...]] = {}
    for path in sorted(tree.files):
        if cancelled():
            raise Interrupted
        if path.endswith((".py", ".pyw", ".pyi")):
            found[path] = _imported(root / path)
    return found


def _imported(path: Path) -> tuple[Import, ...]:
    try:
        status = path.stat()
    except OSError:
        return ()
    return _names(str(path), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=_MOST_FILES)
def _names(path: str, _changed: int, _size: int) -> tuple[Import, ...]:
    text = files.read_text(Path(path), files.PYTHON_LIMIT)
    if script.may_have_block(text):
        return ()  # it depends on what its own metadata says (PEP 723)
    # Not the cached scan: a whole project's texts would drive the open documents out of the cache.
    return scanner.absolute(scanner.scan.__wrapped__(text))


def elsewhere(folder: Path) -> frozenset[str]:
    """Return the names in the requirements files beside a manifest, wherever these are usually put."""
    found: set[str] = set()
    for path in islice(_requirements_files(folder), _MOST_REQUIREMENTS_FILES):
        found |= declared.in_requirements(files.read_text(path, files.PYTHON_LIMIT))
    return frozenset(found)


def _requirements_files(folder: Path) -> Iterator[Path]:
    for below in _REQUIREMENTS_FOLDERS:
        for pattern in ("*requirements*.txt", "*requirements*.in", "*.txt" if below else "constraints*.txt"):
            yield from sorted((folder / below).glob(pattern))
