"""What comes from elsewhere into a file goes into the document that has it open with unsaved changes, at once.

Else the person would save what they see, and the change would be gone, or come back into their text by surprise.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lsp_server.adapters.editor import Editor, OpenDocument
from lsp_server.core import diff, rebase
from lsp_server.core.diff import Conflict
from lsp_server.core.tokens import BOM
from lsp_server.jobs.outcome import Notice


@dataclass(slots=True)
class Buffers:
    """The unsaved documents of one project. Used by one thread, which waits for the editor."""

    editor: Editor
    tell: Callable[[Notice], None]
    _said: dict[Path, str] = field(default_factory=dict)

    def bring(self, path: Path, standing: str) -> None:
        """Bring the text that stands in a file into its document, if that has unsaved changes and an older base."""
        document = self.editor.document(path)
        if document is None or not document.dirty or document.base in {"", standing} or _plain(document) == standing:
            return
        merged = rebase.brought(path.name, document.base, standing, _plain(document))
        if isinstance(merged, Conflict) or not self.editor.edits:
            self._say(path, document, standing, is_conflict=isinstance(merged, Conflict))
            return
        mark = document.text[: len(document.text) - len(_plain(document))]
        # One that has moved on, or does not take it, is tried again when its client tells of that.
        self.editor.follow(path, document.version, diff.edits(document.text, mark + merged.text), standing)

    def _say(self, path: Path, document: OpenDocument, standing: str, *, is_conflict: bool) -> None:
        if self._said.get(path) == standing:
            return
        self._said[path] = standing
        what = "in lines that you have changed, too" if is_conflict else "while you have unsaved changes"
        message = f"{path.name} was changed on the disk {what}; compare the two before you save"
        self.tell(Notice(message, path, standing, document.text))


def _plain(document: OpenDocument) -> str:
    return document.text.removeprefix(BOM)
