"""What is known of the packages of each manifest: read with each status that rests, shown as inlay hints and on hover."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lsp_server.adapters import offered
from lsp_server.adapters import project as projects
from lsp_server.client.connection import Connection
from lsp_server.core.packages import Packages
from lsp_server.jobs import state
from lsp_server.jobs.place import Place

REFRESH = "workspace/inlayHint/refresh"


async def learn(connection: Connection, place: Place) -> None:
    """Read what is locked and installed."""
    manifests = await connection.aside(projects.manifests, place.project)
    former = connection.session.packages.get(manifests[0], Packages())
    found = await connection.aside(state.packages, place, former)
    lock = await connection.aside(offered.locked_in, place.project.lockfile)
    _show(connection, manifests, replace(found, locked=lock.versions, lock=lock))


async def learn_latest(connection: Connection, place: Place, outdated: Sequence[Any]) -> None:
    """Take over what the index had when it was asked for newer versions."""
    manifests = await connection.aside(projects.manifests, place.project)
    former = connection.session.packages.get(manifests[0], Packages())
    _show(connection, manifests, replace(former, latest={one["name"]: one["latest"] for one in outdated}))


def _show(connection: Connection, manifests: Sequence[Path], packages: Packages) -> None:
    session = connection.session
    if all(session.packages.get(path) == packages for path in manifests):
        return
    session.packages |= dict.fromkeys(manifests, packages)
    if session.client.refreshes_hints:
        connection.later(REFRESH, connection.ask(REFRESH, None))
