"""Planning an upgrade: uv resolves loosened bounds in the shadow, and the true bounds follow what it chose.

uv's own `upgrade` knows one project only, fails as a whole on one path source and leaves lower bounds, so it is not used:
any uv that can lock will do. What cannot be resolved together is halved until what fails stands alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from lsp_server.core import bounds, commandline, declarations, pyproject, requirement, resolution, upgrade
from lsp_server.core.commandline import Target, Words
from lsp_server.core.declarations import Declaration
from lsp_server.core.intent import Upgrade
from lsp_server.core.operation import Failure
from lsp_server.core.text import decoded
from lsp_server.core.upgrade import Scope
from lsp_server.jobs.journal import Texts

_HALVED = frozenset({"unresolvable", "build-failed"})
"""Failures that may be one package's; any other is that of the project or of the machine."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The texts with what could be upgraded, and what is to be told of the rest."""

    texts: Texts
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tools:
    """What an upgrade is planned with.

    Attributes:
        lock: Runs `uv` with some words on some texts, and returns what it makes of them.
        compile: Runs `uv pip compile` on a requirement, and returns what it prints.
        is_cancelled: Whether to give up.

    """

    lock: Callable[[Texts, Words], Texts | Failure]
    compile: Callable[[str, Words], str | Failure]
    is_cancelled: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Part:
    """What went through: the packages, and the texts that they make."""

    names: frozenset[str]
    texts: Texts


@dataclass(frozen=True, slots=True)
class Upgrading:
    """One upgrade.

    Attributes:
        wanted: What was asked for.
        here: The manifest or script that it was asked in.
        target: That, as uv is told of it.
        base: All texts as they are.
        lockfile: The lock file's path.
        tools: What it is done with.

    """

    wanted: Upgrade
    here: Path
    target: Target
    base: Texts
    lockfile: Path
    tools: Tools
    _failures: dict[str, Failure] = field(default_factory=dict)

    def plan(self) -> Upgraded | Failure:
        """Return the texts with everything upgraded that can be, or why nothing can."""
        files = self._files(self.base)
        base = self._locked()
        present = decoded(base.get(self.lockfile))
        found = upgrade.scope(files, self.here, self.wanted, resolution.read(present))
        refused = self._refused(found)
        if refused is not None:
            return refused
        limits = upgrade.limits(found, resolution.read(present), self.wanted.level)
        part = self._largest(found, limits, _Part(frozenset(), base), found.names)
        if self._failures and not part.names:
            return next(iter(self._failures.values()))
        texts = self._with_builds(part, found, limits)
        after = decoded(texts.get(self.lockfile))
        if self.target.script and self.base.get(self.lockfile) is None:
            texts = {**texts, self.lockfile: None}
        told = upgrade.notes(files, self.wanted, found, present, after)
        return Upgraded(texts, (*self._failed(), *self._held_back(found, part), *told))

    def _failed(self) -> Iterator[str]:
        for failure in dict.fromkeys(self._failures.values()):
            names = ", ".join(name for name, own in self._failures.items() if own == failure)
            yield f"left as it is: {names} ({failure.message})"

    def _refused(self, found: Scope) -> Failure | None:
        if found.absent:
            where = f"the metadata of {self.here}" if self.target.script else f"{self.here}, or in what it needs"
            return Failure("not-found", f"{', '.join(found.absent)} is not in {where}")
        if self.wanted.packages and not found.names:
            reasons = ", ".join(f"{name} ({words})" for name, words in found.left_out.items())
            return Failure("not-found", f"no index has anything newer of {reasons}; nothing was changed")
        return None

    def _locked(self) -> Texts:
        """Return the texts with a lock file, which says where the packages are now; without one if there can be none yet."""
        if self.base.get(self.lockfile) is not None:
            return self.base
        made = self.tools.lock(self.base, self._words())
        return self.base if isinstance(made, Failure) else {**self.base, self.lockfile: made.get(self.lockfile)}

    def _largest(self, found: Scope, limits: Mapping[str, str], start: _Part, names: tuple[str, ...]) -> _Part:
        """Return the largest part that resolves, by halving what does not; why the rest does not is kept."""
        if not names or self.tools.is_cancelled():
            return start
        outcome = self._attempt(found, limits, start.names | frozenset(names))
        if not isinstance(outcome, Failure):
            return outcome
        if len(names) == 1 or outcome.code not in _HALVED or not self._is_sound(start):
            self._failures.update(dict.fromkeys(names, outcome))
            return start
        middle = len(names) // 2
        first = self._largest(found, limits, start, names[:middle])
        return self._largest(found, limits, first, names[middle:])

    def _is_sound(self, start: _Part) -> bool:
        """Tell whether the project resolves as it is: if not, no part of an upgrade does better by being smaller."""
        return bool(start.names or self._failures) or not isinstance(self.tools.lock(start.texts, self._words()), Failure)

    def _attempt(self, found: Scope, limits: Mapping[str, str], names: frozenset[str]) -> _Part | Failure:
        over_caps = self.wanted.strategy == "latest"
        files = self._files(self.base)
        loose = upgrade.loosened(files, found, names, limits, over_caps=over_caps)
        flags = tuple(f"--upgrade-package={name}" for name in sorted(names))
        made = self.tools.lock(self._with(loose), self._words(*flags))
        if isinstance(made, Failure):
            return made
        lock = made.get(self.lockfile)
        if self.wanted.strategy != "lock":
            files = upgrade.moved(files, found, names, resolution.read(decoded(lock)), over_caps=over_caps)
        # The lock that was made of the loosened texts says which versions uv is to keep for the true ones.
        texts = self._with(files)
        final = self.tools.lock({**texts, self.lockfile: lock}, self._words())
        return final if isinstance(final, Failure) else _Part(names, {**texts, self.lockfile: final.get(self.lockfile)})

    def _held_back(self, found: Scope, part: _Part) -> Iterator[str]:
        """Say why a package is not at the newest version that there is for this Python, in the resolver's words.

        The resolver takes an older version without a word where another package excludes the newest one.
        """
        if self.wanted.strategy != "latest" or self.wanted.level != "major" or self.target.script:
            return
        resolved = resolution.read(decoded(part.texts.get(self.lockfile)))
        present = {name: version for name in upgrade.declared(found, part.names) if (version := resolved.newest(name))}
        newest = self._newest(present, upgrade.newer_than(found, present))
        behind = [name for name in present if bounds.is_newer(newest.get(name), present[name])]
        for name in behind[: upgrade.MOST_NAMED]:
            wanted = {name: f">={newest[name]}"}
            loose = upgrade.loosened(self._files(self.base), found, part.names, wanted, over_caps=True)
            tried = self.tools.lock(self._with(loose), self._words(f"--upgrade-package={name}"))
            why = tried.message if isinstance(tried, Failure) else "others would be older with the newest"
            yield f"{name} stays at {present[name]}, {newest[name]} is the newest: {why}"

    def _newest(self, present: Mapping[str, str], listed: str) -> Mapping[str, str]:
        """Return the newest versions of packages, each taken for itself; none where an index does not answer."""
        if not present or self.tools.is_cancelled():
            return {}
        answer = self.tools.compile(listed, _python_options(next(iter(self._files(self.base).values()))))
        if isinstance(answer, Failure):
            return {}
        return {name: version for name in present if (version := bounds.newest(_compiled(answer, name)))}

    def _with_builds(self, part: _Part, found: Scope, limits: Mapping[str, str]) -> Texts:
        """Return the texts with the requirements of builds moved, which a lock file does not hold."""
        texts = dict(part.texts)
        if self.wanted.strategy == "lock":
            return texts
        for where, listed in upgrade.builds(found).items():
            path = Path(where)
            present = decoded(texts.get(path))
            again = {(one.table, one.text): one for one in declarations.of_file(path.name, present)}
            changes = {again[one.table, one.text]: self._newer_build(present, one, limits.get(one.name, "")) for one in listed}
            texts[path] = declarations.rewritten(present, changes).encode()
        return texts

    def _newer_build(self, manifest: str, one: Declaration, limit: str) -> str:
        over_caps = self.wanted.strategy == "latest"
        loose = bounds.loosened(one.text) if over_caps else one.text
        answer = self.tools.compile(bounds.limited(loose, limit), _python_options(manifest))
        if isinstance(answer, Failure):
            self._failures[one.name] = answer
            return one.text
        return bounds.moved(one.text, _compiled(answer, one.name), over_caps=over_caps)

    def _files(self, texts: Texts) -> upgrade.Files:
        return {path: decoded(text) for path, text in texts.items() if path != self.lockfile and text is not None}

    def _with(self, files: upgrade.Files) -> Texts:
        changed = {Path(path): text for path, text in files.items() if text != decoded(self.base.get(Path(path)))}
        return {**self.base, **{path: text.encode() for path, text in changed.items()}}

    def _words(self, *options: str) -> Words:
        return ("lock", *commandline.script_options(self.target), *options)


def _python_options(manifest: str) -> Words:
    """Return the oldest Python that the project allows, for a resolution of its own."""
    try:
        specifiers = SpecifierSet(pyproject.read(manifest).requires_python or "")
    except InvalidSpecifier:
        return ()
    least = [one.version for one in specifiers if one.operator in {">=", "~="}]
    return (f"--python-version={max(least)}",) if least else ()


def _compiled(answer: str, name: str) -> Sequence[str]:
    """Return the versions of a package that `uv pip compile` printed."""
    parsed = (requirement.parse(line) for line in answer.splitlines() if line and not line.startswith("#"))
    found = (one for one in parsed if not isinstance(one, requirement.Invalid) and requirement.normalize(one.name) == name)
    return [clause.version for one in found for clause in one.specifier]
