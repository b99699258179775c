"""Other servers' words for an import that cannot be found. The messages are as those servers write them."""

from typing import Any

import pytest

from lsp_server.imports.core.foreign import Complaint, complaint


@pytest.mark.parametrize(
    ("source", "code", "message", "said"),
    [
        ("Pyright", "reportMissingImports", 'Import "yaml.nodes" could not be resolved', Complaint("yaml.nodes")),
        ("basedpyright", "reportMissingImports", 'Import "PIL" could not be resolved', Complaint("PIL")),
        ("Pylance", {"value": "reportMissingImports", "target": "x"}, 'Import "PIL" could not be resolved', Complaint("PIL")),
        ("Pylance", "reportMissingModuleSource", 'Import "yaml" could not be resolved from source', Complaint("yaml")),
        ("Pyright", "reportMissingTypeStubs", 'Stub file not found for "lxml"', Complaint("lxml", stubs=True)),
        ("ty", "unresolved-import", "Cannot resolve imported module `requests.api`", Complaint("requests.api")),
        ("ty", "unresolved-import", "Module `requests` has no member `nope`", Complaint("requests")),
        ("Pyrefly", "missing-import", "Could not find import of `requests`\n  Looked in these locations", Complaint("requests")),
        ("Pyrefly", "import-error", "Cannot find module `requests`", Complaint("requests")),
        (
            "mypy",
            "import-not-found",
            'Cannot find implementation or library stub for module named "requests"',
            Complaint("requests"),
        ),
        ("mypy", "import-untyped", 'Library stubs not installed for "yaml"', Complaint("yaml", stubs=True)),
        ("pylint", "E0401", "Unable to import 'requests'", Complaint("requests")),
        ("deptry", "DEP001", "'requests' imported but missing from the dependency definitions", Complaint("requests")),
        ("Ruff", "unresolved-import", "Cannot resolve imported module `x`", Complaint("x")),
        ("ty", "unresolved-import", "something that was said otherwise", Complaint(None)),
    ],
)
def test_a_complaint_is_not_understood(source: str, code: object, message: str, said: Complaint) -> None:
    assert complaint({"source": source, "code": code, "message": message}) == said


@pytest.mark.parametrize(
    "diagnostic",
    [
        {"source": "Ruff", "code": "F401", "message": "`os` imported but unused"},
        {"source": "pyproject-lsp", "code": "import-missing", "message": "'x' is not declared"},
        {"source": "Pyright", "code": "reportMissingImports"},
        {"source": "Pyright", "message": 'Import "x" is not accessed'},
        {},
    ],
)
def test_something_else_is_taken_for_a_complaint(diagnostic: dict[str, Any]) -> None:
    assert complaint(diagnostic) is None
