"""Everything that is known of a project when its Python files are looked at, frozen at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lsp_server.core.locked import Locked
from lsp_server.core.managers import Managers
from lsp_server.core.pyproject import Table
from lsp_server.imports.core import declared, tree
from lsp_server.imports.core.declared import Declared
from lsp_server.imports.core.import_map import ImportMap
from lsp_server.imports.core.installed import Installed
from lsp_server.imports.core.scanner import Import
from lsp_server.imports.core.tree import Member, Tree

Usage = Mapping[str, tuple[Import, ...]]
"""For each Python file of the project, by its path, what it imports."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where something is added: a table, and the marker (PEP 508) that it is added with."""

    table: Table
    marker: str | None = None


Fixes = Mapping[Target, tuple[str, ...]]
"""What to add where."""


@dataclass(frozen=True)
class View:
    """One uv workspace, or one project.

    Attributes:
        folder: The workspace's folder, with `/` between its parts.
        managers: Who manages it.
        members: Its projects; the root's first. Empty outside of any project.
        installed: What its environment has; None where there is no environment.
        elsewhere: Names in requirements files and the like: declared, but not where uv looks.
        marker_environment: The values of PEP 508 markers in the environment.
        answers: What the configured index said when it was asked whether it has a distribution of a name.
        usage: What the files on disk import; None until all have been read.
        fixes: For each member, by its folder, what would make all its missing imports work (`fixes.of_project`).
    """

    folder: str = ""
    members: tuple[Member, ...] = ()
    tree: Tree = field(default_factory=Tree)
    installed: Installed | None = None
    locked: Locked = field(default_factory=Locked)
    names: ImportMap = field(default_factory=ImportMap)
    elsewhere: frozenset[str] = frozenset()
    marker_environment: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, bool] = field(default_factory=dict)
    usage: Usage | None = None
    fixes: Mapping[str, Fixes] = field(default_factory=dict)
    managers: Managers = field(default_factory=lambda: Managers({}))

    def relative(self, path: str) -> str | None:
        """Return a path relative to the workspace's folder; None for a path outside of it."""
        prefix = self.folder.rstrip("/") + "/"
        return path[len(prefix) :] if path.startswith(prefix) else None

    def member_of(self, path: str) -> Member | None:
        """Return the member that a file belongs to, by its path relative to the workspace's folder: the deepest one."""
        holding = [one for one in self.members if not one.folder or path.startswith(f"{one.folder}/")]
        return max(holding, key=lambda one: len(one.folder), default=None)

    def declared_by(self, member: Member) -> Declared:
        """Return what a member declares."""
        return self._declared.get(member.folder, declared.NOTHING)

    def provider(self, module: str, other_than: Member) -> Member | None:
        """Return the member of the workspace, other than one, that provides a top-level module to others."""
        for folder, modules in self._provided.items():
            if folder != other_than.folder and module in modules:
                return next(one for one in self.members if one.folder == folder)
        return None

    def is_own(self, member: Member, path: str, module: str) -> bool:
        """Tell whether a top-level name is first-party code in the file at `path`."""
        return module in self._own.get(member.folder, frozenset()) or tree.is_first_party(self.tree, member, path, module)

    @cached_property
    def _declared(self) -> Mapping[str, Declared]:
        return {one.folder: declared.of_manifest(one.manifest) for one in self.members}

    @cached_property
    def _own(self) -> Mapping[str, frozenset[str]]:
        return {one.folder: tree.own_modules(self.tree, one) for one in self.members}

    @cached_property
    def _provided(self) -> Mapping[str, frozenset[str]]:
        return {one.folder: tree.provided(self.tree, one) for one in self.members}

    @cached_property
    def layout(self) -> Mapping[tuple[str, str], Mapping[Table, int]]:
        """For each member and folder at its top, how many imports of its files are declared in each table but the runtime's."""
        found: dict[tuple[str, str], dict[Table, int]] = {}
        for path, modules in (self.usage or {}).items():
            member = self.member_of(path)
            if member is None:
                continue
            here = found.setdefault((member.folder, top_folder(member, path)), {})
            known = self.declared_by(member).tables
            tops = {one.top for one in modules}
            names = (name for top in tops if not self.names.is_namespace(top) for name in self.owners(top))
            for table in (table for name in names for table in known.get(name, ()) if table.kind != "runtime"):
                here[table] = here.get(table, 0) + 1
        return found

    def owners(self, module: str) -> tuple[str, ...]:
        """Return the installed distributions that own a dotted module, or else those that the shipped list is sure of."""
        found = self.installed.owners(module) if self.installed is not None else ()
        return found or tuple(one.name for one in self.names.lookup(module) if one.sure)


def top_folder(member: Member, path: str) -> str:
    """Return the first folder of a path below its member, "" for a file beside the manifest."""
    below = path[len(member.folder) :].lstrip("/")
    return below.partition("/")[0] if "/" in below else ""
