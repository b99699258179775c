"""Planning: from the texts as they are and what was asked to the texts as they will be, in the shadow, by uv.

**Invariant:** nothing here touches the live project. A plan that fails leaves nothing to roll back.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsp_server.adapters import environment, private, uv
from lsp_server.adapters import project as projects
from lsp_server.adapters import shadow as shadows
from lsp_server.adapters.project import LOCKFILE, MANIFEST
from lsp_server.adapters.shadow import Shadow
from lsp_server.core import (
    batch,
    commandline,
    facts,
    invariant,
    literals,
    lockfile,
    pyproject,
    script,
    shapes,
    style,
    toml,
    uvsettings,
    uvwords,
    wheels,
)
from lsp_server.core.batch import Batch, Request
from lsp_server.core.commandline import Target
from lsp_server.core.intent import Add, Bump, Intent, Lock, Move, Resolve, Undo, Upgrade
from lsp_server.core.operation import Failure
from lsp_server.core.requirement import Invalid, at, local_path, parse
from lsp_server.core.settings import Settings
from lsp_server.core.text import decoded
from lsp_server.jobs import children, conflicts, leftovers, obstacles, undo, upgrade
from lsp_server.jobs.journal import Texts
from lsp_server.jobs.place import Place
from lsp_server.jobs.selection import Asked, selection
from lsp_server.locks.rank import assert_may_start_uv


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan: the texts it was made from, the texts it makes, and which operations could not be part of it."""

    base: Texts
    result: Texts
    done: tuple[str, ...]
    failures: Mapping[str, Failure] = field(default_factory=dict)
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def changes(self) -> Texts:
        """The files whose text differs."""
        return {path: text for path, text in self.result.items() if text != self.base.get(path)}


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The plan was given up because somebody asked for it."""


@dataclass(frozen=True, slots=True)
class _Failed:
    failure: Failure


@dataclass(frozen=True, slots=True)
class Planner:
    """The tools of one plan."""

    place: Place
    shadow: Shadow
    executable: uv.Uv
    settings: Settings
    cancellation: uv.Cancellation
    notes: dict[str, Sequence[str]] = field(default_factory=dict)
    """What is to be told of an operation besides what it changes."""

    def plan(self, base: Texts, asked: Sequence[Asked]) -> Planned | Cancelled:
        """Plan all of `asked` together; when that fails, find the ones that cannot be done, and plan the others.

        Raises:
            OSError: the state folder cannot be written, or uv cannot be started.

        """
        broken = obstacles.of_all(base, asked)
        sound = [one for one in asked if one.operation not in broken]
        leftovers.note(self.shadow.base, self.place.project.root)
        stands = {one.folder for one in asked if one.folder}
        self.shadow.lay(base, [self.place.environment], stands, projects.ways_to_members(self.place.project))
        beside = self._beside(base)
        texts, done, failures = self._together(base, sound)
        if self.cancellation.requested.is_set():
            return Cancelled()
        planned = Planned(base, texts, done, {**broken, **failures}, self.notes)
        violation = invariant.broken(base, planned.changes, shadows.ways(self.place.shadow.parent))
        if violation is None and self._beside(base) != beside:
            what = "a project beside this one, on which it depends, changed while this was planned; retry"
            violation = Failure("conflict", f"{what}; nothing was changed")
        return planned if violation is None else Planned(base, base, (), {**planned.failures, **dict.fromkeys(done, violation)})

    def _beside(self, base: Texts) -> dict[Path, tuple[int, int, int] | None]:
        """Return what the manifests and lock files are like that uv reads, and must not write, through the shadow's links."""
        folders = {
            Path(os.path.normpath(manifest.parent / where))
            for manifest, content in base.items()
            if manifest.name == MANIFEST
            for where in pyproject.source_folders(decoded(content))
        }
        return {path: _stamp(path) for folder in folders for path in (folder / MANIFEST, folder / LOCKFILE) if path not in base}

    def _together(self, start: Texts, asked: Sequence[Asked]) -> tuple[Texts, tuple[str, ...], Mapping[str, Failure]]:
        """Halve what fails until the culprit stands alone; each half is planned on what went through before it."""
        if not asked or self.cancellation.requested.is_set():
            return start, (), {}
        outcome = self._attempt(start, asked)
        if not isinstance(outcome, _Failed):
            return outcome, tuple(one.operation for one in asked), {}
        if len(asked) == 1:
            return start, (), {asked[0].operation: outcome.failure}
        middle = len(asked) // 2
        first, first_done, first_failed = self._together(start, asked[:middle])
        second, second_done, second_failed = self._together(first, asked[middle:])
        return second, first_done + second_done, {**first_failed, **second_failed}

    def _attempt(self, start: Texts, asked: Sequence[Asked]) -> Texts | _Failed:
        texts = start
        for each in batch.batches([self._request(one) for one in asked]):
            manifest = next(one.manifest for one in asked if one.operation == each.operations[0])
            outcome = self._one(texts, each, manifest)
            if isinstance(outcome, _Failed):
                return outcome
            texts = outcome
        failed = self._preflight(start, texts, asked)
        return failed or texts

    def _one(self, texts: Texts, wanted: Batch, manifest: Path) -> Texts | _Failed:
        prepared = self._prepared(texts, wanted, manifest)
        if isinstance(prepared, _Failed):
            return prepared
        stated = facts.of_file(manifest.name, prepared.get(manifest))
        made = self._made(prepared, [(manifest, words) for words in wanted.commands(stated)], wanted.target)
        if isinstance(made, _Failed):
            return made
        undone = invariant.undone(wanted.intent, manifest.name, made[manifest])
        if undone is not None:
            return _Failed(undone)
        if any(invariant.unpaired(prepared, {path: text for path, text in made.items() if text != prepared.get(path)})):
            # After an add to a member outside of the root uv leaves a lock file without the bound that it has just written.
            made = self._made(made, [(self.place.project.root / MANIFEST, ("lock",))], replace(wanted.target, member=None))
            if isinstance(made, _Failed):
                return made
        made = self._without_new_lock(prepared, made, wanted.intent)
        if not isinstance(wanted.intent, Move):
            return made
        move = wanted.intent
        spelled = move.requirements(stated) or ()
        text = literals.stated(decoded(made[manifest]), move.target, move.package, spelled)
        return {**made, manifest: text.encode()}

    def _prepared(  # noqa: PLR0911  one for each kind of intent
        self, texts: Texts, wanted: Batch, manifest: Path
    ) -> Texts | _Failed:
        """Do what an intent needs before uv does the rest."""
        match wanted.intent:
            case Undo() as asked:
                undone = undo.apply(self.place.journal, asked, texts)
                if isinstance(undone, Failure):
                    return _Failed(undone)
                return self._made(undone.texts, undone.commands) if undone.commands else undone.texts
            case Bump(workspace=True) as asked:
                return self._made(texts, [(path, asked.words()) for path in self._versioned(texts)])
            case Resolve():
                resolved = conflicts.resolved(texts)
                return _Failed(resolved) if isinstance(resolved, Failure) else resolved
            case Upgrade() as asked:
                return self._upgraded(texts, wanted, asked, manifest)
            case Move() as asked:
                obstacle = obstacles.of_move(asked, manifest, facts.of_file(manifest.name, texts.get(manifest)))
                return texts if obstacle is None else _Failed(obstacle)
            case _:
                return texts

    def _made(
        self, texts: Texts, commands: Sequence[tuple[Path, Sequence[str]]], target: Target | None = None
    ) -> Texts | _Failed:
        """Run uv commands one after the other, each for a manifest, and return what they made of the texts."""
        self.shadow.write(texts)
        for manifest, words in commands:
            result = self._run(words, target or self._target(manifest))
            if not result.ok:
                return _Failed(self._failure(result))
        made = self.shadow.read(texts)
        return {path: _styled(path, texts[path], self._live(new)) for path, new in made.items()}

    def _live(self, made: bytes | None) -> bytes | None:
        """Return what uv wrote with the live paths in it: it writes some as it saw them, in the shadow."""
        text = decoded(made)
        return self.shadow.live_text(text).encode() if self.shadow.named(text) else made

    def _versioned(self, texts: Texts) -> list[Path]:
        """Return the manifests that state a version."""
        manifests = [path for path in texts if path.name == MANIFEST]
        return [path for path in manifests if pyproject.read(decoded(texts[path])).version is not None]

    def _upgraded(self, texts: Texts, batch: Batch, wanted: Upgrade, manifest: Path) -> Texts | _Failed:
        """Move the bounds and the lock file; the `uv lock` after it finds nothing left to do (`jobs/upgrade.py`)."""

        def lock(texts: Texts, words: Sequence[str]) -> Texts | Failure:
            made = self._made(texts, [(manifest, words)], batch.target)
            return made.failure if isinstance(made, _Failed) else made

        def compiled(requirement: str, options: Sequence[str]) -> str | Failure:
            listed = self.shadow.temporary / "build-requires.in"
            private.write(listed, f"{requirement}\n".encode())
            alone = ("--quiet", "--universal", "--no-deps", "--no-header", "--no-annotate")
            words = ("pip", "compile", *alone, *options, str(listed))
            result = self._run(words, batch.target)
            return result.stdout if result.ok else self._failure(result)

        if self.place.project.kind == "script":
            block = script.valid(decoded(texts[manifest]))
            if not isinstance(block, script.Block):
                where = f"{manifest}:{block.line}:{block.column}"
                return _Failed(Failure("invalid-toml", f"{where}: {block.message}; correct it, then retry"))
        tools = upgrade.Tools(lock, compiled, self.cancellation.requested.is_set)
        outcome = upgrade.Upgrading(wanted, manifest, batch.target, texts, self.place.project.lockfile, tools).plan()
        if isinstance(outcome, Failure):
            return _Failed(outcome)
        self.notes.update(dict.fromkeys(batch.operations, outcome.notes))
        return outcome.texts

    def _without_new_lock(self, before: Texts, made: Texts, wanted: Intent) -> Texts:
        """Leave a script without a lock file if it had none: uv makes one to see that the block can be resolved."""
        lock = self.place.project.lockfile
        begins = isinstance(wanted, Lock) and wanted.begins
        if self.place.project.kind != "script" or before.get(lock) is not None or begins:
            return made
        return {**made, lock: None}

    def _preflight(self, start: Texts, texts: Texts, asked: Sequence[Asked]) -> _Failed | None:
        """Build what is new and has to be built, so that a package that does not build fails before anything changed.

        What comes as a fitting wheel cannot fail to build: the sync fetches it. A uv that only found that out
        would make every add half as slow again.
        """
        if self.place.project.kind == "script":
            return None
        lock = self.place.project.lockfile
        before, after = decoded(start.get(lock)), decoded(texts.get(lock))
        refused = self._refused(texts, after, asked)
        if refused is not None:
            return refused
        moved = {one.name for one in lockfile.difference(before, after) if one.after is not None}
        moved -= lockfile.local(after) | _not_isolated(decoded(texts[self.place.project.root / MANIFEST]))
        if not moved or moved <= self._ready(after, texts):
            return None
        self.shadow.write(texts)
        unchanged = sorted(lockfile.versions(after).keys() - moved)
        wanted = selection(texts, asked)
        result = self._run(
            (*wanted.arguments(), "--no-install-workspace", *(f"--no-install-package={name}" for name in unchanged)),
            self._target(self.place.project.root / MANIFEST, next((one.folder for one in asked if one.folder), None)),
        )
        return None if result.ok else _Failed(self._failure(result, fallback="build-failed"))

    def _refused(self, texts: Texts, lock: str, asked: Sequence[Asked]) -> _Failed | None:
        """Refuse what the sync would refuse whatever the moment: groups or extras that are declared to conflict."""
        if not self.settings.sync_after_edit or "\nconflicts = [" not in lock:
            return None
        self.shadow.write(texts)
        target = self._target(self.place.project.root / MANIFEST, next((one.folder for one in asked if one.folder), None))
        result = self._run((*selection(texts, asked).arguments(), "--dry-run"), target)
        return None if result.ok else _Failed(self._failure(result, fallback="conflict"))

    def _ready(self, lock: str, texts: Texts) -> frozenset[str]:
        found = environment.read(self.place.environment)
        tags = environment.supported_tags(found.version if found else None)
        return wheels.ready(lock, decoded(texts[self.place.project.root / MANIFEST]), tags)

    def _request(self, one: Asked) -> Request:
        wanted = one.intent
        if isinstance(wanted, Add):
            wanted = replace(wanted, requirements=tuple(map(self._shown, wanted.requirements)))
        return Request(one.operation, wanted, self._target(one.manifest, one.folder))

    def _shown(self, requirement: str) -> str:
        """Return a requirement on this machine with the place that it has in the shadow.

        uv writes some absolute paths relative to the project, and looks whether they are in it.
        """
        parsed = parse(requirement)
        found = None if isinstance(parsed, Invalid) else local_path(parsed)
        if found is None or not Path(found).is_absolute() or self.shadow.named(found):
            return requirement
        return at(requirement, self.shadow.path(Path(os.path.normpath(found))))

    def _target(self, manifest: Path, folder: Path | None = None) -> Target:
        """Return where uv stands for a manifest: where the person does, so that relative paths mean the same."""
        project = self.place.project
        if project.kind == "script":
            return Target(self.shadow.path(folder or manifest.parent), self.shadow.path(manifest))
        root = project.root / MANIFEST
        is_outside = manifest != root and projects.find(manifest) != project
        stand = folder or (root.parent if is_outside else manifest.parent)
        nearest = projects.manifest_of(stand)
        if nearest == manifest and not is_outside:
            return Target(self.shadow.path(stand))
        name = None if manifest == root else pyproject.read(decoded(self.shadow.read([manifest])[manifest])).name
        return Target(self.shadow.path(stand), project=None if nearest == root else self.shadow.path(root).parent, member=name)

    def _run(self, words: Sequence[str], target: Target) -> uv.Result:
        assert_may_start_uv()
        temporary = str(self.shadow.temporary)
        # A TMPDIR of its own gives the shadow its own locks: `uv add --no-sync` locks the interpreter there.
        overrides = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), temporary)
        overrides["UV_PROJECT_ENVIRONMENT"] = ".venv"
        python = environment.usable_python(self.place.environment, self._requires_python())
        if python is not None:
            overrides["UV_PYTHON"] = str(python)
        if not self.settings.network:
            overrides["UV_OFFLINE"] = "1"
        live = uvsettings.anchored(self.place.environ, Path(self.shadow.live_text(str(target.folder))))
        settings = live.get("UV_CONFIG_FILE", "")
        if Path(settings).is_absolute():  # older uvs write its relative folders as seen from where they run
            overrides["UV_CONFIG_FILE"] = str(self.shadow.path(Path(os.path.normpath(settings))))
        return children.run(
            self.place.journal,
            [str(self.executable.path), *commandline.placed(words, target)],
            Path(target.folder),
            commandline.environment_for(live, **overrides),
            self.cancellation,
        )

    def _requires_python(self) -> str | None:
        if self.place.project.kind == "script":
            return None
        text = self.shadow.read([self.place.project.root / MANIFEST])
        return pyproject.read(decoded(next(iter(text.values())))).requires_python

    def _failure(self, result: uv.Result, fallback: str = "uv-failed") -> Failure:
        return uvwords.failure(self.shadow.live_text(result.stderr or result.stdout), fallback=fallback)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _styled(path: Path, old: bytes | None, new: bytes | None) -> bytes | None:
    """Return a manifest as uv made it with the line ends that the user's file has; uv.lock is uv's own."""
    if old is None or new is None or old == new or path.name.endswith(".lock"):
        return new
    return style.restored(decoded(old), decoded(new)).encode()


def _not_isolated(manifest: str) -> frozenset[str]:
    """Return the packages that are built without isolation: only the live environment has what they need."""
    settings = shapes.table(toml.parse(manifest), "tool", "uv")
    return frozenset(shapes.texts(settings.get("no-build-isolation-package")))


def as_lock(one: Asked) -> Asked:
    """Return the operation as one that only brings uv.lock up to date: its edit stands in the manifest already."""
    return replace(one, intent=Lock(begins=False))
