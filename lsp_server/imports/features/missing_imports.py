"""Diagnostics of a Python file: imports that nothing declares, or that are not installed, or only by chance."""

from lsp_server.core.lsp import Diagnostic
from lsp_server.imports.core.candidates import Candidate, candidates, guess
from lsp_server.imports.core.judge import Finding
from lsp_server.imports.core.python_file import PythonFile

_SEVERITIES = {"warning": 2, "information": 3, "hint": 4}


def missing_imports(file: PythonFile) -> list[Diagnostic]:
    """Return what is wrong with the imports of a file, in the order of the text; nothing if `imports.missing` is off."""
    severity = _SEVERITIES.get(file.settings.imports_missing)
    if severity is None:
        return []
    return [diagnostic(file, finding, severity) for finding in file.findings if finding.told]


def diagnostic(file: PythonFile, finding: Finding, severity: int) -> Diagnostic:
    """Return the LSP diagnostic of a finding."""
    return {
        "range": file.range(finding.found.span),
        "severity": severity,
        "code": f"import-{finding.problem}",
        "source": "pyproject-lsp",
        "message": message(file, finding),
    }


def message(file: PythonFile, finding: Finding) -> str:
    """Say in one sentence what is wrong, and in which case it matters."""
    return _said(file, finding) + _condition(finding)


def _said(file: PythonFile, finding: Finding) -> str:
    module = f"'{finding.targets[0]}'"
    name = f"'{finding.distributions[0]}'" if finding.distributions else "it"
    match finding.problem:
        case "not-installed":
            return f"{module} is declared in {_tables(finding)}, but {name} is not installed; sync the environment"
        case "transitive":
            by = f"only because '{finding.needed_by}' needs it" if finding.needed_by else "by chance"
            return f"{module} is not declared; {name} is installed {by}"
        case "wrong-table":
            return f"{module} is declared only in {_tables(finding)}, which is not installed with the code in this file"
        case "missing":
            return _missing(file, finding, module)


def _missing(file: PythonFile, finding: Finding, module: str) -> str:
    place = file.place
    where = "this script's metadata" if place is not None and place.script else "pyproject.toml"
    found = candidates(file.view, place.member, finding.targets) if place is not None else ()
    return f"{module} is imported but not declared in {where}{_vouched(file, finding, found)}"


def _vouched(file: PythonFile, finding: Finding, found: tuple[Candidate, ...]) -> str:
    """Say who provides a missing module; of a name that is only on the index, that nothing vouches for it."""
    if found and found[0].verified:
        return "" if found[0].name == finding.targets[0] else f"; '{found[0].name}' provides it"
    if found and found[0].evidence != "index":
        return f"; '{found[0].name}' may provide it"
    name = guess(finding.found.top)
    if found and found[0].resembles:
        return f"; the index has '{name}', unverified: it is one typo away from '{found[0].resembles}'"
    if found:
        return f"; the index has '{name}', unverified: nothing says that it provides this"
    return f"; the index has no '{name}'" if name is not None and file.view.answers.get(name) is False else ""


def _condition(finding: Finding) -> str:
    match finding.found.guard:
        case "typing":
            return " (needed for type checking only)"
        case "marker":
            return f" (imported where {finding.found.marker})"
        case "dynamic":
            return " (imported by name at run time)"
        case _:
            return ""


def _tables(finding: Finding) -> str:
    return " and ".join(table.label() for table in finding.tables)
