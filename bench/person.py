"""Somebody in an editor that has our server, in a round of chaos."""

import contextlib
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

from bench.actors import BROKEN, DEV, FAST, MISSING, PATIENCE, RUNTIME, Actor, Shop, adds, moves, removes
from bench.books import Deed, Table, text_of, with_slots
from tests.support import buffers
from tests.support.client import Client, ResponseError


class Person(Actor):
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
                self._refused(path, BROKEN if action == "broken" else MISSING)
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
        apply = adds(table)
        if action == "remove":
            name = self._ask("remove", path, packages=[package])
            apply = removes
        elif action == "move" and not self._shop.is_script:
            name = self._ask("move", path, package=package, **{"from": {}, "to": {DEV[0]: DEV[1]}})
            apply = moves
        else:
            name = self._ask("add", path, requirements=[package], **where)
        deeds.append(Deed(apply, partial(books.outcome, name), f"{action} {name[:6]}", name))

    def _refused(self, path: Path, package: str) -> None:
        name = self._ask("add", path, requirements=[package])
        apply = adds(RUNTIME)
        if package == MISSING:
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

    def _cancel(self, lot: int) -> None:
        """Cancel this person's last operation, or the last one of all."""
        name = self._last if lot % 2 else next(reversed(self._shop.books.asked), "")
        if name:
            self._client.execute("pyproject.cancel", {"id": name}, timeout=PATIENCE)

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
            with client._editing:  # noqa: SLF001  in one moment, as above
                client.type(path, client.buffer(path).disk)
                client.buffer(path).typed = False
        elif action == "close":
            self._pending.pop(path, None)
            client.close(path)

    def _open(self, path: Path) -> None:
        """Open a document, and look at it for as long as the server needs to know its project; one that is known says no more."""
        self._client.open(path, "python" if self._shop.is_script else "toml")
        self._client.wait_for_method("pyproject/status", PATIENCE)

    def _type(self, path: Path) -> None:
        text = with_slots(self._client.buffer(path).text, self._pending.get(path, {}))
        self._client.type(path, text)

    def _save(self, path: Path, *, in_place: bool = False) -> None:
        """Save; where the file is another by now, load it and make the change again, as a person would."""
        client = self._client
        with client._editing:  # noqa: SLF001  what is looked at is what is saved
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
                    time.sleep(0.05)  # uv is another program: it ends its write when it does
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
    return not text_of(path).rstrip().endswith("the last line")


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


def _write_in_place(path: Path, text: str) -> None:
    """Save as many editors do: truncate, then write, in two parts."""
    content = text.encode()
    with path.open("wb") as file:
        file.write(content[: len(content) // 2])
        file.flush()
        time.sleep(0.002)  # so that a reader may meet the half
        file.write(content[len(content) // 2 :])
