"""'Fix all missing imports', in one file or in the project: one action for each table that something belongs in.

No `source.fixAll`: editors run that on each save, for formatters, and nobody who asks for it asks for dependencies.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lsp_server.core.lsp import CodeAction, command_action
from lsp_server.core.pyproject import Table
from lsp_server.imports.core import fixes
from lsp_server.imports.core.judge import Place
from lsp_server.imports.core.python_file import PythonFile
from lsp_server.imports.core.view import Target

FILE_KIND, PROJECT_KIND = "source.pyproject.fixImports.file", "source.pyproject.fixImports.project"
_MOST_NAMED = 4


def fix_all(file: PythonFile, place: Place) -> Iterator[CodeAction]:
    """Yield the actions that add everything verified that is missing, in this file and in the whole member."""
    if file.settings.imports_missing == "off" or not file.settings.may_run:
        return
    here = fixes.of_findings(file.view, place, file.findings)
    for target, names in here.items():
        if len(names) > 1:
            yield _action(file, "this file", FILE_KIND, target, names, script=place.script)
    everywhere = file.view.fixes.get(place.member.folder, {}) if not place.script else {}
    declared = place.declared.tables
    for target, found in everywhere.items():
        # They were found by the manifest on disk; what was typed into it since needs no adding.
        names = tuple(name for name in found if target.table not in declared.get(name, ()))
        if len(names) > 1 and set(names) != set(here.get(target, ())):
            yield _action(file, "this project", PROJECT_KIND, target, names, script=False)


def _action(file: PythonFile, what: str, kind: str, target: Target, names: Iterable[str], *, script: bool) -> CodeAction:
    listed = sorted(names)
    shown = ", ".join(listed[:_MOST_NAMED]) + (f" and {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else "")
    where = "this script" if script else target.table.label()
    title = f"Fix all missing imports in {what}: add {shown} to {where}"
    argument: dict[str, Any] = {"uri": file.uri, "requirements": listed, **_place(target.table, script=script)}
    if target.marker is not None:
        argument["marker"] = target.marker
    return command_action(title, kind, "pyproject.add", argument)


def _place(table: Table, *, script: bool) -> Mapping[str, Any]:
    if script:
        return {"script": True}
    return {} if table.kind == "runtime" else {table.kind: table.name}
