"""Code actions and lenses on the metadata block of a script (PEP 723). All go through the queue, as for a manifest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lsp_server.core import fixes, requirement, script, toml
from lsp_server.core.python_file import PythonFile
from lsp_server.core.script import Block
from lsp_server.core.snapshot import LspRange
from lsp_server.core.toml import Span
from lsp_server.features.import_actions import covers

CodeAction = dict[str, Any]
CodeLens = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Listed:
    """One requirement of the block, and where it stands in the file."""

    name: str
    span: Span


def script_actions(file: PythonFile, where: LspRange, only: Sequence[str] | None = None) -> list[CodeAction]:
    """Return the actions for a range in the block, of the kinds that the client wants."""
    block = file.block
    span = file.span(where)
    if block is None or not (block.start <= span.end and span.start <= block.end):
        return []
    found = [_action(file, "Lock this script", "source.pyproject.lock", "pyproject.lock", {})]
    found += [
        _action(file, f"Remove '{one.name}' from this script", "refactor.rewrite", "pyproject.remove", {"packages": [one.name]})
        for one in _listed(file, block)
        if one.span.start <= span.end and span.start <= one.span.end
    ]
    return [action for action in found if only is None or any(covers(kind, action["kind"]) for kind in only)]


def script_lenses(file: PythonFile) -> list[CodeLens]:
    """Return the lenses above the block: lock it, and add what the body imports and the block does not have yet."""
    block = file.block
    if block is None or not file.settings.code_lens:
        return []
    where = file.range(Span(block.start, block.start))
    found = list(dict.fromkeys(name for names in _missing(file) for name in names))
    add = [("pyproject.add", f"add {', '.join(found)}", {"requirements": found})] if found else []
    return [
        {"range": where, "command": {"title": title, "command": command, "arguments": [_argument(file, argument)]}}
        for command, title, argument in (*add, ("pyproject.lock", "lock script", {}))
    ]


def _argument(file: PythonFile, argument: dict[str, Any]) -> dict[str, Any]:
    return {"uri": file.uri, "script": True, **argument}


def _missing(file: PythonFile) -> Iterator[tuple[str, ...]]:
    if file.place is not None:
        yield from fixes.of_findings(file.view, file.place, file.findings).values()


def _listed(file: PythonFile, block: Block) -> Iterator[_Listed]:
    value = toml.scan(block.toml).get("dependencies")
    for item in value.items if value is not None else ():
        name = requirement.leading_name(item.text) if item.kind == "string" else ""
        if name:
            start, end = (script.to_source_offset(block, offset, file.text) for offset in (item.span.start, item.span.end))
            yield _Listed(name, Span(start, end))


def _action(file: PythonFile, title: str, kind: str, command: str, argument: dict[str, Any]) -> CodeAction:
    arguments = [_argument(file, argument)]
    return {"title": title, "kind": kind, "command": {"title": title, "command": command, "arguments": arguments}}
