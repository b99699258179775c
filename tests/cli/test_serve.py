"""`pyproject-lsp serve --tcp`: one client on a socket, to its end, however that comes."""

import contextlib
import json
import re
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.projects import Project

SLOW = 50
"""Seconds that a server may take to start or to end."""


class Connection:
    """A client that sends one message after the other and reads what comes."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), SLOW)
        self._stream = self._socket.makefile("rwb")

    def send(self, **body: Any) -> None:
        data = json.dumps({"jsonrpc": "2.0", **body}).encode()
        self._stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self._stream.flush()

    def request(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """The result; what the server sends meanwhile is passed over."""
        self.send(id=method, method=method, params=params)
        return next(body for body in self if body.get("id") == method and "method" not in body)["result"]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """All messages up to the end of the connection."""
        while (line := self._stream.readline()) != b"":
            length = int(line.partition(b":")[2])
            while self._stream.readline() != b"\r\n":
                continue
            yield json.loads(self._stream.read(length))

    def until(self, operation: str, state: str) -> None:
        """Read on until a status shows an operation in a state."""
        for body in self:
            shown = body["params"]["operations"] if body.get("method") == "pyproject/status" else []
            if (operation, state) in [(each["id"], each["state"]) for each in shown]:
                return
        pytest.fail(f"the connection ended, and {operation} was never {state}")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.close()
        self._socket.close()


Connect = Callable[[int], Connection]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connects to a port; closed at the end of the test."""
    with contextlib.ExitStack() as stack:
        yield lambda port: stack.enter_context(contextlib.closing(Connection(port)))


IN_BACKGROUND = """
import runpy, signal
signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does for what a script starts by `&`
runpy.run_module("lsp_server", run_name="__main__")
"""


KNOWN = "known to the test alone"


def start(project: Project, address: str = "127.0.0.1:0", *python: str, token: str = KNOWN) -> "subprocess.Popen[str]":
    words = [sys.executable, *(python or ("-m", "lsp_server")), "serve", "--tcp", address]
    return project.tools.start(words, project.root, {"PYPROJECT_LSP_TOKEN": token})


def port_of(server: "subprocess.Popen[str]") -> int:
    """The port that the server says it listens on."""
    assert server.stderr is not None
    line = server.stderr.readline()
    found = re.fullmatch(r"pyproject-lsp listens on 127\.0\.0\.1:(\d+)\n", line)
    assert found, line
    return int(found[1])


def initialize(connection: Connection, root: Path, token: str = KNOWN) -> None:
    options = {"token": token}
    params = {"processId": None, "rootUri": root.as_uri(), "capabilities": {}, "initializationOptions": options}
    result = connection.request("initialize", params)
    assert result["serverInfo"]["name"] == "pyproject-lsp"
    connection.send(method="initialized", params={})


def test_a_client_on_a_socket_runs_a_command_to_its_end_and_leaves(project: Project, connect: Connect) -> None:
    server = start(project)
    connection = connect(port_of(server))
    initialize(connection, project.root)
    argument = {"uri": project.manifest.as_uri(), "requirements": ["alpha"]}
    call = {"command": "pyproject.add", "arguments": [argument]}
    queued = connection.request("workspace/executeCommand", call)
    connection.until(queued["id"], "done")
    assert '"alpha' in project.text()
    assert connection.request("shutdown") is None
    connection.send(method="exit")
    assert server.wait(SLOW) == 0
    connection.close()
    assert "Traceback" not in server.communicate()[1]


def test_a_uv_hears_interrupts_though_its_server_was_started_to_ignore_them(project: Project, connect: Connect) -> None:
    gate = project.add_gated_dependency()
    server = start(project, "127.0.0.1:0", "-c", IN_BACKGROUND)
    connection = connect(port_of(server))
    initialize(connection, project.root)
    call = {"command": "pyproject.sync", "arguments": [{"uri": project.manifest.as_uri()}]}
    queued = connection.request("workspace/executeCommand", call)
    build = psutil.Process(gate.wait_reached())
    server.send_signal(signal.SIGINT)
    build.send_signal(signal.SIGINT)
    connection.until(queued["id"], "failed")
    assert connection.request("shutdown") is None
    connection.send(method="exit")
    assert server.wait(SLOW) == 0


def test_a_second_client_is_refused_and_the_first_one_gets_its_answers(project: Project, connect: Connect) -> None:
    server = start(project)
    port = port_of(server)
    first = connect(port)
    initialize(first, project.root)
    with pytest.raises(ConnectionRefusedError):
        connect(port)
    asked = {"command": "pyproject.status", "arguments": [{"uri": project.manifest.as_uri()}]}
    assert first.request("workspace/executeCommand", asked)["state"] == "idle"
    assert first.request("shutdown") is None
    first.send(method="exit")
    assert server.wait(SLOW) == 0


def test_a_server_whose_client_is_lost_ends_with_code_1_and_no_traceback(project: Project, connect: Connect) -> None:
    server = start(project)
    connection = connect(port_of(server))
    initialize(connection, project.root)
    connection.close()
    assert server.wait(SLOW) == 1
    assert "Traceback" not in server.communicate()[1]


def test_an_address_that_is_taken_is_told_with_what_to_do(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = start(project, f"127.0.0.1:{taken.getsockname()[1]}")
        _, said = server.communicate(timeout=SLOW)
    assert server.returncode == 2
    assert "choose another address or port" in said
    assert "Traceback" not in said


def test_a_lost_standard_input_is_called_an_address_to_listen_on(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        with listener.accept()[0] as stdin:
            words, env = [sys.executable, "-m", "lsp_server", "serve"], project.tools.environment
            server = subprocess.Popen(
                words, stdin=stdin.fileno(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
            )
            project.tools.started.append(server)
        # Closed in this way it is reset, and to read from it is an error.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    _, said = server.communicate(timeout=SLOW)
    assert server.returncode == 1
    assert "listen" not in said


STRANGERS = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"\r\n",
    b"Content-Length: 999999999\r\n\r\n",
    b"Content-Length: 2\r\n\r\n{]",
    b"Content-Length: 2\r\n\r\n[]",
    b"x" * 100_000 + b"\n",
)


def test_a_stranger_on_the_port_is_let_in_or_keeps_the_one_out_who_knows_the_token(project: Project, connect: Connect) -> None:
    server = start(project, token="")
    port = port_of(server)
    assert server.stderr is not None
    token = server.stderr.readline().rpartition(": ")[2].strip()
    assert len(token) >= 32
    for sent in STRANGERS:
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(sent)
            stranger.shutdown(socket.SHUT_WR)
            assert b"initializationOptions.token" in (answer := stranger.makefile("rb").read()) or b"no message" in answer
    for wrong in ("", "x", token[:-1]):
        stranger_with_a_guess = connect(port)
        with pytest.raises(KeyError, match="result"):
            initialize(stranger_with_a_guess, project.root, wrong)
    known = connect(port)
    initialize(known, project.root, token)
    assert known.request("shutdown") is None
    known.send(method="exit")
    assert server.wait(SLOW) == 0
    assert token not in server.communicate()[1], "it is printed once"


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.1", "example.org"])  # noqa: S104  none is listened on
def test_other_machines_are_let_in_unasked(project: Project, host: str) -> None:
    server = start(project, f"{host}:0")
    _, said = server.communicate(timeout=SLOW)
    assert server.returncode == 2
    assert "--allow-remote" in said


@pytest.mark.parametrize("header", ["content-length: ", "CONTENT-LENGTH: ", "Content-Length:", "Content-Length :\t"])
def test_a_header_is_read_in_any_case_and_with_any_blanks(project: Project, header: str) -> None:
    bodies = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}, "processId": None, "rootUri": None}},
        {"jsonrpc": "2.0", "id": 2, "method": "shutdown"},
        {"jsonrpc": "2.0", "method": "exit"},
    ]
    encoded = [json.dumps(body) for body in bodies]
    sent = "".join(f"{header}{len(body)}\r\n\r\n{body}" for body in encoded)
    process = project.tools.start([sys.executable, "-m", "lsp_server"], project.root)
    out, err = process.communicate(sent, timeout=30)
    assert process.returncode == 0, err
    assert '"id":1' in out.replace(" ", "")
    assert '"id":2' in out.replace(" ", "")
