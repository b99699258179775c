"""Looking ahead without changing anything: what an operation would do, and which packages have newer versions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_server.adapters import files, uv
from lsp_server.adapters import project as projects
from lsp_server.adapters.editor import Editor
from lsp_server.adapters.shadow import Shadow
from lsp_server.core import changes, commandline, declarations, pyproject, requirement, uvwords
from lsp_server.core.operation import Changes, Failure
from lsp_server.core.settings import Settings
from lsp_server.core.text import decoded
from lsp_server.jobs import children, leftovers
from lsp_server.jobs.place import Place
from lsp_server.jobs.plan import Cancelled, Planned, Planner
from lsp_server.jobs.selection import Asked
from lsp_server.jobs.tools import executable_for


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change: each file's text before and after, and what that states.

    `direct` are the packages that a manifest or the script names, `notes` is what is to be told besides.
    """

    planned: Planned
    changes: Changes
    direct: frozenset[str]
    notes: Sequence[str]


def preview(place: Place, editor: Editor, settings: Settings, asked: Asked, cancellation: uv.Cancellation) -> Preview | Failure:
    """Plan one operation in a shadow of its own, from the open buffer or the file; no lock is taken, nothing changes."""
    found = executable_for(place, settings)
    if isinstance(found, Failure):
        return found
    base: dict[Path, bytes | None] = {each: files.read(each) for each in projects.files_of(place.project)}
    document = editor.document(asked.manifest)
    if document is not None:
        base[asked.manifest] = document.text.encode("utf-8", "surrogatepass")
    with leftovers.scratch(place.shadow.parent) as folder:
        shadow = Shadow(folder, place.project.folder)
        outcome = Planner(place, shadow, found, settings, cancellation).plan(base, [asked])
    if isinstance(outcome, Cancelled):
        return Failure("uv-failed", "the preview was cancelled")
    if asked.operation in outcome.failures:
        return outcome.failures[asked.operation]
    made = changes.of(asked.intent, outcome.base, outcome.result)
    texts = [(path, decoded(text)) for path, text in outcome.result.items() if path != place.project.lockfile]
    named = {one.name for path, text in texts for one in declarations.of_file(path.name, text)}
    own = {pyproject.read(text).name for path, text in texts if path.suffix == ".toml"}
    direct = frozenset(named | {requirement.normalize(name) for name in own if name})
    return Preview(outcome, made, direct, outcome.notes.get(asked.operation, ()))


def outdated(place: Place, settings: Settings, cancellation: uv.Cancellation) -> list[Mapping[str, Any]] | Failure:
    """Ask uv for newer versions of the direct and indirect dependencies, in a shadow."""
    found = executable_for(place, settings)
    if isinstance(found, Failure):
        return found
    base = {each: files.read(each) for each in projects.files_of(place.project)}
    with leftovers.scratch(place.shadow.parent) as folder:
        shadow = Shadow(folder, place.project.folder)
        shadow.lay(base, [place.environment])
        overrides = {"TMPDIR": str(shadow.temporary)} | ({} if settings.network else {"UV_OFFLINE": "1"})
        environ = commandline.environment_for(place.environ, **overrides)
        script = [f"--script={shadow.path(place.project.root)}"] if place.project.kind == "script" else []
        words = [str(found.path), "tree", "--outdated", "--format", "json", *script]
        result = children.run(place.journal, words, shadow.root, environ, cancellation)
    if not result.ok:
        return uvwords.failure(result.stderr)
    return list(_newer(json.loads(result.stdout)))


def _newer(tree: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401  JSON
    found: dict[str, Mapping[str, Any]] = {}
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            latest = node.get("latest_version") or node.get("latest")
            if latest and node.get("name") and node.get("version"):
                found[node["name"]] = {"name": node["name"], "version": node["version"], "latest": latest}
            waiting += list(node.values())
    return [found[name] for name in sorted(found)]
