"""What a manifest states, as keys and values: to tell whether a change still stands, and who lost it.

Comparing statements instead of texts lets an edit of a comment, or another tool's edit of another
dependency, pass without being taken for a loss.
"""

from collections.abc import Mapping

from lsp_server.core import declarations, pyproject, script, toml
from lsp_server.core.pyproject import Table
from lsp_server.core.requirement import Invalid, normalize, parse
from lsp_server.core.text import decoded

Key = tuple[str, ...]
Facts = Mapping[Key, str]


def dependency_key(table: Table, name: str) -> Key:
    """Return the key of a package's requirements in a table."""
    return ("dependency", table.kind, table.name or "", name)


def of_manifest(text: str) -> Facts:
    """Return what a pyproject.toml states: its version, its dependencies by table, its uv sources."""
    manifest = pyproject.read(text)
    found: dict[Key, str] = {}
    if manifest.version is not None:
        found["version",] = manifest.version
    for dependency in manifest.dependencies:
        key = dependency_key(dependency.table, dependency.name)
        found[key] = "\n".join(filter(None, [found.get(key), dependency.text]))
    for entry in manifest.document.entries:
        if entry.path[:3] == ("tool", "uv", "sources"):
            found["source", *map(str, entry.path[3:])] = text[entry.value.span.start : entry.value.span.end]
    return found | _versions_only("pyproject.toml", text)


def of_script(text: str) -> Facts:
    """Return what the PEP 723 block of a script states."""
    block = script.find(text)
    if not isinstance(block, script.Block):
        return {}
    listed = toml.scan(block.toml).get("dependencies")
    found: dict[Key, str] = {}
    for item in listed.items if listed else ():
        key = ("dependency", "runtime", "", _name(item.text))
        found[key] = "\n".join(filter(None, [found.get(key), item.text]))
    return found | _versions_only("", text)


def _versions_only(name: str, text: str) -> dict[Key, str]:
    """Return the requirements that only name versions: what builds need, uv's constraints and overrides."""
    found: dict[Key, str] = {}
    for one in declarations.of_file(name, text):
        if one.table in declarations.VERSIONS_ONLY:
            key = ("requirement", one.table, one.name)
            found[key] = "\n".join(filter(None, [found.get(key), one.text]))
    return found


def of(name: str, text: str) -> Facts:
    """Return what a file of this name states: a manifest, or else a script."""
    return of_manifest(text) if name.endswith(".toml") else of_script(text)


def of_file(name: str, content: bytes | None) -> Facts:
    """Return what a file states, from its bytes: nothing where there is no file."""
    return of(name, decoded(content))


def changed(before: Facts, after: Facts) -> frozenset[Key]:
    """Return the keys that a change set, altered or took away."""
    return frozenset(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))


def dropped(before: Facts, after: Facts, now: Facts) -> frozenset[Key]:
    """Return the keys of a change that are back at what they were before it.

    A key with a third value is somebody's later decision and no loss.
    """
    return frozenset(key for key in changed(before, after) if now.get(key) == before.get(key))


def _name(text: str) -> str:
    parsed = parse(text)
    return text if isinstance(parsed, Invalid) else normalize(parsed.name)
