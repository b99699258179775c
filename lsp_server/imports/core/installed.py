"""What an environment has installed: which distribution owns which module. Pure; the files are read elsewhere.

Sources: PEP 376 and the "Recording installed projects" specification (RECORD), PEP 794 (Import-Name), PEP 420
(namespace packages), setuptools' `top_level.txt` and `namespace_packages.txt`.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from packaging.requirements import Requirement

from lsp_server.core import requirement
from lsp_server.core.requirement import normalize

_DEEPEST = 3
_MODULE_FILE = re.compile(r"(?P<name>[^\W\d]\w*)(?:\.[A-Za-z0-9_-]+)*\.(?:py|so|pyd|pyi)$")
_GROUP = re.compile(r"^\s*\[\s*([^\]\s]+)\s*\]", re.MULTILINE)
_SCRIPTS = frozenset({"console_scripts", "gui_scripts"})
_HEADER = re.compile(r"(?P<key>[A-Za-z-]+):\s*(?P<value>[^\r\n]*)")


@dataclass(frozen=True, slots=True)
class Distribution:
    """One installed distribution.

    Attributes:
        modules: Dotted names of its packages, down to the third level, and of its modules outside of packages.
        requires: Normalised names of what it needs without an extra.
        summary: One line of what it is.
        plugs_in: Whether others find it by an entry point, so that nothing need import it.
    """

    name: str
    version: str
    modules: frozenset[str]
    requires: frozenset[str] = frozenset()
    summary: str = ""
    plugs_in: bool = False


class Installed:
    """All distributions of an environment. Frozen."""

    def __init__(self, distributions: Iterable[Distribution] = ()) -> None:
        self.distributions: Mapping[str, Distribution] = {one.name: one for one in distributions}

    @cached_property
    def _owners(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for one in self.distributions.values():
            for module in one.modules:
                found[module] = (*found.get(module, ()), one.name)
        return found

    @cached_property
    def _namespaces(self) -> frozenset[str]:
        """Dotted names that are only prefixes: nobody owns them, several may have something below them."""
        prefixes = {module.rsplit(".", depth)[0] for module in self._owners for depth in range(1, module.count(".") + 1)}
        return frozenset(prefixes - self._owners.keys())

    def owners(self, module: str) -> tuple[str, ...]:
        """Return the distributions that own a dotted module, or the nearest package above it that is no namespace."""
        while module:
            if module in self._owners:
                return self._owners[module]
            module = module.rpartition(".")[0]
        return ()

    def is_shared(self, module: str) -> bool:
        """Tell whether a name is a namespace here, or a package that several distributions put files in."""
        return module in self._namespaces or len(self._owners.get(module, ())) > 1

    def modules(self) -> Iterator[str]:
        """Yield every dotted module, and every namespace above one."""
        yield from self._owners
        yield from self._namespaces

    def needed_by(self, name: str) -> tuple[str, ...]:
        """Return the distributions that need another one, by name."""
        return tuple(sorted(one.name for one in self.distributions.values() if name in one.requires and one.name != name))


def modules_of_record(text: str, namespaces: Iterable[str] = ()) -> frozenset[str]:
    """Return the modules in a RECORD file, as `Distribution.modules` has them.

    Args:
        text: the file: lines of path, hash and size.
        namespaces: names that have an `__init__.py` and are namespaces all the same (`namespace_packages.txt`).

    """
    shared = frozenset(namespaces)
    paths = [path.split("/") for path in _paths(text)]
    packages = {tuple(parts[:-1]) for parts in paths if _is_init(parts[-1])}
    packages -= {tuple(name.split(".")) for name in shared}
    found: set[str] = set()
    for parts in paths:
        match = _MODULE_FILE.fullmatch(parts[-1])
        if match is None or not all(part.isidentifier() for part in parts[:-1]):
            continue
        folders = tuple(parts[:-1])
        regular = [folders[:depth] for depth in range(1, min(len(folders), _DEEPEST) + 1) if folders[:depth] in packages]
        if regular:
            found.update(".".join(one) for one in regular)
        elif match["name"] != "__init__":
            found.add(".".join((*folders, match["name"])))
    return frozenset(found)


def _is_init(name: str) -> bool:
    return name.startswith("__init__.") and _MODULE_FILE.fullmatch(name) is not None


def _paths(text: str) -> Iterator[str]:
    for line in text.splitlines():
        path = _quoted(line) if line.startswith('"') else line.partition(",")[0]
        if not path.startswith((".", "/")) and ".dist-info/" not in path:
            yield path


def _quoted(line: str) -> str:
    try:
        return next(iter(next(csv.reader([line]), [])), "")
    except csv.Error:  # a field of over 128 KB
        return ""


def modules_of_top_level(text: str) -> frozenset[str]:
    """Return the modules that setuptools' `top_level.txt` names."""
    return frozenset(line.strip().replace("/", ".") for line in text.splitlines() if line.strip().isidentifier())


def from_metadata(text: str, modules: frozenset[str], entry_points: str = "") -> Distribution | None:
    """Return the distribution that a METADATA file describes, None if it names none.

    Args:
        text: the file; only its headers are read.
        modules: what was found in RECORD; names in `Import-Name` (PEP 794) are added to it.
        entry_points: the file `entry_points.txt` beside it.

    """
    fields: dict[str, list[str]] = {}
    # Headers end with the first empty line; a long description may follow.
    for line in re.split(r"\r?\n\r?\n", text, maxsplit=1)[0].splitlines():
        if match := _HEADER.match(line):
            fields.setdefault(match["key"].lower(), []).append(match["value"].strip())
    name = next(iter(fields.get("name", ())), "")
    if not name:
        return None
    stated = {value.partition(";")[0].strip() for value in fields.get("import-name", ())}
    return Distribution(
        normalize(name),
        next(iter(fields.get("version", ())), "0"),
        modules | frozenset(value for value in stated if value),
        frozenset(_required(fields.get("requires-dist", ()))),
        next(iter(fields.get("summary", ())), ""),
        any(group not in _SCRIPTS for group in _GROUP.findall(entry_points)),
    )


def _required(entries: Iterable[str]) -> Iterator[str]:
    for entry in entries:
        parsed = requirement.parse(entry)
        if isinstance(parsed, Requirement) and "extra" not in str(parsed.marker or ""):
            yield normalize(parsed.name)


def editable_modules(finder: str) -> frozenset[str]:
    """Return the modules in the `MAPPING` of a finder that setuptools writes for an editable install."""
    match = re.search(r"^MAPPING\b[^=]*=\s*\{(?P<body>[^}]*)\}", finder, re.MULTILINE)
    return frozenset(re.findall(r"['\"]([\w.]+)['\"]\s*:", match["body"])) if match else frozenset()
