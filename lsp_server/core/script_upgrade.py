"""Raising the bounds in the metadata block of a script (PEP 723), which `uv upgrade` does for manifests only.

uv decides in any case what the new bounds are: it is shown a manifest that says what the block says, and what it makes
of the requirements there is written where they stand in the script. The rest of the script stays byte for byte.
"""

from collections.abc import Iterator

from lsp_server.core import diff, literals, requirement, script, toml
from lsp_server.core.script import Block

NAME = "pyproject-lsp-script"
"""What the manifest's project is called: no distribution of that name exists that a script could need."""


def manifest(content: str) -> str:
    """Return a manifest that states what the TOML of a block states.

    The keys are dotted, because a block may go on with `[tool]` or with `tool.uv.index`: below a `[project]` header
    the one would be right and the other part of the project. A block with `[tool.uv]` becomes a workspace of its own,
    whatever project there is around the script.
    """
    found = toml.scan(content).entries
    keys = [entry.key.start for entry in found if entry.path in {("dependencies",), ("requires-python",)}]
    stated = diff.apply(content, [diff.Edit(at, at, "project.") for at in keys])
    alone = f'project.name = "{NAME}"\nproject.version = "0"\n{stated}'
    rooted = f"{alone}\n[tool.uv.workspace]\n"
    return rooted if has_uv_settings(content) and toml.problem(rooted) is None else alone


def has_uv_settings(content: str) -> bool:
    """Tell whether the TOML of a block has a `[tool.uv]` table, however it is written."""
    document = toml.scan(content)
    paths = (*(header.path for header in document.headers), *document.index)
    return any(path[:2] == ("tool", "uv") for path in paths)


def absent(content: str, packages: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the packages (normalised names) that the TOML of a block does not require."""
    there = {requirement.leading_name(value.text) for value in _listed(content, "dependencies")}
    return tuple(name for name in packages if name not in there)


def raised(text: str, block: Block, upgraded: str) -> str | None:
    """Return the script with the bounds that uv gave its manifest; None if uv made another list of it.

    Args:
        text: the script.
        block: its block.
        upgraded: the manifest of `manifest(block.toml)` after `uv upgrade`.

    """
    old, new = list(_listed(block.toml, "dependencies")), list(_listed(upgraded, "project", "dependencies"))
    if [requirement.leading_name(one.text) for one in old] != [requirement.leading_name(one.text) for one in new]:
        return None
    edits = []
    for was, now in zip(old, new, strict=True):
        wanted = _spelled(was.text, now.text)
        if wanted != was.text:
            start, end = (script.to_source_offset(block, at, text) for at in (was.span.start, was.span.end))
            edits.append(diff.Edit(start, end, literals.literal(wanted)))
    return diff.apply(text, edits)


def _listed(content: str, *path: str) -> Iterator[toml.Value]:
    value = toml.scan(content).get(*path)
    yield from (item for item in value.items if item.kind == "string") if value is not None else ()


def _spelled(old: str, new: str) -> str:
    """Return a requirement with uv's bounds and a person's marker: uv writes `python_full_version` for `python_version`."""
    before, after = requirement.parse(old), requirement.parse(new)
    if isinstance(before, requirement.Invalid) or isinstance(after, requirement.Invalid):
        return new
    if before.specifier == after.specifier:
        return old
    head, mark, marker = old.partition(";")
    gap = head[len(head.rstrip()) :]
    return f"{new.partition(';')[0].rstrip()}{gap}{mark}{marker}"
