"""Every requirement that a manifest or a script states, in whatever table: what an upgrade is about.

`pyproject.read` has the tables that people move dependencies between. Here are also those that only name versions:
what the build needs (PEP 518), and uv's constraints and overrides.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lsp_server.core import diff, literals, pyproject, requirement, script, toml
from lsp_server.core.pyproject import Table

BUILD = ("build-system.requires", "tool.uv.build-constraint-dependencies")
"""The tables about builds: uv.lock knows nothing of what is in them."""

VERSIONS_ONLY = (*BUILD, "tool.uv.constraint-dependencies", "tool.uv.override-dependencies")
"""The tables that add no dependency."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One requirement.

    Attributes:
        table: As the status names it: "dependencies", "group:NAME", "extra:NAME", or the path of the list.
        name: Normalised.
        text: The requirement.
        start: Where its literal begins in the file, in code points.
        end: Where that ends.

    """

    table: str
    name: str
    text: str
    start: int
    end: int


def label(table: Table) -> str:
    """Return a table's name as the status has it."""
    return "dependencies" if table.kind == "runtime" else f"{table.kind}:{table.name}"


@lru_cache(maxsize=64)
def of_file(name: str, text: str) -> tuple[Declaration, ...]:
    """Return the requirements of a file of this name, a manifest or else a script; those that do not parse are left out."""
    if name.endswith(".toml"):
        manifest = pyproject.read(text)
        listed = [Declaration(label(one.table), one.name, one.text, *_ends(one.span)) for one in manifest.dependencies]
        found = (*listed, *_others(manifest.document, lambda at: at))
    else:
        block = script.find(text)
        found = tuple(_of_block(block, text)) if isinstance(block, script.Block) else ()
    return tuple(one for one in found if not isinstance(requirement.parse(one.text), requirement.Invalid))


def rewritten(text: str, changes: Mapping[Declaration, str]) -> str:
    """Return a file with other requirements in place of some of its own, in the quotes that they have."""
    edits = [diff.Edit(one.start, one.end, _literal(text[one.start : one.end], one.text, new)) for one, new in changes.items()]
    return diff.apply(text, sorted(edits, key=lambda edit: edit.start))


def constrained(name: str, text: str, constraints: Sequence[str]) -> str:
    """Return a file with uv constraints added, for the shadow; as it is where its `[tool.uv]` has an unusual form."""
    if not constraints:
        return text
    if name.endswith(".toml"):
        return _constrained(text, constraints)
    block = script.find(text)
    if not isinstance(block, script.Block):
        return text
    lines = _constrained(block.toml, constraints).splitlines()
    shown = "\n".join(["# /// script", *(f"# {line}".rstrip() for line in lines), "# ///"])
    return text[: block.start] + shown + text[block.end :]


def included(text: str, group: str) -> frozenset[str]:
    """Return a group with all that it includes (PEP 735)."""
    document = toml.scan(text)
    lists = {
        requirement.normalize(str(path[1])): value
        for path, value in document.index.items()
        if len(path) == 2 and path[0] == "dependency-groups"  # noqa: PLR2004  table and key
    }
    found: set[str] = set()
    waiting = [group]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _includes(lists.get(name))
    return frozenset(found)


def _includes(value: toml.Value | None) -> Iterator[str]:
    for item in value.items if value is not None else ():
        for entry in item.entries:
            if entry.path[-1] == "include-group" and entry.value.kind == "string":
                yield requirement.normalize(entry.value.text)


def _of_block(block: script.Block, text: str) -> Iterator[Declaration]:
    def place(at: int) -> int:
        return script.to_source_offset(block, at, text)

    document = toml.scan(block.toml)
    yield from _listed(document, "dependencies", place)
    yield from _others(document, place)


def _others(document: toml.Document, place: Callable[[int], int]) -> tuple[Declaration, ...]:
    return tuple(one for table in VERSIONS_ONLY for one in _listed(document, table, place))


def _listed(document: toml.Document, table: str, place: Callable[[int], int]) -> Iterator[Declaration]:
    value = document.get(*table.split("."))
    for item in value.items if value is not None else ():
        if item.kind == "string":
            start, end = (place(at) for at in _ends(item.span))
            yield Declaration(table, requirement.leading_name(item.text), item.text, start, end)


def _ends(span: toml.Span) -> tuple[int, int]:
    return span.start, span.end


def _literal(raw: str, old: str, new: str) -> str:
    """Return a literal of another requirement; in other quotes only where the old one was written with escapes."""
    return raw.replace(old, new, 1) if old in raw else literals.literal(new)


def _constrained(content: str, constraints: Sequence[str]) -> str:
    document = toml.scan(content)
    items = ", ".join(literals.literal(one) for one in constraints)
    present = document.get("tool", "uv", "constraint-dependencies")
    header = next((one for one in document.headers if one.path == ("tool", "uv")), None)
    line = f"constraint-dependencies = [{items}]\n"
    if present is not None and present.kind == "array":
        at = present.span.start + 1
        made = f"{content[:at]}{items}, {content[at:]}"
    elif header is not None:
        made = f"{content[: header.body.start]}{line}{content[header.body.start :]}"
    else:
        made = f"{content}\n[tool.uv]\n{line}"
    return made if toml.problem(made) is None else content
