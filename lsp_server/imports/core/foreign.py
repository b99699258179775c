"""What other language servers say of an import that they cannot find: the module in their words.

Each has its own wording; the module stands in quotes after a few known words. Sources: the messages of pyright,
basedpyright and pylance (`reportMissingImports`, `reportMissingModuleSource`), ty (`unresolved-import`), pyrefly
(`missing-import`, `import-error`), mypy (`import-not-found`, `import-untyped`), pylint (E0401), deptry and ruff.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OURS = "pyproject-lsp"
_QUOTED = r"[`'\"“]{1,2}(?P<module>[^\W\d]\w*(?:\.\w+)*)[`'\"”]{1,2}"
_MISSING = re.compile(
    rf"(?:\bImport|[Mm]odule named|[Mm]odule|[Ii]mport of|[Uu]nable to import|[Pp]ackage|[Ss]kipping analyzing)\s*:?\s*{_QUOTED}"
    rf"|{_QUOTED.replace('?P<module>', '?P<first>')} (?:imported but missing|could not be resolved|is not installed)"
)
_STUBS = re.compile(rf"(?:Library stubs not installed for|Stub file not found for|Skipping analyzing)\s*:?\s*{_QUOTED}")
_CODES = frozenset(
    {
        *("reportMissingImports", "reportMissingModuleSource", "reportMissingTypeStubs", "reportAttributeAccessIssue"),
        *("unresolved-import", "missing-import", "import-error", "missing-source", "missing-source-for-stubs", "untyped-import"),
        *("import-not-found", "import-untyped", "import", "E0401", "DEP001", "DEP003"),
    }
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A module that somebody could not find; `stubs` if only its types are missing. The module may be unknown (None)."""

    module: str | None
    stubs: bool = False


def complaint(diagnostic: Mapping[str, Any]) -> Complaint | None:
    """Read another server's diagnostic; None if it is not about an import that cannot be found, or is one of ours."""
    message, code = diagnostic.get("message"), diagnostic.get("code")
    if not isinstance(message, str) or diagnostic.get("source") == _OURS:
        return None
    if match := _STUBS.search(message):
        return Complaint(match["module"], stubs=True)
    found = _MISSING.search(message)
    if isinstance(code, Mapping):
        code = code.get("value")
    if code not in _CODES:
        return None
    return Complaint((found["module"] or found["first"]) if found is not None else None)
