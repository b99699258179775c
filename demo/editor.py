"""A very small editor for the demo: it speaks LSP to a real server in a process of its own, over stdio."""

import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from lsp_server.core.text import Document

Message = dict[str, Any]


class Editor:
    """One editor with one open document. What the server asks is answered on the reading thread."""

    def __init__(self, path: Path, environ: Mapping[str, str], on_status: Callable[[Message], None]) -> None:
        self.path = path
        self.uri = path.as_uri()
        self.document = Document(self.uri, "toml", 1, path.read_text("utf-8"))
        self._on_status = on_status
        self._ids = itertools.count(1)
        self._answers: dict[int, Message] = {}
        self._changed = threading.Condition(threading.RLock())
        self._server = subprocess.Popen(
            [sys.executable, "-m", "lsp_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(environ),
            cwd=path.parent,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._server.pid

    def __enter__(self) -> Self:
        """Initialize the server and open the document."""
        capabilities = {
            "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
            "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}},
            "experimental": {"pyprojectSave": True},
        }
        self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "clientInfo": {"name": "demo editor"},
                "rootUri": None,
                "capabilities": capabilities,
            },
        )
        self.notify("initialized", {})
        item = {"uri": self.uri, "languageId": "toml", "version": 1, "text": self.document.text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return self

    def __exit__(self, *_error: object) -> None:
        """Shut the server down as an editor does."""
        self.request("shutdown", None)
        self.notify("exit", None)
        self._server.wait(20)

    def type(self, text: str) -> None:
        """Change the document as a person does: it is unsaved now."""
        with self._changed:
            self._set(text)

    def save(self) -> None:
        """Write the document to the disk as most editors do."""
        with self._changed:
            self.path.write_text(self.document.text, "utf-8")
        self.notify("textDocument/didSave", {"textDocument": {"uri": self.uri}})

    def actions(self, needle: str) -> dict[str, Message]:
        """Return the code actions where a text stands, by title."""
        line = next(number for number, text in enumerate(self.document.text.splitlines()) if needle in text)
        character = self.document.text.splitlines()[line].index(needle) + 1
        place = {"line": line, "character": character}
        params = {
            "textDocument": {"uri": self.uri},
            "range": {"start": place, "end": place},
            "context": {"diagnostics": []},
        }
        return {action["title"]: action for action in self.request("textDocument/codeAction", params)}

    def run(self, action: Message) -> str:
        """Choose a code action; return the operation's id."""
        return self.execute(action["command"]["command"], action["command"]["arguments"][0])

    def execute(self, command: str, argument: Message) -> str:
        """Run a command that queues an operation; return its id."""
        answer = self.request("workspace/executeCommand", {"command": command, "arguments": [{"uri": self.uri, **argument}]})
        return str(answer["id"])

    def request(self, method: str, params: Any) -> Any:  # noqa: ANN401  JSON
        """Send a request and wait for its answer."""
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": params})
        with self._changed:
            if not self._changed.wait_for(lambda: number in self._answers, 30):
                raise TimeoutError(f"the server did not answer {method} within 30 s")
            answer = self._answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def notify(self, method: str, params: Any) -> None:  # noqa: ANN401  JSON
        """Send a notification."""
        self._send({"method": method, "params": params})

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        with self._changed:
            assert self._server.stdin is not None  # noqa: S101  asked for above
            self._server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            self._server.stdin.flush()

    def _read(self) -> None:
        stream = self._server.stdout
        assert stream is not None  # noqa: S101  asked for above
        while header := stream.readline():
            length = int(header.split(b":")[1])
            while stream.readline().strip():
                pass
            self._receive(json.loads(stream.read(length)))

    def _receive(self, message: Message) -> None:
        if "method" not in message:
            with self._changed:
                self._answers[message["id"]] = message
                self._changed.notify_all()
        elif message["method"] == "pyproject/status":
            self._on_status(message["params"])
        elif "id" in message:
            self._send({"id": message["id"], "result": self._answer(message["method"], message["params"])})

    def _answer(self, method: str, params: Any) -> Any:  # noqa: ANN401  JSON
        if method == "workspace/applyEdit":
            return {"applied": self._apply(params["edit"]["documentChanges"][0])}
        # The server has written the same text to the file, so the document is clean without our writing it.
        return {"saved": self.path.read_text("utf-8") == self.document.text} if method == "pyproject/save" else None

    def _apply(self, change: Message) -> bool:
        with self._changed:
            if change["textDocument"]["version"] != self.document.version:
                return False
            document = self.document
            for edit in reversed(change["edits"]):
                start, end = edit["range"]["start"], edit["range"]["end"]
                where = (start["line"], start["character"], end["line"], end["character"])
                document = document.changed(document.version, [(where, edit["newText"])], "utf-16")
            self._set(document.text)
            return True

    def _set(self, text: str) -> None:
        self.document = Document(self.uri, "toml", self.document.version + 1, text)
        identifier = {"uri": self.uri, "version": self.document.version}
        self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [{"text": text}]})
