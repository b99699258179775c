"""docs/cli.schema.json, made of the shapes in tests/contract: what the command line prints with `--json`."""

import json
from pathlib import Path
from typing import Any

from tests.support.shapes import load

FILE = Path(__file__).parents[2] / "docs" / "cli.schema.json"
NAMED = ("operation", "preview", "usage", "status", "error")
_KINDS: dict[str, dict[str, Any]] = {
    "timestamp": {"type": "string", "format": "date-time"},
    "uri": {"type": "string", "format": "uri"},
    "any": {},
}


def made() -> dict[str, Any]:
    """The whole schema (JSON Schema 2020-12): one definition for each kind of object."""
    answers = load("commands")["commands"]
    definitions = {name: _schema(load(name)["shape"]) for name in NAMED}
    definitions["outdated"] = _schema(answers["pyproject.checkUpgrades"]["answer"])
    definitions["search"] = _schema(answers["pyproject.searchPackages"]["answer"])
    definitions["cancel"] = _schema({"id": "string", "cancelled": "boolean"})
    about = "What pyproject-lsp prints with --json: an operation, a preview, or {error} where nothing was tried."
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": draft, "title": "pyproject-lsp --json", "description": about, "$defs": definitions}


def _schema(shape: Any) -> dict[str, Any]:  # noqa: PLR0911  one for each form
    match shape:
        case str() if shape.startswith("@"):
            return {"$ref": f"#/$defs/{shape[1:]}"}
        case str():
            return _KINDS.get(shape, {"type": shape})
        case {"enum": allowed}:
            return {"enum": allowed}
        case {"oneOf": shapes}:
            return {"anyOf": [_schema(one) for one in shapes]}
        case {"map": inner}:
            return {"type": "object", "additionalProperties": _schema(inner)}
        case [inner]:
            return {"type": "array", "items": _schema(inner)}
    needed = [key for key in shape if not key.endswith("?")]
    properties = {key.removesuffix("?"): _schema(inner) for key, inner in shape.items()}
    return {"type": "object", "properties": properties, "required": needed}


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=2) + "\n", "utf-8")
