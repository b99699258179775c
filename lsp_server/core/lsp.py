"""The shapes of the Language Server Protocol 3.17 that features take and return.

They are written by hand, since the protocol library takes a quarter of a second to import; a test compares each with
it. A key that only some answers have is `NotRequired`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

ERROR, WARNING, INFORMATION, HINT = 1, 2, 3, 4
"""`DiagnosticSeverity`."""
UNNECESSARY, DEPRECATED = 1, 2
"""`DiagnosticTag`."""


class Position(TypedDict):
    """A place between two characters; both count from 0, `character` in the units of the negotiated encoding."""

    line: int
    character: int


class Range(TypedDict):
    """From one position up to another one, which is excluded."""

    start: Position
    end: Position


class Location(TypedDict):
    """A range in a document."""

    uri: str
    range: Range


class TextEdit(TypedDict):
    """A text that takes the place of a range."""

    range: Range
    newText: str


class OptionalVersionedTextDocumentIdentifier(TypedDict):
    """A document, and the version that an edit of it is for; None for a document that is not open."""

    uri: str
    version: int | None


class TextDocumentEdit(TypedDict):
    """The edits of one document."""

    textDocument: OptionalVersionedTextDocumentIdentifier
    edits: Sequence[TextEdit]


class WorkspaceEdit(TypedDict):
    """Edits of several documents, by version where the client can."""

    changes: NotRequired[Mapping[str, Sequence[TextEdit]]]
    documentChanges: NotRequired[Sequence[TextDocumentEdit]]


class Command(TypedDict):
    """A command and its arguments."""

    title: str
    command: str
    arguments: NotRequired[Sequence[Mapping[str, Any]]]


class CodeDescription(TypedDict):
    """The page that explains a diagnostic's code."""

    href: str


class DiagnosticRelatedInformation(TypedDict):
    """Another place that a diagnostic speaks of."""

    location: Location
    message: str


class Diagnostic(TypedDict):
    """Something wrong at a range."""

    range: Range
    severity: int
    code: str
    source: str
    message: str
    codeDescription: NotRequired[CodeDescription]
    tags: NotRequired[Sequence[int]]
    relatedInformation: NotRequired[Sequence[DiagnosticRelatedInformation]]
    data: NotRequired[Any]


class CodeAction(TypedDict):
    """Something that a person can choose to be done."""

    title: str
    kind: str
    command: NotRequired[Command]
    edit: NotRequired[WorkspaceEdit]
    diagnostics: NotRequired[Sequence[Diagnostic]]
    isPreferred: NotRequired[bool]


class CodeLens(TypedDict):
    """A command shown above a line."""

    range: Range
    command: Command


class MarkupContent(TypedDict):
    """A text to show; `kind` is "markdown" or "plaintext"."""

    kind: str
    value: str


class Hover(TypedDict):
    """What is shown of the thing under the cursor."""

    contents: MarkupContent
    range: NotRequired[Range]


class InlayHint(TypedDict):
    """A label between two characters."""

    position: Position
    label: str
    paddingLeft: NotRequired[bool]
    tooltip: NotRequired[str]


class CompletionItemLabelDetails(TypedDict):
    """What stands in grey behind a completion's label."""

    detail: NotRequired[str]
    description: NotRequired[str]


class CompletionItem(TypedDict):
    """A text to choose while typing."""

    label: str
    kind: int
    textEdit: TextEdit
    labelDetails: NotRequired[CompletionItemLabelDetails]
    detail: NotRequired[str]
    documentation: NotRequired[MarkupContent]
    filterText: NotRequired[str]
    sortText: NotRequired[str]
    tags: NotRequired[Sequence[int]]
    preselect: NotRequired[bool]
    command: NotRequired[Command]


class CompletionList(TypedDict):
    """The completions of a position; where there may be more, the client asks again while a person types."""

    isIncomplete: bool
    items: Sequence[CompletionItem]


class DocumentSymbol(TypedDict):
    """A named part of a document, with the parts in it."""

    name: str
    kind: int
    range: Range
    selectionRange: Range
    detail: NotRequired[str]
    children: NotRequired[Sequence["DocumentSymbol"]]


class FoldingRange(TypedDict):
    """Lines that can be hidden."""

    startLine: int
    endLine: int
    kind: NotRequired[str]


class SelectionRange(TypedDict):
    """A range, and the one around it."""

    range: Range
    parent: NotRequired["SelectionRange"]


class DocumentLink(TypedDict):
    """A range that leads to another document or page."""

    range: Range
    target: str
    tooltip: NotRequired[str]


def covers(wanted: str, kind: str) -> bool:
    """Tell whether a wanted kind of action covers another one (LSP 3.17, "CodeActionKind")."""
    return wanted in ("", kind) or kind.startswith(f"{wanted}.")  # a client may send what is no text


def of_kinds(actions: Iterable[CodeAction], only: Sequence[str] | None) -> list[CodeAction]:
    """Return the actions of the kinds that a client wants; None wants all."""
    return [action for action in actions if only is None or any(covers(kind, action["kind"]) for kind in only)]


def command_action(title: str, kind: str, command: str, argument: Mapping[str, Any]) -> CodeAction:
    """Return an action that is a command with one argument."""
    return {"title": title, "kind": kind, "command": {"title": title, "command": command, "arguments": [argument]}}
