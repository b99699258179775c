"""Which project a file belongs to, as uv sees it: the workspace root with its members, or one script."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

from lsp_server.adapters import files, globs

if TYPE_CHECKING:
    from lsp_server.core import pyproject

MANIFEST = "pyproject.toml"
LOCKFILE = "uv.lock"


@dataclass(frozen=True, slots=True)
class Project:
    """What one queue and one manifest lock are for: a whole uv workspace, or one PEP 723 script.

    `root` is canonical: the workspace's folder, or the script's file.
    """

    kind: Literal["workspace", "script"]
    root: Path

    @property
    def key(self) -> str:
        """A short name for files in the state folder; it shows whose it is and cannot collide."""
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        readable = "".join(c if c.isascii() and c.isalnum() else "-" for c in self.root.name)[:32]
        return f"{readable}-{digest}"

    @property
    def uri(self) -> str:
        """The project's URI, as status notifications name it."""
        return self.root.as_uri()

    @property
    def folder(self) -> Path:
        """The folder that uv runs in."""
        return self.root if self.kind == "workspace" else self.root.parent

    @property
    def lockfile(self) -> Path:
        """The project's lock file (for a script: `<script>.lock`), whether it exists or not."""
        return self.root / LOCKFILE if self.kind == "workspace" else self.root.with_name(self.root.name + ".lock")


def path_of(uri: str) -> Path:
    """Return the file that a `file:` URI names; an untitled or remote document is no file (ValueError)."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        raise ValueError(f"'{uri}' is not a file: URI")
    path = unquote(parts.path, errors="surrogateescape")  # as the system hands out names that are not UTF-8
    if os.name == "nt" and re.match(r"/[A-Za-z]:", path):
        path = path[1:]
    return Path(f"//{parts.netloc}{path}" if parts.netloc and parts.netloc != "localhost" else path)


def real(path: Path) -> Path:
    """Return the one path by which a file is known here, of all that lead to it.

    A manifest that is a link is known by its own name: its folder is the project, as for uv, wherever the text lies.
    """
    if path.name == MANIFEST:
        return Path(os.path.realpath(path.parent)) / MANIFEST
    return Path(os.path.realpath(path))


def find(path: Path) -> Project | None:
    """Return the project that a manifest, a source file or a folder belongs to, or None outside of any."""
    path = real(path)
    nearest = manifest_of(path)
    if nearest is None:
        return None
    for folder in nearest.parents:
        workspace = _workspace(folder)
        if workspace is None:
            continue
        if folder == nearest.parent or _includes(folder, workspace, nearest.parent):
            return Project("workspace", folder)
        break
    return Project("workspace", nearest.parent)


def find_by_root(uri: str) -> Project:
    """Return the project whose status names this URI: a folder's workspace, or a script."""
    path = path_of(uri)
    return Project("script" if path.is_file() else "workspace", path)


def find_script(path: Path) -> Project:
    """Return the project that a PEP 723 script is by itself."""
    return Project("script", Path(os.path.realpath(path)))


def manifest_of(path: Path) -> Path | None:
    """Return the manifest that governs a path: the nearest pyproject.toml at or above it."""
    path = real(path)
    if path.name == MANIFEST:
        return path
    candidates = [path, *path.parents] if path.is_dir() else list(path.parents)
    return next((folder / MANIFEST for folder in candidates if (folder / MANIFEST).is_file()), None)


def manifests(project: Project) -> tuple[Path, ...]:
    """Return every manifest of the project: the root's, then the members' in order; for a script, the script."""
    if project.kind == "script":
        return (project.root,)
    own = project.root / MANIFEST
    workspace = _workspace(project.root)
    if workspace is None:
        return (own,)
    return (own, *(member / MANIFEST for member in _members(project.root, workspace)))


def ways_to_members(project: Project) -> tuple[Path, ...]:
    """Return the paths by which the workspace names those members that are really elsewhere, behind a link."""
    workspace = _workspace(project.root) if project.kind == "workspace" else None
    search = globs.Search(project.root)
    found = [each for pattern in (workspace.members if workspace else ()) for each in search.ways(pattern).items()]
    return tuple(way for folder, way in found if folder != Path(os.path.normpath(way)))


def manifest_of_member(project: Project, name: str) -> Path:
    """Return the manifest of the member with this name (PEP 503), the root's where there is none: uv says so then."""
    from lsp_server.core import pyproject, requirement  # noqa: PLC0415  as below

    known = manifests(project)
    named = (each for each in known if pyproject.read(files.read_text(each)).name == requirement.normalize(name))
    return next(named, known[0])


def files_of(project: Project) -> tuple[Path, ...]:
    """Return every file that an operation on the project may change."""
    return (*manifests(project), project.lockfile)


def _workspace(folder: Path) -> "pyproject.Workspace | None":
    manifest = folder / MANIFEST
    text = files.read_text(manifest)
    if "workspace" not in text:
        return None
    from lsp_server.core import pyproject  # noqa: PLC0415  `exec` in a terminal should not wait for packaging

    return pyproject.read(text).workspace


def _members(root: Path, workspace: "pyproject.Workspace") -> tuple[Path, ...]:
    """Return the member folders; hidden folders and folders without a manifest are none, as for uv."""
    search = globs.Search(root)
    excluded = frozenset[Path]().union(*map(search.matches, workspace.exclude))
    found = frozenset[Path]().union(*map(search.matches, workspace.members))
    return tuple(sorted(folder for folder in found - excluded - {root} if (folder / MANIFEST).is_file()))


def _includes(root: Path, workspace: "pyproject.Workspace", folder: Path) -> bool:
    return folder in _members(root, workspace)
