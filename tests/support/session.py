"""One session with a server: its start and end, requests both ways, settings, waiting, operations.

`tests.support.client` adds the documents.  The server's requests are answered on a thread of their own, one after the
other, so that a handler that waits does not keep messages from being read.
"""

import contextlib
import copy
import importlib.metadata
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.buffers import uri_of
from tests.support.wire import Body, Message, ResponseError, Wire

DELETE = object()
"""As a value in capability overrides: take the key away."""
DEFER = object()
"""As a handler's result: no answer yet."""
FINISHED = frozenset({"done", "failed", "cancelled"})
NO_SYNC: Mapping[str, Any] = {"sync.afterEdit": False}
"""Settings for an edit that ends with its commit."""
REPOSITORY = Path(__file__).resolve().parents[2]

CAPABILITIES: Body = {
    "general": {"positionEncodings": ["utf-16"]},
    "window": {"workDoneProgress": True, "showMessage": {"messageActionItem": {}}, "showDocument": {"support": True}},
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "workspaceFolders": True,
        "workspaceEdit": {"documentChanges": True},
        "executeCommand": {},
        "didChangeConfiguration": {"dynamicRegistration": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "codeLens": {"refreshSupport": True},
        "inlayHint": {"refreshSupport": True},
        "diagnostics": {"refreshSupport": True},
    },
    "textDocument": {
        "synchronization": {"didSave": True},
        "publishDiagnostics": {"versionSupport": True},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}},
            "dataSupport": True,
            "disabledSupport": True,
            "resolveSupport": {"properties": ["edit", "command"]},
        },
        "codeLens": {},
        "completion": {"completionItem": {"snippetSupport": True}},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "inlayHint": {},
    },
    "experimental": {"pyprojectSave": True, "serverStatusNotification": True},
}


def merged(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> Body:
    """Both dictionaries, the overrides going first at every depth; `DELETE` takes a key away."""
    result = copy.deepcopy(dict(base))
    for key, value in overrides.items():
        if value is DELETE:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            inner = result.get(key)
            result[key] = merged(inner if isinstance(inner, dict) else {}, value)
        else:
            result[key] = value
    return result


def server_environment() -> dict[str, str]:
    """Our environment, in which the server's package is found also from another folder."""
    env = dict(os.environ)
    try:
        importlib.metadata.distribution("pyproject-lsp")
    except importlib.metadata.PackageNotFoundError:
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(REPOSITORY), env.get("PYTHONPATH", "")]))
    return env


@dataclass(frozen=True, slots=True)
class Pending:
    """A request on its way."""

    client: "Session"
    id: int
    method: str

    @property
    def done(self) -> bool:
        return self.id in self.client.responses

    def wait(self, timeout: float = 10) -> Any:
        """The result; raises ResponseError if the server answered with an error."""
        wanted = f"an answer to {self.method} ({self.id})"
        body = self.client.wire.wait_until(lambda: self.client.responses.get(self.id), timeout, wanted)
        if "error" in body:
            raise ResponseError(body["error"])
        return body.get("result")

    def cancel(self) -> None:
        self.client.notify("$/cancelRequest", {"id": self.id})


class Session:
    """A client without documents; the arguments are those of `tests.support.client.Client`."""

    def __init__(
        self,
        argv: Sequence[str] = (sys.executable, "-m", "lsp_server"),
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        settings: Mapping[str, Any] | None = None,
        expect_exit: int | None = None,
    ) -> None:
        self.settings: Body = dict(settings or {})
        self.expect_exit = expect_exit
        self.responses: dict[int, Body] = {}
        self.registrations: dict[str, Body] = {}
        self.server_capabilities: Body = {}
        self.encoding = "utf-16"
        self.choice: str | None = None
        self.handlers: dict[str, Callable[[Any], Any]] = {
            "workspace/configuration": self._configuration,
            "client/registerCapability": self._register,
            "client/unregisterCapability": self._unregister,
            "window/workDoneProgress/create": _nothing,
            "window/showMessageRequest": self._choose,
            "window/showDocument": lambda _params: {"success": True},
            "workspace/workspaceFolders": lambda _params: self._folders,
            "workspace/codeLens/refresh": _nothing,
            "workspace/inlayHint/refresh": _nothing,
            "workspace/diagnostic/refresh": _nothing,
        }
        self._folders: list[Body] = []
        self._operations: dict[str, Body] = {}
        self._last_id = 0
        self._editing = threading.RLock()
        self._requests: queue.SimpleQueue[Body | None] = queue.SimpleQueue()
        self._after_answer: list[Callable[[], None]] = []
        self.wire = Wire(argv, server_environment() if env is None else env, cwd or Path.cwd())
        self._answerer = threading.Thread(target=self._answer_requests, name="lsp-client-answers", daemon=True)
        self._answerer.start()
        self.wire.start(self._receive)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            code = self.wire.process.poll()
            if code is None and error is None and self.server_capabilities:
                code = self.shutdown()
            report = self.wire.report("at the end")
        finally:
            self._requests.put(None)
            self.wire.close()
            self._answerer.join(10)
        if error is not None:
            print(report, file=sys.stderr)
            return
        assert not self.wire.faults, "\n".join([*self.wire.faults, report])
        if self.expect_exit is not None:
            assert code == self.expect_exit, f"exit code {code}, not {self.expect_exit}\n{report}"

    # Messages

    @property
    def transcript(self) -> Sequence[Message]:
        return self.wire.transcript

    @property
    def received(self) -> list[Message]:
        return [message for message in list(self.wire.transcript) if message.way == "in"]

    @property
    def pid(self) -> int:
        return self.wire.process.pid

    def mark(self) -> int:
        """A place in the transcript, for the argument `after` of the waiting methods."""
        return len(self.wire.transcript)

    def request(self, method: str, params: Any = None, timeout: float = 10) -> Any:
        """Send a request and wait for its result.

        Raises:
            ResponseError: The server answered with an error.
        """
        return self.request_async(method, params).wait(timeout)

    def request_async(self, method: str, params: Any = None) -> Pending:
        with self._editing:
            self._last_id += 1
            pending = Pending(self, self._last_id, method)
            self.wire.send({"id": pending.id, "method": method, "params": params})
        return pending

    def notify(self, method: str, params: Any = None) -> None:
        self.wire.send({"method": method, "params": params})

    def answer(self, request: Body, result: Any) -> None:
        """Answer a server's request that its handler left open with `DEFER`."""
        self.wire.send({"id": request["id"], "result": result})

    def wait_for(
        self, predicate: Callable[[Message], bool], timeout: float = 10, description: str = "a message", after: int = 0
    ) -> Message:
        """The first message received since `after` for which the predicate is true."""
        position = after

        def look() -> Message | None:
            nonlocal position
            while position < len(self.wire.transcript):
                message = self.wire.transcript[position]
                position += 1
                if message.way == "in" and predicate(message):
                    return message
            return None

        return self.wire.wait_until(look, timeout, description)

    def wait_for_method(self, method: str, timeout: float = 10, after: int = 0) -> Message:
        return self.wait_for(lambda message: message.method == method, timeout, method, after)

    # The session

    def initialize(
        self,
        root: Path | None = None,
        *,
        capabilities: Mapping[str, Any] | None = None,
        initialization_options: Any = None,
        encodings: Sequence[str] | None = None,
        timeout: float = 20,
    ) -> Body:
        """Initialize as an editor does; `capabilities` are merged into ours, `encodings` go by preference."""
        offered = merged(CAPABILITIES, capabilities or {})
        if encodings is not None:
            offered = merged(offered, {"general": {"positionEncodings": list(encodings)}})
        self._folders = [{"uri": uri_of(root), "name": root.name}] if root else []
        params = {
            "processId": os.getpid(),
            "clientInfo": {"name": "test-client", "version": "1"},
            "rootUri": uri_of(root) if root else None,
            "workspaceFolders": self._folders or None,
            "capabilities": offered,
            "initializationOptions": initialization_options,
        }
        result: Body = self.request("initialize", params, timeout)
        self.server_capabilities = result["capabilities"]
        self.encoding = self.server_capabilities.get("positionEncoding", "utf-16")
        self.notify("initialized", {})
        return result

    def shutdown(self, timeout: float = 10) -> int:
        """Ask the server to end, and its exit code."""
        self.request("shutdown", timeout=timeout)
        self.notify("exit")
        return self.wire.process.wait(timeout)

    def kill(self) -> int:
        return self.wire.kill()

    def close_stdin(self) -> None:
        """Vanish without a word."""
        self.wire.close_stdin()

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Change the settings as a user does."""
        self.settings = dict(settings)
        self.notify("workspace/didChangeConfiguration", {"settings": {"pyproject": self.setting("pyproject")}})

    def setting(self, section: str | None) -> Any:
        """What `workspace/configuration` answers for a section."""
        tree: Body = {}
        for dotted, value in self.settings.items():
            *tables, key = dotted.split(".")
            node = tree
            for table in tables:
                node = node.setdefault(table, {})
            node[key] = merged(node.get(key, {}), value) if isinstance(value, Mapping) else value
        found: Any = {"pyproject": tree}
        for part in section.split(".") if section else ():
            found = found.get(part) if isinstance(found, dict) else None
        return found

    # Operations

    def operations(self) -> dict[str, Body]:
        """The latest that `pyproject/status` said of each operation, by id."""
        return dict(self._operations)

    def wait_operation(self, id: str, states: str | Iterable[str], timeout: float = 30, after: int = 0) -> Body:  # noqa: A002 - its name in the contract
        """The operation when it was first reported in one of the states, also one that has passed by.

        Raises:
            AssertionError: In time it was not, or it finished in another way.
        """
        wanted = {states} if isinstance(states, str) else set(states)

        def ends(message: Message) -> bool:
            operation = _operation(message, id)
            return operation is not None and operation["state"] in wanted | FINISHED

        said = self.wait_for(ends, timeout, f"operation {id} in {sorted(wanted)}", after)
        operation = _operation(said, id)
        assert operation is not None
        assert operation["state"] in wanted, self.wire.report(f"not {sorted(wanted)} but {operation}")
        return operation

    # What every editor answers

    def _configuration(self, params: Body) -> list[Any]:
        return [self.setting(item.get("section")) for item in params["items"]]

    def _register(self, params: Body) -> None:
        self.registrations |= {item["id"]: item for item in params["registrations"]}

    def _unregister(self, params: Body) -> None:
        for item in params["unregisterations"]:  # the protocol's own spelling
            self.registrations.pop(item["id"], None)

    def _choose(self, params: Body) -> Body | None:
        return next((action for action in params.get("actions") or [] if action["title"] == self.choice), None)

    # Inside

    def _receive(self, message: Message) -> None:
        body = message.body
        if "method" in body and "id" in body:
            self._requests.put(body)
        elif "id" in body:
            self.responses[body["id"]] = body
        elif message.method == "pyproject/status":
            self._operations |= {operation["id"]: operation for operation in message.params["operations"]}

    def _answer_requests(self) -> None:
        while (request := self._requests.get()) is not None:
            handler = self.handlers.get(request["method"])
            if handler is None:
                error = {"code": -32601, "message": f"no handler for {request['method']}"}
                self.wire.send({"id": request["id"], "error": error})
                continue
            try:
                # Only an edit keeps the person from typing; a handler that waits must not.
                with self._editing if request["method"] == "workspace/applyEdit" else contextlib.nullcontext():
                    result = handler(request.get("params"))
                    if result is not DEFER:
                        self.answer(request, result)
                    self._flush()
            except Exception as error:  # noqa: BLE001 - a test's handler failed: the test is told at its end
                self.wire.faults.append(f"the handler of {request['method']} raised {error!r}")
                self.wire.send({"id": request["id"], "error": {"code": -32603, "message": repr(error)}})

    def _flush(self) -> None:
        with self._editing:
            while self._after_answer:
                self._after_answer.pop(0)()


def _nothing(_params: Any) -> None:
    return None


def _operation(message: Message, wanted: str) -> Body | None:
    if message.method != "pyproject/status":
        return None
    return next((operation for operation in message.params["operations"] if operation["id"] == wanted), None)
