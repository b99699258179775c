"""Who acts in a round of chaos, and the books that say what has to be there at the end.

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
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from bench.scene import patch_of
from bench.worksite import Site
from lsp_server.core import facts
from lsp_server.jobs.journal import Journal
from tests.support import buffers
from tests.support.client import Client, ResponseError
from tests.support.projects import Project

SLOTS = 16
PATIENCE = 120.0
RESTORED_WITHIN = 5.0
Table = tuple[str, str]
RUNTIME, DEV, FAST = ("runtime", ""), ("group", "dev"), ("extra", "fast")
Tables = frozenset[Table]
Result = bool | None
_BROKEN, _MISSING = "broken", "nowhere-to-be-found"


def slot_line(number: int, value: str) -> str:
    """Return the line that a person edits, in a manifest or in a script."""
    return f"slot_{number} = '{value}'"


@dataclass(slots=True)
class Deed:
    """One edit of a package: what it does to the tables that the package is in, and whether it was done.

    `result` is None where a person's wish makes both right; `undoes` is the deed that this one takes back.
    """

    apply: Callable[[Tables], Tables]
    result: Callable[[], Result]
    what: str
    operation: str = ""
    undoes: "Deed | None" = None
    began: float = field(default_factory=time.monotonic)
    before: frozenset[Tables] = frozenset()


@dataclass(slots=True)
class Books:
    """What everybody did in one round. Each key and each slot is one actor's; the rest only grows.

    Attributes:
        guarded: whether also a save by an editor that is not ours has to last: no uv of a terminal writes.
        foreign: a uv of the terminal wrote, in its own style.
        untidy: a uv was ended in the middle, or told not to lock.
        wiped: when git last put an old text there.
    """

    journal: Journal
    guarded: bool
    foreign: bool = False
    untidy: bool = False
    wiped: float = 0.0
    deeds: dict[tuple[Path, str], list[Deed]] = field(default_factory=dict)
    slots: dict[tuple[Path, int], tuple[float, str]] = field(default_factory=dict)
    bumps: list[tuple[Path, float, Callable[[], Result], bool]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    unsaved: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)

    def unfinished(self) -> list[str]:
        """Return the operations that have not ended, in words."""
        found = [(name, self.journal.get(name)) for name in list(self.asked)]
        return [
            f"{name}: gone from the journal" if one is None else f"{one.title} {one.state} {one.message} {one.blocked}"
            for name, one in found
            if one is None or not one.finished
        ]

    def outcome(self, name: str) -> Result:
        """Tell whether an operation's edit has to stand; None if either is right, or it has not ended."""
        operation = self.journal.get(name)
        if operation is None or not operation.finished:
            return None
        code = operation.failure.code if operation.failure else ""
        if operation.state == "done" or code == "sync-failed" or "the edit stays" in operation.message:
            return True
        # The person may have saved the buffer with the edit in it before it was cancelled or failed.
        return None if name in self.unsaved or code == "lost-after-retries" else False

    def judge(self) -> list[str]:
        """Compare the files with what was done; the guardian gets a moment."""
        end = time.monotonic() + RESTORED_WITHIN
        while (wrong := self._wrong()) and time.monotonic() < end:
            time.sleep(0.1)
        return wrong

    def _wrong(self) -> list[str]:
        found = [
            f"{package} in {path.parent.name}/{path.name}: {one}"
            for (path, package) in self.deeds
            for one in self._package(path, package)
        ]
        kept = [text for _, text in self.journal.lost(self._key())] if self.slots else []
        for (path, number), (at, value) in self.slots.items():
            line = slot_line(number, value)
            if at > self.wiped and line not in _text(path) and not any(line in text for text in kept):
                found.append(f"the save of '{line}' in {path.parent.name}/{path.name} is lost")
        for path in {path for path, *_ in self.bumps}:
            ended = [(result(), ours) for one, at, result, ours in self.bumps if one == path and at > self.wiped]
            least = sum(done is True and ours for done, ours in ended)
            most = sum(done is not False for done, _ in ended)
            patch = max(0, patch_of(_text(path)))
            if not self.wiped and not least <= patch <= most:
                found.append(f"the patch in {path.parent.name}/{path.name} is {patch}, not {least} to {most}")
        return found

    def _key(self) -> str:
        operation = next((one for name in self.asked if (one := self.journal.get(name))), None)
        return operation.project if operation else ""

    def _package(self, path: Path, package: str) -> list[str]:
        possible = frozenset([frozenset[Table]()])
        for deed in self.deeds[path, package]:
            deed.before, result = possible, deed.result()
            after = deed.undoes.before if deed.undoes else frozenset(map(deed.apply, possible))
            wiped = deed.began < self.wiped
            possible = after if result and not wiped else possible | after if result is None or wiped else possible
            possible |= frozenset([frozenset[Table]()]) if wiped else frozenset()
        stated = facts.of(path.name, _text(path))
        present = frozenset((key[1], key[2]) for key in stated if key[0] == "dependency" and key[3] == package)
        if present in possible:
            return []
        told = "; ".join(f"{deed.what} {deed.result()}" for deed in self.deeds[path, package])
        return [f"is in {sorted(present)}, not in {[sorted(one) for one in possible]} after {told}"]


def _text(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    return ""


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

    def adds(self, table: Table) -> Callable[[Tables], Tables]:
        """Return what adding to a table does."""
        return lambda tables: tables | {table}

    def last_done(self, lot: int) -> tuple[Path, str, Deed] | None:
        """Choose a package whose last deed was one of an operation that is done, and that can be taken back."""
        mine = [(path, name, deeds[-1]) for (path, name), deeds in self.books.deeds.items() if name in self.packages and deeds]
        found = [one for one in mine if one[2].operation and one[2].undoes is None and one[2].result()]
        return found[lot % len(found)] if found else None


class Actor(Protocol):
    """Somebody with a list of things to do."""

    def begin(self) -> None:
        """Get ready."""

    def do(self, action: str, lot: int) -> None:
        """Do one thing."""

    def finish(self) -> None:
        """End what only this actor can end."""

    def look_back(self) -> None:
        """Note what makes an end unknown."""

    def wrong(self, silent: float) -> list[str]:
        """Say what was seen that must not be."""

    def close(self) -> None:
        """End all that is left."""


class Person:
    """Somebody in an editor that has our server."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._clients: list[Client] = []
        self._pending: dict[Path, dict[int, str]] = {}
        self._last = ""
        self._saves = 0

    def begin(self) -> None:
        """Start the server."""
        self._clients.append(self._shop.place.server(self._shop.settings))
        self._client.execute("pyproject.status", self._target(self._shop.files[0]), timeout=PATIENCE)

    @property
    def _client(self) -> Client:
        return self._clients[-1]

    def do(self, action: str, lot: int) -> None:
        """Do what a step says."""
        for path in list(self._client.buffers):
            self._client.reload(path)
        path, package = self._shop.choose(lot)
        table = {"group": DEV, "extra": FAST}.get(action, RUNTIME)
        match action:
            case "add" | "group" | "extra" | "remove" | "move":
                self._edit(action, path, package, table if not self._shop.is_script else RUNTIME)
            case "broken" | "missing":
                self._refused(path, _BROKEN if action == "broken" else _MISSING)
            case "bump" if not self._shop.is_script:
                name = self._ask("bumpVersion", path, bump="patch")
                self._shop.books.bumps.append((path, time.monotonic(), partial(self._shop.books.outcome, name), True))
            case "lock" | "sync" | "upgrade" if not self._shop.is_script:
                self._ask(action, self._shop.files[0], **({"packages": ["eta"]} if action == "upgrade" else {}))
            case "undo" | "cancel" | "retry":
                getattr(self, f"_{action}")(lot)
            case "open" | "type" | "save" | "save-in-place" | "revert" | "close":
                self._document(action, path, lot)
            case "hand":
                self._save_by_hand(path, lot)
            case "kill":
                self._kill()
            case _:
                pass  # not for scripts

    def _target(self, path: Path) -> dict[str, object]:
        return {"uri": path.as_uri(), **({"script": True} if self._shop.is_script else {})}

    def _ask(self, command: str, path: Path, **argument: object) -> str:
        given = {**({"uri": path.as_uri()} if command == "undo" else self._target(path)), **argument}
        name = str(self._client.execute(f"pyproject.{command}", given, timeout=PATIENCE)["id"])
        self._shop.books.asked.append(name)
        self._last = name
        return name

    def _edit(self, action: str, path: Path, package: str, table: Table) -> None:
        deeds, books = self._shop.deeds(path, package), self._shop.books
        before = books.journal.get(deeds[-1].operation) if deeds else None
        if before is not None and not before.finished:
            return
        where = {} if table == RUNTIME else {table[0]: table[1]}
        apply = self._shop.adds(table)
        if action == "remove":
            name = self._ask("remove", path, packages=[package])
            apply = lambda tables: tables - {RUNTIME}  # noqa: E731  like the others
        elif action == "move" and not self._shop.is_script:
            name = self._ask("move", path, package=package, **{"from": {}, "to": {DEV[0]: DEV[1]}})
            apply = lambda tables: tables - {RUNTIME} | {DEV}  # noqa: E731  like the others
        else:
            name = self._ask("add", path, requirements=[package], **where)
        deeds.append(Deed(apply, partial(books.outcome, name), f"{action} {name[:6]}", name))

    def _refused(self, path: Path, package: str) -> None:
        name = self._ask("add", path, requirements=[package])
        apply = self._shop.adds(RUNTIME)
        if package == _MISSING:
            self._shop.deeds(path, package).append(Deed(apply, lambda: False, "add what does not exist", name))

    def _undo(self, lot: int) -> None:
        found = self._shop.last_done(lot)
        if found is not None:
            path, package, target = found
            name = self._ask("undo", path, id=target.operation)
            books = self._shop.books
            self._shop.deeds(path, package).append(
                Deed(
                    lambda tables: tables,
                    partial(books.outcome, name),
                    f"undo {target.operation[:6]} by {name[:6]}",
                    name,
                    target,
                )
            )

    def _cancel(self, _lot: int) -> None:
        if self._last:
            self._client.execute("pyproject.cancel", {"id": self._last}, timeout=PATIENCE)

    def _retry(self, _lot: int) -> None:
        lasts = {deeds[-1].operation for deeds in list(self._shop.books.deeds.values()) if deeds}
        operation = self._shop.books.journal.get(self._last) if self._last in lasts else None
        if operation is not None and operation.state in {"failed", "cancelled"}:
            with contextlib.suppress(ResponseError):
                self._client.execute("pyproject.retry", {"id": self._last}, timeout=PATIENCE)

    # Documents

    def _document(self, action: str, path: Path, lot: int) -> None:
        client = self._client
        if path not in client.buffers:
            self._open(path)
        if action in {"type", "save", "save-in-place"}:
            self._saves += 1
            slot = self._shop.slots[lot // 25 % len(self._shop.slots)]
            self._pending.setdefault(path, {})[slot] = f"{id(self) % 997}-{self._saves}"
            with client._editing:  # noqa: SLF001  a person types and saves in one moment
                self._type(path)
        if action.startswith("save"):
            # Not beside a uv, which truncates as well: two that write into one file make a mixture, and nobody can help that.
            self._save(path, in_place=action == "save-in-place" and self._shop.books.guarded)
        elif action == "revert":
            self._pending.pop(path, None)
            with client._editing:  # noqa: SLF001
                client.type(path, client.buffer(path).disk)
                client.buffer(path).typed = False
        elif action == "close":
            self._pending.pop(path, None)
            client.close(path)

    def _open(self, path: Path) -> None:
        """Open a document, and look at it for as long as the server needs to know its project."""
        before = self._client.mark()
        self._client.open(path, "python" if self._shop.is_script else "toml")
        self._client.wait_for_method("pyproject/status", PATIENCE, before)

    def _type(self, path: Path) -> None:
        text = with_slots(self._client.buffer(path).text, self._pending.get(path, {}))
        self._client.type(path, text)

    def _save(self, path: Path, *, in_place: bool = False) -> None:
        """Save; where the file is another by now, load it and make the change again, as a person would."""
        client = self._client
        with client._editing:  # noqa: SLF001
            buffer = client.buffer(path)
            if buffers.read_text(path) != buffer.disk:
                disk = buffers.read_text(path)
                client.type(path, disk)
                buffer.disk, buffer.typed = disk, False
                self._type(path)
            if not buffer.text.rstrip().endswith("the last line"):
                self._pending.pop(path, None)
                return  # loaded while a uv was writing: nobody saves half a file
            if in_place:
                _write_in_place(path, buffer.text)
                buffer.disk, buffer.typed = buffer.text, False
                client.notify("textDocument/didSave", {"textDocument": {"uri": buffer.uri}})
            else:
                client.save(path)
        for slot, value in self._pending.pop(path, {}).items():
            self._shop.books.slots[path, slot] = (time.monotonic(), value)

    def _save_by_hand(self, path: Path, lot: int) -> None:
        self._saves += 1
        slot = self._shop.slots[lot // 25 % len(self._shop.slots)]
        value = f"hand-{id(self) % 997}-{self._saves}"
        if not self._shop.books.guarded or slot in self._pending.get(path, {}):
            return
        buffers.write_text(path, with_slots(buffers.read_text(path), {slot: value}))
        self._shop.books.slots[path, slot] = (time.monotonic(), value)

    # The end

    def _kill(self) -> None:
        books, killed = self._shop.books, self._client
        shown = list(killed.buffers)
        killed.kill()
        if not books.guarded:
            for key in [key for key in books.slots if key[1] in self._shop.slots]:
                del books.slots[key]  # nobody is left who knows what was saved while a uv was at work
        self._pending.clear()
        self.begin()
        for path in shown:
            self._open(path)

    def finish(self) -> None:
        """Save what is unsaved: an operation may wait for that."""
        end = time.monotonic() + PATIENCE
        for path in list(self._client.buffers):
            if self._client.buffer(path).typed:
                while _torn(path) and time.monotonic() < end:
                    time.sleep(0.05)
                self._save(path)

    def wrong(self, silent: float) -> list[str]:
        """Say what a server wrote of itself, what waited without a word, and whether a server did not end when told to."""
        found = []
        for client in self._clients:
            if client.wire.process.poll() is None:
                try:
                    client.shutdown(PATIENCE)
                except (subprocess.TimeoutExpired, AssertionError):
                    found.append("a server did not end when its editor did")
            said = client.wire.stderr()
            if "Traceback" in said or "unexpected" in said:
                found.append(f"a server said: {said[-3000:]}")
            found += client.wire.faults
            found += _silent(client, silent)
        return found

    def close(self) -> None:
        """End the servers."""
        for client in self._clients:
            with client:
                pass

    def look_back(self) -> None:
        """Note which operations have waited for a save."""
        for client in self._clients:
            for message in client.received:
                if message.method == "pyproject/status":
                    self._shop.books.unsaved |= {one["id"] for one in message.params["operations"] if one["state"] == "needsSave"}


def _torn(path: Path) -> bool:
    return not _text(path).rstrip().endswith("the last line")


def _silent(client: Client, limit: float) -> list[str]:
    """Return the operations that said for too long that they wait and not on whom."""
    found, since = [], dict[str, tuple[float, Any]]()
    for message in client.received:
        if message.method != "pyproject/status":
            continue
        for one in message.params["operations"]:
            waits = one["state"] in {"queued", "waiting", "committing"} and one["blockedBy"] is None
            began, before = since.get(one["id"], (message.at, None))
            if before is not None and message.at - began > limit:
                found.append(
                    f"waited {message.at - began:.1f} s without a word: {before['title']}, {before['state']}, {before['message']}"
                )
            if not waits:
                since.pop(one["id"], None)
            elif before is None or before["state"] != one["state"]:
                since[one["id"]] = (message.at, one)
    return found


def with_slots(text: str, values: Mapping[int, str]) -> str:
    """Return a text with these values in its slots, its line ends as they are."""
    lines = text.splitlines(keepends=True)
    for place, line in enumerate(lines):
        for number, value in values.items():
            if line.startswith(f"slot_{number} = "):
                lines[place] = slot_line(number, value) + line[len(line.rstrip("\r\n")) :]
    return "".join(lines)


def _write_in_place(path: Path, text: str) -> None:
    """Save as many editors do: truncate, then write, in two parts."""
    content = text.encode()
    with path.open("wb") as file:
        file.write(content[: len(content) // 2])
        file.flush()
        time.sleep(0.002)
        file.write(content[len(content) // 2 :])


class Shell:
    """A terminal: bare uv, uv by `exec`, or our command line."""

    def __init__(self, shop: Shop, how: str) -> None:
        self._shop = shop
        self._how = how

    def begin(self) -> None:
        """Nothing is needed."""

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
            time.sleep(lot % 100 / 100)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        ended.append(self._ended(process, words))

    def _words(  # noqa: PLR0911  one for each command
        self, action: str, path: Path, package: str
    ) -> tuple[tuple[str, ...], Callable[[Tables], Tables] | None]:
        script = ("--script", path.name) if self._shop.is_script else ()
        adds = self._shop.adds
        match action:
            case "add" | "interrupt" | "terminate" | "murder":
                return ("add", *script, package), adds(RUNTIME)
            case "remove":
                return ("remove", *script, package), lambda tables: tables - {RUNTIME}
            case "missing" | "broken":
                return ("add", *script, _MISSING if action == "missing" else _BROKEN), None
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
        words, apply = [action, package, *script], self._shop.adds(RUNTIME)
        match action:
            case "group" if not script:
                words, apply = ["add", package, "--group", "dev"], self._shop.adds(DEV)
            case "group":
                words = ["add", package, *script]
            case "remove":
                apply = lambda tables: tables - {RUNTIME}  # noqa: E731  like the others
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

    def finish(self) -> None:
        """Everything has ended."""

    def look_back(self) -> None:
        """Nothing is unknown."""

    def wrong(self, silent: float) -> list[str]:
        """Nothing more is seen."""
        del silent
        return []

    def close(self) -> None:
        """Nothing is left."""


class Git:
    """Somebody who puts an old text back."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def begin(self) -> None:
        """Nothing is needed."""

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

    def finish(self) -> None:
        """Everything has ended."""

    def look_back(self) -> None:
        """Nothing is unknown."""

    def wrong(self, silent: float) -> list[str]:
        """Nothing is seen."""
        del silent
        return []

    def close(self) -> None:
        """Nothing is left."""
