"""What each request about a document answers: it finds the snapshot and calls the pure features. Nothing waits here."""

from collections.abc import Sequence
from typing import Any

from lsp_server.core.snapshot import LspRange, Position
from lsp_server.features.code_actions import KINDS, code_actions
from lsp_server.features.code_lens import code_lenses
from lsp_server.features.fix_all import FILE_KIND, PROJECT_KIND
from lsp_server.features.import_actions import import_actions
from lsp_server.features.import_completion import import_completion
from lsp_server.features.import_hover import import_hover
from lsp_server.features.script_block import script_actions, script_lenses
from lsp_server.python_files import PythonFiles
from lsp_server.session import Session

ACTION_KINDS = (*KINDS, "quickfix", FILE_KIND, PROJECT_KIND)
COMPLETION_TRIGGERS = (".", " ")
Answer = list[dict[str, Any]]


def actions(
    session: Session,
    python: PythonFiles,
    uri: str,
    where: LspRange,
    diagnostics: Sequence[dict[str, Any]],
    *,
    only: Sequence[str] | None,
) -> Answer:
    """Answer `textDocument/codeAction`."""
    snapshot = session.snapshot(uri)
    if snapshot is not None:
        return code_actions(snapshot, where, only)
    file = python.file(uri)
    return [] if file is None else [*import_actions(file, where, diagnostics, only), *script_actions(file, where, only)]


def lenses(session: Session, python: PythonFiles, uri: str) -> Answer:
    """Answer `textDocument/codeLens`."""
    snapshot = session.snapshot(uri)
    if snapshot is not None:
        return code_lenses(snapshot)
    file = python.file(uri)
    return [] if file is None else script_lenses(file)


def completion(python: PythonFiles, uri: str, position: Position) -> Answer:
    """Answer `textDocument/completion`."""
    file = python.file(uri)
    return [] if file is None else import_completion(file, position)


def hover(python: PythonFiles, uri: str, position: Position) -> dict[str, Any] | None:
    """Answer `textDocument/hover`."""
    file = python.file(uri)
    return None if file is None else import_hover(file, position)
