"""JSON out of the protocol library's objects, and out of that what a client can. Knows their shapes, not the library."""

from collections.abc import Mapping
from typing import Any

from lsp_server.client.session import Client
from lsp_server.core.lsp import Range as LspRange
from lsp_server.core.text import Encoding, Range


def client_of(params: Any, encoding: Encoding) -> Client:  # noqa: ANN401  lsprotocol's object
    """Return what a client says of itself; `encoding` is the one that was chosen from its offer."""
    capabilities = params.capabilities
    workspace, window = capabilities.workspace, capabilities.window
    experimental = _attributes(capabilities.experimental)
    edit = workspace.workspace_edit if workspace else None
    watched = workspace.did_change_watched_files if workspace else None
    settings = workspace.did_change_configuration if workspace else None
    lenses = workspace.code_lens if workspace else None
    hints = workspace.inlay_hint if workspace else None
    actions = capabilities.text_document.code_action if capabilities.text_document else None
    return Client(
        name=params.client_info.name if params.client_info else "unknown client",
        encoding=encoding,
        edits=bool(workspace and workspace.apply_edit),
        versioned_edits=bool(edit and edit.document_changes),
        saves=experimental.get("pyprojectSave") is True,
        shows_restored=experimental.get("pyprojectRestored") is True,
        shows_failures=experimental.get("pyprojectFailures") is True,
        runs_scripts=experimental.get("pyprojectRun") is True,
        users_settings=experimental.get("pyprojectUserSettings") is True,
        asks=bool(window and window.show_message),
        progress=bool(window and window.work_done_progress),
        server_status=bool(experimental.get("serverStatusNotification")),
        configuration=bool(workspace and workspace.configuration),
        announces_settings=bool(settings and settings.dynamic_registration),
        watches_files=bool(watched and watched.dynamic_registration),
        refreshes_lenses=bool(lenses and lenses.refresh_support),
        refreshes_hints=bool(hints and hints.refresh_support),
        action_literals=bool(actions and actions.code_action_literal_support),
    )


def _attributes(value: Any) -> Mapping[str, Any]:  # noqa: ANN401  pygls makes objects of unknown shapes
    if isinstance(value, Mapping):
        return value
    return value._asdict() if hasattr(value, "_asdict") else {}


def plain(value: Any) -> Any:  # noqa: ANN401  JSON
    """Return JSON as it came over the wire, whatever objects were made of it."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def range_of(change: Any) -> Range | None:  # noqa: ANN401  one of two shapes
    """Return the range of a content change; None where the change is the whole text."""
    where = getattr(change, "range", None)
    if where is None:
        return None
    return (where.start.line, where.start.character, where.end.line, where.end.character)


def range_object(where: Any) -> LspRange:  # noqa: ANN401  lsprotocol's object
    """Return a range as JSON."""
    return {
        "start": {"line": where.start.line, "character": where.start.character},
        "end": {"line": where.end.line, "character": where.end.character},
    }
