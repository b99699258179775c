"""Persons in editors (an LSP client that behaves like one): they ask for operations, type, undo, save and close."""

import contextlib
import json
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from bench.history import texts
from bench.history.ground import PATIENCE, Ground
from bench.history.model import Act, Effect, Key, Outcome, Step, Value
from tests.support.buffers import Buffer, uri_of
from tests.support.client import Client, ResponseError

FINISHED = frozenset({"done", "failed", "cancelled"})
SILENT_SECONDS = 8.0
_NOTHING_WAS_DONE = frozenset(
    {"unresolvable", "not-found", "invalid-requirement", "invalid-toml", "build-failed", "lock-timeout", "no-uv", "untrusted"}
)
_CAPABILITIES = {"experimental": {"pyprojectSave": True, "pyprojectRestored": True}}


def outcome_of(operation: Mapping[str, Any]) -> Outcome:
    """Return what the end of an operation says of its edit (docs/protocol.md, error codes)."""
    code = (operation["error"] or {}).get("code", "")
    if operation["state"] == "done" or code == "sync-failed":
        return "done"
    return "failed" if code in _NOTHING_WAS_DONE else "unknown"


class Editor:
    """A person in an editor.

    Args:
        name: whose.
        ground: where.
        merges: whether they bring their lines to a file that has moved before they save, as a conflict dialogue asks;
            who does not saves what they see.
        closes: whether they close the file right after each save.

    """

    def __init__(self, name: str, ground: Ground, *, merges: bool, closes: bool) -> None:
        self.name = name
        self.clients: list[Client] = []
        self.asked: dict[str, Act] = {}
        self._ground = ground
        self._merges = merges
        self._closes = closes
        self._typed: dict[Key, str] = {}
        self._before: dict[Key, Value] = {}
        self._buffer: Buffer | None = None
        self._threads: list[threading.Thread] = []
        self._sitting = threading.RLock()

    # The process

    def begin(self) -> None:
        """Start the editor's server and open the file."""
        self._start()
        self._open()

    def _start(self) -> None:
        if not self._ground.is_bare:
            client = Client(env=self._ground.environment, cwd=self._ground.base)
            self.clients.append(client)
            options = {"trusted": True}
            client.initialize(self._ground.root, capabilities=_CAPABILITIES, initialization_options=options, timeout=PATIENCE)

    def kill(self) -> None:
        """Kill the server; the editor starts another one, which gets the unsaved text as it is."""
        with self._sitting:
            killed = self.clients[-1]
            act = self._ground.act("killer", f"kills the server of {self.name}", "killer")
            killed.kill()
            act.end, act.outcome = time.monotonic(), "done"
            shown = killed.buffers.get(self._ground.manifest)
            self._start()
            if shown is not None:
                self._open(shown)

    @property
    def pids(self) -> list[int]:
        """The process that is alive."""
        return [self.clients[-1].pid] if self.clients else []

    def close(self) -> None:
        """End all servers."""
        for thread in self._threads:
            thread.join(PATIENCE)
        for client in self.clients:
            with contextlib.suppress(Exception), client:
                pass

    # What the person does

    def do(self, step: Step) -> None:
        """Do one thing."""
        with self._sitting:
            self._look()
            match step.action:
                case "type":
                    self._type(step.key, texts.value_for(step.key, step.number))
                case "untype":
                    self._untype()
                case "save":
                    self.save()
                case _:
                    value = texts.value_for(step.key, step.number) if step.key and step.action != "remove" else None
                    self.ask(step.action, step.key, value)

    def ask(self, action: str, key: Key, value: Value, client: str = "") -> Act | None:
        """Ask the server for an operation and do not wait for its end; without a server, start uv."""
        effects = {key: Effect(value, bumps=action == "bump")} if key else {}
        if self._ground.is_bare:
            return self._ask_uv(action, key, value, client or self.name)
        command, argument = _command(action, key, value)
        act = self._ground.act(client or self.name, f"{command} {json.dumps(argument)}", "ours", effects)
        try:
            answer = self.clients[-1].execute(
                f"pyproject.{command}", {"uri": self._ground.manifest.as_uri(), **argument}, timeout=PATIENCE
            )
        except (AssertionError, ResponseError) as error:
            act.detail = str(error)[:300]  # the server was killed
            return None
        self.asked[answer["id"]] = act
        return act

    def _ask_uv(self, action: str, key: Key, value: Value, client: str) -> Act:
        from bench.history.clients import Shell  # noqa: PLC0415  the two know each other in the bare form only

        shell, made = Shell(self.name, self._ground), threading.Event()
        found: list[Act] = []

        def run() -> None:
            found.append(shell.run(client, "uv", action, key, value))
            made.set()

        before = len(self._ground.record.acts)
        thread = threading.Thread(target=run)
        self._threads.append(thread)
        thread.start()
        while True:
            mine = [one for one in self._ground.record.acts[before:] if one.client == client]
            if mine:
                return mine[0]
            time.sleep(0.001)

    def has_ended(self, act: Act) -> bool:
        """Tell whether an operation has ended."""
        name = next((name for name, one in self.asked.items() if one is act), "")
        return act.end < float("inf") or any(
            client.operations().get(name, {}).get("state") in FINISHED for client in self.clients
        )

    def is_quiet(self) -> bool:
        """Tell whether nothing that was asked for is under way, but for what waits for a save."""
        said = [client.operations() for client in self.clients]
        states = [[each[name]["state"] for each in said if name in each] for name in self.asked]
        return all({"needsSave", *FINISHED} & set(each) for each in states) and not any(one.is_alive() for one in self._threads)

    # The document

    def _editing(self) -> AbstractContextManager[object]:
        return self.clients[-1]._editing if self.clients else contextlib.nullcontext()  # noqa: SLF001  one moment of a person

    def _open(self, shown: Buffer | None = None) -> None:
        """Open the file, or show a new server what is open already, its unsaved text too."""
        path, text = self._ground.manifest, self._ground.whole()
        shown = shown or Buffer(path, uri_of(path), text, text)
        buffer = self._buffer = Buffer(path, shown.uri, shown.text, shown.disk, typed=shown.typed)
        if self.clients:
            with self._editing():
                self.clients[-1].buffers[path] = buffer
                item = {"uri": buffer.uri, "languageId": "toml", "version": buffer.version, "text": buffer.text}
                self.clients[-1].notify("textDocument/didOpen", {"textDocument": item})

    def _close(self) -> None:
        if self.clients and self._ground.manifest in self.clients[-1].buffers:
            self.clients[-1].close(self._ground.manifest)
        self._buffer = None
        self._typed.clear()
        self._before.clear()

    def _show(self, text: str, *, typed: bool = True) -> None:
        buffer = self._buffer
        if buffer is None:
            return
        if self.clients:
            self.clients[-1].type(self._ground.manifest, text)
        buffer.text, buffer.typed = text, typed

    def _look(self) -> None:
        """Load what is on the disk into a clean buffer, as editors do."""
        text = self._ground.whole()
        with self._editing():
            buffer = self._buffer
            if buffer is not None and not buffer.dirty and text != buffer.text:
                self._show(text, typed=False)
                buffer.disk = text

    def _type(self, key: Key, value: str) -> None:
        if self._buffer is None:
            self._open()
        with self._editing():
            buffer = self._buffer
            if buffer is None or not texts.is_whole(buffer.text):
                return  # loaded while a uv was writing: nobody types into half a file
            text = texts.put(buffer.text, key, value)
            if text != buffer.text:
                self._before.setdefault(key, texts.registers(buffer.text).get(key))
                self._typed[key] = value
                self._show(text)

    def _untype(self) -> None:
        """Take back what was typed since the last save; what the server put there stays."""
        with self._editing():
            buffer = self._buffer
            if buffer is None or not self._typed or not texts.is_whole(buffer.text):
                return
            text = buffer.text
            for key, value in self._before.items():
                text = texts.put(text, key, value)
            self._show(text, typed=text != buffer.disk)
            self._typed.clear()
            self._before.clear()

    def save(self) -> None:
        """Save. The person's decision is what they typed; all else in the buffer is only what they happen to see."""
        disk = self._ground.whole()
        with self._editing():
            buffer = self._buffer
            if buffer is None or not texts.is_whole(buffer.text):
                return
            if self._merges and disk != buffer.disk:
                for key, value in self._typed.items():
                    disk = texts.put(disk, key, value)
                self._show(disk)
            shown = texts.registers(buffer.text)
            # Of what was typed, an operation may have changed something since, in the buffer: that is what is saved.
            mine = {key: shown.get(key) for key in self._typed}
            act = self._ground.act(self.name, f"saves {mine}", "save", {key: Effect(value) for key, value in mine.items()})
            stood = self._ground.replace(buffer.text)
            buffer.disk, buffer.typed = buffer.text, False
            if self.clients:
                self.clients[-1].notify("textDocument/didSave", {"textDocument": {"uri": buffer.uri}})
            act.end, act.outcome, act.tears = time.monotonic(), "done", not texts.is_whole(stood)
            self._typed.clear()
            self._before.clear()
        if self._closes:
            self._close()

    def finish(self) -> None:
        """Save what is unsaved: an operation may wait for that."""
        with self._sitting:
            if self._buffer is not None and self._buffer.dirty:
                self.save()
            self._look()

    # What was seen

    def statuses(self) -> list[tuple[float, Mapping[str, Any]]]:
        """Return what the servers said of each operation, and when."""
        said = [message for client in self.clients for message in client.received if message.method == "pyproject/status"]
        return [(message.at, operation) for message in said for operation in message.params["operations"]]

    def told(self) -> list[tuple[str, str]]:
        """Return of each message about a text that was put back or kept (`pyproject/restored`) the file's text and that one."""
        said = [message for client in self.clients for message in client.received if message.method == "pyproject/restored"]
        return [(str(message.params["before"]), str(message.params["after"])) for message in said]

    def complaints(self) -> list[str]:
        """Return what servers wrote of bugs of theirs."""
        found = []
        for client in self.clients:
            said = client.wire.stderr()
            if "Traceback" in said:
                found.append(f"a server said: {said[said.index('Traceback') :][-2000:]}")
            found += client.wire.faults
        return found


def _command(action: str, key: Key, value: Value) -> tuple[str, dict[str, object]]:
    where, name = {"group": "dev"} if "/" in key else {}, key.rpartition("/")[2]
    match action:
        case "add":
            return "add", {"requirements": [f"{name}{value}"], **where}
        case "remove":
            return "remove", {"packages": [name], **where}
        case "version":
            return "bumpVersion", {"version": value}
        case "bump":
            return "bumpVersion", {"bump": "patch"}
        case _:
            return action, {}
