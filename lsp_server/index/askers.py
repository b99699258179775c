"""Threads that ask indexes, a few for each server: one that hangs holds up what is asked of it, and nothing else."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import urlsplit

from lsp_server.core.indexes import Index
from lsp_server.core.releases import Page, Release, newest_first
from lsp_server.index.fetch import Access, fetch
from lsp_server.index.store import Entry, Store
from lsp_server.index.wire import NoAnswer

_log = logging.getLogger(__name__)
_THREADS = 3
"""How many requests one server gets at a time."""
PAUSE_SECONDS = 60.0
"""So long a server that did not answer is left in peace."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is known of a package, for somebody.

    Attributes:
        route: The indexes to ask, in order; the next one only if one said that it has none.
        may_ask: Those of them that may be asked over the network now; of the others only what is kept counts.
        anew: Whether what is kept counts as old: a person asked.
        told: Called on a thread of ours with the answer; None if there is none yet.
    """

    name: str
    route: tuple[Index, ...]
    may_ask: frozenset[Index]
    access: Access
    told: Callable[["Question", Page | None], None]
    all_answer: bool = False
    anew: bool = False


@dataclass(slots=True)
class _Line:
    """What waits for one server, and how many threads work for it."""

    waiting: deque[Question] = field(default_factory=deque)
    threads: int = 0


class Askers:
    """Answers questions in the background. May be used from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._mutex = threading.Lock()
        self._lines: dict[str, _Line] = {}
        self._asking: dict[tuple[str, str], threading.Lock] = {}
        self._paused: dict[str, float] = {}
        self._closed = False

    def kept(self, question: Question) -> Page | None:
        """Return what is kept on the disk, however old; nothing is asked."""
        return _answer(question, lambda index: self._store.get(index, question.name))

    def is_fresh(self, question: Question) -> bool:
        """Tell whether all that would be asked is kept and fresh."""
        return not question.anew and self._needed(question) is None

    def put(self, question: Question, *, first: bool = False) -> None:
        """Have a question answered; `first` goes before all others that wait for its server."""
        index = self._needed(question)
        if index is None or index not in question.may_ask:
            return
        with self._mutex:
            if self._closed:
                return
            line = self._lines.setdefault(_server(index), _Line())
            (line.waiting.appendleft if first else line.waiting.append)(question)
            if line.threads < _THREADS:
                line.threads += 1
                threading.Thread(target=self._work, args=(line,), name="index", daemon=True).start()

    def forget(self, wanted: Callable[[Question], bool]) -> None:
        """Drop the questions that nobody waits for any more."""
        with self._mutex:
            for line in self._lines.values():
                line.waiting = deque(one for one in line.waiting if not wanted(one))

    def close(self) -> None:
        """Answer nothing more. Requests on their way end with the process: the threads hold nothing."""
        with self._mutex:
            self._closed = True
            for line in self._lines.values():
                line.waiting.clear()

    def _needed(self, question: Question) -> Index | None:
        """Return the first index of which what is kept is not enough."""
        now = time.time()
        for index in question.route:
            entry = self._store.get(index, question.name)
            if entry is None or question.anew or not entry.is_fresh(now):
                return index
            if entry.page.exists and not question.all_answer:
                return None
        return None

    def _work(self, line: _Line) -> None:
        while True:
            with self._mutex:
                if not line.waiting:
                    line.threads -= 1
                    return
                question = line.waiting.popleft()
            try:
                page = _answer(question, partial(self._entry, question))
            except Exception:  # noqa: BLE001  the boundary of this thread: a bug must not end what else is asked
                _log.exception("asking an index failed")
                page = None
            with suppress(RuntimeError):  # the loop that wanted to know has ended
                question.told(question, page)

    def _entry(self, question: Question, index: Index) -> Entry | None:
        kept = self._store.get(index, question.name)
        if index not in question.may_ask:
            return kept
        with self._alone(index, question.name):
            # Another thread, or another server, may have asked meanwhile.
            kept = self._store.get(index, question.name)
            if kept is not None and kept.is_fresh(time.time()) and not question.anew:
                return kept
            if not question.anew and time.monotonic() < self._paused.get(_server(index), 0.0):
                return kept
            found = fetch(index, question.name, kept, question.access)
            if not isinstance(found, NoAnswer):
                self._store.put(index, found)
        if isinstance(found, NoAnswer):
            self._paused[_server(index)] = time.monotonic() + PAUSE_SECONDS
            _log.info("the index %s gives no answer: %s", index.shown, found.reason)
            return kept
        return found

    def _alone(self, index: Index, name: str) -> threading.Lock:
        with self._mutex:
            return self._asking.setdefault((index.url, name), threading.Lock())


def _server(index: Index) -> str:
    parts = urlsplit(index.url)
    return f"{parts.scheme}://{parts.netloc}"


def _answer(question: Question, look: Callable[[Index], Entry | None]) -> Page | None:
    """Go from index to index as uv does; one that gives no answer ends it, since the next one is not to hear of the name."""
    found: list[Page] = []
    for index in question.route:
        entry = look(index)
        if entry is None:
            break
        if entry.page.exists:
            found.append(entry.page)
            if not question.all_answer:
                break
    else:
        if not found and question.route:
            return Page(question.name, question.route[-1].shown, exists=False, fetched=time.time())
    return _together(found)


def _together(found: Sequence[Page]) -> Page | None:
    if len(found) < 2:  # noqa: PLR2004  nothing to put together
        return found[0] if found else None
    merged: dict[str, Release] = {}
    for page in reversed(found):
        merged |= {one.version: one for one in page.releases}
    return replace(found[0], releases=newest_first(merged.values()))
