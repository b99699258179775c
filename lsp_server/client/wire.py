"""The protocol of pygls with its gaps closed: each request gets an answer, and none with the paths of our code."""

import re
from dataclasses import dataclass
from typing import Any, BinaryIO

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams, JsonRpcInvalidRequest, JsonRpcServerNotInitialized
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.protocol.json_rpc import JsonRPCNotification

_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d+)[ \t]*\r?\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Frames:
    """A client's end of the wire, whose headers may be written in any case and with any blanks (RFC 9110, 5.1 and 5.5).

    pygls knows one spelling, and answers nothing more after another one.
    """

    stream: BinaryIO

    def readline(self) -> bytes:
        """Read a line; the length of a message is spelled as pygls reads it."""
        line = self.stream.readline()
        length = _LENGTH.fullmatch(line)
        return b"Content-Length: %s\r\n" % length[1] if length else line

    def read(self, size: int = -1) -> bytes:
        """Read a body."""
        return self.stream.read(size)


class Wire(LanguageServerProtocol):
    """pygls' protocol, but each request is answered: also one that cannot be read or comes at the wrong time."""

    _initialized = False

    def handle_message(self, message: Any) -> None:  # noqa: ANN401  one of many message types
        """Refuse requests before `initialize`, a second one, and requests after `shutdown` (LSP 3.17, "Lifecycle")."""
        method = getattr(message, "method", None)
        error = self._untimely(method) if method is not None and hasattr(message, "id") else None
        if error is not None:
            self._send_response(message.id, error=error.to_response_error())
            return
        if method == types.INITIALIZE:
            self._initialized = True
        super().handle_message(message)

    def _untimely(self, method: str) -> JsonRpcException | None:
        if self._shutdown:
            return JsonRpcInvalidRequest(f"the server was shut down, so {method} is not answered; only 'exit' may follow")
        if not self._initialized and method != types.INITIALIZE:
            return JsonRpcServerNotInitialized(f"{method} came before 'initialize'; send that first")
        if self._initialized and method == types.INITIALIZE:
            return JsonRpcInvalidRequest("the server is initialized already; 'initialize' may be sent once")
        return None

    def structure_message(self, data: dict[str, Any]) -> Any:  # noqa: ANN401  one of many message types
        """Read a message; one that is not of LSP's shape is answered in place of being dropped."""
        try:
            return super().structure_message(data)
        except JsonRpcException:
            method = data.get("method")
            error = JsonRpcInvalidParams(message=f"the parameters of {method} are not those of LSP 3.17").to_response_error()
            if "id" in data and method is not None:
                self._send_response(data["id"], error=error)
            elif "id" in data:
                self._handle_response(data["id"], None, error)
            return JsonRPCNotification(method="$/unreadable", jsonrpc="2.0", params=None)

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override]  # noqa: ANN401  a plain function will do
        """Take back what is being worked at. pygls stumbles over the answers that this sends at once."""
        for future in tuple(self._request_futures.values()):
            future.cancel()
        self._shutdown = True
