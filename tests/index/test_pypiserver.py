"""A real pypiserver with a password, whose pages are HTML (PEP 503): what it has is completed and explained."""

import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import parts
from tests.support.client import Client

PASSWORDS = "user:{SHA}87u9ZqY9S/F0eUBXjsPQEDUw4h0=\n"


@pytest.fixture
def pypiserver(base: Path) -> Iterator[str]:
    """The address of one with two packages; a password is asked for everything."""
    packages = base / "packages"
    packages.mkdir()
    for version in ("1.0", "1.1"):
        parts.make_wheel(packages, "private-thing", version)
    (base / "htpasswd").write_text(PASSWORDS, "utf-8")
    port = _free_port()
    command = [sys.executable, "-m", "pypiserver", "run", "-i", "127.0.0.1", "-p", str(port), "--disable-fallback"]
    command += ["-P", str(base / "htpasswd"), "-a", "list,download,update", str(packages)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _wait_until_up(f"http://127.0.0.1:{port}/", process)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_until_up(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Ask until it answers; the limit is that of the test. One that has ended says why."""
    while True:
        assert process.poll() is None, process.communicate()[1].decode()
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  one of ours
        except urllib.error.HTTPError as answer:
            answer.close()
            return
        except OSError:
            continue
        return


def test_its_packages_are_completed_with_the_password_of_the_environment(base: Path, pypiserver: str) -> None:
    root = base / "project"
    root.mkdir()
    index = f'[[tool.uv.index]]\nname = "corp"\nurl = "http://{pypiserver}/simple"\nexplicit = true\n'
    text = '[project]\nname = "demo"\nversion = "1"\ndependencies = [\n    "private-thing>=",\n]\n'
    text += f'[tool.uv.sources]\nprivate-thing = {{ index = "corp" }}\n{index}'
    (root / "pyproject.toml").write_text(text.replace(">=", ""), "utf-8")
    secrets = {"UV_INDEX_CORP_USERNAME": "user", "UV_INDEX_CORP_PASSWORD": "hunter2"}
    with Client(env=parts.uv_environment(base) | secrets, cwd=root, expect_exit=0) as client:
        client.initialize(root=root, initialization_options={"trusted": True})
        client.open(root / "pyproject.toml")
        client.type(root / "pyproject.toml", text)
        position = {"line": 4, "character": len('    "private-thing>=')}
        document = {"textDocument": {"uri": (root / "pyproject.toml").as_uri()}, "position": position}

        def versions() -> list[str]:
            return [one["label"] for one in client.request("textDocument/completion", document)["items"]]

        client.wire.wait_until(lambda: versions() == ["1.1", "1.0"], 30, "the versions of the private index")
        assert "hunter2" not in str([message.body for message in client.transcript])
