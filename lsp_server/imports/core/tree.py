"""A project's source tree as data: which modules are its own, and what kind of file each is. Pure; read elsewhere."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from lsp_server.core import toml
from lsp_server.core.pyproject import Manifest
from lsp_server.core.requirement import normalize

Role = Literal["library", "tests", "docs", "scripts", "examples", "build"]
_SUFFIX = re.compile(r"(?:\.[A-Za-z0-9_-]+)*\.(?:py|pyi|pyw|so|pyd|pyx)$")
_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    (
        "tests",
        re.compile(
            r"(?:^|/)(?:tests?|testing|unit_?tests|integration_?tests|e2e)/|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$"
        ),
    ),
    ("docs", re.compile(r"^(?:docs?|documentation)/")),
    ("examples", re.compile(r"^(?:examples?|samples?|demos?|notebooks?|tutorials?|docs_src)/")),
    (
        "build",
        re.compile(
            r"^(?:setup|noxfile|hatch_build|conanfile|fabfile|dodo|pdm_build|build|_build|build_[^/]*|tasks|versioneer)\.py$"
        ),
    ),
    (
        "scripts",
        re.compile(r"^(?:scripts?|tools?|bin|utils|ci|\.?github|benchmarks?|bench|dev|misc|admin|hack|etc|asv_bench|release)/"),
    ),
)
_USUAL_ROOTS = ("", "src", "lib", "python")


class Tree:
    """The Python files of a folder, by their paths relative to it with `/` between the parts. Frozen."""

    def __init__(self, files: Iterable[str] = ()) -> None:
        self.files = frozenset(files)
        self._own: dict[str, tuple[Member, frozenset[str]]] = {}

    def own(self, member: "Member") -> frozenset[str]:
        """Return the top-level names that a member itself provides; asked for each import of a file, worked out once."""
        kept = self._own.get(member.folder)
        if kept is None or kept[0] is not member:
            found = {name for root in roots(self, member) for name in self.importable(root)}
            kept = self._own[member.folder] = (member, frozenset(found | set(_declared_modules(member.manifest))))
        return kept[1]

    @cached_property
    def _modules(self) -> dict[str, frozenset[str]]:
        """For each folder the names that can be imported from it: its modules, and folders with Python files below them."""
        found: dict[str, set[str]] = {}
        for path in self.files:
            folder, _, name = path.rpartition("/")
            found.setdefault(folder, set()).add(_SUFFIX.sub("", name))
            while folder:
                parent, _, child = folder.rpartition("/")
                names = found.setdefault(parent, set())
                if child in names and parent in found:
                    names.add(child)
                    break
                names.add(child)
                folder = parent
        return {folder: frozenset(names - {"__init__"}) for folder, names in found.items()}

    def importable(self, folder: str) -> frozenset[str]:
        """Return the top-level names that Python finds when this folder is on its path."""
        return self._modules.get(folder, frozenset())

    def has_python(self, folder: str) -> bool:
        """Tell whether there are Python files at or below a folder."""
        return folder in self._modules

    def is_regular(self, folder: str, name: str) -> bool:
        """Tell whether a name is a module or a regular package there, not only a folder that might be a namespace."""
        prefix = f"{folder}/{name}" if folder else name
        return any(
            one in self.files for one in (f"{prefix}/__init__.py", f"{prefix}/__init__.pyi", f"{prefix}.py", f"{prefix}.pyi")
        )


@dataclass(frozen=True, slots=True)
class Member:
    """One project of a workspace: its folder relative to the workspace's root ("" for the root itself)."""

    folder: str
    manifest: Manifest

    @property
    def name(self) -> str:
        """Its normalised name, "" where it has none."""
        return normalize(self.manifest.name) if self.manifest.name else ""


def role(path: str) -> Role:
    """Return what kind of file a path is, relative to its member's folder; what says nothing else is the library."""
    return next((name for name, pattern in _ROLES if pattern.search(path)), "library")


def roots(tree: Tree, member: Member) -> tuple[str, ...]:
    """Return the folders that a member's own modules are imported from, relative to the workspace's root."""
    named = (*_USUAL_ROOTS, *_configured(member.manifest.document))
    joined = (_join(member.folder, folder) for folder in named)
    return tuple(dict.fromkeys(folder for folder in joined if tree.has_python(folder)))


def own_modules(tree: Tree, member: Member) -> frozenset[str]:
    """Return the top-level names that a member itself provides, as far as its files and its manifest say."""
    return tree.own(member)


def provided(tree: Tree, member: Member) -> frozenset[str]:
    """Return what others can import from a member that is installed: its packages, not its tests or scripts."""
    found = set(_declared_modules(member.manifest))
    for root in roots(tree, member):
        for name in tree.importable(root):
            regular = tree.is_regular(root, name)
            if regular and role(f"{name}/") == "library" and role(f"{name}.py") == "library":
                found.add(name)
    return frozenset(found)


def is_first_party(tree: Tree, member: Member, path: str, module: str) -> bool:
    """Tell whether a top-level name means code of the project in the file at `path` (relative to the workspace's root).

    Besides the member's own modules these are the neighbours of the file and of the folders above it: Python puts a
    script's folder on the path, and pytest the folders of its tests.
    """
    if module in own_modules(tree, member):
        return True
    folder = path.rpartition("/")[0]
    while True:
        if module in tree.importable(folder):
            return True
        if folder in {"", member.folder}:
            return False
        folder = folder.rpartition("/")[0]


def _declared_modules(manifest: Manifest) -> Iterator[str]:
    """The modules that the manifest names: after the project, `py-modules`, `module-name`, `packages`, `import-names`."""
    if manifest.name:
        yield normalize(manifest.name).replace("-", "_")
        yield manifest.name
    document = manifest.document
    for path in _MODULE_LISTS:
        for name in _strings(document.get(*path)):
            yield name.replace("/", ".").partition(".")[0].partition(";")[0].strip()


_MODULE_LISTS = (
    ("tool", "setuptools", "py-modules"),
    ("tool", "setuptools", "packages"),
    ("tool", "uv", "build-backend", "module-name"),
    ("tool", "flit", "module", "name"),
    ("tool", "maturin", "module-name"),
    ("project", "import-names"),
    ("project", "import-namespaces"),
)


def _configured(document: toml.Document) -> Iterator[str]:
    """The folders that build backends and pytest are told of."""
    for path in (("tool", "setuptools", "packages", "find", "where"), ("tool", "pytest", "ini_options", "pythonpath")):
        yield from _strings(document.get(*path))
    yield from _strings(document.get("tool", "setuptools", "package-dir", ""))
    yield from _strings(document.get("tool", "uv", "build-backend", "module-root"))
    yield from _strings(document.get("tool", "maturin", "python-source"))
    for target in ("wheel", "sdist"):
        for package in _strings(document.get("tool", "hatch", "build", "targets", target, "packages")):
            yield package.rpartition("/")[0]
        yield from _strings(document.get("tool", "hatch", "build", "targets", target, "sources"))


def _strings(value: toml.Value | None) -> tuple[str, ...]:
    if value is None:
        return ()
    if value.kind == "string":
        return (value.text,)
    return tuple(item.text for item in value.items if item.kind == "string")


def _join(folder: str, below: str) -> str:
    below = below.strip("/").removeprefix("./")
    parts = [part for part in (folder, "" if below == "." else below) if part]
    return "/".join(parts)
