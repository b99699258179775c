"""Completion outside of requirements: groups, indexes, members, paths, Pythons, and the keys of uv's dependency settings."""

from collections.abc import Iterator, Mapping

from lsp_server.core import toml
from lsp_server.core.cursor import Place
from lsp_server.core.requirement import normalize
from lsp_server.core.snapshot import Snapshot
from lsp_server.features.completion.suggestions import CONSTANT, FOLDER, PROPERTY, REFERENCE, VALUE, Suggestion

_PYTHONS = {
    ">=3.14": "supported until October 2030",
    ">=3.13": "supported until October 2029",
    ">=3.12": "supported until October 2028",
    ">=3.11": "supported until October 2027",
    ">=3.10": "supported until October 2026",
    ">=3.9": "no longer supported",
}
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "index-strategy": {
        "first-index": "the first index that has the package answers for it",
        "unsafe-first-match": "the first index with a fitting version",
        "unsafe-best-match": "the best version of all indexes",
    },
    "resolution": {"highest": "newest versions", "lowest": "oldest versions", "lowest-direct": "oldest of what is declared"},
    "prerelease": {
        "disallow": "no pre-releases",
        "allow": "any pre-release",
        "if-necessary": "where there is no other release",
        "explicit": "where a requirement names one",
        "if-necessary-or-explicit": "where there is no other, or a requirement names one",
    },
    "fork-strategy": {"requires-python": "the newest for each Python", "fewest": "as few versions as possible"},
    "format": {"simple": "a page for each package (PEP 503)", "flat": "one page of files"},
    "authenticate": {"auto": "when asked", "always": "with each request", "never": "without credentials"},
    "keyring-provider": {"disabled": "no keyring", "subprocess": "ask the program `keyring`"},
}
_BOOLEANS = frozenset(
    {"explicit", "default", "workspace", "editable", "package", "managed", "no-index", "no-build", "no-binary", "offline"}
)
_UV_KEYS = {
    "sources": "where packages come from instead of the index",
    "index": "indexes of packages",
    "workspace": "members of this workspace",
    "default-groups": "groups that `uv sync` installs",
    "dependency-groups": "what uv knows of groups, such as their Python",
    "constraint-dependencies": "bounds for packages, also for those that are needed by others",
    "override-dependencies": "requirements in place of all others of a package",
    "exclude-dependencies": "packages that are left out",
    "build-constraint-dependencies": "bounds for packages that builds need",
    "dependency-metadata": "metadata in place of a package's own",
    "extra-build-dependencies": "what a build needs beside what it says",
    "conflicts": "extras and groups that cannot be installed together",
    "environments": "the systems to resolve for",
    "required-environments": "systems that need a wheel",
    "required-version": "the uv to use",
    "index-strategy": "which index answers for a package",
    "resolution": "newest or oldest versions",
    "fork-strategy": "one version, or one for each Python",
    "prerelease": "which pre-releases are taken",
    "exclude-newer": "nothing that was uploaded later",
    "exclude-newer-package": "the same, for one package",
    "find-links": "folders or pages of files",
    "no-index": "take packages from `find-links` only",
    "no-build-package": "packages that are never built",
    "no-binary-package": "packages that are always built",
    "no-sources": "resolve without `sources`",
    "package": "whether this project is built and installed",
    "managed": "whether uv manages this project",
}
_SOURCE_KEYS = {
    "index": "the name of an index",
    "workspace": "a member of this workspace",
    "path": "a folder or a file",
    "editable": "install the folder in place",
    "git": "a repository",
    "branch": "its branch",
    "tag": "its tag",
    "rev": "its commit",
    "subdirectory": "the folder in it",
    "url": "an archive",
    "marker": "where this source counts",
    "extra": "the extra that this source counts for",
    "group": "the group that this source counts for",
}
_INDEX_KEYS = {
    "name": "for sources and credentials",
    "url": "where it is",
    "default": "in place of PyPI",
    "explicit": "only for packages whose source names it",
    "format": "simple or flat",
    "authenticate": "when credentials are sent",
    "ignore-error-codes": "HTTP codes that mean 'has none'",
    "publish-url": "where `uv publish` uploads to",
    "cache-control": "how long uv keeps its pages",
}
_KEYS: Mapping[toml.Path, Mapping[str, str]] = {
    ("tool", "uv"): _UV_KEYS,
    ("tool", "uv", "workspace"): {"members": "folders of members", "exclude": "folders that are none"},
    ("tool", "uv", "index"): _INDEX_KEYS,
    ("tool", "uv", "conflicts"): {"extra": "an extra", "group": "a group", "package": "a member"},
}


def keys(snapshot: Snapshot, place: Place) -> Iterator[Suggestion]:
    """Yield the keys of a table of uv's dependency settings; what stands there already is left out."""
    path = tuple(step for step in place.path if isinstance(step, str))
    there = _there(snapshot, place.path)
    if path == ("tool", "uv", "sources"):
        declared = dict.fromkeys(one.name for one in snapshot.manifest.dependencies if one.name)
        yield from (Suggestion(name, REFERENCE, f"{name} = ", detail="declared here") for name in declared if name not in there)
        return
    if path[:1] == ("dependency-groups",) and len(path) == 2:  # noqa: PLR2004  in an inline table of a group
        yield Suggestion("include-group", PROPERTY, "include-group = ", detail="all of another group (PEP 735)")
        return
    known = _SOURCE_KEYS if path[:3] == ("tool", "uv", "sources") else _KEYS.get(path, {})
    if place.kind == "header":
        yield from (Suggestion(key, PROPERTY, detail=about) for key, about in known.items() if path == ("tool", "uv"))
        return
    yield from (Suggestion(key, PROPERTY, f"{key} = ", detail=about) for key, about in known.items() if key not in there)


def _there(snapshot: Snapshot, path: toml.Path) -> set[str]:
    deep = len(path)
    keys = (found[deep] for found in snapshot.manifest.document.index if len(found) > deep and found[:deep] == path)
    return {normalize(key) if path[-1:] == ("sources",) else key for key in keys if isinstance(key, str)}


def values(snapshot: Snapshot, place: Place) -> Iterator[Suggestion]:
    """Yield the values of a place that is in no requirement."""
    match tuple(step for step in place.path if isinstance(step, str)):
        case ("dependency-groups", group, "include-group"):
            yield from _groups(snapshot, {normalize(group)})
        case ("project", "requires-python") | ("requires-python",):
            yield from (Suggestion(one, VALUE, detail=about) for one, about in _PYTHONS.items())
        case ("tool", "uv", *below):
            yield from _of_uv(snapshot, place, tuple(below))


def _of_uv(snapshot: Snapshot, place: Place, path: tuple[str, ...]) -> Iterator[Suggestion]:
    match path:
        case ("default-groups",):
            yield from _default_groups(snapshot)
        case ("sources", _, "index"):
            yield from _indexes(snapshot)
        case ("sources", _, "path") | ("workspace", "members" | "exclude"):
            yield from (Suggestion(one, FOLDER) for one in snapshot.around.folders)
        case ("sources" | "conflicts", *_, "group"):
            yield from _groups(snapshot, set())
        case ("sources" | "conflicts", *_, "extra"):
            yield from (Suggestion(one, PROPERTY) for one in snapshot.manifest.extras)
        case ("no-build-package" | "no-binary-package" | "exclude-dependencies",):
            yield from (Suggestion(one, REFERENCE, detail="locked") for one in sorted(snapshot.packages.locked))
        case (*_, key) if key in _CHOICES:
            yield from (Suggestion(one, VALUE, detail=about) for one, about in _CHOICES[key].items())
        case (*_, key) if key in _BOOLEANS and place.kind == "bare":
            yield from (Suggestion(one, CONSTANT) for one in ("true", "false"))


def _default_groups(snapshot: Snapshot) -> Iterator[Suggestion]:
    value = snapshot.manifest.document.get("tool", "uv", "default-groups")
    yield from _groups(snapshot, {normalize(one.text) for one in value.items} if value is not None else set())
    if value is not None and value.kind != "array":
        yield Suggestion("all", VALUE, detail="every group")


def _groups(snapshot: Snapshot, without: set[str]) -> Iterator[Suggestion]:
    counts = dict.fromkeys(snapshot.manifest.groups, 0)
    for one in snapshot.manifest.dependencies:
        if one.table.kind == "group" and one.table.name in counts:
            counts[one.table.name] += 1
    yield from (
        Suggestion(name, REFERENCE, detail=f"{count} package{'' if count == 1 else 's'}")
        for name, count in counts.items()
        if name not in without
    )


def _indexes(snapshot: Snapshot) -> Iterator[Suggestion]:
    here = {
        value.text: "in this file"
        for path, value in snapshot.manifest.document.index.items()
        if path[:3] == ("tool", "uv", "index") and path[-1] == "name" and value.kind == "string"
    }
    yield from (Suggestion(name, REFERENCE, detail=url) for name, url in ({**here, **snapshot.around.indexes}).items())
