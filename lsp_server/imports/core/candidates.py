"""Which distribution to add for a module: candidates in the order of evidence, each with what vouches for it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from lsp_server.core.requirement import normalize
from lsp_server.imports.core.scanner import is_generated
from lsp_server.imports.core.tree import Member
from lsp_server.imports.core.view import View

Evidence = Literal["workspace", "declared", "environment", "lock", "list", "index"]
"""What vouches for a candidate, the strongest first.

* workspace: a member of this workspace has the module; * declared: the project declares it already, elsewhere;
* environment: it is installed and owns the module; * lock: it is locked, and the shipped list says it has the module;
* list: the shipped list alone; * index: nothing but that the configured index has something of that name.
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A distribution that may provide a module.

    Attributes:
        verified: Whether something vouches for it; else it must be called unverified.
        resembles: The well-known name that an unverified one is one typo away from.
    """

    name: str
    evidence: Evidence
    verified: bool = True
    resembles: str | None = None


def candidates(view: View, member: Member, targets: Iterable[str]) -> tuple[Candidate, ...]:
    """Return the candidates for a module, each distribution once.

    Args:
        view: the project.
        member: the project of the workspace that the file belongs to.
        targets: the dotted names that the import may load, the most specific first.

    """
    found: dict[str, Candidate] = {}
    for candidate in _all(view, member, tuple(targets)):
        found.setdefault(candidate.name, candidate)
    return tuple(found.values())


def _all(view: View, member: Member, targets: tuple[str, ...]) -> Iterator[Candidate]:
    top = targets[-1].partition(".")[0]
    sibling = view.provider(top, member)
    if sibling is not None and sibling.name:
        yield Candidate(sibling.name, "workspace")
    owners = _first_owners(view, targets)
    listed = next((found for target in targets if (found := view.names.lookup(target))), ())
    elsewhere = view.declared_by(member).names()
    yield from (Candidate(name, "declared") for name in owners if name in elsewhere)
    yield from (Candidate(one.name, "declared") for one in listed if one.name in elsewhere)
    yield from (Candidate(name, "environment") for name in owners)
    if any(map(is_generated, targets)):
        return  # it is made here, from a `.proto` file: that a distribution has such a name says nothing
    yield from (
        Candidate(one.name, "lock") for one in listed if one.name in view.locked.versions and one.name not in view.locked.local
    )
    yield from (Candidate(one.name, "list", verified=one.sure) for one in listed)
    if not owners and not listed:
        yield from _guessed(view, top)


def _first_owners(view: View, targets: tuple[str, ...]) -> tuple[str, ...]:
    if view.installed is None:
        return ()
    return next((found for target in targets if (found := view.installed.owners(target))), ())


def _guessed(view: View, top: str) -> Iterator[Candidate]:
    """The module's own name, if the index was asked and has it. Nothing vouches for it."""
    name = guess(top)
    if name is not None and view.answers.get(name):
        yield Candidate(name, "index", verified=False, resembles=view.names.near_miss(name))


def guess(top: str) -> str | None:
    """Return the name to ask the index for, for a module that nothing is known of; None if it can be no name."""
    name = normalize(top.strip("_"))
    return name if name and name.isascii() else None
