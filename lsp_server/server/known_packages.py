"""What is known of the packages of each manifest: read with each status that rests, shown as inlay hints and on hover."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lsp_server.adapters import environment, files, offered
from lsp_server.adapters import project as projects
from lsp_server.client.connection import Connection
from lsp_server.core import pyproject, script
from lsp_server.core.packages import Packages
from lsp_server.jobs import state
from lsp_server.jobs.place import Place

REFRESH = "workspace/inlayHint/refresh"


async def learn(connection: Connection, place: Place) -> None:
    """Read what is locked and installed."""
    manifests = await connection.aside(projects.manifests, place.project)
    former = connection.session.packages.get(manifests[0], Packages())
    found = await connection.aside(state.packages, place, former)
    _show(connection, manifests, await connection.aside(_with_rest, place, manifests, found))


async def learn_latest(connection: Connection, place: Place, outdated: Sequence[Any]) -> None:
    """Take over what the index had when it was asked for newer versions."""
    manifests = await connection.aside(projects.manifests, place.project)
    former = connection.session.packages.get(manifests[0], Packages())
    _show(connection, manifests, replace(former, latest={one["name"]: one["latest"] for one in outdated}))


def _with_rest(place: Place, manifests: Sequence[Path], found: Packages) -> Packages:
    """Add what is known without a process: the whole lock, what installed packages say, what folders offer."""
    lock, near = offered.locked_in(place.project.lockfile), offered.read(place.project, os.environ)
    declared = {one.name for path in manifests for one in _manifest(path).dependencies}
    live = environment.read(place.environment)
    installed = {name: version for name, version in (found.installed or {}).items() if name in declared}
    return replace(
        found,
        locked=lock.versions,
        lock=lock,
        python=live.version or "" if live is not None else "",
        described=environment.described(place.environment, installed),
        offered=near.versions,
        only_offered=near.only,
    )


def _manifest(path: Path) -> pyproject.Manifest:
    text = files.read_text(path)
    if path.name == projects.MANIFEST:
        return pyproject.read(text)
    block = script.find(text)
    return pyproject.read_block(block.toml if isinstance(block, script.Block) else "")


def _show(connection: Connection, manifests: Sequence[Path], packages: Packages) -> None:
    session = connection.session
    if all(session.packages.get(path) == packages for path in manifests):
        return
    session.packages |= dict.fromkeys(manifests, packages)
    if session.client.refreshes_hints:
        connection.later(REFRESH, connection.ask(REFRESH, None))
