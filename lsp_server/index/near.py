"""What stands near a project: its members, and folders with a project in them. A bounded look, when it is opened or saved."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from lsp_server.adapters import files
from lsp_server.adapters import project as projects
from lsp_server.adapters.project import MANIFEST, Project
from lsp_server.core import pyproject
from lsp_server.core.requirement import normalize

_MOST_LOOKED_AT = 400
_MOST_FOLDERS = 100
_NO_PROJECTS = frozenset({"node_modules", "__pycache__", "build", "dist", "site-packages"})


def members(project: Project) -> dict[str, str]:
    """Return the members of a workspace by normalised name, with their folders relative to the root."""
    found: dict[str, str] = {}
    for manifest in projects.manifests(project):
        name = pyproject.read(files.read_text(manifest)).name
        if name:
            found[normalize(name)] = manifest.parent.relative_to(project.root).as_posix()
    return found


def folders(start: Path) -> tuple[str, ...]:
    """Return the folders with a project in them: below, two levels deep, and beside; relative, with `/`."""
    below = ((f"{path.name}", path) for path in _children(start))
    deeper = ((f"{path.name}/{inner.name}", inner) for path in _children(start) for inner in _children(path))
    beside = ((f"../{path.name}", path) for path in _children(start.parent) if path != start)
    looked_at = islice(((name, path) for each in (below, deeper, beside) for name, path in each), _MOST_LOOKED_AT)
    return tuple(islice((name for name, path in looked_at if (path / MANIFEST).is_file()), _MOST_FOLDERS))


def _children(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(one.name for one in islice(entries, _MOST_LOOKED_AT) if one.is_dir(follow_symlinks=False))
    except OSError:
        return
    yield from (folder / name for name in found if not name.startswith(".") and name not in _NO_PROJECTS)
