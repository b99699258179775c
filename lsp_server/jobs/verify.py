"""What stands in the files of a project is verified against all that was said of them: `core/rebase.py` is the rule.

Each text of a manifest or script is remembered with who wrote it: our commits and an editor's saves are told to us, for
all others the uvs of that time and git's index are looked at. What a stale text erased is written again at once, and the
person is told where it was not only ours.

What was decided while a uv lives that may erase it stands in the journal, too: who comes after a process that is closed
or killed takes it over.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from lsp_server.adapters import files, git
from lsp_server.adapters.editor import Editor
from lsp_server.adapters.exits import Cancel, on_exit
from lsp_server.adapters.live import UvProcess
from lsp_server.adapters.processes import ProcessId, clock, is_alive
from lsp_server.core import diff, rebase, toml
from lsp_server.core.rebase import Appeared, History, Ruling, Save, Version
from lsp_server.core.text import decoded
from lsp_server.core.tokens import BOM
from lsp_server.jobs import remembered
from lsp_server.jobs.buffers import Buffers
from lsp_server.jobs.commit import Committed
from lsp_server.jobs.journal import Texts
from lsp_server.jobs.outcome import Notice
from lsp_server.jobs.place import Place
from lsp_server.jobs.quiet import SAFETY_SECONDS
from lsp_server.jobs.writers import Writers

_log = logging.getLogger(__name__)

# An editor's message comes after the text that it saved; another server of the project writes its own saves again first.
SAVE_SECONDS = 0.3
# git notes what it wrote when it has written all.
GIT_SECONDS = 1.0
_LOOK_SECONDS = 0.05


class Verifier:
    """Watches the texts of one project, on a thread of its own. Safe from any thread.

    `_mutex` guards the histories and the uvs; it is held while a file of the project is compared and replaced, here and
    by a commit (`writing`), so that each text of ours is in its history before anybody looks at it.

    Args:
        place: the project.
        editor: shows whether a text may be the user's own.
        writers: looks which uv processes are at work in it.
        enabled: the setting `guardian`; without it only our own edits are made again.
        tell: tells the user.
        wake: is called when something was written again.

    """

    def __init__(  # noqa: PLR0917  what a project's jobs have, in the order of the worker
        self,
        place: Place,
        editor: Editor,
        writers: Callable[[], Sequence[UvProcess]],
        enabled: Callable[[], bool],
        tell: Callable[[Notice], None],
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self.place = place
        self.restored = 0
        self._editor, self._enabled, self._tell, self._wake_worker = editor, enabled, tell, wake
        self._writers = Writers(place.project.root, writers, self._writer_ended)
        self._buffers = Buffers(editor, tell)
        self._histories: dict[Path, History] = {}
        self._saves: dict[Path, Save] = {}
        self._marked: set[Path] = set()
        self._noted: dict[Path, str | None] = {}
        self._inherited: set[Path] = set()
        self._awaited: dict[ProcessId, Cancel] = {}
        self._mutex = threading.Condition(threading.RLock())
        self._wake = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="verifier", daemon=True)
        self._thread.start()

    # What is told

    def told(self, path: Path) -> None:
        """A file may have a new text, or a document of it that lacks it."""
        if path != self.place.project.lockfile:
            with self._mutex:
                self._writers.look()
                if path not in self._histories:
                    self._begin(path)
        self._wake.set()

    def saved(self, path: Path, text: str, shown: str = "", at_work: Sequence[UvProcess] = (), *, loaded: bool = False) -> None:
        """The user saved a file.

        Args:
            path: the file.
            text: what was saved.
            shown: the text that their editor last shared with the file, "" where that is not known. We may have come too
                late to see it on the disk ourselves.
            at_work: uvs that were seen when the editor said so, of any project: on a busy machine some have ended since.
            loaded: whether this text itself looks like one that the editor had loaded; then `shown` is the one before.

        """
        save = Save(text.removeprefix(BOM), shown.removeprefix(BOM), loaded)
        with self._mutex:
            self._writers.look(at_work)
            history = self._histories.get(path) or self._begin(path, save.base)
            if history:
                self._histories[path], pending = rebase.told_of_save(history, save, _split(_read(path) or "")[1])
                self._saves.pop(path, None)
                if pending is not None:
                    self._saves[path] = pending
                self._mutex.notify_all()
        if history:
            self._verify(path)  # also written to the journal when this returns
        self._wake.set()

    @contextmanager
    def writing(self) -> Iterator[Callable[[Texts, Texts, Committed], None]]:
        """Let nobody judge what a commit writes before it is noted; yields what notes the texts before and after it."""
        with self._mutex:
            yield self._note_commit

    def look(self) -> None:
        """Judge what stands in each file now."""
        for path in list(self._histories):
            self._verify(path)

    def inherit(self, wake: Callable[[], None]) -> None:
        """Take over what dead processes have noted; `wake` is called when another one that has notes has ended."""
        journal = self.place.journal
        with suppress(sqlite3.Error), self._mutex:
            for row, owner, path, data in journal.guarded(self.place.key):
                if owner == journal.owner:
                    continue
                if is_alive(owner):
                    if owner not in self._awaited:
                        self._awaited[owner] = on_exit(owner, wake)
                elif journal.guard(self.place.key, path, None, row):
                    self._noted.pop(path, None)
                    self._take_over(path, data)
                    self._remember()

    def close(self) -> None:
        """Stop watching; what is noted stays in the journal for who comes next."""
        self._closed = True
        self._writers.close()
        for cancel in list(self._awaited.values()):
            cancel()
        self._writer_ended()
        self._thread.join()

    # The thread

    def _writer_ended(self) -> None:
        with self._mutex:
            self._mutex.notify_all()
        self._wake.set()

    def _run(self) -> None:
        while not self._closed:
            self._wake.clear()
            try:
                self.look()
                for path, history in list(self._histories.items()):
                    self._buffers.bring(path, history[-1].text)
            except (OSError, sqlite3.Error):
                _log.exception("what was written cannot be verified now")
            except Exception:  # noqa: BLE001  the boundary of a thread: one text that fails must not end all watching
                _log.exception("a text could not be verified")
            self._wake.wait(SAFETY_SECONDS if self._writers.living() else None)

    # Looking

    def _verify(self, path: Path) -> None:
        while self._look(path):
            pass
        self._remember()

    def _look(self, path: Path) -> bool:
        """Judge the text of a file; true if it is another by now."""
        found = self._judged(path)
        if found is None:
            return False
        content, ruling = found
        if ruling.text != _split(content)[1] and ruling.version.kind != "save":
            self._wait_for_explanation(path, ruling)
        with self._mutex:
            if self._judged(path, ruling.version.since) != found:
                return True
            present = clock()
            if ruling.text == _split(content)[1] or self._write(path, content, ruling.text):
                self._accept(path, ruling, present)
        return True

    def _judged(self, path: Path, since: float | None = None) -> tuple[str, Ruling] | None:
        """Return a file's text and what becomes of it, None if that stands already or is but a moment of a write."""
        with self._mutex:
            content = _read(path)
            if content is None:
                return None
            mark, text = _split(content)
            if mark:
                self._marked.add(path)
            save, history = self._saves.get(path), self._histories[path]
            if save is not None and text not in {save.text, history[-1].text} and not save.insists:
                # It is gone from the disk already; what is there now is judged after it.
                stood = _written(path, history[-1].since)  # at the latest
                self._accept(path, replace(self._ruled(path, content, save.text, stood), text=save.text), stood)
                save, history = None, self._histories[path]
            judged = save.text if save is not None else text
            if judged == history[-1].text or (save is None and self._is_torn(path, text, history)):
                self._saves.pop(path, None)
                return None
            self._writers.look()
            return content, self._ruled(path, content, judged, since or _written(path, history[-1].since))

    def _ruled(self, path: Path, content: str, text: str, since: float | None = None) -> Ruling:
        history, save = self._histories[path], self._saves.get(path)
        stood = time.time() - (clock() - history[-1].since)
        saved = save.base if save is not None else None
        if not self._enabled():
            history = rebase.without_decisions(history, but=frozenset({"ours"}))
            saved = None if saved is None else history[-1].text
        by_git = save is None and git.wrote(path, content.encode("utf-8", "surrogatepass"), stood)
        return rebase.rule(path.name, history, Appeared(text, since or clock(), self._writers.known(), saved, by_git))

    def _is_torn(self, path: Path, text: str, history: History) -> bool:
        """Tell whether this is a moment of a write: empty, or no TOML any more."""
        if not text.strip():
            return True
        return path.suffix == ".toml" and toml.problem(text) is not None and toml.problem(history[-1].text) is None

    def _wait_for_explanation(self, path: Path, ruling: Ruling) -> None:
        """Wait a moment for what would explain a text otherwise.

        An editor tells of a save after it; a git that is writing tells its index at its end; and what another server was
        told of is that one's to write again.
        """
        document = self._editor.document(path)
        is_shown = document is not None and document.text.removeprefix(BOM) == ruling.version.text
        is_ours = any(each.kind in {"ours", "save"} for each in ruling.restored)
        with self._mutex:
            if ruling.version.base == ruling.version.text:
                self._mutex.wait_for(lambda: self._closed or len(self._rollers(path, ruling)) < 2, SAVE_SECONDS)  # noqa: PLR2004
            if is_shown or not is_ours:
                before = self._saves.get(path), self._histories[path]
                self._mutex.wait_for(lambda: (self._saves.get(path), self._histories[path]) != before, SAVE_SECONDS)
            until = time.monotonic() + GIT_SECONDS
            while git.is_writing(path.parent) and time.monotonic() < until:
                self._mutex.wait(_LOOK_SECONDS)

    def _rollers(self, path: Path, ruling: Ruling) -> tuple[str, ...]:
        """Return the uvs that may have rolled back to a text, until one of them has ended: that one did."""
        known = self._writers.known()
        candidates = rebase.rolled_back(self._histories[path], known, ruling.version)
        ended = tuple(uv.name for uv in known if uv.name in candidates and uv.ended is not None)
        return ended[:1] or candidates

    def _write(self, path: Path, content: str, text: str) -> bool:
        marked = f"{BOM if path in self._marked else ''}{text}"
        replacement = files.Replacement(path, marked.encode("utf-8", "surrogatepass"))
        try:
            return replacement.commit(content.encode("utf-8", "surrogatepass"))
        finally:
            replacement.discard()

    def _accept(self, path: Path, ruling: Ruling, since: float) -> None:
        """Remember what was ruled, and say it; what it writes again stands since then."""
        history = self._histories[path]
        self._saves.pop(path, None)
        self._histories[path] = rebase.noted(history, ruling, since)
        if ruling.text != ruling.version.text:
            self.restored += 1
            self._wake_worker()
        self._say(path, ruling, self._unexplained(path, history, ruling))
        self._inherited.discard(path)

    def _say(self, path: Path, ruling: Ruling, unexplained: Version | None) -> None:
        who, text = self._writers.title(ruling.version.writers), ruling.version.text
        if ruling.version.kind == "save":
            if ruling.lost:
                reason = f"your save wrote over lines of {path.name} that had changed meanwhile"
                self._keep(path, reason, ruling.lost[0].text, text)
            elif ruling.restored:
                message = f"{path.name} had changed since your editor loaded it; what was changed elsewhere was put back into it"
                self._tell(Notice(message, path, text, ruling.text))
            return
        if unexplained is not None:
            reason = f"{path.name} lacks what you had saved while {who} was at work, and no server saw why"
            self._keep(path, reason, unexplained.text, text)
        elif ruling.lost:
            self._keep(path, f"{who} wrote over the lines of {path.name} that you had saved", ruling.lost[-1].text, text)
        elif any(each.kind != "ours" for each in ruling.restored):
            message = f"{who} wrote an older text over {path.name}; your saved edit was put back"
            self._tell(Notice(message, path, text, ruling.text))

    def _unexplained(self, path: Path, history: History, ruling: Ruling) -> Version | None:
        """Return a save that a text lacks of which nobody saw how it came, right after it was taken over."""
        if path not in self._inherited or ruling.version.kind != "other":
            return None
        for version in reversed(history):
            merged = diff.merge(version.base, ruling.text, version.text)
            if version.kind == "save" and not (isinstance(merged, diff.Merged) and merged.text == ruling.text):
                return version
        return None

    def _keep(self, path: Path, reason: str, text: str, present: str) -> None:
        lost = self.place.journal.keep_lost(self.place.key, path, text)
        message = f"{reason}; nothing was overwritten, your text is kept in {lost}; compare the two and save what you want"
        self._tell(Notice(message, path, present, text, lost))

    # What is known

    def _begin(self, path: Path, shown: str = "") -> History:
        mark, text = _split(_read(path) or "")
        if mark:
            self._marked.add(path)
        if not (shown or text):
            return ()  # gone, or torn for a moment
        self._histories[path] = rebase.first(shown or text, clock())
        return self._histories[path]

    def _note_commit(self, before: Texts, after: Texts, committed: Committed) -> None:
        """Note the texts that a commit has just written; the mutex is held since before."""
        for path, content in after.items():
            if path == self.place.project.lockfile or content is None:
                continue
            base, text = (_split(decoded(each))[1] for each in (before.get(path), content))
            history = self._histories.get(path) or rebase.first(base, 0.0)
            version = Version(text, base, "ours", committed.since)
            self._histories[path] = rebase.noted(history, Ruling(version, text), committed.since)
            self._saves.pop(path, None)
        self._writers.look()
        self._remember()

    # What survives this process

    def _remember(self) -> None:
        """Write what a living uv may erase to the journal; forget it when all have ended."""
        self._writers.forget()
        uvs = self._writers.living()
        with self._mutex:
            for path, history in self._histories.items():
                tail = rebase.stood(history, min((uv.began for uv in uvs), default=0.0))
                is_worth_it = uvs and any(each.kind in {"ours", "save"} for each in tail)
                self._put(path, remembered.dumped(tail, uvs) if is_worth_it else None)

    def _put(self, path: Path, data: str | None) -> None:
        if self._noted.get(path) == data:
            return
        try:
            self.place.journal.guard(self.place.key, path, data)
        except sqlite3.Error:
            _log.exception("what was saved does not survive this process")
        else:
            self._noted[path] = data

    def _take_over(self, path: Path, data: str) -> None:
        """Go on with what another process knew of a file."""
        taken, uvs = remembered.loaded(data)
        for process, uv in uvs:
            self._writers.remember(process, uv, clock())
        known = {each.text for each in taken}
        seen = [each for each in self._histories.get(path, ())[1:] if each.text not in known]
        self._histories[path] = tuple(sorted((*taken, *seen), key=lambda each: each.since))
        self._inherited.add(path)
        self._wake.set()


def _written(path: Path, since: float) -> float:
    """Return when a file was written, seconds of `clock`: after `since`, when another text stood, whatever its time says."""
    present = clock()
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return present
    return min(present, max(since, present - age))


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
