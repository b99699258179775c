"""An index on loopback that records what it is asked and by whom, and that can be slow, wrong, huge, hostile or silent.

Its pages are those of the simple API in JSON (PEP 691, 700, 792) with metadata beside the wheels (PEP 658). A test
takes the place of `behave` to have another answer, for example one that waits at a `threading.Event`.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    path: str
    headers: Mapping[str, str]

    @property
    def package(self) -> str:
        """The package whose page was asked for, "" for a file."""
        return self.path.removeprefix("/simple/").strip("/") if self.path.endswith("/") else ""


class IndexServer:
    """Packages by name: a page as `page` makes it. `asked` has every request in order."""

    def __init__(self, packages: Mapping[str, Mapping[str, Any]], credentials: tuple[str, str] | None = None) -> None:
        self.packages = dict(packages)
        self.metadata: dict[str, str] = {}
        self.credentials = credentials
        self.asked: list[Asked] = []
        self.changed = threading.Condition()
        self.behave: Callable[[Asked], Reply | None] = lambda _asked: None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/simple"

    def names(self) -> list[str]:
        """The packages whose pages were asked for, in order."""
        return [one.package for one in self.asked if one.package]

    def wait_until_asked(self, name: str, times: int = 1, timeout: float = 20) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.names().count(name) >= times, timeout), f"{name}: {self.asked}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reply(self, asked: Asked) -> Reply:
        odd = self.behave(asked)
        if odd is not None:
            return odd
        if self.credentials is not None and asked.headers.get("authorization") != basic(*self.credentials):
            return Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        if asked.path.endswith(".metadata"):
            found = self.metadata.get(asked.path.rpartition("/")[2].removesuffix(".metadata"))
            return Reply(404) if found is None else Reply(200, found.encode())
        page = self.packages.get(asked.package)
        if page is None:
            return Reply(404)
        body = json.dumps(page).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if asked.headers.get("if-none-match") == etag:
            return Reply(304, headers={"ETag": etag})
        return Reply(200, body, {"Content-Type": JSON, "ETag": etag})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = Asked(self.path, {key.lower(): value for key, value in self.headers.items()})
                with outer.changed:
                    outer.asked.append(asked)
                    outer.changed.notify_all()
                reply = outer.reply(asked)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                with suppress(ConnectionError):  # whoever asked has given up
                    self.end_headers()
                    self.wfile.write(reply.body)

            def log_message(self, *_arguments: Any) -> None:
                pass

        return Handler


@contextmanager
def index_server(*packages: Mapping[str, Any], credentials: tuple[str, str] | None = None) -> Iterator[IndexServer]:
    server = IndexServer({str(one["name"]): one for one in packages}, credentials)
    try:
        yield server
    finally:
        server.close()


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def page(name: str, *versions: str | Mapping[str, Any], status: str | None = None, reason: str | None = None) -> dict[str, Any]:
    """A page of a package: each version is its number, or what its one wheel says beside that (`version` is the number)."""
    files = [_file(name, {"version": one} if isinstance(one, str) else one) for one in versions]
    found: dict[str, Any] = {"meta": {"api-version": "1.4"}, "name": name, "files": files}
    if status is not None:
        found["project-status"] = {"status": status} | ({"reason": reason} if reason is not None else {})
    return found


def _file(name: str, one: Mapping[str, Any]) -> dict[str, Any]:
    filename = f"{name.replace('-', '_')}-{one['version']}-py3-none-any.whl"
    said = {key: value for key, value in one.items() if key != "version"}
    return {"filename": filename, "url": f"../../files/{filename}", "hashes": {}, "core-metadata": True, **said}
