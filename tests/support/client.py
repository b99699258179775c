"""A small LSP client that behaves as an editor does, for tests that are plain functions.

Plain dictionaries, no protocol library: what the server sends is looked at as it is.  `Client.handlers` answers the
server's requests; a test replaces one by `client.handlers["workspace/applyEdit"] = function`.  A handler that returns
`DEFER` answers nothing; the test does later, by `client.answer(...)`.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from tests.support import buffers
from tests.support.buffers import Buffer, path_of, uri_of
from tests.support.session import CAPABILITIES, DEFER, DELETE, NO_SYNC, Pending, Session, merged
from tests.support.wire import Body, Message, ResponseError

__all__ = ["CAPABILITIES", "DEFER", "DELETE", "NO_SYNC", "Buffer", "Client", "Message", "Pending", "ResponseError", "merged"]


class Client(Session):
    """An editor.  As a context manager it always ends the server's process.

    Args:
        argv: The server's command line; by default `python -m lsp_server`.
        env: Its whole environment; by default ours.
        cwd: Its folder; by default ours.
        settings: The content of the section `pyproject`, nested or with dotted keys.
        expect_exit: The exit code to ask for at the end of the context; None asks for none.
    """

    def __init__(
        self,
        argv: Sequence[str] = (sys.executable, "-m", "lsp_server"),
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        settings: Mapping[str, Any] | None = None,
        expect_exit: int | None = None,
    ) -> None:
        self.buffers: dict[Path, Buffer] = {}
        self.sync: Literal["incremental", "full"] | None = None
        self.apply_order: Literal["answer-first", "change-first"] = "answer-first"
        super().__init__(argv, env=env, cwd=cwd, settings=settings, expect_exit=expect_exit)
        self.handlers["workspace/applyEdit"] = self.apply_workspace_edit
        self.handlers["pyproject/save"] = self._save_for_server

    # What a person does

    def open(self, path: str | Path, language_id: str = "toml") -> Buffer:
        file = path_of(path)
        text = buffers.read_text(file)
        with self._editing:
            buffer = self.buffers[file] = Buffer(file, uri_of(path), text, text)
            item = {"uri": buffer.uri, "languageId": language_id, "version": buffer.version, "text": text}
            self.notify("textDocument/didOpen", {"textDocument": item})
        return buffer

    def type(self, path: str | Path, change: str | Body | Sequence[Body]) -> Buffer:
        """Change the buffer: to a whole new text, or by TextEdits of its present text."""
        with self._editing:
            buffer = self.buffer(path)
            self._change(buffer, _as_edits(buffer.text, change, self.encoding))
            buffer.typed = True
        return buffer

    def save(self, path: str | Path) -> Buffer:
        """Write the buffer to the disk, whatever is there."""
        with self._editing:
            buffer = self.buffer(path)
            self._save(buffer)
        return buffer

    def close(self, path: str | Path) -> None:
        with self._editing:
            buffer = self.buffers.pop(path_of(path))
            self.notify("textDocument/didClose", {"textDocument": {"uri": buffer.uri}})

    def reload(self, path: str | Path) -> Buffer:
        """What an editor does with a clean buffer when the disk changed; a dirty one keeps its text."""
        with self._editing:
            buffer = self.buffer(path)
            if not buffer.dirty:
                disk = buffers.read_text(buffer.path)
                if disk != buffer.text:
                    self._change(buffer, [buffers.single_edit(buffer.text, disk, self.encoding)])
                buffer.disk = disk
        return buffer

    def buffer(self, path: str | Path) -> Buffer:
        return self.buffers[path_of(path)]

    def range_of(self, path: str | Path, needle: str) -> Body:
        """The range of the first `needle` in the buffer."""
        text = self.buffer(path).text
        start = text.index(needle)
        ends = start, start + len(needle)
        return dict(zip(("start", "end"), (buffers.position(text, end, self.encoding) for end in ends), strict=True))

    def code_actions(
        self, path: str | Path, where: Mapping[str, Any] | str, only: Iterable[str] | None = None, timeout: float = 10
    ) -> list[Body]:
        """The code actions at a range, or at the first place of a text in the buffer."""
        context: Body = {"diagnostics": [], "triggerKind": 1} | ({"only": list(only)} if only is not None else {})
        span = self.range_of(path, where) if isinstance(where, str) else where
        params = {"textDocument": {"uri": self.buffer(path).uri}, "range": span, "context": context}
        return self.request("textDocument/codeAction", params, timeout) or []

    def run_action(self, action: Body, timeout: float = 10) -> Any:
        """Choose a code action: resolve it if it says too little, apply its edit, run its command."""
        if isinstance(action.get("command"), str):
            return self.request("workspace/executeCommand", _command(action), timeout)
        if "edit" not in action and "command" not in action:
            action = self.request("codeAction/resolve", action, timeout)
        if "edit" in action:
            outcome = self.apply_workspace_edit({"edit": action["edit"]})
            self._flush()
            assert outcome["applied"], outcome
        if "command" in action:
            return self.request("workspace/executeCommand", _command(action["command"]), timeout)
        return None

    def execute(self, command: str, argument: Any = None, timeout: float = 10) -> Any:
        """Run a command with its one argument."""
        arguments = [] if argument is None else [argument]
        return self.request("workspace/executeCommand", {"command": command, "arguments": arguments}, timeout)

    def diagnostics(self, path: str | Path) -> list[Body]:
        """The last diagnostics published for a document."""
        said = [m.params for m in self.received if m.method == "textDocument/publishDiagnostics"]
        return next((p["diagnostics"] for p in reversed(said) if path_of(p["uri"]) == path_of(path)), [])

    # What the editor answers

    def apply_workspace_edit(self, params: Body) -> Body:
        """Apply an edit if no version is stale, and tell the server; a file that was not open is opened for it."""
        edit = params["edit"]
        changes = edit.get("documentChanges") or [
            {"textDocument": {"uri": uri, "version": None}, "edits": edits} for uri, edits in edit.get("changes", {}).items()
        ]
        with self._editing:
            for change in changes:
                if "kind" in change:
                    return {"applied": False, "failureReason": f"unsupported: {change['kind']}"}
                version = change["textDocument"].get("version")
                buffer = self.buffers.get(path_of(change["textDocument"]["uri"]))
                if version is not None and (buffer is None or buffer.version != version):
                    return {"applied": False, "failureReason": "the document has another version"}
            if self.apply_order == "answer-first":
                self._after_answer.append(lambda: self._apply(changes))
            else:
                self._apply(changes)
        return {"applied": True}

    def _apply(self, changes: Sequence[Body]) -> None:
        for change in changes:
            uri = change["textDocument"]["uri"]
            buffer = self.buffers.get(path_of(uri)) or self.open(uri)
            self._change(buffer, change["edits"])

    def _save_for_server(self, params: Body) -> Body:
        with self._editing:
            buffer = self.buffers.get(path_of(params["uri"]))
            if buffer is None or buffer.typed:
                return {"saved": False}
            disk = buffers.read_text(buffer.path)
            if disk == buffer.text:
                # The server has written the same text: the buffer is clean without a write.
                buffer.disk = disk
                return {"saved": True}
            # Editors refuse to save over a file that changed since they read it.
            if disk != buffer.disk:
                return {"saved": False}
            self._save(buffer)
        return {"saved": True}

    # Inside

    def _change(self, buffer: Buffer, edits: Sequence[Body]) -> None:
        old, buffer.text = buffer.text, buffers.apply_edits(buffer.text, edits, self.encoding)
        buffer.version += 1
        if self._sync() == "full":
            changes: list[Body] = [{"text": buffer.text}]
        else:
            # From the end of the text to its start, so that one change does not move the range of the next.
            ordered = sorted(edits, key=lambda edit: buffers.offset(old, edit["range"]["start"], self.encoding))
            changes = [{"range": edit["range"], "text": edit["newText"]} for edit in reversed(ordered)]
        document = {"uri": buffer.uri, "version": buffer.version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def _sync(self) -> str:
        if self.sync:
            return self.sync
        kind = self.server_capabilities.get("textDocumentSync", 1)
        kind = kind.get("change", 1) if isinstance(kind, dict) else kind
        return "incremental" if kind == 2 else "full"

    def _save(self, buffer: Buffer) -> None:
        buffers.write_text(buffer.path, buffer.text)
        buffer.disk, buffer.typed = buffer.text, False
        self.notify("textDocument/didSave", {"textDocument": {"uri": buffer.uri}})


def _as_edits(text: str, change: str | Body | Sequence[Body], encoding: str) -> Sequence[Body]:
    if isinstance(change, str):
        return [buffers.single_edit(text, change, encoding)]
    return [change] if isinstance(change, dict) else change


def _command(command: Body) -> Body:
    return {"command": command["command"], "arguments": command.get("arguments") or []}
