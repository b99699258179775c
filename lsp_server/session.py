"""All mutable state of a server: open documents, settings, what the client can. Makes snapshots."""

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsp_server.adapters import files
from lsp_server.adapters.editor import OpenDocument
from lsp_server.adapters.project import MANIFEST, path_of
from lsp_server.core.settings import Settings
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Document, Encoding


@dataclass(frozen=True, slots=True)
class Client:
    """What the client said of itself that changes what we do."""

    name: str = "unknown client"
    encoding: Encoding = "utf-16"
    edits: bool = False
    versioned_edits: bool = False
    saves: bool = False
    progress: bool = False
    server_status: bool = False
    configuration: bool = False
    watches_files: bool = False


@dataclass(frozen=True, slots=True)
class _Open:
    """An open document, and the text it had when it was last the same as its file."""

    document: Document
    clean: str


@dataclass(slots=True)
class Session:
    """The state of one connection. The loop changes it; worker threads read it."""

    client: Client = field(default_factory=Client)
    settings: Settings = field(default_factory=Settings)
    reported: set[str] = field(default_factory=set)
    _open: dict[str, _Open] = field(default_factory=dict)
    _paths: dict[Path, str] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def open(self, document: Document) -> None:
        """A document was opened. One that differs from its file already has unsaved changes of the user."""
        path = _path(document.uri)
        disk = _disk(path)
        with self.changed:
            self._open[document.uri] = _Open(document, document.text if disk is None else disk)
            if path is not None:
                self._paths[path] = document.uri
            self.changed.notify_all()

    def change(self, document: Document) -> None:
        """A document has a new text. Text that is the file's is clean: an editor that loaded it again, or an undo."""
        with self.changed:
            present = self._open.get(document.uri)
        if present is None:
            return
        disk = _disk(_path(document.uri)) if document.uri.endswith(MANIFEST) else None
        clean = document.text if document.text == disk else present.clean
        with self.changed:
            self._open[document.uri] = _Open(document, clean)
            self.changed.notify_all()

    def save(self, uri: str) -> Document | None:
        """A document was saved; return it."""
        with self.changed:
            present = self._open.get(uri)
            if present is None:
                return None
            self._open[uri] = _Open(present.document, present.document.text)
            self.changed.notify_all()
        return present.document

    def close(self, uri: str) -> Path | None:
        """A document was closed; return its path if unsaved changes went with it."""
        path = _path(uri)
        with self.changed:
            present = self._open.pop(uri, None)
            if path is not None:
                self._paths.pop(path, None)
        return path if present is not None and present.document.text != present.clean else None

    def document(self, uri: str) -> Document | None:
        """Return an open document."""
        with self.changed:
            present = self._open.get(uri)
        return None if present is None else present.document

    def uri(self, path: Path) -> str | None:
        """Return the URI under which the client opened a file."""
        with self.changed:
            return self._paths.get(path)

    def open_document(self, path: Path) -> OpenDocument | None:
        """Return what jobs see of the open document of a file."""
        with self.changed:
            present = self._open.get(self._paths.get(path, ""))
        if present is None:
            return None
        document = present.document
        return OpenDocument(document.text, document.version, document.text != present.clean)

    def edited(self, path: Path, text: str) -> None:
        """We edited a clean document: its new text is about to be the file's, so it is no change of the user's."""
        with self.changed:
            uri = self._paths.get(path, "")
            if uri in self._open:
                self._open[uri] = replace(self._open[uri], clean=text)

    def snapshot(self, uri: str) -> Snapshot | None:
        """Return what a feature may see of an open manifest."""
        document = self.document(uri)
        if document is None or not uri.endswith(MANIFEST):
            return None
        return Snapshot(uri, document.version, document.text, self.client.encoding, self.settings)

    def manifests(self) -> tuple[str, ...]:
        """Return the URIs of the open manifests."""
        with self.changed:
            return tuple(uri for uri in self._open if uri.endswith(MANIFEST))


def _path(uri: str) -> Path | None:
    try:
        return path_of(uri).resolve()
    except (ValueError, OSError):
        return None


def _disk(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        content = files.read(path)
    except OSError:
        return None
    return None if content is None else content.decode("utf-8-sig", "replace")
