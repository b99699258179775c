"""A model of the lock protocol, small enough to look at every state that it can reach.

Actors take steps in any order. What they share are the three locks and one text, which is a set of edits (a bit for
each actor). A server plans from what it read, waits until it is quiet, takes uv's two locks or none, compares,
exchanges, lets go, and then waits for every uv that was alive to see whether its edit is still there. The uv commands
do what was measured of the real ones: add reads before it has any lock and writes under both, remove and version write
with no lock and roll back after they let go. `exec` runs a uv add inside a turn.

A variant is the same protocol with one mistake in it; the tests see that each mistake is found.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["server", "exec", "add", "remove", "sync"]
Variant = Literal["right", "wrong-order", "uv-under-locks", "manifest-last", "no-comparison", "no-settling", "early-settling"]
Lock = Literal[0, 1, 2]

MANIFEST: Lock = 0
PROJECT: Lock = 1
ENVIRONMENT: Lock = 2
FREE = -1
ENDED = frozenset({"done", "failed"})
_NOT_RUNNING = ENDED | {"start", "queued"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Where one actor is; the text it has read; what else it keeps: a text to put back, or the actors it waits for."""

    at: str
    seen: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class World:
    """One state: the text, the owner of each lock, the actors."""

    text: int
    locks: tuple[int, int, int]
    actors: tuple[Actor, ...]

    def move(self, who: int, at: str, **changes: int) -> "World":
        """Return the world after an actor went on."""
        actors = list(self.actors)
        actors[who] = replace(actors[who], at=at, **changes)
        return replace(self, actors=tuple(actors))

    def write(self, text: int) -> "World":
        """Return the world with another text on disk."""
        return replace(self, text=text)

    def is_free(self, *locks: Lock) -> bool:
        """Tell whether nobody holds these."""
        return all(self.locks[lock] == FREE for lock in locks)

    def take(self, who: int, lock: Lock) -> "World":
        """Return the world in which the actor holds a free lock."""
        assert self.is_free(lock)
        return self._own(lock, who)

    def release(self, who: int, *locks: Lock) -> "World":
        """Return the world in which the actor holds these no more."""
        world = self
        for lock in locks:
            if self.locks[lock] == who:
                world = world._own(lock, FREE)
        return world

    def _own(self, lock: Lock, who: int) -> "World":
        locks = list(self.locks)
        locks[lock] = who
        return replace(self, locks=(locks[0], locks[1], locks[2]))


@dataclass(frozen=True, slots=True)
class Model:
    """Which actors there are, and which mistake the servers make."""

    kinds: tuple[Kind, ...]
    variant: Variant = "right"

    def start(self) -> World:
        """Return the first state."""
        ours = ("server", "exec")
        return World(0, (FREE,) * 3, tuple(Actor("queued" if kind in ours else "start") for kind in self.kinds))

    def next(self, world: World) -> Iterator[World]:
        """Yield every state that one step of one actor leads to."""
        for who, kind in enumerate(self.kinds):
            yield from _RULES[kind](self, world, who)

    def writers(self, world: World) -> int:
        """Return, as bits, the uv processes that are alive and will write the manifest."""
        writing = ("add", "remove", "exec")
        pairs = zip(self.kinds, world.actors, strict=True)
        alive = [kind in writing and actor.at not in _NOT_RUNNING for kind, actor in pairs]
        return sum(1 << who for who, is_alive in enumerate(alive) if is_alive)


def _server(model: Model, world: World, who: int) -> Iterator[World]:
    at = world.actors[who].at
    if at in _COMMITTING:
        yield from _commit(model, world, who)
    elif at in {"queued", "manifest"}:
        yield from _begin(model, world, who)
    elif at == "plan":
        yield world.move(who, "quiet", seen=world.text)
    elif at == "quiet" and world.is_free(PROJECT, ENVIRONMENT) and not model.writers(world):
        yield world.move(who, "take first")
    elif at in {"take first", "take second"}:
        yield from _take(model, world, who)
    elif at == "child" and world.is_free(ENVIRONMENT):
        yield world.move(who, "check")
    elif at == "settle":
        yield from _settle(model, world, who)


def _begin(model: Model, world: World, who: int) -> Iterator[World]:
    """Take the manifest lock; the mistaken one takes uv's locks first and waits for it with them in hand."""
    if world.actors[who].at == "manifest":
        if world.is_free(MANIFEST):
            yield world.take(who, MANIFEST).release(who, PROJECT, ENVIRONMENT).move(who, "plan")
    elif model.variant == "manifest-last":
        if world.is_free(PROJECT, ENVIRONMENT):
            yield world.take(who, PROJECT).take(who, ENVIRONMENT).move(who, "manifest")
    elif world.is_free(MANIFEST):
        yield world.take(who, MANIFEST).move(who, "plan")


_COMMITTING = frozenset({"check", "exchange", "put back", "look"})


def _commit(model: Model, world: World, who: int) -> Iterator[World]:
    """Compare, exchange, put back what was not expected, and see who is alive before letting go."""
    me, writers = world.actors[who], model.writers(world)
    compares = model.variant != "no-comparison"
    match me.at:
        case "check" if compares and (writers or world.text != me.seen):
            yield world.release(who, PROJECT, ENVIRONMENT).move(who, "quiet" if writers else "plan")
        case "check":
            yield world.move(who, "exchange")
        case "exchange" if compares and world.text != me.seen:
            yield world.write(me.seen | 1 << who).move(who, "put back", kept=world.text)
        case "exchange":
            yield world.write(me.seen | 1 << who).move(who, "look")
        case "put back":
            yield world.write(me.kept).release(who, PROJECT, ENVIRONMENT).move(who, "plan", kept=0)
        case "look":
            yield world.release(who, MANIFEST, PROJECT, ENVIRONMENT).move(who, "settle", kept=writers)


def _settle(model: Model, world: World, who: int) -> Iterator[World]:
    """End once the edit stands and no uv lives that may have read a text without it.

    It is not enough to wait for those that were alive at the commit: a second one can read the stale text of the
    first, the first can then fail and put the right text back, and the second overwrites that later.
    """
    me, writers = world.actors[who], model.writers(world)
    if model.variant == "no-settling" or not (me.kept & writers if model.variant == "early-settling" else writers):
        stays = world.text & 1 << who or model.variant == "no-settling"
        yield world.move(who, "done" if stays else "queued", kept=0)


def _take(model: Model, world: World, who: int) -> Iterator[World]:
    """Take the first, then the second of uv's locks, or let go of all; the mistaken one waits for the second."""
    wrong = model.variant == "wrong-order"
    first, second = (ENVIRONMENT, PROJECT) if wrong else (PROJECT, ENVIRONMENT)
    if world.actors[who].at == "take first":
        free = world.is_free(first)
        yield world.take(who, first).move(who, "take second") if free else world.move(who, "quiet")
    elif world.is_free(second):
        yield world.take(who, second).move(who, "child" if model.variant == "uv-under-locks" else "check")
    elif not wrong:
        yield world.release(who, first).move(who, "quiet")


def _exec(model: Model, world: World, who: int) -> Iterator[World]:
    if world.actors[who].at == "queued":
        if world.is_free(MANIFEST) and not model.writers(world):
            yield world.take(who, MANIFEST).move(who, "read")
        return
    for after in _add(model, world, who):
        yield after.release(who, MANIFEST) if after.actors[who].at in ENDED else after


def _add(_model: Model, world: World, who: int) -> Iterator[World]:
    me, bit = world.actors[who], 1 << who
    match me.at:
        case "start":
            yield world.move(who, "read")
        case "read":
            yield world.move(who, "project", seen=world.text)
        case "project" if world.is_free(PROJECT):
            yield world.take(who, PROJECT).move(who, "environment")
        case "environment" if world.is_free(ENVIRONMENT):
            yield world.take(who, ENVIRONMENT).move(who, "write", kept=world.text)
        case "write":
            yield world.write(me.seen | bit).move(who, "write again")
        case "write again":
            yield world.write(me.seen | bit).move(who, "ends well")
            yield world.write(me.kept).move(who, "ends badly")  # a build failed: it puts its snapshot back
        case "ends well" | "ends badly":
            end = "done" if me.at == "ends well" else "failed"
            yield world.release(who, PROJECT, ENVIRONMENT).move(who, end, seen=0, kept=0)


def _remove(_model: Model, world: World, who: int) -> Iterator[World]:
    me, bit = world.actors[who], 1 << who
    match me.at:
        case "start":
            yield world.move(who, "read")
        case "read":
            yield world.move(who, "write", seen=world.text)
        case "write":
            yield world.write(me.seen | bit).move(who, "project")
        case "project" if world.is_free(PROJECT):
            yield world.take(who, PROJECT).move(who, "environment")
        case "environment" if world.is_free(ENVIRONMENT):
            yield world.take(who, ENVIRONMENT).move(who, "sync")
        case "sync":
            let_go = world.release(who, PROJECT, ENVIRONMENT)
            yield let_go.move(who, "ends well")
            yield let_go.move(who, "roll back")
        case "roll back":
            yield world.write(me.seen).move(who, "ends badly")
        case "ends well" | "ends badly":
            yield world.move(who, "done" if me.at == "ends well" else "failed", seen=0)


def _sync(_model: Model, world: World, who: int) -> Iterator[World]:
    match world.actors[who].at:
        case "start" if world.is_free(PROJECT):
            yield world.take(who, PROJECT).move(who, "find the environment")
        case "find the environment":
            yield world.release(who, PROJECT).move(who, "environment")
        case "environment" if world.is_free(ENVIRONMENT):
            yield world.take(who, ENVIRONMENT).move(who, "install")
        case "install":
            yield world.release(who, ENVIRONMENT).move(who, "done")


_RULES: dict[Kind, Callable[[Model, World, int], Iterator[World]]] = {
    "server": _server,
    "exec": _exec,
    "add": _add,
    "remove": _remove,
    "sync": _sync,
}


@dataclass(frozen=True, slots=True)
class Explored:
    """Every reachable state with the states that follow it."""

    model: Model
    steps: dict[World, tuple[World, ...]]

    def deadlocks(self) -> list[World]:
        """Return the states where somebody has not ended and nobody can take a step."""
        return [world for world, after in self.steps.items() if not after and not _is_over(world)]

    def traps(self) -> list[World]:
        """Return the states from which the end cannot be reached any more, whoever takes steps."""
        before: dict[World, list[World]] = {}
        for world, after in self.steps.items():
            for one in after:
                before.setdefault(one, []).append(world)
        reaching = {world for world in self.steps if _is_over(world)}
        waiting = list(reaching)
        while waiting:
            for one in before.get(waiting.pop(), ()):
                if one not in reaching:
                    reaching.add(one)
                    waiting.append(one)
        return [world for world in self.steps if world not in reaching]

    def unguarded(self) -> list[World]:
        """Return the states where a server is about to exchange, or has just done so, without all three locks."""
        return [
            world
            for world in self.steps
            for who, kind in enumerate(self.model.kinds)
            if kind == "server" and world.actors[who].at in {"exchange", "put back", "look"}
            if world.locks != (who, who, who)
        ]

    def lost(self, kinds: Sequence[Kind]) -> list[World]:
        """Return the ends at which an edit of such an actor, which said that it was done, is gone."""
        return [
            world
            for world in self.steps
            if _is_over(world)
            for who, kind in enumerate(self.model.kinds)
            if kind in kinds and world.actors[who].at == "done" and not world.text & 1 << who
        ]


def explore(model: Model) -> Explored:
    """Visit every state."""
    steps: dict[World, tuple[World, ...]] = {}
    waiting = [model.start()]
    while waiting:
        world = waiting.pop()
        if world in steps:
            continue
        steps[world] = tuple(model.next(world))
        waiting.extend(steps[world])
    return Explored(model, steps)


def _is_over(world: World) -> bool:
    return all(actor.at in ENDED for actor in world.actors)
