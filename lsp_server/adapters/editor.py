"""What jobs may ask of an editor: its open documents, an edit, a save. The server gives the real one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lsp_server.core.diff import Edit


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """An open document as the editor last told it.

    `dirty` means that the user changed it and did not save: it is never saved by us. `base` is the text that it last
    shared with its file, "" where that is not known.
    """

    text: str
    version: int
    dirty: bool
    base: str = ""


class Editor(Protocol):
    """An editor. Every method may be called from any thread but the one that serves the editor, and may wait for it."""

    @property
    def name(self) -> str:
        """What the client calls itself."""

    @property
    def edits(self) -> bool:
        """Whether it can edit an open document (`workspace/applyEdit`)."""

    @property
    def saves(self) -> bool:
        """Whether it makes a document clean when asked (`pyproject/save`)."""

    def document(self, path: Path) -> OpenDocument | None:
        """Return the open document of a file, or None if it is closed."""

    def apply(self, path: Path, version: int, edits: Sequence[Edit], label: str) -> bool | None:
        """Edit an open document as one undo step.

        Returns:
            True once the editor's text shows it. False if it is worth another try: the document has moved on from
            `version`, or is about to tell so. None if the editor does not answer, or never does it.

        """

    def follow(self, path: Path, version: int, edits: Sequence[Edit], base: str) -> bool | None:
        """Bring what its file has become, `base`, into a document with unsaved changes, as `apply` does."""

    def save(self, path: Path) -> bool:
        """Ask the editor to make a document clean that was clean before our edit."""


class NoEditor:
    """The command line: nothing is open."""

    name = "command line"
    edits = False
    saves = False

    def document(self, _path: Path) -> OpenDocument | None:
        """Nothing is open."""
        return None

    def apply(self, _path: Path, _version: int, _edits: Sequence[Edit], _label: str) -> bool | None:
        """Nothing can be edited."""
        return False

    def follow(self, _path: Path, _version: int, _edits: Sequence[Edit], _base: str) -> bool | None:
        """Nothing can be edited."""
        return False

    def save(self, _path: Path) -> bool:
        """Nothing can be saved."""
        return False
