"""The editor at the other end of the connection, as jobs see it: called from worker threads, answered by the loop."""

import asyncio
import concurrent.futures
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_server import protocol
from lsp_server.adapters.editor import OpenDocument
from lsp_server.client.session import Session
from lsp_server.core import diff
from lsp_server.core.diff import Edit
from lsp_server.core.text import Document, offset_to_position

_log = logging.getLogger(__name__)

# An edit is made while uv's locks are held, so a client that does not answer is given up on soon.
EDIT_SECONDS = 1.0
# An edit of a document that stays unsaved is made with none of uv's locks held.
UNSAVED_SECONDS = 5.0
SAVE_SECONDS = 5.0
# An edit that was refused, or answered and not done, is planned again: the client is about to say what has changed. When
# it was tried so often in vain, it is not.
MOST_TRIES, REFUSED, NOT_DONE = 20, 1, 7

Request = Callable[[str, Any], Awaitable[Any]]


@dataclass(slots=True)
class RemoteEditor:
    """Implements `adapters.editor.Editor` over LSP requests."""

    session: Session
    loop: asyncio.AbstractEventLoop
    request: Request
    _tried: Counter[tuple[str, int]] = field(default_factory=Counter)

    @property
    def name(self) -> str:
        """What the client calls itself."""
        return self.session.client.name

    @property
    def edits(self) -> bool:
        """Whether it can edit an open document."""
        return self.session.client.edits

    @property
    def saves(self) -> bool:
        """Whether it makes a document clean when asked."""
        return self.session.client.saves and self.session.client.edits

    def document(self, path: Path) -> OpenDocument | None:
        """Return the open document of a file."""
        return self.session.open_document(path)

    def apply(self, path: Path, version: int, edits: Sequence[Edit], label: str) -> bool | None:
        """Edit an open document; true once its text, as the client sends it back, was the new one.

        The answer alone does not count: there are clients that say yes and change nothing. One that has not answered is
        not asked again before its document has moved on: it would make all the edits when it wakes up.
        """
        return self._apply(path, version, edits, label, None)

    def follow(self, path: Path, version: int, edits: Sequence[Edit], base: str) -> bool | None:
        """Bring what its file has become into a document with unsaved changes, as one undo step."""
        uri = self.session.uri(path)
        if uri is not None and not edits:
            return self.session.follow(uri, version, base)
        return self._apply(path, version, edits, f"{path.name} has changed on the disk", base)

    def _apply(self, path: Path, version: int, edits: Sequence[Edit], label: str, base: str | None) -> bool | None:
        uri = self.session.uri(path)
        document = self.session.document(uri) if uri else None
        if document is None or uri is None or not self.edits or document.version != version:
            return False
        tried = (uri, version)
        if self._tried[tried] >= MOST_TRIES:
            return None
        present = self.session.open_document(path)
        seconds = UNSAVED_SECONDS if present is not None and present.dirty else EDIT_SECONDS
        expected = self.session.expect(uri, diff.apply(document.text, edits), base)
        try:
            edit = self.workspace_edit(document, edits)
            answer = self._ask("workspace/applyEdit", {"label": label, "edit": edit}, seconds)
            # The change follows the answer at once, or after the 150 ms in which Neovim gathers changes.
            refused = answer is not None and not _field(answer, "applied")
            if expected.seen.wait(EDIT_SECONDS if answer is not None and not refused else 0):
                return True
            cost = REFUSED if refused else NOT_DONE if answer is not None else MOST_TRIES
            self._tried = Counter({tried: self._tried[tried] + cost})
            return None if self._tried[tried] >= MOST_TRIES else False
        finally:
            self.session.forget(expected)

    def save(self, path: Path) -> bool:
        """Ask the client to make a document clean whose file already has its text."""
        uri = self.session.uri(path)
        if uri is None:
            return False
        return bool(_field(self._ask(protocol.SAVE, {"uri": uri}, SAVE_SECONDS), "saved"))

    def workspace_edit(self, document: Document, edits: Sequence[Edit]) -> dict[str, Any]:
        """Return edits as a WorkspaceEdit, with the version where the client takes one; a closed document has none (null)."""
        changes = [
            {
                "range": {
                    "start": self._position(document.text, edit.start),
                    "end": self._position(document.text, edit.end),
                },
                "newText": edit.text,
            }
            for edit in edits
        ]
        if not self.session.client.versioned_edits:
            return {"changes": {document.uri: changes}}
        is_open = self.session.document(document.uri) is not None
        identifier = {"uri": document.uri, "version": document.version if is_open else None}
        return {"documentChanges": [{"textDocument": identifier, "edits": changes}]}

    def _position(self, text: str, offset: int) -> dict[str, int]:
        line, character = offset_to_position(text, offset, self.session.client.encoding)
        return {"line": line, "character": character}

    def _ask(self, method: str, params: Any, seconds: float) -> object:  # noqa: ANN401  JSON
        """Ask from a worker thread; None if there is no answer in time, an error for one, or nobody to ask any more."""
        asking = self._asked(method, params)
        try:
            answer = asyncio.run_coroutine_threadsafe(asking, self.loop)
        except RuntimeError:  # the loop has ended, and with it the connection
            asking.close()
            return None
        try:
            return answer.result(seconds)
        except concurrent.futures.TimeoutError:
            _log.warning("the client did not answer %s within %s s", method, seconds)
        except Exception as error:  # noqa: BLE001  whatever the client answered, it did not do it
            _log.warning("the client refused %s: %s", method, error)
        return None

    async def _asked(self, method: str, params: Any) -> object:  # noqa: ANN401  JSON
        # Shielded: an answer that comes after we gave up must find its future.
        return await asyncio.shield(asyncio.ensure_future(self.request(method, params)))


def _field(answer: object, name: str) -> object:
    return answer.get(name) if isinstance(answer, dict) else getattr(answer, name, None)
