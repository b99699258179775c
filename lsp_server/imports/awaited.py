"""Modules that open files import and that are nowhere yet: the places where one would be found are watched for it.

Another process makes modules too (a generator, git, an agent), and not every client tells of files on disk.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lsp_server.adapters.exits import Cancel
from lsp_server.adapters.watch import Watch
from lsp_server.client.connection import Connection
from lsp_server.imports.core import tree
from lsp_server.imports.core.python_file import PythonFile

MOST = 64
"""So many modules are waited for at once; who has more missing ones has another problem than a stale hint."""


@dataclass(frozen=True, slots=True, order=True)
class Awaited:
    """A module that is missing, and a folder that it could be imported from."""

    folder: Path
    module: str

    @property
    def places(self) -> tuple[Path, Path]:
        """The file that it would be, or that would make a folder a package of its name."""
        return self.folder / f"{self.module}.py", self.folder / self.module / "__init__.py"


def missing(file: PythonFile) -> Iterator[Awaited]:
    """Yield where the modules would be that a file is told to lack: beside it, above it, and in its member's roots."""
    if file.place is None:
        return
    member, view = file.place.member, file.view
    folders = dict.fromkeys((member.folder, *tree.roots(view.tree, member)))
    above = file.path.rpartition("/")[0]
    while above and above != member.folder:
        folders[above] = None
        above = above.rpartition("/")[0]
    for module in dict.fromkeys(one.found.top for one in file.findings if one.problem == "missing" and one.told):
        yield from (Awaited(Path(view.folder) / folder, module) for folder in folders)


@dataclass(slots=True)
class Lookout:
    """Calls `appeared` on the loop's thread when one of the awaited modules may be there."""

    connection: Connection
    appeared: Callable[[], None]
    _watched: dict[Awaited, tuple[Cancel, ...]] = field(default_factory=dict)
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    async def wait_for(self, wanted: Iterable[Awaited]) -> None:
        """Wait for these and no others. What is new may have come before it was watched: that counts as appeared."""
        office = await self.connection.office()
        loop = asyncio.get_running_loop()

        def told(_path: Path) -> None:
            with suppress(RuntimeError):  # the loop has ended, and with it the connection
                loop.call_soon_threadsafe(self.appeared)

        chosen = frozenset(sorted(wanted)[:MOST])
        if chosen != self._watched.keys() and await self.connection.aside(self._change, office.watch, chosen, told):
            self.appeared()

    def _change(self, watch: Watch, chosen: frozenset[Awaited], told: Callable[[Path], None]) -> bool:
        """Begin and end watches, on another thread: that touches the disk. Tell whether any of the new ones is there."""
        with self._mutex:
            for one in self._watched.keys() - chosen:
                for cancel in self._watched.pop(one):
                    cancel()
            new = chosen - self._watched.keys()
            for one in new:
                self._watched[one] = tuple(watch.files(place.parent, {place.name}, told) for place in one.places)
            return any(place.exists() for one in new for place in one.places)
