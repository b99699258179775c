"""Completion in a requirement: its name, extras, operators, versions, markers."""

import re
from collections.abc import Iterator

from lsp_server.core import markdown, releases
from lsp_server.core.cursor import Place
from lsp_server.core.releases import Page, Release
from lsp_server.core.requirement import normalize
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Span
from lsp_server.core.typed_requirement import JOINS, Typed
from lsp_server.features.completion.suggestions import CONSTANT, MODULE, OPERATOR, PROPERTY, VALUE, Suggestion

MOST_NAMES = 50
MOST_VERSIONS = 200
_OPERATORS = {
    ">=": "this version or a newer one",
    "~=": "compatible: newer, with the same leading numbers",
    "==": "this version only",
    "<": "older than this version",
    "<=": "this version or an older one",
    ">": "newer than this version",
    "!=": "any but this version",
    "===": "this very text",
}
_WITH_NEWEST = (">=", "~=", "==")
_NAME_END = re.compile(r"[A-Za-z0-9._-]*")
_VERSION_END = re.compile(r"[\w.*+!-]*")
_OPERATOR_END = re.compile(r"[=~!<>]*")
_PYTHONS = ("3.14", "3.13", "3.12", "3.11", "3.10", "3.9")
VARIABLES = {
    "python_version": _PYTHONS,
    "python_full_version": tuple(f"{one}.0" for one in _PYTHONS),
    "sys_platform": ("linux", "darwin", "win32", "emscripten", "cygwin"),
    "platform_system": ("Linux", "Darwin", "Windows", "Java"),
    "platform_machine": ("x86_64", "AMD64", "arm64", "aarch64", "i686", "ppc64le", "s390x"),
    "os_name": ("posix", "nt", "java"),
    "implementation_name": ("cpython", "pypy"),
    "platform_python_implementation": ("CPython", "PyPy"),
    "platform_release": (),
    "platform_version": (),
    "implementation_version": (),
    "extra": (),
}
"""The variables of a marker with their usual values (PEP 508)."""
_ABOUT_VARIABLES = {
    "python_version": "the Python, major and minor",
    "python_full_version": "the Python with its patch",
    "sys_platform": "`sys.platform`",
    "platform_system": "`platform.system()`",
    "platform_machine": "`platform.machine()`: the processor",
    "os_name": "`os.name`",
    "implementation_name": "`sys.implementation.name`",
    "extra": "the extra that is asked for",
}
_COMPARISONS = ("==", "!=", ">=", "<=", ">", "<", "in", "not in")


def word_span(snapshot: Snapshot, place: Place, typed: Typed) -> Span:
    """Return what a chosen text takes the place of: the word, and what follows of it behind the cursor."""
    pattern = {"version": _VERSION_END, "operator": _OPERATOR_END, "comparison": _OPERATOR_END}.get(typed.part, _NAME_END)
    end = pattern.match(snapshot.text, place.offset, max(place.end, place.offset))
    return Span(place.offset - len(typed.word), end.end() if end is not None else place.offset)


def suggestions(snapshot: Snapshot, place: Place, typed: Typed) -> Iterator[Suggestion]:
    """Yield what may be chosen for the part of a requirement that is typed."""
    match typed.part:
        case "name":
            yield from _names(snapshot, typed)
        case "extra":
            yield from _extras(snapshot, typed)
        case "operator":
            yield from _operators(snapshot, typed)
        case "version":
            yield from _versions(snapshot, typed)
        case _:
            yield from markers(snapshot, place, typed)


def _names(snapshot: Snapshot, typed: Typed) -> Iterator[Suggestion]:
    query = normalize(typed.word)
    found = dict.fromkeys((*_own_names(snapshot, query), *_listed(snapshot, query)))
    for name in list(found)[:MOST_NAMES]:
        page = snapshot.known.get(name)
        summary = page.metadata.summary if page is not None and page.metadata is not None else ""
        yield Suggestion(name, MODULE, detail=_whence(snapshot, name), about=markdown.escaped(summary), tied=name != typed.word)


def _listed(snapshot: Snapshot, query: str) -> list[str]:
    return [] if snapshot.packages.only_offered else snapshot.names.fitting(query, MOST_NAMES)


def _own_names(snapshot: Snapshot, query: str) -> Iterator[str]:
    """Yield what is known of this project: locked, in its folders, or asked for before; what begins so goes first."""
    known = {*snapshot.packages.offered, *snapshot.packages.locked, *snapshot.around.members}
    known |= {name for name, page in snapshot.known.items() if page.exists}
    new = sorted(name for name in known if name not in snapshot.names)
    yield from (name for name in new if name.startswith(query))
    if query in known:
        yield query
    yield from (name for name in new if query and query in name and not name.startswith(query))


def _whence(snapshot: Snapshot, name: str) -> str:
    locked = snapshot.packages.locked.get(name)
    if name in snapshot.around.members:
        return "a member of this workspace"
    if locked:
        return f"locked {', '.join(sorted(locked))}"
    page = snapshot.known.get(name)
    newest = page.newest() if page is not None else None
    if newest is not None:
        return newest.version
    return snapshot.packages.offered.get(name) or ""


def _extras(snapshot: Snapshot, typed: Typed) -> Iterator[Suggestion]:
    for extra in extras_of(snapshot, typed.name):
        if extra not in typed.taken:
            yield Suggestion(extra, PROPERTY, detail=f"extra of {typed.name}")


def extras_of(snapshot: Snapshot, name: str) -> list[str]:
    """Return the extras of a package: of this project itself, by its metadata, or by what is locked."""
    if snapshot.manifest.name is not None and name == normalize(snapshot.manifest.name):
        return list(snapshot.manifest.extras)
    page, installed = snapshot.known.get(name), snapshot.packages.described.get(name)
    said = [one.extras for one in (page.metadata if page is not None else None, installed) if one is not None]
    return sorted({*(extra for extras in said for extra in extras), *snapshot.packages.lock.extras.get(name, ())})


def _operators(snapshot: Snapshot, typed: Typed) -> Iterator[Suggestion]:
    page = snapshot.known.get(typed.name)
    newest = page.newest(python=lowest_python(snapshot)) if page is not None else None
    if newest is not None:
        for operator in _WITH_NEWEST:
            if operator.startswith(typed.word):
                yield Suggestion(f"{operator}{newest.version}", OPERATOR, detail=f"newest, {newest.uploaded}".rstrip(", "))
    for operator, about in _OPERATORS.items():
        if operator.startswith(typed.word):
            yield Suggestion(operator, OPERATOR, detail=about)


def _versions(snapshot: Snapshot, typed: Typed) -> Iterator[Suggestion]:
    page = snapshot.known.get(typed.name)
    if page is not None and page.releases:
        python = lowest_python(snapshot)
        fitting = (one for one in page.releases if one.version.startswith(typed.word))
        yield from (_version(page, one, python) for one, _ in zip(fitting, range(MOST_VERSIONS), strict=False))
        return
    known = {*snapshot.packages.locked.get(typed.name, ()), snapshot.packages.offered.get(typed.name)}
    yield from (
        Suggestion(version, VALUE, detail="locked") for version in sorted(known - {None, ""}, key=str, reverse=True) if version
    )


def _version(page: Page, release: Release, python: str | None) -> Suggestion:
    about = [release.uploaded] if release.uploaded else []
    if release.yanked is not None:
        about.append(f"yanked: {release.yanked}" if release.yanked else "yanked")
    if release.is_prerelease:
        about.append("pre-release")
    wanted = releases.specifiers(release.requires_python) if release.requires_python else None
    if python is not None and wanted is not None and not wanted.contains(python, prereleases=True):
        about.append(f"needs Python {release.requires_python}")
    if page.status != releases.ACTIVE:
        about.append(f"the package is {page.status}")
    return Suggestion(release.version, VALUE, detail=" · ".join(about), withdrawn=release.yanked is not None)


def lowest_python(snapshot: Snapshot) -> str | None:
    """Return the oldest Python that the project allows, None if it does not say so."""
    allowed = releases.specifiers(snapshot.manifest.requires_python or "")
    lowest = [one.version for one in allowed or () if one.operator in {">=", "~=", "=="}]
    return lowest[0].removesuffix(".*") if lowest else None


def markers(snapshot: Snapshot, place: Place, typed: Typed) -> Iterator[Suggestion]:
    """Yield what may be chosen in a marker."""
    match typed.part:
        case "variable":
            yield from (Suggestion(one, CONSTANT, detail=_ABOUT_VARIABLES.get(one, "")) for one in VARIABLES)
        case "comparison":
            yield from (Suggestion(one, OPERATOR) for one in _COMPARISONS)
        case "value":
            yield from _values(snapshot, place, typed)
        case "join":
            yield from (Suggestion(one, OPERATOR) for one in JOINS)


def _values(snapshot: Snapshot, place: Place, typed: Typed) -> Iterator[Suggestion]:
    """Yield values with the quotes that they need within those of the string."""
    before = snapshot.text[place.offset - len(typed.word) - 1]
    inner = "'" if snapshot.text[place.start - 1 : place.start] != "'" else '"'
    quote = "" if before in {'"', "'"} and place.offset - len(typed.word) > place.start else inner
    values = snapshot.manifest.extras if typed.of == "extra" else VARIABLES.get(typed.of, ())
    yield from (Suggestion(one, VALUE, f"{quote}{one}{quote}", tied=bool(quote)) for one in values)
