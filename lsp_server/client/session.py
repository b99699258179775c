"""All mutable state of a server: open documents, settings, what the client can. Makes snapshots."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsp_server.adapters import files, managing
from lsp_server.adapters.editor import OpenDocument
from lsp_server.adapters.project import MANIFEST, Project, path_of, real
from lsp_server.core import script
from lsp_server.core.names import Names
from lsp_server.core.packages import Packages
from lsp_server.core.releases import Known
from lsp_server.core.script import Block
from lsp_server.core.settings import Settings
from lsp_server.core.snapshot import Around, ProjectState, Script, Snapshot
from lsp_server.core.text import Document, Encoding
from lsp_server.core.tokens import BOM

_MOST_TEXTS = 16
MOST_SHOWN = 1_000_000
"""The largest open document, in characters, that features look at; ten times the largest manifests that people write."""


@dataclass(frozen=True, slots=True)
class Client:
    """What the client said of itself that changes what we do."""

    name: str = "unknown client"
    encoding: Encoding = "utf-16"
    edits: bool = False
    versioned_edits: bool = False
    saves: bool = False
    shows_restored: bool = False
    shows_failures: bool = False
    runs_scripts: bool = False
    users_settings: bool = False
    asks: bool = False
    progress: bool = False
    server_status: bool = False
    configuration: bool = False
    announces_settings: bool = False
    watches_files: bool = False
    refreshes_lenses: bool = False
    refreshes_hints: bool = False
    action_literals: bool = False


@dataclass(frozen=True, slots=True)
class _Open:
    """An open document.

    Attributes:
        path: Its file, as it was found when the document was opened; None for a document that is no file.
        document: What the editor shows.
        clean: The text it had when it last had no unsaved change of the user's. Like those in `later` without the
            byte order mark, which some editors show and most keep out of their text.
        before: The one before that. On a busy machine the file has what was typed, and saved, before we hear of either;
            that text then looks like one that was loaded.
        later: Texts that its file has had since, or that we are making of it, oldest first. An editor that loads
            the file again moves on through these; one that goes back to an earlier text was told to by its user.
    """

    path: Path | None
    document: Document
    clean: str
    before: str
    later: tuple[str, ...] = ()

    @property
    def dirty(self) -> bool:
        """Whether it has unsaved changes of the user's."""
        return _plain(self.document.text) != self.clean

    def noted(self, text: str | None) -> "_Open":
        """Remember a text of the file, or one that we are making."""
        if text is None or _plain(text) == (self.later or (self.clean,))[-1]:
            return self
        return replace(self, later=(*self.later, _plain(text))[-_MOST_TEXTS:])

    def based_on(self, text: str) -> "_Open":
        """Return it with what its file has become in it."""
        return replace(self, clean=_plain(text), before=self.clean, later=())

    def moved_to(self, document: Document) -> "_Open":
        """Return it with a new text."""
        text = _plain(document.text)
        if text not in self.later:
            return replace(self, document=document)
        last = len(self.later) - 1 - self.later[::-1].index(text)
        return replace(self, document=document, clean=text, before=self.clean, later=self.later[last + 1 :])


@dataclass(frozen=True, slots=True)
class Saved:
    """A document that was saved, and the text that the editor shared with its file before that.

    `loaded`: the saved text itself looks like one that was loaded. Then the editor only saved it once more, or the file
    had it before we heard of what was typed; `shown` is the text before it.
    """

    document: Document
    shown: str
    loaded: bool


@dataclass(frozen=True, slots=True)
class Expectation:
    """A text that a document is to have after an edit of ours; `seen` is set when the client says that it has it.

    `base` is the text of its file that it then is based on, None where that stays.
    """

    uri: str
    text: str
    base: str | None = None
    seen: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True)
class Session:
    """The state of one connection. The loop changes it; worker threads read it.

    `order` is held while something that the client said of a document is passed on: what it said later waits for it.
    """

    client: Client = field(default_factory=Client)
    initial: Settings = field(default_factory=Settings)
    settings: Settings = field(default_factory=Settings)
    problems: dict[str, str] = field(default_factory=dict)
    packages: dict[Path, Packages] = field(default_factory=dict)
    known: dict[Path, Known] = field(default_factory=dict)
    around: dict[Path, Around] = field(default_factory=dict)
    states: dict[Path, ProjectState] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    order: asyncio.Lock = field(default_factory=asyncio.Lock)
    _open: dict[str, _Open] = field(default_factory=dict)
    _expected: list[Expectation] = field(default_factory=list)
    _mutex: threading.RLock = field(default_factory=threading.RLock)

    def open(self, document: Document) -> None:
        """A document was opened. One that differs from its file already has unsaved changes of the user."""
        path = _path(document.uri)
        disk = _disk(path)
        with self._mutex:
            shown = _plain(document.text)
            self._open.pop(document.uri, None)  # the order is that of opening
            self._open[document.uri] = _Open(path, document, shown if disk is None else disk, shown)
            if path is not None and path.name == MANIFEST:
                # At once: what is offered for a manifest depends on it.
                self.around.setdefault(path, Around(managers=managing.managers_of(Project("workspace", path.parent))))

    def change(self, steps: Sequence[Document]) -> bool:
        """A document has new texts, one after the other; return whether this took back its unsaved changes."""
        document = steps[-1]
        # Read now: this may be the text of a file that was loaded again, which soon has another one.
        disk = _disk(self.path(document.uri)) if is_edited(document) else None
        with self._mutex:
            present = self._open.get(document.uri)
            if present is None:
                return False
            moved = present.noted(disk)
            for step in steps:
                for one in self._expected:
                    if (one.uri, one.text) == (step.uri, step.text):
                        one.seen.set()
                        moved = moved if one.base is None else moved.based_on(one.base)
                        # An edit of ours of what the user has just saved is no unsaved change of theirs either.
                        moved = moved if moved.dirty else moved.noted(step.text)
                moved = moved.moved_to(step)
            self._open[document.uri] = moved
        return present.dirty and not moved.dirty

    def save(self, uri: str) -> Saved | None:
        """A document was saved; return it, with the text that its user had before they changed it."""
        with self._mutex:
            present = self._open.get(uri)
            if present is None:
                return None
            text = _plain(present.document.text)
            self._open[uri] = _Open(_path(uri) or present.path, present.document, text, text)
        is_loaded = present.clean == text
        return Saved(present.document, present.before if is_loaded else present.clean, is_loaded)

    def close(self, uri: str) -> Path | None:
        """A document was closed, with what was unsaved in it; return its path."""
        with self._mutex:
            present = self._open.pop(uri, None)
        return None if present is None else present.path

    def document(self, uri: str) -> Document | None:
        """Return an open document."""
        with self._mutex:
            present = self._open.get(uri)
        return None if present is None else present.document

    def path(self, uri: str) -> Path | None:
        """Return the file of an open document."""
        with self._mutex:
            present = self._open.get(uri)
        return None if present is None else present.path

    def uri(self, path: Path) -> str | None:
        """Return the URI under which the client opened a file; of several, that of unsaved changes, else the last one."""
        names = self._names(path)
        with self._mutex:
            return self._chosen(names)

    def uris(self) -> tuple[str, ...]:
        """Return the URIs of all open documents."""
        with self._mutex:
            return tuple(self._open)

    def open_document(self, path: Path) -> OpenDocument | None:
        """Return what jobs see of the open document of a file."""
        names = self._names(path)
        disk = _disk(path) if names else None
        with self._mutex:
            for name in names:
                # The file as it is now may be gone when the editor, which loads it now, tells us of that.
                if name in self._open:
                    self._open[name] = self._open[name].noted(disk)
            chosen = self._chosen(names)
            present = None if chosen is None else self._open[chosen]
        if present is None:
            return None
        return OpenDocument(present.document.text, present.document.version, present.dirty, present.clean)

    def _names(self, path: Path) -> tuple[str, ...]:
        """Return the URIs of the documents that are this file, in the order of their opening.

        A file is known by itself and not by a name: a link, another case, a hard link or a mount lead to it as well.
        """
        with self._mutex:
            documents = [(uri, each.path) for uri, each in self._open.items() if each.path is not None]
        wanted = _identity(path)
        return tuple(
            uri
            for uri, known in documents
            if (found := _identity(_named(uri))) == wanted and (found is not None or known == path)
        )

    def _chosen(self, names: Sequence[str]) -> str | None:
        present = [name for name in names if name in self._open]
        return next((name for name in reversed(present) if self._open[name].dirty), present[-1] if present else None)

    def expect(self, uri: str, text: str, base: str | None = None) -> Expectation:
        """We are about to make a text of a document. If it was clean, that text is no change of the user's."""
        expectation = Expectation(uri, text, base)
        with self._mutex:
            self._expected.append(expectation)
            present = self._open.get(uri)
            if present is not None and not present.dirty:
                self._open[uri] = present.noted(text)
        return expectation

    def follow(self, uri: str, version: int, base: str) -> bool:
        """A document has what its file has become already; false if it has moved on."""
        with self._mutex:
            present = self._open.get(uri)
            if present is None or present.document.version != version:
                return False
            self._open[uri] = present.based_on(base)
        return True

    def is_behind(self, uri: str) -> bool:
        """Tell whether a document has unsaved changes, and its file has become another since."""
        with self._mutex:
            present = self._open.get(uri)
        return present is not None and present.dirty and any(text != present.clean for text in present.later)

    def forget(self, expectation: Expectation) -> None:
        """Nobody waits for this any more."""
        with self._mutex:
            self._expected.remove(expectation)

    def snapshot(self, uri: str) -> Snapshot | None:
        """Return what a feature may see of an open manifest; None for one that is too large to be looked at while others wait."""
        document = self.document(uri)
        if document is None or not is_manifest(uri) or is_too_large(document):
            return None
        return self._snapshot(document, document.text, None)

    def block(self, uri: str) -> Snapshot | None:
        """Return what a feature may see of the metadata block of an open script (PEP 723), None where there is none."""
        document = self.document(uri)
        if document is None or is_manifest(uri) or is_too_large(document) or not script.may_have_block(document.text):
            return None
        found = script.find(document.text)
        return self._snapshot(document, found.toml, Script(document.text, found)) if isinstance(found, Block) else None

    def _snapshot(self, document: Document, text: str, within: Script | None) -> Snapshot:
        path = self.path(document.uri)
        packages = Packages() if path is None else self.packages.get(path, Packages())
        return Snapshot(
            document.uri,
            document.version,
            text,
            self.client.encoding,
            self.settings,
            packages,
            known={} if path is None else self.known.get(path, {}),
            script=within,
            around=Around() if path is None else self.around.get(path, Around()),
            state=ProjectState() if path is None else self.states.get(path, ProjectState()),
            names=self.names,
        )


def is_too_large(document: Document) -> bool:
    """Tell whether an open document has more text than can be looked at with each key without others waiting for it."""
    return len(document.text) > MOST_SHOWN


def is_edited(document: Document) -> bool:
    """Tell whether operations may edit a document: a manifest, or a script with a metadata block (PEP 723)."""
    return is_manifest(document.uri) or script.may_have_block(document.text)


def is_manifest(uri: str) -> bool:
    """Tell whether a document is a pyproject.toml."""
    return uri.rsplit("/", 1)[-1] == MANIFEST


def _plain(text: str) -> str:
    return text.removeprefix(BOM)


def _path(uri: str) -> Path | None:
    try:
        return real(path_of(uri))
    except (ValueError, OSError):
        return None


def _named(uri: str) -> Path | None:
    try:
        return path_of(uri)
    except ValueError:
        return None


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Return what names a file for as long as it is there; None where there is none, or it cannot be looked at."""
    try:
        status = None if path is None else path.stat()
    except (OSError, ValueError):
        return None
    return None if status is None else (status.st_dev, status.st_ino)


def _disk(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        content = files.read(path)
    except OSError:
        return None
    return None if content is None else content.decode("utf-8-sig", "replace")
