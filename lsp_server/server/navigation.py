"""What each request to move about in a manifest or a script's block answers; the names are those of LSP."""

from collections.abc import Sequence
from typing import Any, Protocol

from lsp_server.client.session import Session
from lsp_server.core.lsp import (
    DocumentLink,
    DocumentSymbol,
    FoldingRange,
    Location,
    Position,
    SelectionRange,
    WorkspaceEdit,
)
from lsp_server.core.snapshot import Snapshot
from lsp_server.features import names, outline


class Host(Protocol):
    """What answers are made from; the server is one."""

    @property
    def session(self) -> Session:
        """The open documents and settings."""


def document_symbol(host: Host, params: Any) -> list[DocumentSymbol]:  # noqa: ANN401  lsprotocol's object
    """Answer `textDocument/documentSymbol`; of a script its Python server does."""
    snapshot = host.session.snapshot(params.text_document.uri)
    return [] if snapshot is None else outline.symbols(snapshot)


def folding_range(host: Host, params: Any) -> list[FoldingRange]:  # noqa: ANN401  lsprotocol's object
    """Answer `textDocument/foldingRange`, as above."""
    snapshot = host.session.snapshot(params.text_document.uri)
    return [] if snapshot is None else outline.folding(snapshot)


def selection_range(host: Host, params: Any) -> list[SelectionRange]:  # noqa: ANN401  lsprotocol's object
    """Answer `textDocument/selectionRange`, as above."""
    snapshot = host.session.snapshot(params.text_document.uri)
    return [] if snapshot is None else outline.selection(snapshot, [_position(one) for one in params.positions])


def definition(host: Host, params: Any) -> list[Location]:  # noqa: ANN401  lsprotocol's object
    """Answer `textDocument/definition`."""
    snapshot = _toml(host, params)
    return [] if snapshot is None else names.definition(snapshot, _position(params.position))


def references(host: Host, params: Any) -> list[Location]:  # noqa: ANN401  lsprotocol's object
    """Answer `textDocument/references`."""
    snapshot = _toml(host, params)
    wanted = bool(params.context.include_declaration)
    return [] if snapshot is None else names.references(snapshot, _position(params.position), declaration=wanted)


def renaming(host: Host, params: Any) -> WorkspaceEdit | None:  # noqa: ANN401  lsprotocol's object
    """Answer `textDocument/rename`."""
    snapshot = _toml(host, params)
    return None if snapshot is None else names.renamed(snapshot, _position(params.position), params.new_name)


def document_link(host: Host, params: Any) -> Sequence[DocumentLink]:  # noqa: ANN401  lsprotocol's object
    """Answer `textDocument/documentLink`."""
    snapshot = host.session.snapshot(params.text_document.uri) or host.session.block(params.text_document.uri)
    return [] if snapshot is None else names.links(snapshot)


def _toml(host: Host, params: Any) -> Snapshot | None:  # noqa: ANN401  lsprotocol's object
    """Return the manifest, or the block of a script (PEP 723)."""
    uri = params.text_document.uri
    return host.session.snapshot(uri) or host.session.block(uri)


def _position(position: Any) -> Position:  # noqa: ANN401  lsprotocol's object
    return {"line": position.line, "character": position.character}
