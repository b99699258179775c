"""The guardian: what the user saved while a uv was at work, and that uv then erased, comes back.

uv writes a manifest from what it read when it started, and puts that back when it fails. Whatever was saved in between
is gone then, without a word. Here the saved text and the text before it are remembered as long as such a uv lives, and
merged back into what it leaves behind.

**Invariant:** it acts on a write of a uv only: one that was alive when the user saved, or while a text without the saved
edit stood, with nothing that git checked out since, and at the latest right after that uv has ended. Where both changed
the same lines it overwrites nothing.

What is guarded stands in the journal, too: who comes after a guardian that is closed or killed takes it over. Nobody
saw what was written in between, so then only a text that such a uv had read or left before the save is taken for its work.
"""

import json
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lsp_server.adapters import files, git
from lsp_server.adapters.editor import Editor
from lsp_server.adapters.exits import Cancel, on_exit
from lsp_server.adapters.live import UvProcess, working_in
from lsp_server.adapters.processes import ProcessId, is_alive
from lsp_server.core import diff, masking, toml
from lsp_server.core.tokens import BOM
from lsp_server.jobs import blocking
from lsp_server.jobs.place import Place
from lsp_server.jobs.quiet import SAFETY_SECONDS

_log = logging.getLogger(__name__)

# Texts of a file to find the one that a save was made from: what was read, what a uv added, what it took back.
REMEMBERED = 6
LATE_SECONDS = 3.0
GIT_SECONDS = 0.02
SAVE_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell the user at once.

    `before` is the text that erased the user's, `after` the one with it; `lost` is a file with the text that could
    not be put back, to be opened.
    """

    message: str
    path: Path
    before: str
    after: str
    lost: Path | None = None


@dataclass(frozen=True, slots=True)
class _Culprit:
    """A uv that may erase a saved text."""

    pid: int
    started: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Guarded:
    """A saved text, the one it was made from, and the uv processes that may erase it; `mark` stood before it in the file.

    `former` are the texts that those had read or left by then; `inherited`: not seen to stand since it was taken over.
    """

    base: str
    saved: str
    mark: str
    culprits: tuple[_Culprit, ...]
    checkout: git.State | None
    former: tuple[str, ...]
    since: float
    kept: bool = False
    inherited: bool = False


class Guardian:
    """Watches the texts of one project, on a thread of its own while there is something to watch over.

    Args:
        place: the project.
        editor: shows whether a text may be the user's own.
        writers: looks which uv processes are at work in it.
        enabled: the setting `guardian`.
        tell: tells the user.

    """

    def __init__(
        self,
        place: Place,
        editor: Editor,
        writers: Callable[[], Sequence[UvProcess]],
        enabled: Callable[[], bool],
        tell: Callable[[Notice], None],
    ) -> None:
        self.place = place
        self.tell = tell
        self._editor = editor
        self._writers = writers
        self._enabled = enabled
        self._history: dict[Path, deque[str]] = {}
        self._seen: dict[int, tuple[UvProcess, float]] = {}
        self._guarded: dict[Path, _Guarded] = {}
        self._awaited: dict[ProcessId, Cancel] = {}
        self._mutex = threading.Condition(threading.RLock())
        self._looking = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    def told(self, path: Path) -> None:
        """A file may have a new text: remember it, and look whether something was lost."""
        self._remember_writers()
        _, text = _split(_read(path) or "")
        if text:  # neither gone nor torn for a moment
            with self._mutex:
                history = self._history.setdefault(path, deque(maxlen=REMEMBERED))
                if not history or history[-1] != text:
                    history.append(text)
        self._wake.set()

    def saved(self, path: Path, text: str, shown: str = "", at_work: Sequence[UvProcess] = ()) -> None:
        """The user saved a file.

        Args:
            path: the file.
            text: what was saved.
            shown: what their editor had before they changed it, "" where that is not known. We may have come too late to
                see it on the disk ourselves.
            at_work: uvs that were seen when the editor said so, of any project: on a busy machine some have ended since.

        """
        if not self._enabled():
            return
        culprits = self._culprits(at_work)
        text, (mark, _) = text.removeprefix(BOM), _split(_read(path) or "")
        with self._mutex:
            former = [each for each in (*self._history.get(path, ()), shown.removeprefix(BOM)) if each and each != text]
            present = self._guarded.get(path)
            if not culprits or not former:
                self._set(path, None)
                return
            # A person edits what their editor shows, which may be older than what a uv has just put there.
            base = present.base if present else min(reversed(former), key=lambda each: _distance(each, text))
            known, read = (present.culprits, present.former) if present else ((), ())
            new = [each for each in culprits if each not in known]
            if new:
                # What the first had read; an add writes the name alone, then with its bound.
                read += tuple(former[-2 * len(new) - 1 :])
            self._set(path, _Guarded(base, text, mark, culprits, git.state(path.parent), read, time.time()))

    def inherit(self, wake: Callable[[], None]) -> None:
        """Take over what dead processes have guarded; `wake` is called when another one that guards something has ended."""
        if not self._enabled():
            return
        journal = self.place.journal
        with suppress(sqlite3.Error), self._mutex:
            for row, owner, path, data in journal.guarded(self.place.key):
                present = self._guarded.get(path)
                if owner == journal.owner:
                    if present is not None:
                        continue
                elif is_alive(owner):
                    if owner not in self._awaited:
                        self._awaited[owner] = on_exit(owner, wake)
                    continue
                left = _loaded(data)
                if present is not None:
                    older, newer = sorted((present, left), key=lambda each: each.since)
                    culprits = tuple(dict.fromkeys((*newer.culprits, *older.culprits)))
                    left = replace(newer, base=older.base, former=older.former + newer.former, culprits=culprits)
                self._set(path, replace(left, inherited=True), taken=row)

    def look(self) -> None:
        """Look at each guarded file; one whose culprits have all ended is guarded no more afterwards."""
        with self._looking:
            for path, item in list(self._guarded.items()):
                alive = any(map(is_alive, item.culprits))
                if git.is_at_work(path.parent):
                    self._wake.set()  # nothing tells when it is done
                    time.sleep(GIT_SECONDS)
                    continue
                text = _read(path)
                checked_out = git.checked_out(path.parent, item.checkout)
                may_look = text is not None and not checked_out and (text.strip() or not alive)
                if may_look and self._has_moved(path, item, text or ""):
                    self._guard_on(path, item, _split(text or "")[1])
                elif checked_out or not alive:
                    self._forget(path, item)

    def close(self) -> None:
        """Stop watching; what is guarded stays in the journal for who comes next."""
        self._closed = True
        for cancel in self._awaited.values():
            cancel()
        self._wake.set()
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        cancels: dict[int, Cancel] = {}
        while True:
            self._wake.clear()
            try:
                self.look()
            except (OSError, sqlite3.Error):
                _log.exception("a saved edit could not be put back")
            with self._mutex:
                if self._closed or not self._guarded:
                    self._thread = None
                    break
                awaited = {each.pid: each for item in self._guarded.values() for each in item.culprits}
            for pid in awaited.keys() - cancels.keys():
                cancels[pid] = on_exit(awaited[pid], self._wake.set)
            self._wake.wait(SAFETY_SECONDS)
        for cancel in cancels.values():
            cancel()

    def _remember_writers(self, at_work: Sequence[UvProcess] = ()) -> Sequence[UvProcess]:
        """Return who is at work, or was a moment ago: an editor tells of a save later than the disk shows it."""
        present = time.monotonic()
        with self._mutex:
            seen = (*working_in(self.place.project.root, at_work), *self._writers())
            self._seen |= {each.pid: (each, present) for each in seen}
            self._seen = {pid: seen for pid, seen in self._seen.items() if present - seen[1] < LATE_SECONDS}
            return [each for each, _ in self._seen.values()]

    def _culprits(self, at_work: Sequence[UvProcess] = ()) -> tuple[_Culprit, ...]:
        writers = [each for each in self._remember_writers(at_work) if each.writes_manifest]
        return tuple(_Culprit(each.pid, each.started, masking.words(each.command)) for each in writers)

    def _has_moved(self, path: Path, item: _Guarded, found: str) -> bool:
        """Put back what is missing in a text; true if the file is another now, by us or by somebody else."""
        mark, text = _split(found)
        if path.suffix == ".toml" and toml.problem(text) is not None and toml.problem(item.saved) is None:
            return False  # in the middle of a write
        merged = diff.merge(item.base, text, item.saved)
        if isinstance(merged, diff.Merged) and merged.text == text:
            self._change(path, item, inherited=False)
            return False  # all that the user changed is there
        if self._is_saved_again(path, item, text):
            return False
        reason = ""
        if item.inherited and text not in {item.base, *item.former}:
            reason = f"{path.name} lacks what you had saved while {_who(item)} was at work, and no server saw why"
        elif isinstance(merged, diff.Conflict):
            reason = f"{_who(item)} wrote over the lines of {path.name} that you had saved"
        elif git.may_have_written(path.parent, found.encode(), item.checkout):
            reason = f"git or {_who(item)} wrote an older text over {path.name}"
        if reason or isinstance(merged, diff.Conflict):
            self._keep(path, item, reason)
            return False
        replacement = files.Replacement(path, f"{mark or item.mark}{merged.text}".encode())
        try:
            done = replacement.commit(found.encode())
        finally:
            replacement.discard()
        if done:
            message = f"{_who(item)} wrote an older text over {path.name}; your saved edit was put back"
            self.tell(Notice(message, path, text, merged.text))
        return True

    def _guard_on(self, path: Path, item: _Guarded, text: str) -> None:
        """Guard it on, also against a uv that came while the older text stood: it has read that and writes it again."""
        readers = [each for each in self._culprits() if each not in item.culprits]
        former = (*item.former, text) if readers else item.former
        self._change(path, item, culprits=(*readers, *item.culprits), former=former, inherited=False)
        self._wake.set()

    def _is_saved_again(self, path: Path, item: _Guarded, text: str) -> bool:
        """Tell whether the user has saved this text: the disk shows it before the editor says so.

        An editor that has just loaded a text that a uv wrote shows the same, so the moment has to pass.
        """
        document = self._editor.document(path)
        patience = SAVE_SECONDS if document is not None and document.text.removeprefix(BOM) == text else 0.0
        with self._mutex:
            return self._mutex.wait_for(lambda: self._guarded.get(path) != item, patience)

    def _keep(self, path: Path, item: _Guarded, reason: str) -> None:
        if item.kept:
            return
        lost = self.place.journal.keep_lost(self.place.key, path, item.saved)
        self._change(path, item, kept=True)
        message = f"{reason}; nothing was overwritten, your text is kept in {lost}; compare the two and save what you want"
        _, text = _split(_read(path) or "")
        self.tell(Notice(message, path, text, item.saved, lost))

    def _forget(self, path: Path, item: _Guarded) -> None:
        with self._mutex:
            if self._guarded.get(path) == item:  # else somebody has just saved, or a uv came: the next look tells
                self._set(path, None)

    def _change(self, path: Path, item: _Guarded, **changes: Any) -> None:  # noqa: ANN401  field values
        changed = replace(item, **changes)
        with self._mutex:
            if self._guarded.get(path) == item != changed:
                self._set(path, changed)

    def _set(self, path: Path, item: _Guarded | None, taken: int | None = None) -> None:
        """Remember what is guarded, here and in the journal; what another process has taken before us is left to it."""
        data = None if item is None else json.dumps(asdict(item))
        if item is None and path not in self._guarded:
            return
        try:
            if not self.place.journal.guard(self.place.key, path, data, taken):
                return
        except sqlite3.Error:
            _log.exception("what is guarded does not survive this process")
        self._guarded.pop(path, None)
        if item is not None:
            self._guarded[path] = item
        self._mutex.notify_all()
        self._wake.set()
        if self._guarded and self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="guardian", daemon=True)
            self._thread.start()


def _loaded(data: str) -> _Guarded:
    fields = json.loads(data)
    culprits = tuple(_Culprit(each["pid"], each["started"], tuple(each["command"])) for each in fields["culprits"])
    checkout = fields["checkout"] and git.State(**fields["checkout"])
    return _Guarded(**{**fields, "culprits": culprits, "checkout": checkout, "former": tuple(fields["former"])})


def _who(item: _Guarded) -> str:
    first = item.culprits[0]
    return f"'{blocking.shortened(' '.join(first.command))}' (pid {first.pid})"


def _distance(one: str, other: str) -> int:
    """Return how many characters two texts do not share, by the edits between them."""
    return sum(len(edit.text) + edit.end - edit.start for edit in diff.edits(one, other))


def _split(text: str) -> tuple[str, str]:
    """Return the byte order mark of a text and the rest: editors keep it out of what they send, and uv takes it away."""
    plain = text.removeprefix(BOM)
    return text[: len(text) - len(plain)], plain


def _read(path: Path) -> str | None:
    try:
        content = files.read(path)
        return None if content is None else content.decode("utf-8")
    except (UnicodeDecodeError, files.Unfit):
        return None
