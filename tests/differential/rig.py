"""One operation by the real uv and by our pipeline, in the same place, and what differs.

uv goes first; its files are put aside and the old ones put back. Ours plans in the shadow as always; its result is
written as the commit would write it. No editor, queue or sync is in between: they have tests of their own.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from demo import parts
from lsp_server.adapters import files, uv
from lsp_server.adapters import project as projects
from lsp_server.adapters.processes import this_process
from lsp_server.adapters.shadow import Shadow
from lsp_server.adapters.watch import Watch
from lsp_server.core import intent
from lsp_server.core.settings import Settings
from lsp_server.jobs.journal import Journal
from lsp_server.jobs.place import Place
from lsp_server.jobs.plan import Cancelled, Planner
from lsp_server.jobs.selection import Asked
from tests.differential import deviations
from tests.differential.operations import Operation, uv_words
from tests.differential.public import write_stubs
from tests.differential.scenes import ROOT, Scene
from tests.support.projects import Tools, make_wheels


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two made of an operation: its files, or why it refused."""

    texts: Mapping[str, bytes]
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """An operation that the two do not do alike."""

    scene: Scene
    operation: Operation
    what: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        """All that is needed to see it again."""
        manifest = self.scene.files[self.scene.script or f"{ROOT}/pyproject.toml"]
        where = f"standing in {self.scene.stand}, members {dict(self.scene.members)}, variables {dict(self.scene.variables)}"
        return f"{self.what}\n{self.operation}\n{where}\n--- manifest\n{manifest}\n--- uv\n{self.theirs}\n--- ours\n{self.ours}\n"


@dataclass(slots=True)
class Rig:
    """Works through scenes, one after the other, with one journal, one cache and one uv."""

    tools: Tools
    wheels: Path
    journal: Journal
    watch: Watch
    operations: int = 0
    refused: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    _number: int = 0

    def differences(self, scene: Scene, operations: Sequence[Operation]) -> Iterator[Difference]:
        """Do the operations one after the other, each by both, and yield what differs; the next one goes on from uv's files."""
        self._number += 1
        base = self.tools.base / "work" / str(self._number)
        base.mkdir(parents=True)
        (base / "wheels").symlink_to(self.wheels)
        scene.write(base)
        write_stubs(base / "stubs", scene.stubs)
        parts.make_wheel(base / ROOT / "wh", "pkg05", "1.0")
        for name in ("glib", f"{ROOT}/inner", ROOT, *scene.members.values()):
            shutil.copyfile(parts.__file__.replace("parts.py", "backend.py"), base / name / "backend.py")
        try:
            for one in operations:
                shown = Operation(one.words, one.command, one.argument, one.member)
                yield from self._compared(base, scene, shown)
        finally:
            shutil.rmtree(base)
            shutil.rmtree(self.tools.base / "state" / "shadow", ignore_errors=True)

    def _compared(self, base: Path, scene: Scene, one: Operation) -> Iterator[Difference]:
        before = recorded(base)
        environ = self._environ(base, scene)
        theirs = self._by_uv(base, scene, one, environ)
        after = recorded(base)
        put(base, before)
        ours = self._by_us(base, scene, one, environ)
        put(base, after)
        self.operations += 1
        self.refused += theirs.refusal is not None
        self.kinds[one.words[0]] = self.kinds.get(one.words[0], 0) + 1
        if deviations.applies(scene, one, ours, theirs) is None:
            for what, mine, wanted in _unlike(ours, theirs):
                yield Difference(scene, one, what, mine, wanted)

    def _environ(self, base: Path, scene: Scene) -> dict[str, str]:
        stand = base / scene.stand
        shown = {
            name: value.replace("{base}", str(base)).replace("{wheels}", os.path.relpath(base / "wheels", stand))
            for name, value in scene.variables.items()
        }
        return {**self.tools.environment, **shown}

    def _by_uv(self, base: Path, scene: Scene, one: Operation, environ: Mapping[str, str]) -> Side:
        words = [placed(word, base, scene) for word in uv_words(one, scene)]
        folder = base / scene.stand
        result = uv.run([self.tools.uv, *words], folder=folder, environ=environ, cancellation=uv.Cancellation())
        return Side(recorded(base), None if result.ok else result.stderr)

    def _by_us(self, base: Path, scene: Scene, one: Operation, environ: Mapping[str, str]) -> Side:
        root = base / ROOT
        project = projects.find_script(base / scene.script) if scene.script else projects.find(root)
        assert project is not None
        place = Place(project, self.tools.base / "state", environ, self.journal, self.watch)
        argument = {
            key: [placed(each, base, scene) for each in value] if isinstance(value, list) else value
            for key, value in one.argument.items()
        }
        manifest = project.root if scene.script else root / "pyproject.toml"
        if one.member:
            manifest = (base / scene.members[one.member] / "pyproject.toml").resolve()
        wanted = intent.from_argument(f"pyproject.{one.command}", {"uri": manifest.as_uri(), **argument})
        if isinstance(wanted, intent.BadArgument):
            return Side(recorded(base), wanted.message)
        settings = Settings(uv_path=self.tools.uv)
        found = uv.Uv(Path(self.tools.uv), "the rig")
        texts = {each: files.read(each) for each in projects.files_of(project)}
        planner = Planner(place, Shadow(place.shadow, project.folder), found, settings, uv.Cancellation())
        planned = planner.plan(texts, [Asked("one", wanted, manifest, base / scene.stand)])
        assert not isinstance(planned, Cancelled)
        if planned.failures:
            failure = planned.failures["one"]
            return Side(recorded(base), failure.detail or f"{OWN}{failure.code}: {failure.message}")
        for path, content in planned.changes.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
        return Side(recorded(base))


OWN = "refused by us: "
"""Begins a refusal that is not in uv's words."""


def placed(text: str, base: Path, scene: Scene) -> str:
    """Fill in the folder and the way up to it from where the person stands."""
    up = os.path.relpath(base, base / scene.stand)
    return text.replace("{base}", str(base)).replace("{up}", f"{up}/")


def recorded(base: Path) -> dict[str, bytes]:
    """Every file that an operation may write."""
    found: dict[str, bytes] = {}
    for folder, names, entries in os.walk(base):
        names[:] = [name for name in names if name not in {".venv", "wh", "wheels", "stubs"}]
        for name in entries:
            if name.endswith((".toml", ".lock", "script.py")):
                path = Path(folder, name)
                found[path.relative_to(base).as_posix()] = path.read_bytes()
    return found


def put(base: Path, wanted: Mapping[str, bytes]) -> None:
    """Make the files what they are wanted to be."""
    for name in recorded(base).keys() - wanted.keys():
        (base / name).unlink()
    for name, content in wanted.items():
        (base / name).write_bytes(content)


def _unlike(ours: Side, theirs: Side) -> Iterator[tuple[str, str, str]]:
    if (ours.refusal is None) != (theirs.refusal is None):
        yield "one refuses, the other does not", str(ours.refusal), str(theirs.refusal)
        return
    if ours.refusal is not None and theirs.refusal is not None and not ours.refusal.startswith(OWN):
        mine, wanted = words(ours.refusal), words(theirs.refusal)
        if mine != wanted:
            yield "another refusal", mine, wanted
    for name in sorted(ours.texts.keys() | theirs.texts.keys()):
        mine_text, wanted_text = (_written(name, side.texts.get(name)) for side in (ours, theirs))
        if mine_text != wanted_text:
            yield f"{name} differs", mine_text, wanted_text


def _written(name: str, content: bytes | None) -> str:
    """A text without what we keep and uv does not: its byte order mark and line ends (`deviations.TABLE`)."""
    if content is None:
        return "(no such file)"
    text = content.decode()
    if name.endswith(".lock"):
        return text
    return text.removeprefix("\ufeff").replace("\r\n", "\n").rstrip("\n") + "\n"


_PASSING = re.compile(r"^(Using CPython|Resolved \d|warning: |hint: If you want to add|hint: If this is intentional)")


def words(said: str) -> str:
    """uv's words without times and progress, the lines joined: the width of a terminal is none of an error's."""
    kept = [line.strip() for line in said.splitlines() if line.strip() and not _PASSING.match(line.strip())]
    return re.sub(r"\b\d+(\.\d+)?m?s\b", "_ms", " ".join(" ".join(kept).replace("│", " ").split()))


@contextmanager
def rig(base: Path, executable: str, wheels: Path | None = None) -> Iterator[Rig]:
    """A rig with all its things below a folder."""
    tools = Tools(executable, parts.uv_environment(base), base)
    journal = Journal(base / "state" / "journal.sqlite3", this_process())
    watch = Watch()
    try:
        yield Rig(tools, wheels or make_wheels(base / "wheels"), journal, watch)
    finally:
        watch.close()
        journal.close()
