"""Edits that stand in documents with unsaved changes of the user: in the buffer only, until the user saves."""

import sqlite3
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lsp_server.adapters import files
from lsp_server.adapters.editor import Editor
from lsp_server.core import diff
from lsp_server.core.operation import Operation
from lsp_server.jobs import outcome
from lsp_server.jobs.journal import Texts
from lsp_server.jobs.ledger import Ledger
from lsp_server.jobs.plan import Planned
from lsp_server.jobs.selection import Asked
from lsp_server.jobs.standing import Made, Standing


@dataclass(slots=True)
class Unsaved:
    """The edits of one project that wait for a person; `standing` gets those that have been saved. Safe from any thread."""

    ledger: Ledger
    editor: Editor
    standing: Standing
    _buffered: dict[str, tuple[Texts, Texts]] = field(default_factory=dict)
    _mutex: threading.RLock = field(default_factory=threading.RLock)

    def put(self, planned: Planned, asked: Sequence[Asked], dirty: Collection[Path], label: str) -> bool:
        """Put a plan into the unsaved documents and let its operations wait for the user; false to plan again."""
        for path in dirty:
            document = self.editor.document(path)
            if document is None or not document.dirty or _bytes(document.text) != planned.base[path]:
                return False  # also when it was saved meanwhile: then the edit is for the file
            edits = diff.edits(document.text, _text(planned.result[path]))
            applied = not edits or self.editor.apply(path, document.version, edits, label)
            present = self.editor.document(path)
            if not applied and self.editor.edits and (applied is False or present is None or present != document):
                return False  # one that does not answer, or never does it, is left to its user
            with self._mutex:
                for one in asked:
                    if one.manifest == path:
                        if applied:
                            self._buffered[one.operation] = (planned.base, planned.result)
                            self._note(one.operation, path, planned)
                        message = outcome.needs_save(path, applied=bool(applied))
                        self.ledger.move(one.operation, "needsSave", message=message, in_buffer=bool(applied))
                self._look_again(path, asked)
        return True

    def _note(self, operation: str, path: Path, planned: Planned) -> None:
        """Write down what stands in the buffer: who comes after us finds it in the file if the person has saved it."""
        place = self.ledger.place
        with suppress(sqlite3.Error):  # the journal is behind; the edit itself goes on
            texts = ({path: planned.base[path]}, {path: planned.result[path]})
            place.journal.prepare(place.key, [operation], *texts, state="buffered")

    def _look_again(self, path: Path, asked: Sequence[Asked]) -> None:
        """Go on at once where the user saved or closed the document before anything waited for that."""
        document = self.editor.document(path)
        if document is not None and document.dirty:
            return
        for one in asked:
            operation = self.ledger.get(one.operation)
            if one.manifest != path or operation is None:
                continue
            if document is None:
                self.closed(operation, path)
            elif not self._shows_what_the_disk_lacks(operation, path, document.text):
                self.resume(operation, path, document.text)
            else:
                # Saved in the moment before our edit came, which so is no unsaved change of the user's: for the file.
                self._go_on(operation)

    def _shows_what_the_disk_lacks(self, operation: Operation, path: Path, shown: str) -> bool:
        made = self._made(operation, path)
        return made is not None and made.is_missing(operation, _text(files.read(path))) and not made.is_missing(operation, shown)

    def _made(self, operation: Operation, path: Path) -> Made | None:
        buffered = self._buffered.get(operation.id)
        return Made(path, *(_text(texts[path]) for texts in buffered)) if buffered else None

    def resume(self, operation: Operation, path: Path, text: str, *, saved: bool = True) -> None:
        """The document had no unsaved changes when it had this text: what stood in it is saved, or was taken back.

        Another version than the one that we made may be what a person saved over it. In a document that shows its file
        again and was not saved it is what others have made of the file: our edit went with the text of the buffer.
        """
        with self._mutex:
            if not self._waits(operation):
                return
            made = self._made(operation, path)
            if made is not None:
                document = self.editor.document(path)
                is_gone = made.is_missing if saved else made.is_replaced
                if is_gone(operation, text):
                    if document is None or is_gone(operation, document.text):
                        self._give_up(operation, "the edit was taken back before saving; nothing was changed")
                        return
                    if document.dirty:
                        return  # saved in the moment before our edit came into the buffer, where it stands now
                self.standing[operation.id] = made
            self._go_on(operation)

    def closed(self, operation: Operation, path: Path) -> None:
        """The document was closed; what stood in it only, unsaved, is what its user gave up."""
        with self._mutex:
            made, saved = self._made(operation, path), _text(files.read(path))
            if made is not None and not made.is_missing(operation, saved):
                self.resume(operation, path, saved)
            elif self._waits(operation):
                self._give_up(operation, outcome.CLOSED)

    def _waits(self, operation: Operation) -> bool:
        present = self.ledger.get(operation.id)
        return present is not None and present.state == "needsSave"

    def _go_on(self, operation: Operation) -> None:
        self._buffered.pop(operation.id, None)
        self.ledger.move(operation.id, "queued", message="saved", in_buffer=False)

    def _give_up(self, operation: Operation, message: str) -> None:
        self._buffered.pop(operation.id, None)
        self.ledger.cancel(operation.id, message)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "surrogatepass")
