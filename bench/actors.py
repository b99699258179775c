"""Who acts in a round of chaos beside the persons in editors: terminals and git.

Every actor has packages and lines of its own, so what one of them did is undone by none of the others.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.books import Books, Deed, Result, Table, Tables
from bench.worksite import Site
from tests.support.projects import Project

PATIENCE = 120.0
RUNTIME, DEV, FAST = ("runtime", ""), ("group", "dev"), ("extra", "fast")
BROKEN, MISSING = "broken", "nowhere-to-be-found"


@dataclass(frozen=True, slots=True)
class Shop:
    """Where an actor works, and with what."""

    place: Site
    project: Project
    files: Sequence[Path]
    books: Books
    packages: Sequence[str]
    slots: Sequence[int]
    settings: Mapping[str, object] | None = None

    @property
    def is_script(self) -> bool:
        """Whether the one file is a script."""
        return self.files[0].suffix == ".py"

    def choose(self, lot: int) -> tuple[Path, str]:
        """Return a file and a package."""
        return self.files[lot // 5 % len(self.files)], self.packages[lot % 5]

    def deeds(self, path: Path, package: str) -> list[Deed]:
        """Return what was done with a package."""
        return self.books.deeds.setdefault((path, package), [])

    def last_done(self, lot: int) -> tuple[Path, str, Deed] | None:
        """Choose a package whose last deed was one of an operation that is done, and that can be taken back."""
        mine = [(path, name, deeds[-1]) for (path, name), deeds in self.books.deeds.items() if name in self.packages and deeds]
        found = [one for one in mine if one[2].operation and one[2].undoes is None and one[2].result()]
        return found[lot % len(found)] if found else None


def adds(table: Table) -> Callable[[Tables], Tables]:
    """Return what adding to a table does."""
    return lambda tables: tables | {table}


def removes(tables: Tables) -> Tables:
    """Return what removing from the dependencies leaves."""
    return tables - {RUNTIME}


def moves(tables: Tables) -> Tables:
    """Return what moving from the dependencies to the group dev makes."""
    return removes(tables) | {DEV}


class Actor:
    """Somebody with a list of things to do; most need no preparation, end with what they do and see nothing more."""

    def begin(self) -> None:
        """Get ready."""

    def do(self, action: str, lot: int) -> None:
        """Do one thing."""

    def finish(self) -> None:
        """End what only this actor can end."""

    def look_back(self) -> None:
        """Note what makes an end unknown."""

    def wrong(self, _silent: float) -> list[str]:
        """Say what was seen that must not be."""
        return []

    def close(self) -> None:
        """End all that is left."""


class Shell(Actor):
    """A terminal: bare uv, uv by `exec`, or our command line."""

    def __init__(self, shop: Shop, how: str) -> None:
        self._shop = shop
        self._how = how

    def do(self, action: str, lot: int) -> None:
        """Run one command to its end, whatever that is."""
        path, package = self._shop.choose(lot)
        if self._how == "command line":
            self._ours(action, path, package, lot)
            return
        books = self._shop.books
        words, apply = self._words(action, path, package)
        if not words:
            return
        books.foreign = True
        books.untidy |= action in {"frozen", "interrupt", "terminate", "murder"}
        ended: list[int] = []
        number = {"interrupt": signal.SIGINT, "terminate": signal.SIGTERM, "murder": signal.SIGKILL}.get(action)

        def result() -> Result:
            return None if not ended or number is not None else ended[0] == 0

        deed = Deed(apply or (lambda tables: tables), result, f"uv {' '.join(words)}")
        if apply is not None:
            self._shop.deeds(path, package).append(deed)
        if action == "bump":
            books.bumps.append((path, time.monotonic(), result, False))
        process = self._start(words, path.parent)
        if number is not None:
            time.sleep(lot % 100 / 100)  # at a moment of uv's work that the lot chooses
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        ended.append(self._ended(process, words))

    def _words(  # noqa: PLR0911  one for each command
        self, action: str, path: Path, package: str
    ) -> tuple[tuple[str, ...], Callable[[Tables], Tables] | None]:
        script = ("--script", path.name) if self._shop.is_script else ()
        match action:
            case "add" | "interrupt" | "terminate" | "murder":
                return ("add", *script, package), adds(RUNTIME)
            case "remove":
                return ("remove", *script, package), removes
            case "missing" | "broken":
                return ("add", *script, MISSING if action == "missing" else BROKEN), None
            case _ if script:
                return (), None
            case "group":
                return ("add", "--dev", package), adds(DEV)
            case "frozen":
                return ("add", "--frozen", package), adds(RUNTIME)
            case "bump":
                return ("version", "--bump", "patch"), None
            case "run":
                return ("run", "python", "-c", "import time; time.sleep(0.5)"), None
            case "clear":
                return ("venv", "--clear"), None
            case _:
                return (action,), None

    def _start(self, words: Sequence[str], folder: Path) -> subprocess.Popen[str]:
        if self._how == "bare":
            return self._shop.project.uv_start(*words, folder=folder)
        return self._lsp(["exec", "--", self._shop.place.tools.uv, *words], folder)

    def _lsp(self, words: Sequence[str], folder: Path) -> subprocess.Popen[str]:
        place = self._shop.place
        return place.tools.start([sys.executable, "-m", "lsp_server", *words], folder, place.server_environment())

    def _ended(self, process: subprocess.Popen[str], words: Sequence[str]) -> int:
        try:
            _, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"{' '.join(words)} did not end in {PATIENCE:g} s: {error.stderr!r}") from error
        if "Traceback" in err and "KeyboardInterrupt" not in err:
            self._shop.books.broken.append(f"{' '.join(words)} said: {err[-3000:]}")
        return process.returncode

    def _ours(self, action: str, path: Path, package: str, lot: int) -> None:
        books, undoes = self._shop.books, None
        script = ["--script", str(path)] if self._shop.is_script else []
        words, apply = [action, package, *script], adds(RUNTIME)
        match action:
            case "group" if not script:
                words, apply = ["add", package, "--group", "dev"], adds(DEV)
            case "group":
                words = ["add", package, *script]
            case "remove":
                apply = removes
            case "bump" | "undo" if script:
                return
            case "bump":
                words = ["bump", "patch"]
            case "undo":
                found = self._shop.last_done(lot)
                if found is None:
                    return
                path, package, undoes = found
                words = ["undo", undoes.operation]
        process = self._lsp([*words, "--json"], path.parent)
        out, err = process.communicate(timeout=PATIENCE)
        if "Traceback" in err or not out:
            books.broken.append(f"{' '.join(words)} said: {err[-3000:]}")
            return
        name = str(json.loads(out)["id"])
        books.asked.append(name)
        result = partial(books.outcome, name)
        if action == "bump":
            books.bumps.append((path, time.monotonic(), result, True))
        else:
            self._shop.deeds(path, package).append(Deed(apply, result, f"{' '.join(words)} {name[:6]}", name, undoes))


class Git(Actor):
    """Somebody who puts an old text back."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def do(self, action: str, lot: int) -> None:
        """Throw away, or stash, all that was changed."""
        del lot
        tools, root, books = self._shop.place.tools, self._shop.project.root, self._shop.books
        books.untidy = True
        books.wiped = float("inf")
        words = ["stash", "--quiet"] if action == "stash" else ["checkout", "--quiet", "--force", "HEAD", "--", "."]
        with contextlib.suppress(AssertionError):
            tools.git(root, *words)
        books.wiped = time.monotonic()
