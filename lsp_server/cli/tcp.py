"""The server on a TCP port: for one client, which has to know the token. Any program of the machine can connect to a port.

Whoever drives the server may set `uv.path` and so run anything. The token is asked for in the first message, in
`initializationOptions.token` of `initialize`, which every editor can set.
"""

import hmac
import io
import ipaddress
import json
import os
import re
import secrets
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, BinaryIO

VARIABLE = "PYPROJECT_LSP_TOKEN"
"""Names the token; without it one is made up and printed."""
LOOPBACK = "127.0.0.1"
_PATIENCE_SECONDS = 10.0
_MOST_BYTES = 4 << 20  # of the first message
_MOST_HEADERS = 20
_LENGTH = re.compile(rb"content-length:\s*(\d{1,9})\s*$", re.IGNORECASE)
_REFUSED = -32600  # an invalid request (JSON-RPC 2.0)


class Stranger(Exception):  # noqa: N818  it says what happened
    """The first message was not that of a client who knows the token; `request` is its id, if it has one."""

    def __init__(self, reason: str, request: object = None) -> None:
        super().__init__(reason)
        self.request = request if isinstance(request, int | str) else None


def is_loopback(host: str) -> bool:
    """Tell whether an address is of this machine alone; a name other than `localhost` may lead anywhere."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Replayed:
    """What a client sends, from its first message on, which was read already."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self._first = io.BytesIO(first)
        self._rest = rest

    def readline(self) -> bytes:
        """Return the next line."""
        return self._first.readline() or self._rest.readline()

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer at the end."""
        found = self._first.read(size)
        return found if len(found) == size else found + self._rest.read(size - len(found))

    def close(self) -> None:
        """Close what it reads from."""
        self._rest.close()


def one_client(host: str, port: int) -> tuple[Replayed, BinaryIO]:
    """Wait for a client who knows the token. Nobody else is let in after it: answers must not go to another one.

    Where it listens is said on stderr, since port 0 takes a free one.

    Returns:
        What to read from and what to write to.

    Raises:
        OSError: the address cannot be listened on.

    """
    given = os.environ.pop(VARIABLE, "")  # what we start need not know it
    token = given or secrets.token_urlsafe(24)
    with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        where, number = listener.getsockname()[:2]
        _say(f"pyproject-lsp listens on {where}:{number}")
        if not given:
            _say(f"pyproject-lsp token for initializationOptions.token: {token}")
        while True:
            found = _let_in(listener.accept()[0], token)
            if found is not None:
                return found


def _let_in(client: socket.socket, token: str) -> tuple[Replayed, BinaryIO] | None:
    """Read a client's first message, and send the client away if that does not have the token."""
    client.settimeout(_PATIENCE_SECONDS)
    reader, writer = client.makefile("rb"), client.makefile("wb")
    try:
        first = _first_message(reader, token)
    except Stranger as error:
        _say(f"pyproject-lsp: a client was sent away: {error}")
        with suppress(OSError):
            client.sendall(_refusal(error))
    except OSError:
        pass  # it is gone, or says nothing
    else:
        client.settimeout(None)
        return Replayed(first, reader), writer
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)
    client.close()
    return None


def _first_message(reader: BinaryIO, token: str) -> bytes:
    lines: list[bytes] = []
    while not lines or lines[-1].strip():
        line = reader.readline(_MOST_BYTES)
        if not line or len(lines) > _MOST_HEADERS:
            raise Stranger("it sent no message of the Language Server Protocol")
        lines.append(line)
    sizes = [int(found[1]) for line in lines if (found := _LENGTH.match(line.strip()))]
    if not sizes or sizes[0] > _MOST_BYTES:
        raise Stranger("it sent no message of the Language Server Protocol")
    body = reader.read(sizes[0])
    message = _object(body)
    named = message.get("id") if message.get("method") == "initialize" else None
    options = _object_in(_object_in(message, "params"), "initializationOptions")
    if not hmac.compare_digest(str(options.get("token", "")).encode("utf-8", "replace"), token.encode()):
        raise Stranger("its first message has to be 'initialize' with initializationOptions.token", named)
    return b"".join(lines) + body


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _object_in(outer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = outer.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _refusal(error: Stranger) -> bytes:
    answer = {"jsonrpc": "2.0", "id": error.request, "error": {"code": _REFUSED, "message": str(error)}}
    body = json.dumps(answer).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
