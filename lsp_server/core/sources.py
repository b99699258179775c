"""Where a package comes from if not from an index (`tool.uv.sources`, URLs): there an upgrade finds nothing newer."""

from collections.abc import Iterator, Mapping
from typing import Any

from lsp_server.core import requirement, script, toml
from lsp_server.core.declarations import Declaration

_KINDS = ("path", "git", "url", "workspace")


def elsewhere(name: str, text: str) -> Mapping[str, str]:
    """Return the packages that a manifest or a script takes from elsewhere, and from where, in words."""
    block = None if name.endswith(".toml") else script.find(text)
    content = block.toml if isinstance(block, script.Block) else text
    parsed = toml.parse(content)
    if isinstance(parsed, toml.Problem) or (block is None and not name.endswith(".toml")):
        return {}
    sources = _table(_table(_table(parsed.get("tool")).get("uv")).get("sources"))
    found = ((requirement.normalize(str(package)), _words(source)) for package, source in sources.items())
    return {package: words for package, words in found if words}


def of_url(declaration: Declaration) -> str | None:
    """Return where a requirement with a URL comes from, in words; None for any other."""
    parsed = requirement.parse(declaration.text)
    url = None if isinstance(parsed, requirement.Invalid) else parsed.url
    if not url:
        return None
    return "git" if url.startswith("git+") else "path" if url.startswith("file:") else "URL"


def _words(source: object) -> str | None:
    """Return the kind of a source; None if an index is one of several."""
    kinds = [next((kind for kind in _KINDS if one.get(kind)), None) for one in _each(source)]
    if not kinds or None in kinds:
        return None
    return {"workspace": "workspace member", "url": "URL"}.get(str(kinds[0]), str(kinds[0]))


def _each(source: object) -> Iterator[Mapping[str, Any]]:
    for one in source if isinstance(source, list) else [source]:
        if isinstance(one, dict):
            yield one


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
