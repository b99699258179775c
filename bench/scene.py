"""One round of a race: a fresh project, the editors, the terminal's uv processes, and the judgement."""

import re
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from bench.reader_process import SENTINEL
from bench.worksite import Site
from demo import parts
from lsp_server.adapters import proclocks
from lsp_server.adapters.uvlocks import project_lock
from lsp_server.core.operation import FINISHED
from tests.support.client import Client
from tests.support.projects import Project

Uv = subprocess.Popen[str]
ENDS_WITHIN = 20.0
RESTORED_WITHIN = 3.0
SAVED = "# saved by the user"
_VERSION = re.compile(r'^version = "(.+)"$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Result:
    """What one round showed.

    Attributes:
        stake: how many edits were made and said to be done.
        lost: those of them that are gone, in words.
        failed: edits that were refused or never ended, in words, though nothing was wrong with them; what broke the round.
        mismatch: what does not fit together at the end: manifest, lock, environment.
        torn: reads that saw a torn file, of `reads`.
        times: how often a file became torn, however many reads saw it.
        unborn: those of them that saw a file which had never been whole.
    """

    stake: int = 0
    lost: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    mismatch: tuple[str, ...] = ()
    torn: int = 0
    times: int = 0
    unborn: int = 0
    reads: int = 0


@dataclass(slots=True)
class Scene:
    """One round. Rows start what they need here; edits at stake are noted with a way to see them in the final text."""

    site: Site
    project: Project
    editors: Sequence[Client]
    lots: Random
    dependencies: Sequence[str] = ()
    stakes: list[tuple[str, Callable[[str], bool]]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    checks: frozenset[str] = frozenset({"lock", "environment"})
    judged: Path | None = None

    @property
    def file(self) -> Path:
        """The file whose text is judged: the manifest, or a script."""
        return self.judged or self.project.manifest

    def text(self) -> str:
        """Its text now."""
        return self.file.read_bytes().decode("utf-8", "replace")

    def expect(self, what: str, holds: Callable[[str], bool]) -> None:
        """Note an edit that was said to be done and has to be there at the end."""
        self.stakes.append((what, holds))

    @property
    def name(self) -> str:
        """A name that no other round has."""
        return self.project.root.parent.name

    @property
    def gate(self) -> parts.Gate:
        """The gate of this round."""
        return self.project.gate(self.name)

    def depend_on_slow(self, backend: parts.Backend) -> None:
        """Make the project depend on a package beside it with this backend; not installed, locked if that can be."""
        parts.make_package(self.project.root.parent / "slow", "slow", "1.0", backend)
        dependencies = ["slow", *self.dependencies]
        self.project.write(manifest(self.site, dependencies, '[tool.uv.sources]\nslow = { path = "../slow" }\n'))
        if not backend.dynamic:
            self.project.uv_ok("lock")

    # The terminal

    def uv(self, *words: str | Path) -> Uv:
        """Start a bare uv here."""
        return self.project.uv_start(*words)

    def ended(self, process: Uv, what: str = "", holds: Callable[[str], bool] | None = None) -> int:
        """Wait for a bare uv; an edit that it says it made is at stake."""
        process.communicate(timeout=ENDS_WITHIN)
        if process.returncode == 0 and holds is not None:
            self.expect(what, holds)
        return process.returncode

    def until_waiting(self, process: Uv) -> None:
        """Return when a bare uv waits for one of its locks (the project's, if another one is between the two), or gave up.

        It may have read what another one was writing.
        """
        until(lambda: process.poll() is not None or self._is_waiting(process.pid), "a uv that waits for a lock")

    def _is_waiting(self, pid: int) -> bool:
        locks = (self.project.environment_lock, project_lock(self.project.root, self.project.tools.environment))
        return any(users is not None and pid in users.waiters for users in map(proclocks.lock_users, locks))

    # The editors

    def ask(self, editor: Client, command: str, **argument: object) -> str:
        """Give a command to a server; return the operation's id."""
        answer = editor.execute(command, {"uri": self.file.as_uri(), **argument}, timeout=ENDS_WITHIN)
        return str(answer["id"])

    def outcome(self, editor: Client, name: str, what: str, holds: Callable[[str], bool] | None, *, after: int = 0) -> str:
        """Wait for an operation to end; what it says is done is at stake, what it refused is noted."""
        operation = editor.wait_operation(name, FINISHED, timeout=ENDS_WITHIN, after=after)
        state = str(operation["state"])
        if state != "done":
            code = (operation["error"] or {}).get("code")
            self.failed.append(f"{what}: {state}, {code}, {operation['message']}")
        elif holds is not None:
            self.expect(what, holds)
        return state

    def see_in_editor(self, editor: Client, change: Callable[[str], str]) -> None:
        """Change the open document, as a person does who sees what is on disk now; it is not saved yet."""
        editor.reload(self.file)
        editor.type(self.file, change(editor.buffer(self.file).text))

    def save_in_editor(self, editor: Client, change: Callable[[str], str]) -> None:
        """Change and save the open document."""
        self.see_in_editor(editor, change)
        editor.save(self.file)

    def save_by_hand(self, text: str) -> None:
        """Save the file with an editor that knows nothing of us."""
        self.about_to_save(text)()

    def about_to_save(self, text: str) -> Callable[[], object]:
        """Return that save, all but its last step."""
        temporary = self.file.with_name(".edited")
        temporary.write_bytes(text.encode())
        return lambda: temporary.replace(self.file)

    # The end

    def judge(self) -> Result:
        """Look at the final text; a guardian gets a moment to have acted."""
        end = time.monotonic() + RESTORED_WITHIN
        while self._lost() and time.monotonic() < end:
            time.sleep(0.02)  # nothing tells when a guardian has decided not to act
        return Result(len(self.stakes), self._lost())

    def mismatch(self) -> tuple[str, ...]:
        """Ask uv what does not fit together."""
        commands = {"lock": ("lock", "--check"), "environment": ("sync", "--check", "--inexact")}
        for what, command in commands.items():
            done = self.project.uv(*command) if what in self.checks else None
            if done is not None and done.returncode != 0:
                return (f"{what}: {' '.join(done.stderr.split())[-300:]}",)
        return ()

    def _lost(self) -> tuple[str, ...]:
        text = self.text()
        return tuple(what for what, holds in self.stakes if not holds(text))


def manifest(site: Site, dependencies: Sequence[str] = (), tables: str = "") -> str:
    """Return a manifest whose end can be recognized."""
    text = parts.manifest(dependencies=dependencies, wheels=site.wheels)
    return f"{text}\n{tables}{SENTINEL}\n"


def with_line(text: str) -> str:
    """Return a manifest with one more line, as a person would write it: far from what uv changes, so no conflict."""
    return text if SAVED in text else text.replace("no-index = true\n", f"no-index = true\n{SAVED}\n", 1)


def has_line(text: str) -> bool:
    """Tell whether that line is there."""
    return SAVED in text


def has(package: str) -> Callable[[str], bool]:
    """Return a test for a dependency."""
    return lambda text: f'"{package}' in text or f"'{package}" in text


def has_not(package: str) -> Callable[[str], bool]:
    """Return a test for a dependency that was removed."""
    return lambda text: bool(text.strip()) and not has(package)(text)


def at_least(patch: int) -> Callable[[str], bool]:
    """Return a test for the third number of the version."""
    return lambda text: patch_of(text) >= patch


def patch_of(text: str) -> int:
    """Return the third number of the version, -1 without one."""
    found = _VERSION.search(text)
    numbers = found[1].split(".") if found else []
    return int(numbers[2]) if len(numbers) > 2 else -1  # noqa: PLR2004  the third number


def until(condition: Callable[[], Any], what: str, patience: float = 30.0) -> None:
    """Wait for a state of another process that sends no event.

    Raises:
        TimeoutError: it did not come.

    """
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {patience:g} s: {what}")
        time.sleep(0.002)  # the kernel tells nobody of a lock
