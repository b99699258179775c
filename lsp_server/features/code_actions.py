"""Code actions in pyproject.toml: on a dependency, on the version, on the file.

Each is a command, so that a client without `codeAction/resolve` or `applyEdit` can do it too, and so that the edit
is computed under the lock and never here.
"""

from collections.abc import Iterator, Sequence

from lsp_server.core import conflicts, sources, versions
from lsp_server.core.lsp import CodeAction, Range, command_action, of_kinds
from lsp_server.core.pyproject import Dependency, Table
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Span
from lsp_server.features.diagnostics import quick_fixes

KINDS = ("refactor.rewrite", "refactor.move", "source.pyproject")


def code_actions(snapshot: Snapshot, where: Range, only: Sequence[str] | None = None) -> list[CodeAction]:
    """Return the actions for a range, of the kinds that the client wants; none in a project of another manager.

    Args:
        snapshot: the document.
        where: the cursor or the selection.
        only: kinds as in the LSP; a wanted kind covers its sub-kinds. None wants all.

    """
    if not snapshot.is_ours:
        return []
    if conflicts.has_markers(snapshot.text):
        title = "Resolve the merge conflict: keep what both sides state"
        return of_kinds([command_action(title, "quickfix", "pyproject.resolveConflict", {"uri": snapshot.uri})], only)
    span = snapshot.span(where)
    actions = [
        *(action for dependency in _touched(snapshot, span) for action in _on_dependency(snapshot, dependency)),
        *quick_fixes(snapshot, _whole_lines(snapshot.text, span)),
        *_on_version(snapshot, span),
        *_on_file(snapshot),
    ]
    return of_kinds(actions, only)


def _touched(snapshot: Snapshot, span: Span) -> Sequence[Dependency]:
    """Return the dependencies under the cursor; beside them on their line, the one that stands there alone."""
    named = [dependency for dependency in snapshot.manifest.dependencies if dependency.name]
    under = [dependency for dependency in named if dependency.span.meets(span)]
    if under:
        return under
    beside = [dependency for dependency in named if dependency.span.meets(_whole_lines(snapshot.text, span))]
    return beside if len(beside) == 1 else []


def _whole_lines(text: str, span: Span) -> Span:
    """Return a span widened to the lines that it touches."""
    end = text.find("\n", span.end)
    return Span(text.rfind("\n", 0, span.start) + 1, len(text) if end < 0 else end)


def _on_dependency(snapshot: Snapshot, dependency: Dependency) -> Iterator[CodeAction]:
    name, table = dependency.name, dependency.table
    yield command_action(
        f"Remove {name} from {table.label()}",
        "refactor.rewrite",
        "pyproject.remove",
        {"uri": snapshot.uri, "packages": [name], **_place(table)},
    )
    if not _is_from_elsewhere(snapshot, dependency):
        named = {"uri": snapshot.uri, "packages": [name]}
        yield command_action(f"Upgrade {name}", "refactor.rewrite", "pyproject.upgrade", named)
    yield from _queued_add(snapshot, dependency)
    for target in _targets(snapshot, table):
        yield command_action(
            f"Move {name} to {target.label()}",
            "refactor.move",
            "pyproject.move",
            {"uri": snapshot.uri, "package": name, "from": _place(table), "to": _place(target)},
        )


def _queued_add(snapshot: Snapshot, dependency: Dependency) -> Iterator[CodeAction]:
    """What makes a real add of a line that was typed: nothing has resolved or locked it yet."""
    parsed, locked = dependency.requirement, snapshot.packages.locked
    if parsed is None or parsed.url is not None or not locked or dependency.name in locked:
        return
    yield command_action(
        f"Add {dependency.name} through the queue: resolve, lock and sync",
        "quickfix",
        "pyproject.add",
        {"uri": snapshot.uri, "requirements": [dependency.text], **_place(dependency.table)},
    )


def _is_from_elsewhere(snapshot: Snapshot, dependency: Dependency) -> bool:
    """Tell whether a package comes from a path, git, a URL or the workspace, where an upgrade finds nothing newer."""
    has_url = dependency.requirement is not None and bool(dependency.requirement.url)
    return has_url or dependency.name in sources.elsewhere("pyproject.toml", snapshot.text)


def _targets(snapshot: Snapshot, source: Table) -> Iterator[Table]:
    """Yield the tables to move to: those that exist, and the `dev` group, which uv makes where it is missing."""
    known = [Table("runtime"), *snapshot.manifest.tables(), Table("group", "dev")]
    for table in dict.fromkeys(known):
        if table != source and (table.kind != "runtime" or snapshot.manifest.has_project):
            yield table


def _on_version(snapshot: Snapshot, span: Span) -> Iterator[CodeAction]:
    manifest = snapshot.manifest
    place = manifest.version_span
    if manifest.version is None or place is None or not place.meets(_whole_lines(snapshot.text, span)):
        return
    for parts, number in versions.choices(manifest.version):
        if len(parts) == 1:
            yield command_action(
                f"Bump {parts[0]} version: {manifest.version} → {number}",
                "refactor.rewrite",
                "pyproject.bumpVersion",
                {"uri": snapshot.uri, "bump": parts[0]},
            )


def _on_file(snapshot: Snapshot) -> Iterator[CodeAction]:
    yield command_action("Sync the environment", "source.pyproject.sync", "pyproject.sync", {"uri": snapshot.uri})
    yield command_action("Update uv.lock", "source.pyproject.lock", "pyproject.lock", {"uri": snapshot.uri})


def _place(table: Table) -> dict[str, str]:
    return {} if table.kind == "runtime" else {table.kind: table.name or ""}
