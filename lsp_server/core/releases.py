"""What an index says of a package, as far as it is shown: its releases, its status, the metadata of one release.

Sources: PEP 503, 592 (yanked), 691, 700 (sizes and times), 792 (status), and the core metadata specification.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from lsp_server.core.metadata import Metadata

ACTIVE = "active"
"""The status of a package of which nothing is said."""


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a package.

    Attributes:
        version: As the index spells it (PEP 440).
        uploaded: The day, as ISO 8601; "" where the index does not say it.
        yanked: Why it should not be chosen (PEP 592), "" if no reason is given; None if it is not yanked.
        requires_python: The Pythons that it is for; "" where it does not say it.
        size: Bytes of the wheel, else of the source archive; 0 where the index does not say it.
    """

    version: str
    uploaded: str = ""
    yanked: str | None = None
    requires_python: str = ""
    size: int = 0

    @property
    def is_prerelease(self) -> bool:
        """Whether it is an alpha, a beta, a candidate or a development release."""
        parsed = version(self.version)
        return parsed is not None and parsed.is_prerelease


@dataclass(frozen=True, slots=True)
class Page:
    """What an index said of a package.

    Attributes:
        name: Normalised.
        index: The index as it is shown: its name, else its URL without secrets.
        exists: False if every index that may be asked for the name said that it has none.
        status: Of the package (PEP 792), with `reason` where one is given.
        releases: The newest first.
        fetched: When it was said, in seconds since 1970.
    """

    name: str
    index: str
    exists: bool = True
    status: str = ACTIVE
    reason: str = ""
    releases: tuple[Release, ...] = ()
    metadata: Metadata | None = None
    fetched: float = 0.0

    def release(self, wanted: str) -> Release | None:
        """Return a release by its version, however that is spelled."""
        found = next((one for one in self.releases if one.version == wanted), None)
        parsed = version(wanted) if found is None else None
        if parsed is None:
            return found
        return next((one for one in self.releases if version(one.version) == parsed), None)

    def newest(self, allowed: SpecifierSet | None = None, python: str | None = None) -> Release | None:
        """Return the newest release that a resolver would take: not yanked, final if there is a final one.

        Args:
            allowed: the versions that are allowed; None allows all.
            python: the version of a Python that it has to run on.

        """
        fitting = [one for one in self.releases if _fits(one, allowed, python)]
        return next((one for one in fitting if not one.is_prerelease), fitting[0] if fitting else None)


Known = Mapping[str, Page]
"""By normalised name."""


@lru_cache(maxsize=65536)
def version(text: str) -> Version | None:
    """Return a parsed version, None for what is none (PEP 440)."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


@lru_cache(maxsize=4096)
def specifiers(text: str) -> SpecifierSet | None:
    """Return parsed specifiers, None for what is none (PEP 440)."""
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None


def newest_first(releases: Iterable[Release]) -> tuple[Release, ...]:
    """Return releases in order; what is no version by PEP 440 is left out, as uv leaves it out."""
    return tuple(sorted(_valid(releases), key=lambda one: Version(one.version), reverse=True))


def _valid(releases: Iterable[Release]) -> Iterator[Release]:
    return (one for one in releases if version(one.version) is not None)


def _fits(release: Release, allowed: SpecifierSet | None, python: str | None) -> bool:
    if release.yanked is not None:
        return False
    if python is not None and release.requires_python:
        wanted = specifiers(release.requires_python)
        if wanted is not None and not wanted.contains(python, prereleases=True):
            return False
    return allowed is None or allowed.contains(release.version, prereleases=True)
