"""The server as a process, JSON-RPC over its standard streams, and a record of all that was said."""

import contextlib
import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, TypeVar, cast

import psutil

Body = dict[str, Any]
T = TypeVar("T")


class ResponseError(Exception):
    """The server answered a request with an error."""

    def __init__(self, error: Body) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: Any = error.get("data")


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `at` is `time.monotonic()` in seconds, `way` is seen from the client."""

    at: float
    way: Literal["in", "out"]
    body: Body

    @property
    def method(self) -> str:
        return cast("str", self.body.get("method", ""))

    @property
    def params(self) -> Any:
        return self.body.get("params")

    def __str__(self) -> str:
        return f"{self.at:.4f} {'<-' if self.way == 'in' else '->'} {json.dumps(self.body)[:600]}"


class Wire:
    """Sends and receives; whoever waits is woken by each message that comes in, and when the server ends."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        self.transcript: list[Message] = []
        self.ended = False
        self.faults: list[str] = []
        self._changed = threading.Condition(threading.RLock())
        self._sending = threading.Lock()
        self._strays: list[psutil.Process] = []
        handle, name = tempfile.mkstemp(prefix="lsp-stderr-")
        self._log = Path(name)
        with os.fdopen(handle, "wb") as log:
            self.process = subprocess.Popen(
                list(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=dict(env), cwd=cwd
            )
        assert self.process.stdin
        assert self.process.stdout
        self._stdin, self._stdout = self.process.stdin, self.process.stdout

    def start(self, listener: Callable[[Message], None]) -> None:
        """Begin to read; the listener is called on the reader's thread and must not wait."""
        self._reader = threading.Thread(target=self._read, args=(listener,), name="lsp-client-reader", daemon=True)
        self._reader.start()

    def send(self, body: Body) -> None:
        """Send one message; to a server that is gone nothing is sent, and whoever waits for an answer is told."""
        data = json.dumps({"jsonrpc": "2.0", **body}).encode()
        with self._sending:
            with self._changed:
                self.transcript.append(Message(time.monotonic(), "out", body))
                self._changed.notify_all()
            # Not under the condition: the reader must go on while a slow server leaves the pipe full.
            with contextlib.suppress(OSError, ValueError):
                self._stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
                self._stdin.flush()

    def wait_until(self, condition: Callable[[], T | None], timeout: float, description: str) -> T:
        """The first true value of the condition, looked at after each message, sent or received.

        Raises:
            AssertionError: After `timeout` seconds, or at once when the server is gone; with the transcript's tail.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                if found := condition():
                    return found
                left = deadline - time.monotonic()
                if self.ended:
                    raise AssertionError(self.report(f"the server ended before: {description}"))
                if left <= 0:
                    raise AssertionError(self.report(f"not within {timeout} s: {description}"))
                self._changed.wait(left)

    def wake(self) -> None:
        """Let those who wait look again, for state that changed without a message."""
        with self._changed:
            self._changed.notify_all()

    def report(self, headline: str) -> str:
        """The headline, the last messages and what the server wrote to its standard error."""
        tail = "\n".join(map(str, self.transcript[-25:]))
        return f"{headline}\n--- transcript\n{tail}\n--- stderr\n{self.stderr()[-4000:]}"

    def stderr(self) -> str:
        """What the server has written to its standard error."""
        return self._log.read_bytes().decode(errors="replace") if self._log.exists() else ""

    def close_stdin(self) -> None:
        """What a server sees of an editor that vanished."""
        with contextlib.suppress(OSError):
            self._stdin.close()

    def kill(self) -> int:
        """End the server as `kill -9` does; its children live on until `close`."""
        self._strays += _children(self.process.pid)
        self.process.kill()
        return self.process.wait()

    def close(self) -> None:
        """End what is still alive of the server and its children, and free everything."""
        if self.process.poll() is None:
            self.kill()
        for stray in self._strays:
            with contextlib.suppress(psutil.NoSuchProcess):
                stray.kill()
        self.close_stdin()
        self._reader.join(10)
        self._stdout.close()
        with contextlib.suppress(PermissionError):  # Windows: a grandchild may hold it a moment longer
            self._log.unlink(missing_ok=True)

    def _read(self, listener: Callable[[Message], None]) -> None:
        try:
            while (body := _read_message(self._stdout)) is not None:
                message = Message(time.monotonic(), "in", body)
                with self._changed:
                    self.transcript.append(message)
                    listener(message)
                    self._changed.notify_all()
        except (ValueError, KeyError) as error:
            self.faults.append(f"the server broke the protocol: {error!r}")
        with self._changed:
            self.ended = True
            self._changed.notify_all()


def _read_message(stream: IO[bytes]) -> Body | None:
    """One message, or None at the end of the stream."""
    headers: dict[bytes, bytes] = {}
    while line := stream.readline():
        if line == b"\r\n":
            data = stream.read(int(headers[b"content-length"]))
            return cast("Body", json.loads(data))
        name, separator, value = line.partition(b":")
        if not separator:
            message = f"no header: {line!r}"
            raise ValueError(message)
        headers[name.strip().lower()] = value.strip()
    return None


def _children(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []
