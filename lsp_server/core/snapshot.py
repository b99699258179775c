"""All that a feature may see of one document, frozen at one moment: a manifest, or the metadata block of a script."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lsp_server.core import managers, pyproject, script
from lsp_server.core.lsp import Position, Range, TextEdit
from lsp_server.core.managers import Managers
from lsp_server.core.names import Names
from lsp_server.core.packages import Packages
from lsp_server.core.pyproject import Manifest
from lsp_server.core.releases import Known
from lsp_server.core.script import Block
from lsp_server.core.settings import Settings
from lsp_server.core.text import Encoding, offset_to_position, position_to_offset
from lsp_server.core.toml import Span


@dataclass(frozen=True, slots=True)
class Script:
    """A whole script, and its block."""

    text: str
    block: Block


@dataclass(frozen=True, slots=True)
class Around:
    """What stands near a project on the disk, as it was when its manifest was opened or saved.

    Attributes:
        members: The workspace's members by normalised name, with their folders relative to the root.
        indexes: The URLs of the indexes that have a name, without secrets.
        folders: Folders with a project in them, relative to the manifest's.
        managers: Who manages the project.
    """

    members: Mapping[str, str] = field(default_factory=dict)
    indexes: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    managers: Managers = field(default_factory=lambda: Managers({}))


@dataclass(frozen=True, slots=True)
class ProjectState:
    """What the last status said of a project, and for which text of this file.

    Attributes:
        text: The text on the disk when `lock` and `environment` were looked at.
        failure: Why the last plan failed, in uv's words; None if it did not.
        failed_text: The text that was planned from, as the editor had it.
    """

    lock: str = "unknown"
    environment: str = "unknown"
    text: str = ""
    failure: str | None = None
    failed_text: str = ""


_NOTHING_AROUND = Around()
_NO_STATE = ProjectState()
_NO_NAMES = Names()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One open `pyproject.toml` with what features need to answer in the client's terms.

    Attributes:
        text: The TOML: of a script, that of its block.
        packages: What is locked, installed and newest.
        known: What indexes said of packages.
        around: What stands near the project on the disk.
        state: What the last status said.
        names: The names of the shipped list, the most used first.
        script: The script that the block stands in; None for a manifest. Ranges are of the script then.
    """

    uri: str
    version: int
    text: str
    encoding: Encoding
    settings: Settings
    packages: Packages = field(default_factory=Packages)
    known: Known = field(default_factory=dict)
    script: Script | None = None
    around: Around = field(default_factory=lambda: _NOTHING_AROUND)
    state: ProjectState = field(default_factory=lambda: _NO_STATE)
    names: Names = field(default_factory=lambda: _NO_NAMES, compare=False, repr=False)

    @property
    def is_ours(self) -> bool:
        """Whether uv may edit it: it is not another manager's, as far as is known of what stands around it."""
        if self.script is not None or self.settings.manager == "uv":
            return True
        return managers.of(self.text, self._files()).other is None

    def _files(self) -> tuple[str, ...]:
        """The files of managers that were seen, so that a `[tool.uv]` that is being typed counts at once."""
        return tuple(one for seen in self.around.managers.evidence.values() for one in seen if one in managers.FILES)

    @property
    def manifest(self) -> Manifest:
        """What the text means; cached by text."""
        return pyproject.read(self.text) if self.script is None else pyproject.read_block(self.text)

    def range(self, span: Span) -> Range:
        """Return a span as an LSP range."""
        return {"start": self._position(span.start), "end": self._position(span.end)}

    def span(self, where: Range) -> Span:
        """Return an LSP range as a span."""
        return Span(self.offset(where["start"]), self.offset(where["end"]))

    def offset(self, position: Position) -> int:
        """Return the offset of an LSP position."""
        text = self.text if self.script is None else self.script.text
        found = position_to_offset(text, position["line"], position["character"], self.encoding)
        return found if self.script is None else script.to_toml_offset(self.script.block, found, text)

    def holds(self, position: Position) -> bool:
        """Tell whether a position is in the TOML: of a script, in its block."""
        if self.script is None:
            return True
        found = position_to_offset(self.script.text, position["line"], position["character"], self.encoding)
        return self.script.block.start <= found <= self.script.block.end

    def edit(self, span: Span, text: str) -> TextEdit:
        """Return an edit of the TOML; in a script each new line of it is a comment, too."""
        return {"range": self.range(span), "newText": text if self.script is None else text.replace("\n", "\n# ")}

    def _position(self, offset: int) -> Position:
        text = self.text
        if self.script is not None:
            offset, text = script.to_source_offset(self.script.block, offset, self.script.text), self.script.text
        line, character = offset_to_position(text, offset, self.encoding)
        return {"line": line, "character": character}
