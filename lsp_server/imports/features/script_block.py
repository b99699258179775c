"""Code actions and lenses on the metadata block of a script (PEP 723). All go through the queue, as for a manifest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lsp_server.core import requirement, script, toml
from lsp_server.core.lsp import CodeAction, CodeLens, Range, command_action, of_kinds
from lsp_server.core.script import Block
from lsp_server.core.toml import Span
from lsp_server.imports.core import fixes
from lsp_server.imports.core.python_file import PythonFile

RUN = "pyproject.runScript"
"""A command of the client, not ours: it runs the script in a terminal of the user's. Its argument is `{"uri": ...}`."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """One requirement of the block, and where it stands in the file."""

    name: str
    span: Span


def script_actions(
    file: PythonFile, where: Range, only: Sequence[str] | None = None, *, can_run: bool = False
) -> list[CodeAction]:
    """Return the actions for a range in the block, of the kinds that the client wants.

    Args:
        file: the script.
        where: the cursor or the selection.
        only: kinds as in the LSP; a wanted kind covers its sub-kinds. None wants all.
        can_run: whether the client has the command `RUN`. Nothing is run in a workspace that is not trusted.

    """
    block = file.block
    span = file.span(where)
    if block is None or not (block.start <= span.end and span.start <= block.end):
        return []
    found = [_action(file, "Lock this script", "source.pyproject.lock", "pyproject.lock", {})]
    if can_run and file.settings.may_run:
        found.append(_run_action(file))
    for one in _listed(file, block):
        if one.span.meets(span):
            packages = {"packages": [one.name]}
            found += [
                _action(file, f"Remove '{one.name}' from this script", "refactor.rewrite", "pyproject.remove", packages),
                _action(file, f"Upgrade '{one.name}' in this script", "refactor.rewrite", "pyproject.upgrade", packages),
            ]
    return of_kinds(found, only)


def script_lenses(file: PythonFile, *, can_run: bool = False) -> list[CodeLens]:
    """Return the lenses above the block: run it, add what the body imports and the block does not have yet, upgrade, lock.

    Args:
        file: the script.
        can_run: whether the client has the command `RUN`. Nothing is run in a workspace that is not trusted.

    """
    block = file.block
    if block is None or not file.settings.code_lens:
        return []
    where = file.range(Span(block.start, block.start))
    found = list(dict.fromkeys(name for names in _missing(file) for name in names))
    offered: list[tuple[str, str, dict[str, Any]]] = []
    if can_run and file.settings.may_run:
        offered.append((RUN, "run with uv", {"uri": file.uri}))
    if found:
        offered.append(("pyproject.add", f"add {', '.join(found)}", _argument(file, {"requirements": found})))
    if any(True for _ in _listed(file, block)):
        offered.append(("pyproject.upgrade", "upgrade all", _argument(file, {"all": True})))
    offered.append(("pyproject.lock", "lock script", _argument(file, {})))
    return [
        {"range": where, "command": {"title": title, "command": command, "arguments": [argument]}}
        for command, title, argument in offered
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


def _run_action(file: PythonFile) -> CodeAction:
    title = "Run this script with uv"
    return command_action(title, "source.pyproject.run", RUN, {"uri": file.uri})


def _action(file: PythonFile, title: str, kind: str, command: str, argument: dict[str, Any]) -> CodeAction:
    return command_action(title, kind, command, _argument(file, argument))
