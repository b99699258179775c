"""Which package names fit what a person has typed so far: names known here, since PyPI no longer answers searches."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from lsp_server.core.requirement import normalize

MOST = 50
"""How many names one answer has at most."""

_QUERY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SEPARATORS = re.compile(r"[-_.]+")
_SHORTEST_TYPO = 4
# A name may come several times: what begins with the query also holds it.
_ENOUGH = 4 * MOST


@dataclass(frozen=True, slots=True)
class Offered:
    """What a project's own places offer: its lock file, folders of wheels.

    Attributes:
        versions: The newest version that is known there, by normalised name; None where a name is known without one.
        only: Whether the project takes packages from these places only, so that names of elsewhere would mislead.
    """

    versions: Mapping[str, str | None] = field(default_factory=dict)
    only: bool = False


@dataclass(frozen=True, slots=True)
class Package:
    """A name that fits, with what is known of it.

    Attributes:
        exists: What the index said when it was asked for this name; None if it was not asked or did not answer.
    """

    name: str
    version: str | None = None
    exists: bool | None = None


def by_downloads(listed: str) -> tuple[str, ...]:
    """Return the distributions of `import_names.txt`, the most downloaded first; those of a namespace stand together."""
    lines = (line.split() for line in listed.splitlines())
    found = (words[1:] or [normalize(words[0])] for words in lines if words)
    return tuple(dict.fromkeys(name for line in found for name in line if name not in "*?"))


def query_of(text: object) -> str | None:
    """Return what was typed, normalised as far as a half-typed name can be (PEP 503); None if it begins no name."""
    if not isinstance(text, str) or not _QUERY.fullmatch(text.strip()):
        return None
    return _SEPARATORS.sub("-", text.strip()).lower()


def fitting(query: str, listed: Sequence[str], owners: Iterable[str], offered: Offered) -> tuple[Package, ...]:
    """Return the names that fit, at most `MOST`.

    The name itself comes first, then what begins with it, then the rest: what provides a module of that name, what
    holds it, what one typo hides. In each of these the project's own names that the list has not come before the
    others, and those by their downloads.

    Args:
        query: as `query_of` returns it.
        listed: the names of the shipped list, the most downloaded first.
        owners: the distributions that provide a module of the name that was typed.
        offered: what the project's own places offer.

    """
    elsewhere = dict.fromkeys(() if offered.only else listed)
    names = tuple(dict.fromkeys((*sorted(offered.versions.keys() - elsewhere.keys()), *elsewhere)))
    found = dict.fromkeys(islice(_in_order(query, names, owners), _ENOUGH))
    return tuple(Package(name, offered.versions.get(name)) for name in islice(found, MOST))


def _in_order(query: str, names: Sequence[str], owners: Iterable[str]) -> Iterator[str]:
    known = frozenset(names)
    if query in known:
        yield query
    yield from (name for name in names if name.startswith(query))
    yield from (name for name in owners if name in known)
    yield from (name for name in names if query in name)
    if len(query) >= _SHORTEST_TYPO:
        yield from (name for name in names if name[0] == query[0] and _is_behind_a_typo(query, name))


def _is_behind_a_typo(query: str, name: str) -> bool:
    """Tell whether a name begins with the query but for one changed, missing, doubled or swapped letter, not the first."""
    at = next((place for place, (one, other) in enumerate(zip(query, name, strict=False)) if one != other), len(name))
    if at >= len(query) - 1:
        # Whatever begins like a query without its last letter would be too much.
        return len(name) <= len(query)
    left, right = query[at:], name[at:]
    changed, missing, added = right[1:].startswith(left[1:]), right[1:].startswith(left), right.startswith(left[1:])
    return changed or missing or added or right.startswith(left[1] + left[0] + left[2:])


def with_answer(packages: Sequence[Package], name: str, *, exists: bool, version: str | None) -> tuple[Package, ...]:
    """Return the packages with what the index said of one name, which goes first."""
    rest = [package for package in packages if package.name != name]
    before = next((package for package in packages if package.name == name), Package(name))
    return (Package(name, version or before.version, exists), *rest)[:MOST]
