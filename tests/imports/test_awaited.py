"""Waiting for modules that are missing: seen however they come, before or after their places are watched."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from lsp_server.client.connection import Connection
from lsp_server.imports.awaited import MOST, Awaited, Lookout
from lsp_server.jobs.office import Office
from tests.support.office import desk
from tests.support.projects import Project

PATIENCE = 25.0


class Line:
    """A connection with nobody at its other end: it has an office and threads."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def office(self) -> Office:
        return self._office

    async def aside(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.to_thread(function, *arguments)


def lookout(office: Office) -> tuple[Lookout, asyncio.Event]:
    appeared = asyncio.Event()
    return Lookout(cast("Connection", Line(office)), appeared.set), appeared


async def _comes_later(office: Office, folder: Path, made: str) -> None:
    watching, appeared = lookout(office)
    await watching.wait_for([Awaited(folder, "freshly")])
    assert not appeared.is_set()
    path = folder / made
    path.parent.mkdir(exist_ok=True)
    path.write_text("", "utf-8")
    await asyncio.wait_for(appeared.wait(), PATIENCE)


@pytest.mark.parametrize("made", ["freshly.py", "freshly/__init__.py"])
def test_one_that_comes_after_its_place_is_watched_is_not_seen(project: Project, made: str) -> None:
    with desk(project) as jobs:
        asyncio.run(_comes_later(jobs.office, project.root, made))


async def _was_there(office: Office, folder: Path) -> None:
    watching, appeared = lookout(office)
    await watching.wait_for([Awaited(folder, "freshly")])
    assert appeared.is_set()
    appeared.clear()
    await watching.wait_for([Awaited(folder, "freshly")])
    assert not appeared.is_set(), "nothing new is waited for"


def test_one_that_came_before_its_place_is_watched_is_not_seen_or_seen_for_ever(project: Project) -> None:
    (project.root / "freshly.py").write_text("", "utf-8")
    with desk(project) as jobs:
        asyncio.run(_was_there(jobs.office, project.root))


async def _flood(office: Office, folder: Path) -> None:
    watching, appeared = lookout(office)
    await watching.wait_for(Awaited(folder, f"m{number:03}") for number in range(10 * MOST))
    await watching.wait_for([Awaited(folder, "last")])
    (folder / "last.py").write_text("", "utf-8")
    await asyncio.wait_for(appeared.wait(), PATIENCE)


def test_a_broken_file_full_of_imports_ends_the_watching(project: Project) -> None:
    with desk(project) as jobs:
        asyncio.run(_flood(jobs.office, project.root))
