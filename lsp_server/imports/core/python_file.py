"""All that a feature may see of one open Python file, frozen at one moment."""

from dataclasses import dataclass
from functools import cached_property

from lsp_server.core import script
from lsp_server.core.lsp import Position, Range
from lsp_server.core.script import Block
from lsp_server.core.settings import Settings
from lsp_server.core.text import Encoding, offset_to_position, position_to_offset
from lsp_server.core.toml import Span
from lsp_server.imports.core import judge, scanner
from lsp_server.imports.core.judge import Finding, Place
from lsp_server.imports.core.scanner import Import
from lsp_server.imports.core.view import View


@dataclass(frozen=True)
class PythonFile:
    """One open Python file with what is known of its project.

    Attributes:
        path: Its path relative to the project's folder, with `/`; only its name where it is outside of any.
    """

    uri: str
    version: int
    text: str
    encoding: Encoding
    settings: Settings
    view: View
    path: str

    @property
    def imports(self) -> tuple[Import, ...]:
        """Its import statements; cached by text."""
        return scanner.scan(self.text)

    @cached_property
    def block(self) -> Block | None:
        """Its metadata block (PEP 723), None if it has none that can be read."""
        found = script.find(self.text) if script.may_have_block(self.text) else None
        return found if isinstance(found, Block) else None

    @cached_property
    def place(self) -> Place | None:
        """What it may rely on; None where no project and no block says anything of it."""
        return judge.place_of(self.view, self.path, script=self.block.toml if self.block is not None else None)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with its imports."""
        return judge.judge(self.view, self.place, self.imports) if self.place is not None else ()

    def range(self, span: Span) -> Range:
        """Return a span as an LSP range."""
        return {"start": self._position(span.start), "end": self._position(span.end)}

    def span(self, where: Range) -> Span:
        """Return an LSP range as a span."""
        return Span(self.offset(where["start"]), self.offset(where["end"]))

    def offset(self, position: Position) -> int:
        """Return the offset of an LSP position."""
        return position_to_offset(self.text, position["line"], position["character"], self.encoding)

    def _position(self, offset: int) -> Position:
        line, character = offset_to_position(self.text, offset, self.encoding)
        return {"line": line, "character": character}
