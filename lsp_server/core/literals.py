"""The requirement strings of a manifest, written anew where they stand."""

import json
from collections.abc import Iterable

from lsp_server.core import diff, pyproject
from lsp_server.core.pyproject import Dependency, Table


def rewritten(text: str, requirements: Iterable[tuple[Dependency, str]]) -> str:
    """Return a manifest with other requirements in place of some of its own; all else stays as it is."""
    edits = [diff.Edit(old.span.start, old.span.end, literal(new)) for old, new in requirements if old.text != new]
    return diff.apply(text, sorted(edits, key=lambda edit: edit.start))


def stated(text: str, table: Table, name: str, requirements: Iterable[str]) -> str:
    """Return a manifest whose requirements of one package in one table are spelled as given.

    uv writes the same requirement in its own spelling, such as `python_full_version` for `python_version`.
    """
    found = [one for one in pyproject.read(text).dependencies if (one.table, one.name) == (table, name)]
    wanted = list(requirements)
    return rewritten(text, zip(found, wanted, strict=True)) if len(found) == len(wanted) else text


def literal(text: str) -> str:
    """Return a TOML string, in single quotes if it has double ones in it."""
    return f"'{text}'" if '"' in text and "'" not in text else json.dumps(text, ensure_ascii=False)
