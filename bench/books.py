"""The books of a round of chaos: what everybody did, and what so has to be there at the end."""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.scene import patch_of
from lsp_server.core import facts
from lsp_server.jobs.journal import Journal

RESTORED_WITHIN = 5.0
Table = tuple[str, str]
Tables = frozenset[Table]
Result = bool | None


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
        stays = "the edit stays" in operation.message and "unsaved document" not in operation.message
        if operation.state == "done" or code == "sync-failed" or stays:
            return True
        # The person may have saved the buffer with the edit in it before it was cancelled or failed.
        return None if name in self.unsaved or code == "lost-after-retries" else False

    def judge(self) -> list[str]:
        """Compare the files with what was done; the guardian gets a moment."""
        end = time.monotonic() + RESTORED_WITHIN
        while (wrong := self._wrong()) and time.monotonic() < end:
            time.sleep(0.1)  # nothing tells when a guardian has decided not to act
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
            if at > self.wiped and line not in text_of(path) and not any(line in text for text in kept):
                found.append(f"the save of '{line}' in {path.parent.name}/{path.name} is lost")
        for path in {path for path, *_ in self.bumps}:
            ended = [(result(), ours) for one, at, result, ours in self.bumps if one == path and at > self.wiped]
            least = sum(done is True and ours for done, ours in ended)
            most = sum(done is not False for done, _ in ended)
            patch = max(0, patch_of(text_of(path)))
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
        stated = facts.of(path.name, text_of(path))
        present = frozenset((key[1], key[2]) for key in stated if key[0] == "dependency" and key[3] == package)
        if present in possible:
            return []
        told = "; ".join(f"{deed.what} {deed.result()}" for deed in self.deeds[path, package])
        return [f"is in {sorted(present)}, not in {[sorted(one) for one in possible]} after {told}"]


def text_of(path: Path) -> str:
    """Return a file's text with LF, empty where it cannot be read."""
    with contextlib.suppress(OSError):
        return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    return ""


def with_slots(text: str, values: Mapping[int, str]) -> str:
    """Return a text with these values in its slots, its line ends as they are."""
    lines = text.splitlines(keepends=True)
    for place, line in enumerate(lines):
        for number, value in values.items():
            if line.startswith(f"slot_{number} = "):
                lines[place] = slot_line(number, value) + line[len(line.rstrip("\r\n")) :]
    return "".join(lines)
