"""What the client tells of files on disk: manifests and lock files, which our own watch may not reach, and modules."""

from collections.abc import Sequence
from typing import Protocol

from lsp_server.adapters.project import LOCKFILE, MANIFEST
from lsp_server.client.connection import Connection
from lsp_server.imports.python_files import PythonFiles
from lsp_server.server import documents

_CREATED_OR_DELETED = 1 | 4
_MODULES = ".py"
WATCHERS = (
    *({"globPattern": f"**/{name}"} for name in (MANIFEST, LOCKFILE)),
    {"globPattern": f"**/*{_MODULES}", "kind": _CREATED_OR_DELETED},
)
"""The `FileSystemWatcher`s of LSP. What a module says is of no interest, only whether it is there to be imported."""


class Host(Connection, Protocol):
    """A connection with its open Python files; the server is one."""

    @property
    def python(self) -> PythonFiles:
        """The open Python files and their projects."""


def changed(host: Host, uris: Sequence[str]) -> None:
    """Look again; where modules came or went, only for what imports them."""
    if not all(uri.endswith(_MODULES) for uri in uris):
        host.later("workspace/didChangeWatchedFiles", documents.files_changed(host))
    host.python.files_changed(uris)
