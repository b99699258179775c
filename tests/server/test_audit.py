"""`pyproject.audit` with the real uv and an OSV service on loopback: findings, the lines they stand at, what stays as it is."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from demo import parts
from tests.support.client import Client, ResponseError

ADVISORY = {
    "id": "GHSA-xxxx",
    "summary": "Bad thing",
    "details": "Long",
    "modified": "2026-01-01T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "database_specific": {"severity": "HIGH"},
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "beta"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}]}],
        }
    ],
    "references": [{"type": "WEB", "url": "https://example.org/x"}],
}
MANIFEST = (
    '[project]\nname = "demo"\nversion = "1.0"\nrequires-python = ">=3.11"\ndependencies = [\n    "alpha",\n    "gamma",\n]\n'
)
PACKAGE = """
[[package]]
name = "{name}"
version = "1.0"
source = {{ registry = "https://pypi.org/simple" }}
{needs}
sdist = {{ url = "https://files.pythonhosted.org/x/{name}-1.0.tar.gz", hash = "sha256:{zeros}", size = 1 }}
"""


def lock() -> str:
    found = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n'
    for name, needs in (("alpha", 'dependencies = [{ name = "beta" }]'), ("beta", ""), ("gamma", "")):
        found += PACKAGE.format(name=name, needs=needs, zeros="0" * 64)
    found += '\n[[package]]\nname = "demo"\nversion = "1.0"\nsource = { virtual = "." }\n'
    return found + 'dependencies = [{ name = "alpha" }, { name = "gamma" }]\n'


class Service(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        known = [
            {"vulns": [{"id": ADVISORY["id"], "modified": ADVISORY["modified"]}]} if one["package"]["name"] == "beta" else {}
            for one in asked
        ]
        self._say({"results": known})

    def do_GET(self) -> None:
        self._say(ADVISORY)

    def _say(self, found: Any) -> None:
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(base: Path) -> Iterator[Client]:
    root = base / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text(MANIFEST, "utf-8")
    (root / "uv.lock").write_text(lock(), "utf-8")
    env = parts.uv_environment(base) | {"UV_OFFLINE": "0", "UV_DEFAULT_INDEX": (root / "none").as_uri()}
    with Client(env=env, cwd=root, expect_exit=0) as one:
        one.initialize(root=root, initialization_options={"index.lookups": "off"})
        one.open(root / "pyproject.toml")
        yield one


def test_a_finding_stands_at_the_line_that_brings_the_package(client: Client, base: Path, service: str) -> None:
    root = base / "project"
    uri = (root / "pyproject.toml").as_uri()
    before = {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}
    answer = client.execute("pyproject.audit", {"uri": uri, "serviceUrl": service}, timeout=60)
    assert answer == {
        "findings": [
            {
                "name": "beta",
                "version": "1.0",
                "id": "GHSA-xxxx",
                "severity": "high",
                "fixed": ["1.2"],
                "paths": [["alpha", "beta"]],
                "summary": "Bad thing",
                "link": "https://example.org/x",
            }
        ]
    }
    assert {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()} == before
    client.wire.wait_until(lambda: shown(client, root) == [5], 30, "the diagnostic at alpha's line")
    (found,) = [one for one in client.diagnostics(root / "pyproject.toml") if one["code"] == "vulnerable"]
    assert "beta 1.0 is vulnerable: GHSA-xxxx, high: Bad thing (here because alpha → beta); fixed in 1.2" in found["message"]
    fix = next(one for one in client.code_actions(root / "pyproject.toml", "alpha") if one["title"].startswith("Upgrade beta"))
    assert fix["command"]["arguments"] == [{"uri": uri, "packages": ["beta"], "strategy": "lock"}]


def shown(client: Client, root: Path) -> list[int]:
    found = client.diagnostics(root / "pyproject.toml")
    return [one["range"]["start"]["line"] for one in found if one["code"] == "vulnerable"]


@pytest.mark.parametrize("wrong", [{"serviceUrl": "file:///x"}, {"serviceUrl": 1}, {"nothing": 1}])
def test_a_wrong_argument_is_named(client: Client, base: Path, wrong: dict[str, Any]) -> None:
    uri = (base / "project" / "pyproject.toml").as_uri()
    with pytest.raises(ResponseError, match=next(iter(wrong))):
        client.execute("pyproject.audit", {"uri": uri, **wrong})


def test_without_a_lock_file_there_is_nothing_to_audit(client: Client, base: Path) -> None:
    (base / "project" / "uv.lock").unlink()
    uri = (base / "project" / "pyproject.toml").as_uri()
    with pytest.raises(ResponseError, match=r"no uv\.lock to audit"):
        client.execute("pyproject.audit", {"uri": uri}, timeout=30)
