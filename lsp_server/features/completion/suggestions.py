"""What may be chosen at a place, and the LSP items made of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from lsp_server.core.cursor import Place
from lsp_server.core.lsp import DEPRECATED, CompletionItem
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Span

MODULE, PROPERTY, VALUE, CONSTANT, FOLDER, OPERATOR, REFERENCE = 9, 10, 12, 21, 19, 24, 18
"""`CompletionItemKind`."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One text to choose.

    Attributes:
        inserts: What is written, where that is not the label.
        detail: What stands beside the label.
        about: What is shown of it, as Markdown.
        withdrawn: Whether it is shown as one that should not be chosen.
        tied: Whether it fits only what is typed right now, so that the client must not filter it by its label.
    """

    label: str
    kind: int
    inserts: str | None = None
    detail: str = ""
    about: str = ""
    withdrawn: bool = False
    tied: bool = False


def items(snapshot: Snapshot, place: Place, word: Span, suggestions: Iterable[Suggestion]) -> list[CompletionItem]:
    """Return the LSP items, in the order of the suggestions.

    Args:
        snapshot: the document.
        place: where the cursor is; a value that has no quotes yet gets them.
        word: what a chosen text takes the place of.
        suggestions: what may be chosen.

    """
    typed = snapshot.text[word.start : place.offset]
    return [_item(snapshot, place, word, typed, number, one) for number, one in enumerate(suggestions)]


def _item(snapshot: Snapshot, place: Place, word: Span, typed: str, number: int, one: Suggestion) -> CompletionItem:  # noqa: PLR0917
    text = one.inserts if one.inserts is not None else one.label
    item: CompletionItem = {
        "label": one.label,
        "kind": one.kind,
        "sortText": f"{number:04}",
        "textEdit": snapshot.edit(word, f'"{text}"' if place.kind == "bare" else text),
    }
    if one.tied:
        item["filterText"] = typed or text
    if one.detail:
        item["detail"] = one.detail
    if one.about:
        item["documentation"] = {"kind": "markdown", "value": one.about}
    if one.withdrawn:
        item["tags"] = [DEPRECATED]
    return item
