"""What indexes say of the packages of open manifests and scripts: kept for features, asked for in the background.

A request only reads what is known (`Session.known`). What is missing is wished for, and shown when it is there. Which
index may hear of which name is decided here and in `core/indexes.py`:

* nothing is asked with `network: off`, in a folder that is not trusted, or with `index.lookups: off`;
* an index that only the workspace names is asked when the client says that the workspace is trusted, or after the
  person's first own act there (docs/protocol.md, `trusted`);
* a name is asked for once it stands in a manifest that was opened or saved, or when the cursor wants to know of it.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsp_server.adapters import files, managing, offered
from lsp_server.adapters import project as projects
from lsp_server.adapters.project import MANIFEST, Project
from lsp_server.client.connection import WARNING, Connection, say
from lsp_server.core import indexes, pyproject, requirement
from lsp_server.core.indexes import Index, Indexes, Source
from lsp_server.core.locked import Locked
from lsp_server.core.pyproject import Manifest
from lsp_server.core.releases import Page
from lsp_server.core.requirement import normalize
from lsp_server.core.snapshot import Around, Snapshot
from lsp_server.index import near, settings
from lsp_server.index.askers import Askers, Question
from lsp_server.index.fetch import Access
from lsp_server.index.store import Store
from lsp_server.jobs.place import state_folder

REFRESH = "workspace/inlayHint/refresh"
_NEWS_SECONDS = 0.1
"""So long answers are gathered before they are shown: five hundred of them are no five hundred messages."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which index answers for which package of one document.

    Attributes:
        root: The project's folder, or the script.
        sources: By normalised name; a member has those of the root too.
        local: Names that no index is asked for: the workspace's own.
    """

    root: Path
    indexes: Indexes
    sources: Mapping[str, tuple[Source, ...]]
    local: frozenset[str]
    locked: Locked
    around: Around

    def route(self, name: str) -> tuple[Index, ...]:
        """Return the indexes to ask for a name; the one that it is locked from, if it is locked."""
        if name in self.local:
            return ()
        found = self.indexes.route(self.sources.get(name, ()))
        locked = self.locked.registries.get(name)
        if locked is None:
            return found
        return tuple(one for one in found if one.url == locked.rstrip("/"))


@dataclass(slots=True)
class Lookups:
    """The index cache of one connection. Used on the loop's thread.

    Attributes:
        shown: Called with a document's URI when there is something new to show of it.
    """

    connection: Connection
    shown: Callable[[str], None]
    _plans: dict[Path, _Plan] = field(default_factory=dict)
    _wished: set[tuple[Path, str]] = field(default_factory=set)
    _acted: set[Path] = field(default_factory=set)
    _doubted: set[Path] = field(default_factory=set)
    _news: dict[Path, dict[str, Page]] = field(default_factory=dict)
    _askers: Askers | None = None

    def follow(self, uri: str, *, asked: bool = False) -> None:
        """A document was opened or saved, or a person asked what is new: find out what is not known of its packages."""
        self.connection.later("the index", self._follow(uri, asked=asked))

    def wish(self, uri: str, name: str) -> None:
        """Somebody looks at a package; find out about it before the others."""
        path = self.connection.session.path(uri)
        plan = self._plans.get(path) if path is not None else None
        if path is None or plan is None or (path, name) in self._wished or name in self.connection.session.known.get(path, {}):
            return
        self._wished.add((path, name))
        self.connection.later("the index", self._wish(path, plan, name))

    def acted(self, uri: object, *, anew: bool = False) -> None:
        """The person did something in a project: from now on the indexes that it names may be asked.

        Args:
            uri: any file in the project.
            anew: whether they asked for what is new: then all is asked for again.

        """
        if isinstance(uri, str):
            self.connection.later("the index", self._act(uri, anew=anew))

    def closed(self, path: Path | None) -> None:
        """A document was closed."""
        if path is not None:
            self._plans.pop(path, None)
            self.connection.session.known.pop(path, None)
            self.connection.session.around.pop(path, None)

    def close(self) -> None:
        """Ask nothing more."""
        if self._askers is not None:
            self._askers.close()

    async def _follow(self, uri: str, *, asked: bool) -> None:
        session = self.connection.session
        snapshot, path = session.snapshot(uri) or session.block(uri), session.path(uri)
        if snapshot is None or path is None:
            return
        plan = self._plans[path] = await self.connection.aside(_plan, path, snapshot)
        session.around[path] = plan.around
        self._say_doubt(plan)
        if session.settings.index_lookups == "off":
            return
        self._wished = {wish for wish in self._wished if wish[0] != path}
        questions = [self._question(path, plan, name, asked=asked) for name in sorted(set(_names(snapshot.manifest)))]
        known = await self.connection.aside(_kept, self._opened(), questions)
        self._learned(path, known)
        await self.connection.aside(_put, self._opened(), questions)

    def _say_doubt(self, plan: _Plan) -> None:
        """Say that a project has two managers, once for each project."""
        doubt = plan.around.managers.doubt()
        if doubt is not None and plan.root not in self._doubted:
            self._doubted.add(plan.root)
            say(self.connection, WARNING, f"{plan.root}: {doubt}.")

    async def _wish(self, path: Path, plan: _Plan, name: str) -> None:
        question = self._question(path, plan, name, asked=False)
        known = await self.connection.aside(_kept, self._opened(), [question])
        self._learned(path, known)
        await self.connection.aside(lambda: self._opened().put(question, first=True))

    async def _act(self, uri: str, *, anew: bool) -> None:
        session = self.connection.session
        try:
            project = await self.connection.aside(projects.find, projects.path_of(uri))
        except ValueError:
            return
        root = project.root if project is not None else session.path(uri)
        if root is None or (root in self._acted and not anew):
            return
        self._acted.add(root)
        for path in [path for path, plan in self._plans.items() if plan.root == root]:
            await self._follow(session.uri(path) or "", asked=anew)

    def _question(self, path: Path, plan: _Plan, name: str, *, asked: bool) -> Question:
        loop, route = asyncio.get_running_loop(), plan.route(name)

        def told(_question: Question, page: Page | None) -> None:
            loop.call_soon_threadsafe(self._learned, path, {} if page is None else {name: page})

        return Question(
            name,
            route,
            frozenset(one for one in route if self._may_ask(one, plan, asked=asked)),
            Access(os.environ, plan.indexes.keyring),
            told,
            all_answer=plan.indexes.all_answer,
            anew=asked,
        )

    def _may_ask(self, index: Index, plan: _Plan, *, asked: bool) -> bool:
        wanted = self.connection.session.settings
        if (
            wanted.index_lookups == "off"
            or not wanted.network
            or not wanted.may_run
            or (wanted.index_lookups == "asked" and not asked)
        ):
            return False
        if plan.indexes.offline and index.is_far:
            return False
        return index.origin != "workspace" or wanted.trusted is True or plan.root in self._acted

    def _learned(self, path: Path, pages: Mapping[str, Page]) -> None:
        if not pages or path not in self._plans:
            return
        if not self._news:
            asyncio.get_running_loop().call_later(_NEWS_SECONDS, self._show)
        self._news.setdefault(path, {}).update(pages)

    def _show(self) -> None:
        news, self._news = self._news, {}
        session = self.connection.session
        for path, pages in news.items():
            before, uri = session.known.get(path, {}), session.uri(path)
            after = {**before, **pages}
            if after != before and uri is not None:
                session.known[path] = after
                self.shown(uri)

    def _opened(self) -> Askers:
        if self._askers is None:
            self._askers = Askers(Store(state_folder(os.environ) / "index"))
        return self._askers


def _names(manifest: Manifest) -> Iterator[str]:
    """Yield the names of a manifest that an index can answer for: of whole requirements, and not those of a URL."""
    for one in manifest.dependencies:
        if one.requirement is not None and one.requirement.url is None:
            yield one.name
    required = manifest.document.get("build-system", "requires")
    for item in required.items if required is not None else ():
        parsed = requirement.parse(item.text) if item.kind == "string" else None
        if parsed is not None and not isinstance(parsed, requirement.Invalid) and parsed.url is None:
            yield normalize(parsed.name)


def _kept(askers: Askers, questions: list[Question]) -> dict[str, Page]:
    found = ((one.name, askers.kept(one)) for one in questions if one.route)
    return {name: page for name, page in found if page is not None}


def _put(askers: Askers, questions: list[Question]) -> None:
    for one in questions:
        askers.put(one)


def _plan(path: Path, snapshot: Snapshot) -> _Plan:
    project = _project(path, snapshot)
    own = indexes.sources(snapshot.manifest.document)
    if snapshot.script is not None:
        found = settings.read(project.folder, os.environ, block=snapshot.text)
        around = Around(indexes=_urls(found), folders=near.folders(path.parent))
        return _Plan(project.root, found, own, frozenset(), offered.locked_in(project.lockfile), around)
    root = project.folder / MANIFEST
    found = settings.read(project.folder, os.environ, member=path if path != root else None)
    inherited = indexes.sources(pyproject.read(files.read_text(root)).document) if path != root else {}
    members = near.members(project)
    locked = offered.locked_in(project.lockfile)
    local = locked.local | members.keys() | {normalize(name) for name in (snapshot.manifest.name,) if name}
    around = Around(members, _urls(found), near.folders(path.parent), managing.managers_of(project))
    return _Plan(project.root, found, {**inherited, **own}, local, locked, around)


def _urls(found: Indexes) -> dict[str, str]:
    return {name: index.url for name, index in found.named.items()}


def _project(path: Path, snapshot: Snapshot) -> Project:
    if snapshot.script is not None:
        return projects.find_script(path)
    return projects.find(path) or Project("workspace", path.parent)
