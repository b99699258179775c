"""Reads all that `core.view.View` holds of a project from the disk. No process is started and no lock is waited for."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace

from lsp_server.adapters import environment, files, managing, uvlocks
from lsp_server.adapters import project as projects
from lsp_server.adapters.project import Project
from lsp_server.core import locked, pyproject
from lsp_server.imports import import_data, modules, source_tree
from lsp_server.imports.core import fixes
from lsp_server.imports.core.tree import Member
from lsp_server.imports.core.view import View


def read(project: Project, environ: Mapping[str, str], cancelled: Callable[[], bool] = lambda: False) -> View:
    """Return what is known of a project without reading its Python files.

    Raises:
        source_tree.Interrupted: `cancelled` said so.

    """
    root = project.folder
    if project.kind == "script":
        # What stands beside a script is all that it can import; its folder may be a person's home.
        return View(folder=root.as_posix(), tree=source_tree.read(root, cancelled, depth=1), names=import_data.names())
    venv = uvlocks.environment(root, environ)
    live = environment.read(venv)
    return View(
        folder=root.as_posix(),
        members=members(project),
        tree=source_tree.read(root, cancelled),
        installed=modules.read(venv),
        locked=locked.read(files.read_text(project.lockfile)),
        names=import_data.names(),
        managers=managing.managers_of(project),
        elsewhere=source_tree.elsewhere(root),
        marker_environment=environment.marker_environment(live) if live is not None else {},
    )


def members(project: Project) -> tuple[Member, ...]:
    """Return the projects of a workspace as its manifests on disk say them, the root's first."""
    found = []
    for manifest in projects.manifests(project):
        folder = os.path.relpath(manifest.parent, project.root).replace(os.sep, "/")
        found.append(Member("" if folder == "." else folder, pyproject.read(files.read_text(manifest))))
    return tuple(found)


def with_usage(view: View, project: Project, cancelled: Callable[[], bool] = lambda: False) -> View:
    """Return a view that also knows what the project's Python files import, and what would fix all of them.

    Raises:
        source_tree.Interrupted: `cancelled` said so.

    """
    if project.kind == "script":
        return view
    known = replace(view, usage=source_tree.usage(project.folder, view.tree, cancelled))
    return replace(known, fixes=fixes.of_project(known))
