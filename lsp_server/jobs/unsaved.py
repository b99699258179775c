"""Edits that stand in documents with unsaved changes of the user: in the buffer only, until the user saves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lsp_server.adapters import files
from lsp_server.adapters.editor import Editor
from lsp_server.core import diff, facts, intent
from lsp_server.core.operation import Operation
from lsp_server.jobs import outcome
from lsp_server.jobs.journal import Texts
from lsp_server.jobs.ledger import Ledger
from lsp_server.jobs.plan import Planned
from lsp_server.jobs.selection import Asked

CLOSED = "the file was closed without saving; nothing was changed"


@dataclass(slots=True)
class Unsaved:
    """The edits of one project that wait for a person. `standing` gets the operations whose edit has been saved."""

    ledger: Ledger
    editor: Editor
    standing: set[str]
    _buffered: dict[str, tuple[Texts, Texts]] = field(default_factory=dict)

    def put(self, planned: Planned, asked: Sequence[Asked], dirty: Collection[Path], label: str) -> bool:
        """Put a plan into the unsaved documents and let its operations wait for the user; false to plan again."""
        for path in dirty:
            document = self.editor.document(path)
            if document is None or not document.dirty or _bytes(document.text) != planned.base[path]:
                return False  # also when it was saved meanwhile: then the edit is for the file
            edits = diff.edits(document.text, _text(planned.result[path]))
            applied = not edits or self.editor.apply(path, document.version, edits, label)
            if not applied and self.editor.edits:
                return False
            for one in asked:
                if one.manifest == path:
                    if applied:
                        self._buffered[one.operation] = (planned.base, planned.result)
                    message = outcome.needs_save(path, applied=applied)
                    self.ledger.move(one.operation, "needsSave", message=message, in_buffer=applied)
            self._look_again(path, asked, planned.base[path])
        return True

    def _look_again(self, path: Path, asked: Sequence[Asked], base: bytes | None) -> None:
        """Go on at once where the user saved or closed the document before anything waited for that."""
        document = self.editor.document(path)
        if document is not None and document.dirty:
            if files.read(path) == base:
                self.editor.save(path)  # saved just before our edit came: there is no unsaved change but ours
            return
        for one in asked:
            operation = self.ledger.get(one.operation)
            if one.manifest != path or operation is None or operation.state != "needsSave":
                continue
            if document is not None:
                self.resume(operation, path, document.text)
            else:
                self.forget(operation.id)
                self.ledger.cancel(operation.id, CLOSED)

    def resume(self, operation: Operation, path: Path, text: str) -> None:
        """The document had no unsaved changes when it had this text: what stood in it is saved, or was taken back."""
        if operation.id in self._buffered:
            before, after = (_text(texts[path]) for texts in self._buffered[operation.id])
            document = self.editor.document(path)
            if _lacks(operation, before, after, text):
                if document is not None and document.dirty and not _lacks(operation, before, after, document.text):
                    return  # saved in the moment before our edit came into the buffer, where it stands now
                self.forget(operation.id)
                self.ledger.cancel(operation.id, "the edit was taken back before saving; nothing was changed")
                return
            self.forget(operation.id)
            self.standing.add(operation.id)
        self.ledger.move(operation.id, "queued", message="saved", in_buffer=False)

    def forget(self, operation: str) -> None:
        """The document was closed without saving."""
        self._buffered.pop(operation, None)


def _lacks(operation: Operation, before: str, after: str, text: str) -> bool:
    """Tell whether all that one operation of a buffered group changed is missing in a text."""
    old, new, present = (facts.of_manifest(each) for each in (before, after, text))
    wanted = intent.from_argument(operation.command, operation.argument)
    keys = {key for key in facts.changed(old, new) if _concerns(wanted, key)}
    return bool(keys) and keys <= facts.dropped(old, new, present)


def _concerns(wanted: intent.Intent | intent.BadArgument, key: facts.Key) -> bool:
    """Tell whether a statement is what one operation of the buffered group was about."""
    return not isinstance(wanted, intent.BadArgument) and facts.concerns(wanted, key)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "surrogatepass")
