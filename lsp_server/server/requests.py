"""What each request about a document answers: it finds the snapshot and calls the pure features. Nothing waits here."""

from collections.abc import Sequence
from typing import Any, Protocol

from lsp_server.client.capabilities import range_object
from lsp_server.client.session import Session
from lsp_server.core.lsp import (
    CodeAction,
    CodeLens,
    Command,
    CompletionItem,
    CompletionList,
    Hover,
    InlayHint,
    Position,
    of_kinds,
)
from lsp_server.core.snapshot import Snapshot
from lsp_server.features import code_actions as manifest_actions
from lsp_server.features.code_lens import code_lenses
from lsp_server.features.completion import answer as manifest_completion
from lsp_server.features.dependency_hover import dependency_at
from lsp_server.features.diagnostics import quick_fixes
from lsp_server.features.hover import hover as manifest_hover
from lsp_server.features.version_hints import version_hints
from lsp_server.imports.features.fix_all import FILE_KIND, PROJECT_KIND
from lsp_server.imports.features.import_actions import import_actions
from lsp_server.imports.features.import_completion import import_completion
from lsp_server.imports.features.import_hover import import_hover
from lsp_server.imports.features.script_block import script_actions, script_lenses
from lsp_server.imports.python_files import PythonFiles
from lsp_server.index.lookups import Lookups

ACTION_KINDS = (*manifest_actions.KINDS, "quickfix", FILE_KIND, PROJECT_KIND)
_AUTOMATIC = 2
"""`CodeActionTriggerKind.Automatic` (LSP 3.17): nobody asked; an editor that saves does so too."""
COMPLETION_TRIGGERS = (".", " ", '"', "'", "[", "=", "<", ">", "~", "!", ",", ";", "-", "/")


class Host(Protocol):
    """What answers are made from; the server is one."""

    @property
    def session(self) -> Session:
        """The open documents and settings."""

    @property
    def python(self) -> PythonFiles:
        """The open Python files and their projects."""

    @property
    def lookups(self) -> Lookups:
        """What indexes say of packages."""

    def json(self, value: Any) -> Any:  # noqa: ANN401  JSON
        """Return one of the protocol library's objects as JSON."""


def code_action(host: Host, params: Any) -> Sequence[CodeAction | Command]:  # noqa: ANN401  lsprotocol's object
    """Answer `textDocument/codeAction`; with plain commands to a client that knows no code action literals (LSP 3.17)."""
    actions = _code_actions(host, params)
    if host.session.client.action_literals:
        return actions
    return [action["command"] for action in actions if "command" in action]


def _code_actions(host: Host, params: Any) -> list[CodeAction]:  # noqa: ANN401  lsprotocol's object
    uri, where, only = params.text_document.uri, range_object(params.range), params.context.only
    if host.session.path(uri) is None:  # untitled or remote: no command could find its project
        return []
    snapshot = host.session.snapshot(uri)
    if snapshot is not None:
        return manifest_actions.code_actions(snapshot, where, only)
    file = host.python.file(uri)
    if file is None:
        return []
    diagnostics = [host.json(one) for one in params.context.diagnostics]
    block = host.session.block(uri)
    fixes = quick_fixes(block, block.span(where)) if block is not None and block.holds(where["start"]) else ()
    can_run = host.session.client.runs_scripts
    imports = import_actions(file, where, diagnostics, only, automatic=params.context.trigger_kind == _AUTOMATIC)
    return [*imports, *of_kinds(fixes, only), *script_actions(file, where, only, can_run=can_run)]


def code_lens(host: Host, params: Any) -> list[CodeLens]:  # noqa: ANN401  lsprotocol's object
    """Answer `textDocument/codeLens`; none for a document that is no file, as with actions."""
    if host.session.path(params.text_document.uri) is None:
        return []
    snapshot = host.session.snapshot(params.text_document.uri)
    if snapshot is not None:
        return code_lenses(snapshot)
    file = host.python.file(params.text_document.uri)
    return [] if file is None else script_lenses(file, can_run=host.session.client.runs_scripts)


def completion(host: Host, params: Any) -> CompletionList | list[CompletionItem]:  # noqa: ANN401  lsprotocol's object
    """Answer `textDocument/completion`; what would make the answer better is asked of the indexes, for the next time."""
    uri, position = params.text_document.uri, _position(params)
    snapshot = _toml(host, uri, position)
    if snapshot is not None:
        name = manifest_completion.wanted(snapshot, position)
        if name is not None:
            host.lookups.wish(uri, name)
        return manifest_completion.completion(snapshot, position)
    file = host.python.file(params.text_document.uri)
    return [] if file is None else import_completion(file, _position(params))


def hover(host: Host, params: Any) -> Hover | None:  # noqa: ANN401  lsprotocol's object
    """Answer `textDocument/hover`."""
    uri, position = params.text_document.uri, _position(params)
    snapshot = _toml(host, uri, position)
    if snapshot is not None:
        dependency = dependency_at(snapshot, position)
        if dependency is not None:
            host.lookups.wish(uri, dependency.name)
        return manifest_hover(snapshot, position)
    file = host.python.file(params.text_document.uri)
    return None if file is None else import_hover(file, _position(params))


def inlay_hint(host: Host, params: Any) -> list[InlayHint]:  # noqa: ANN401  lsprotocol's object
    """Answer `textDocument/inlayHint`."""
    uri = params.text_document.uri
    snapshot = host.session.snapshot(uri) or host.session.block(uri)
    return [] if snapshot is None else version_hints(snapshot, range_object(params.range))


def _toml(host: Host, uri: str, position: Position) -> Snapshot | None:
    """Return the manifest, or the block of a script if the position is in it (PEP 723)."""
    block = host.session.snapshot(uri) or host.session.block(uri)
    return block if block is not None and block.holds(position) else None


def _position(params: Any) -> Position:  # noqa: ANN401  lsprotocol's object
    return {"line": params.position.line, "character": params.position.character}
