"""Which distributions provide a module, by the shipped list of `lsp_server/data` and by how namespaces are named.

The list was made from the wheels of the 15,000 most downloaded distributions (`scripts/import_map.py`). It is taken
apart only when somebody asks, so that it costs no start-up.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from lsp_server.core.requirement import normalize

_VERSION_SUFFIX = re.compile(r"_v\d+\w*$")
# Distributions whose names do not begin as their namespace does.
_PREFIXES: Mapping[str, tuple[str, ...]] = {"airflow.providers": ("apache-airflow-providers",), "dbt.adapters": ("dbt",)}
_WELL_KNOWN = 5000
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-"


@dataclass(frozen=True, slots=True)
class Known:
    """A distribution that the list names for a module; `sure` if it is ahead of every other one by far."""

    name: str
    sure: bool


class ImportMap:
    """The list, frozen. `listed` is `import_names.txt`, `extra` is `import_names_extra.txt`."""

    def __init__(self, listed: str = "", extra: str = "") -> None:
        self._listed = listed
        self._extra = extra

    @cached_property
    def _lines(self) -> dict[str, str]:
        """Module to its distributions; "" where that is the module's own name. In the order of downloads."""
        return {module: names for module, _, names in (line.partition(" ") for line in self._listed.splitlines())}

    @cached_property
    def _by_hand(self) -> dict[str, str]:
        lines = (line for line in self._extra.splitlines() if line and not line.startswith("#"))
        return {module: names for module, _, names in (line.partition(" ") for line in lines)}

    @cached_property
    def well_known(self) -> frozenset[str]:
        """The names of the most downloaded distributions: what a typo is measured against."""
        found: list[str] = []
        for module, names in self._lines.items():
            if len(found) >= _WELL_KNOWN:
                break
            found += [name for name in names.split() if name not in "*?"] or [normalize(module)]
        return frozenset(found)

    @cached_property
    def all_names(self) -> frozenset[str]:
        """The names of all distributions in the list."""
        return frozenset(
            name for module, names in self._lines.items() for name in (names.split() or (normalize(module),)) if name not in "*?"
        )

    def modules_of(self, name: str) -> tuple[str, ...]:
        """Return the modules that the list has for a distribution, by its normalised name."""
        return self._modules_of.get(name, ())

    @cached_property
    def _modules_of(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for module, names in (*self._lines.items(), *self._by_hand.items()):
            if not names.startswith("* ") and not module.endswith(".*"):
                first = next((name for name in names.split() if name != "?"), normalize(module))
                found[first] = (*found.get(first, ()), module)
        return found

    def lookup(self, module: str) -> tuple[Known, ...]:
        """Return the distributions that provide a dotted module, the likeliest first; () if nothing is known of it."""
        parts = module.split(".")
        whole = self._by_hand.get(f"{parts[0]}.*")
        if whole is not None:
            return _listed(whole, sure=True)
        for length in range(len(parts), 0, -1):
            line = self._by_hand.get(".".join(parts[:length]))
            if line is not None:
                return _listed(line, sure=True)
            if length == 1 or (found := self._in_namespace(parts, length)) is None:
                continue
            return (Known(found, sure=True),)
        line = self._lines.get(parts[0])
        if line is None or line.startswith("* "):
            # The most downloaded one of a namespace says nothing about this part of it.
            return ()
        if not line:
            return (Known(normalize(parts[0]), sure=True),)
        return _listed(line.removeprefix("? "), sure=not line.startswith("? "))

    def stubs_of(self, module: str) -> str | None:
        """Return the distribution of the types of a top-level module (PEP 561), None if the list has none."""
        line = self._lines.get(f"{module}-stubs")
        return (
            next((name for name in line.split() if name not in "*?"), normalize(f"{module}-stubs")) if line is not None else None
        )

    def is_namespace(self, module: str) -> bool:
        """Tell whether many distributions share a top-level name."""
        return self._lines.get(module, "").startswith("* ")

    def _in_namespace(self, parts: list[str], length: int) -> str | None:
        """Return the distribution that is named as a module of a namespace is: google.cloud.pubsub_v1 is google-cloud-pubsub."""
        line = self._lines.get(parts[0], "")
        if not line.startswith("* "):
            return None
        shared = line.split()
        return next((name for name in _namesakes(parts[:length]) if name in shared), None)

    def near_miss(self, name: str) -> str | None:
        """Return the well-known distribution that a name is one typo away from, if it is none itself."""
        known, well_known = self.all_names, self.well_known
        if name in known or len(name) < _SHORTEST_TYPO:
            return None
        return next((typo for typo in _one_typo(name) if typo in well_known), None)


_SHORTEST_TYPO = 4


def _listed(line: str, *, sure: bool) -> tuple[Known, ...]:
    return tuple(Known(name, sure=sure and place == 0) for place, name in enumerate(line.split()))


def _namesakes(parts: list[str]) -> Iterator[str]:
    """The names that a distribution with this module may have."""
    bare = [*parts[:-1], _VERSION_SUFFIX.sub("", parts[-1])]
    dotted = ".".join(bare)
    yield normalize("-".join(bare))
    for prefix, replacements in _PREFIXES.items():
        if dotted.startswith(f"{prefix}."):
            yield from (normalize(f"{replacement}-{dotted[len(prefix) + 1 :].replace('.', '-')}") for replacement in replacements)


def _one_typo(name: str) -> Iterator[str]:
    """Every name that is one changed, dropped, added or swapped letter away (Damerau and Levenshtein)."""
    splits = [(name[:at], name[at:]) for at in range(len(name) + 1)]
    for before, after in splits:
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in _ALPHABET)
        yield from (before + letter + after for letter in _ALPHABET)
