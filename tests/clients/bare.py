"""A client that announces only what a test says, and checks that the server asks for nothing else."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.client import CAPABILITIES, DELETE, Client, merged

Body = dict[str, Any]

DYNAMIC = {"dynamicRegistration": True}
FULL: Body = merged(
    CAPABILITIES,
    {
        "workspace": {"executeCommand": DYNAMIC},
        "textDocument": {"synchronization": DYNAMIC, "codeAction": DYNAMIC},
        "experimental": DELETE,
    },
)
"""All that standard LSP offers and an editor may have; nothing of ours."""

NEEDS = {
    "workspace/applyEdit": "workspace.applyEdit",
    "workspace/configuration": "workspace.configuration",
    "workspace/workspaceFolders": "workspace.workspaceFolders",
    "window/workDoneProgress/create": "window.workDoneProgress",
    "window/showMessageRequest": "window.showMessage",
    "window/showDocument": "window.showDocument",
    "workspace/codeLens/refresh": "workspace.codeLens",
    "workspace/inlayHint/refresh": "workspace.inlayHint",
    "workspace/diagnostic/refresh": "workspace.diagnostics",
}
"""The requests a server may send, each with the capability that allows it."""


def lookup(capabilities: Mapping[str, Any], path: str) -> Any:
    """The capability at a dotted path, None if it or anything above it is missing."""
    found: Any = capabilities
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def without(*paths: str) -> Body:
    """All standard capabilities but these."""

    def copy(part: Mapping[str, Any], prefix: str) -> Body:
        return {
            key: copy(value, f"{prefix}{key}.") if isinstance(value, Mapping) else value
            for key, value in part.items()
            if f"{prefix}{key}" not in paths
        }

    return copy(FULL, "")


def initialize(client: Client, capabilities: Mapping[str, Any], where: Mapping[str, Any]) -> None:
    """Initialize with these capabilities, the project named as `where` says, and no options."""
    params = {"processId": os.getpid(), "rootUri": None, "capabilities": capabilities, **where}
    result = client.request("initialize", params, 20)
    client.server_capabilities = result["capabilities"]
    client.encoding = result["capabilities"].get("positionEncoding", "utf-16")
    client.notify("initialized", {})


def folder(root: Path) -> Body:
    """The project as an editor of today names it."""
    return {"rootUri": root.as_uri(), "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}]}


def unannounced(client: Client, capabilities: Mapping[str, Any]) -> list[str]:
    """The requests that the client did not say it could answer; each would be an error message in an editor."""
    requests = [message.body for message in client.received if "id" in message.body and "method" in message.body]
    wrong = [body["method"] for body in requests if not _allowed(body, capabilities)]
    ours = [body["method"] for body in requests if body["method"].startswith("pyproject/")]
    return wrong + ours


def _allowed(body: Body, capabilities: Mapping[str, Any]) -> bool:
    if body["method"] != "client/registerCapability":
        needed = NEEDS.get(body["method"])
        return needed is None or bool(lookup(capabilities, needed))
    methods: Sequence[str] = [item["method"] for item in body["params"]["registrations"]]
    paths = [method.replace("/", ".") + ".dynamicRegistration" for method in methods]
    return all(lookup(capabilities, path) for path in paths)
