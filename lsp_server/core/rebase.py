"""What was said last stands: the one rule for each text that appears in a manifest or a script.

A text that appears has a *writer*, a *base* that this writer had read, and a *decision*: the difference of the two. The
decision stands, also where it says the opposite of an edit of ours. In all else the text is as old as its base, so what
was decided since is decided again: the later decisions are made once more on top of the text, as in a rebase.

* Our commit was made from the text that it was planned from.
* A save was made from the text that its editor last shared with the file.
* A uv reads when it begins and writes late. A text that stood since it began, written again, is a rollback: it decides
  nothing, and what this uv had written itself is not made again either. Else it has to be a text that stood since, with
  no more than its command's own change.
* git and all other tools have read what stood just before; whatever they write is decided.

Everything here is a pure function of versions. Whoever calls says which uvs may have written, and when they began.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal

from lsp_server.core import diff, facts, statements
from lsp_server.core.diff import Conflict, Merged
from lsp_server.core.facts import Key

Kind = Literal["first", "ours", "save", "uv", "git", "other", "merge"]

MOST_VERSIONS = 64
"""So many texts of a file are remembered; more than ever stand while one uv runs."""

_LAST_SECONDS = 0.1
"""A uv that rolled back ends within this time."""


@dataclass(frozen=True, slots=True)
class Version:
    """A text that stood in a file.

    Attributes:
        text: it.
        base: what its writer had read; the difference to `text` is what was decided.
        kind: what wrote it: "first" is what was there when we began to look, "merge" what this rule made.
        since: when it stood, in seconds of a clock that counts on for all processes of the machine.
        writers: the names of the uvs that wrote it, for ever: more than one where the text between was not seen.
        parts: of a "merge" the decisions that it made again, of a rollback those that it takes back.
    """

    text: str
    base: str
    kind: Kind
    since: float
    writers: tuple[str, ...] = ()
    parts: "tuple[Version, ...]" = ()


History = tuple[Version, ...]
"""The texts of one file, oldest first. The last one stands."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a uv command may change in a manifest.

    `packages` are the names that it was given; None where they cannot be told (a path, a URL, a file of requirements).
    """

    changes: Literal["version", "dependencies"]
    packages: frozenset[str] | None = None

    def decides(self, key: Key) -> bool:
        """Tell whether a statement is this command's to change."""
        if key[0] == "version" or self.changes == "version":
            return (key[0] == "version") == (self.changes == "version")
        return self.packages is None or (key[-1] if key[0] == "dependency" else key[1]) in self.packages


@dataclass(frozen=True, slots=True)
class Uv:
    """A uv that may write the file: its name for ever, what to call it, when it began and ended, its command."""

    name: str
    title: str
    began: float
    command: Command
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class Appeared:
    """A text that a file has now, with what is known of who may have written it.

    `saved` is the base of a save, where an editor says that it saved this text; `uvs` are those that live, or did lately.
    """

    text: str
    since: float
    uvs: tuple[Uv, ...] = ()
    saved: str | None = None
    by_git: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of a text: who wrote it, what is to stand, what was made again for that, and what could not be."""

    version: Version
    text: str
    restored: tuple[Version, ...] = ()
    lost: tuple[Version, ...] = ()


def rule(name: str, history: History, found: Appeared) -> Ruling:
    """Decide on a text that appeared in a file of this name, whose history is not empty."""
    version = attributed(name, history, found)
    return _rebased(name, history, version) if version.kind in {"save", "uv"} else Ruling(version, version.text)


def noted(history: History, ruling: Ruling, since: float) -> History:
    """Return the history after a ruling that was carried out: what was made again stands since then."""
    merge = Version(ruling.text, ruling.version.text, "merge", since, parts=ruling.restored)
    made = (merge,) if ruling.text != ruling.version.text else ()
    return (*history, ruling.version, *made)[-MOST_VERSIONS:]


def without_decisions(history: History, *, but: frozenset[Kind]) -> History:
    """Return a history in which only versions of these kinds decided anything: of others nothing is made again."""
    return tuple(version if version.kind in but else replace(version, base=version.text, parts=()) for version in history)


def first(text: str, since: float) -> History:
    """Return the history of a file that we begin to look at."""
    return (Version(text, text, "first", since),)


def attributed(name: str, history: History, found: Appeared) -> Version:
    """Return a text as the version that it most likely is: that of the writer whose work explains it."""
    if found.saved is not None:
        return Version(found.text, found.saved, "save", found.since)
    before = history[-1].text
    if found.by_git:
        return Version(found.text, before, "git", found.since)
    uvs = sorted(_alive(found.uvs, found.since), key=lambda each: each.began, reverse=True)
    # A rollback is the last that a uv does: who has ended right after it is taken before one that goes on.
    rolled_back = sorted((uv for uv in uvs if found.text in _kept(history, uv)), key=lambda each: each.ended is None)
    has_ended = any(uv.ended is not None and uv.ended - found.since < _LAST_SECONDS for uv in rolled_back)
    # One uv, or all of them one after the other, where the texts in between were not seen.
    unseen = sorted(_alive(found.uvs, history[-1].since), key=lambda each: each.began, reverse=True)
    for several in (*([uv] for uv in uvs), *([unseen] if len(unseen) > 1 else ())):
        base = None if has_ended and several[0].ended is None else _explanation(name, history, several, found.text)
        if base is not None:
            return Version(found.text, base, "uv", found.since, tuple(uv.name for uv in several))
    for uv in rolled_back[:1]:
        return Version(found.text, found.text, "uv", found.since, (uv.name,), _taken_back(history, uv.name))
    return Version(found.text, before, "other", found.since)


def _alive(uvs: Sequence[Uv], since: float) -> list[Uv]:
    return [uv for uv in uvs if uv.ended is None or uv.ended >= since]


def rolled_back(history: History, uvs: Sequence[Uv], version: Version) -> tuple[str, ...]:
    """Return the names of all uvs that can have rolled back to a text."""
    return tuple(uv.name for uv in _alive(uvs, version.since) if version.text in _kept(history, uv))


def _taken_back(history: History, writer: str) -> History:
    """Return a uv's own decisions as it takes them back: for what is based on a text that had them."""
    own = [each for each in history if writer in each.writers and each.base != each.text]
    return tuple(replace(each, text=each.base, base=each.text, parts=()) for each in reversed(own))


def _explanation(name: str, history: History, uvs: Sequence[Uv], text: str) -> str | None:
    """Return the newest text that these uvs can have read and made this one of; none if they have read this one."""
    if text in _kept(history, uvs[-1]):
        return None
    read = [each.text for each in stood(history, uvs[-1].began) if each.text != text]
    commands = [uv.command for uv in uvs]
    return next((each for each in reversed(read) if _explains(name, commands, each, text)), None)


def stood(history: History, began: float) -> History:
    """Return the versions that stood at a moment, or later."""
    last = len(history) - 1
    return history[next(at for at in range(len(history)) if at == last or history[at + 1].since > began) :]


def _kept(history: History, uv: Uv) -> tuple[str, ...]:
    """Return the texts that a uv may put back: not those that were corrected at once."""
    read = stood(history, uv.began)
    return tuple(each.text for each, later in zip_longest(read, read[1:]) if later is None or later.kind != "merge")


def _explains(name: str, commands: Sequence[Command], base: str, text: str) -> bool:
    changed = facts.changed(facts.of(name, base), facts.of(name, text))
    is_theirs = all(any(command.decides(key) for command in commands) for key in changed)
    return is_theirs and statements.rest(name, base) == statements.rest(name, text)


def _rebased(name: str, history: History, version: Version) -> Ruling:
    """Make the decisions once more that were made since the base of a text, but not its writer's own former ones."""
    base, said = facts.of(name, version.base), facts.of(name, version.text)
    own = {key: said.get(key) for key in facts.changed(base, said)}
    text, restored, lost = version.text, [], []
    for later in _since(history, version.base):
        if later.base == later.text or set(later.writers) & set(version.writers):
            continue
        merged = statements.merge(name, later.base, later.text, text)
        if isinstance(merged, Conflict) or _clash(name, later, own, version.kind):
            lost.append(later)
        made = statements.with_statements(name, merged.text, own) if isinstance(merged, Merged) else text
        if made != text:
            restored.append(later)
            text = made
    return Ruling(version, text, tuple(restored), tuple(lost))


def _since(history: History, base: str) -> Iterator[Version]:
    """Yield what was decided since a text stood; since an unknown one, the difference to what stands now."""
    at = max((at for at, each in enumerate(history) if each.text == base), default=None)
    if at is None:
        yield Version(history[-1].text, base, "other", history[-1].since)
        return
    for version in history[at + 1 :]:
        yield from version.parts or (version,)


def _clash(name: str, later: Version, own: statements.Wanted, kind: Kind) -> bool:
    """Tell whether a person and somebody else say different things of one statement, so that one of them is not heard."""
    if "save" not in {kind, later.kind}:
        return False
    said = facts.of(name, later.text)
    both = own.keys() & facts.changed(facts.of(name, later.base), said)
    return any(own[key] != said.get(key) for key in both)


@dataclass(frozen=True, slots=True)
class Save:
    """What an editor tells of a save, after the text is in the file.

    Attributes:
        text: what was saved.
        base: the text that the editor last shared with the file; "" where it is not known.
        loaded: whether the saved text itself looks like one that was loaded; then `base` is the one before it.
        insists: the text was taken for a stale one and is written over already, but a person means it.
    """

    text: str
    base: str
    loaded: bool = False
    insists: bool = False


def told_of_save(history: History, save: Save, on_disk: str) -> tuple[History, Save | None]:
    """Return the history as a save makes it, and the save as it is to be judged yet, None if there is nothing to judge.

    Args:
        history: what is known of the file, which is not empty.
        save: what the editor tells.
        on_disk: what the file has now; the save may have been seen there, or even be gone, before it was told of.

    """
    at = max((at for at, each in enumerate(history) if each.text == save.text), default=None)
    if at is None:
        return history, replace(save, base=save.base or _nearest(history, save.text))
    seen = history[at]
    is_unexplained = seen.kind in {"first", "other"}
    if at == len(history) - 1 and on_disk == save.text:
        base = save.base or (_nearest(history[:at], save.text) if at else "")
        if not is_unexplained or base in {"", save.text}:
            return history, None  # known to be another's, and only loaded and saved
        return history[:at] or first(base, 0.0), replace(save, base=base)
    if on_disk == save.text:  # written once more, just now
        return history, replace(save, base=save.text if save.loaded else save.base or _nearest(history, save.text))
    if is_unexplained:
        # What came after it, and nobody could explain, is judged anew: it may have erased a save.
        last = max(at for at, each in enumerate(history) if each.kind != "other" or each.text == save.text)
        known = replace(seen, kind="save", base=save.base or seen.base)
        before = history[:at] or first(known.base, 0.0)
        return (*before, known, *history[at + 1 : last + 1]), None
    may_insist = seen.kind == "uv" and save.base and not save.loaded
    return history, replace(save, insists=True) if may_insist else None


def _nearest(history: History, text: str) -> str:
    """Return the text that another was most likely made from: the one it shares most with, of equals the newest."""
    return min((each.text for each in reversed(history)), key=lambda each: diff.distance(each, text))


def brought(name: str, base: str, standing: str, shown: str) -> Merged | Conflict:
    """Return an unsaved text with what came from elsewhere into its file; a conflict where both say something of one thing."""
    stated = facts.of(name, shown)
    own = {key: stated.get(key) for key in facts.changed(facts.of(name, base), stated)}
    if _clash(name, Version(standing, base, "other", 0.0), own, "save"):
        return Conflict(base, standing, shown)
    return statements.merge(name, base, standing, shown)
