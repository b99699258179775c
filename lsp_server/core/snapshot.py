"""All that a feature may see of one document, frozen at one moment."""

from dataclasses import dataclass, field

from lsp_server.core import pyproject
from lsp_server.core.lsp import Position, Range
from lsp_server.core.packages import Packages
from lsp_server.core.pyproject import Manifest
from lsp_server.core.settings import Settings
from lsp_server.core.text import Encoding, offset_to_position, position_to_offset
from lsp_server.core.toml import Span


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One open `pyproject.toml` with what features need to answer in the client's terms."""

    uri: str
    version: int
    text: str
    encoding: Encoding
    settings: Settings
    packages: Packages = field(default_factory=Packages)

    @property
    def manifest(self) -> Manifest:
        """What the text means; cached by text."""
        return pyproject.read(self.text)

    def range(self, span: Span) -> Range:
        """Return a span as an LSP range."""
        return {"start": self._position(span.start), "end": self._position(span.end)}

    def span(self, where: Range) -> Span:
        """Return an LSP range as a span."""
        start, end = where["start"], where["end"]
        return Span(
            position_to_offset(self.text, start["line"], start["character"], self.encoding),
            position_to_offset(self.text, end["line"], end["character"], self.encoding),
        )

    def _position(self, offset: int) -> Position:
        line, character = offset_to_position(self.text, offset, self.encoding)
        return {"line": line, "character": character}
