"""A language server made of what a test says: it listens on a socket, records, and sends the contract's shapes.

It stands in for the real server only where the editor's side is looked at by itself: each state of the queue can be
shown without waiting for a real one.
"""

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

Body = dict[str, Any]

LATER: Body = {}
"""As an answer of `answers`: none yet; the test gives it by `reply`."""

COMMANDS = ["add", "remove", "upgrade", "bumpVersion", "move", "lock", "sync", "undo", "retry", "cancel", "status"]


@dataclass(slots=True)
class FakeServer:
    """One server for one client; whoever waits is woken by each message."""

    listener: socket.socket
    received: list[Body] = field(default_factory=list)
    answers: dict[str, Callable[[Body], Any]] = field(default_factory=dict)
    responses: dict[int, Body] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    stream: BinaryIO | None = None
    last_id: int = 0

    @classmethod
    def start(cls) -> Self:
        """Listen on a free port of this machine."""
        server = cls(socket.create_server(("127.0.0.1", 0)))
        threading.Thread(target=server._serve, name="fake-server", daemon=True).start()
        return server

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def init_lua(self) -> str:
        """What makes an editor use this server; all else is the real configuration."""
        return (
            f"vim.lsp.config('pyproject_lsp', {{ cmd = vim.lsp.rpc.connect('127.0.0.1', {self.port}) }})\n"
            "vim.lsp.enable('pyproject_lsp')\n"
        )

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def request(self, method: str, params: Any, timeout: float = 20) -> Any:
        """The client's answer; an error of it fails the test."""
        self.last_id += 1
        number = self.last_id
        self._send({"id": number, "method": method, "params": params})
        body = self._wait(lambda: self.responses.get(number), timeout, f"an answer to {method}")
        assert "error" not in body, body
        return body.get("result")

    def wait_for(self, method: str, where: Callable[[Any], bool] = lambda _: True, timeout: float = 20) -> Any:
        """The parameters of the first message of this method that fits."""

        def found() -> Body | None:
            return next((b for b in self.received if b.get("method") == method and where(b.get("params"))), None)

        return self._wait(found, timeout, method)["params"]

    def command(self, name: str) -> Body:
        """The argument of the first `pyproject.NAME` that came in."""
        params = self.wait_for("workspace/executeCommand", lambda p: p["command"] == f"pyproject.{name}")
        assert len(params["arguments"]) == 1
        return cast("Body", params["arguments"][0])

    def reply(self, method: str, where: Callable[[Any], bool], result: Any) -> None:
        """Answer the first request of this method that fits."""
        self.wait_for(method, where)
        asked = next(b for b in self.received if b.get("method") == method and where(b.get("params")))
        self._send({"id": asked["id"], "result": result})

    def version(self, path: Path) -> int:
        """The newest version of the document that the client has told."""
        versions = [
            body["params"]["textDocument"]["version"]
            for body in self.received
            if body.get("method") in ("textDocument/didOpen", "textDocument/didChange")
            and body["params"]["textDocument"]["uri"] == path.as_uri()
        ]
        return int(versions[-1])

    def stop(self) -> None:
        self.listener.close()
        if self.stream:
            self.stream.close()

    def _wait(self, condition: Callable[[], Body | None], timeout: float, description: str) -> Body:
        with self.changed:
            self.changed.wait_for(lambda: condition() is not None, timeout)
            found = condition()
        assert found is not None, f"not within {timeout} s: {description}\n{self.received[-5:]}"
        return found

    def _send(self, body: Body) -> None:
        data = json.dumps({"jsonrpc": "2.0", **body}).encode()
        assert self.stream, "no client yet"
        self.stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self.stream.flush()

    def _serve(self) -> None:
        try:
            connection, _ = self.listener.accept()
            stream = self.stream = cast("BinaryIO", connection.makefile("rwb"))
            connection.close()
            while (body := _read(stream)) is not None:
                self._take(body)
        except (OSError, ValueError):
            return  # the editor or the test has gone

    def _take(self, body: Body) -> None:
        if "method" in body and "id" in body:
            answer = self._answer(body)
            if answer is not LATER:
                self._send({"id": body["id"], **answer})
        with self.changed:
            self.received.append(body)
            if "method" not in body:
                self.responses[body["id"]] = body
            self.changed.notify_all()

    def _answer(self, body: Body) -> Body:
        method = body["method"]
        if method in self.answers:
            return cast("Body", self.answers[method](body["params"]))
        if method == "initialize":
            provider = {"commands": [f"pyproject.{name}" for name in COMMANDS]}
            sync = {"openClose": True, "change": 2, "save": True}
            capabilities = {"textDocumentSync": sync, "executeCommandProvider": provider}
            return {"result": {"capabilities": capabilities, "serverInfo": {"name": "pyproject-lsp"}}}
        return {"result": {"id": "new", "state": "queued"} if method == "workspace/executeCommand" else None}


def _read(stream: BinaryIO) -> Body | None:
    length = 0
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return cast("Body", json.loads(stream.read(length))) if length else None


def operation(number: str, **more: Any) -> Body:
    """An operation in the shape of the contract."""
    times = {"createdAt": "2026-01-02T03:04:05Z", "startedAt": None, "finishedAt": None}
    base = {"id": number, "kind": "add", "title": f"Add {number}", "state": "queued", "position": 0, "attempts": 0, "can": []}
    return {**base, "origin": {"client": "Neovim", "pid": 7}, "blockedBy": None, "message": "", "error": None, **times, **more}


def status(root: Path, *operations: Body, **more: Any) -> Body:
    """A `pyproject/status` in the shape of the contract."""
    base = {"project": root.as_uri(), "pid": 7, "state": "idle", "environment": "in-sync", "lock": "up-to-date", "message": ""}
    return {**base, "operations": list(operations), **more}
