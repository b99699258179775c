"""A Neovim with a server that the test plays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.neovim import driver
from tests.neovim.fake_server import FakeServer

MANIFEST = """\
[project]
name = "demo"
version = "1.2.3"
dependencies = [
    "alpha>=1",  # the first
    "beta[extra]>=2",
]

[project.optional-dependencies]
fast = ["gamma"]

[dependency-groups]
dev = ["delta", { include-group = "docs" }, "alpha"]
docs = []
"""


@pytest.fixture
def root(base: Path) -> Path:
    """A folder with a manifest that has every kind of place."""
    folder = base / "demo"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(MANIFEST)
    return folder


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """The server that the test plays."""
    made = FakeServer.start()
    yield made
    made.stop()


@pytest.fixture
def nvim(base: Path, root: Path, server: FakeServer) -> Iterator[driver.Neovim]:
    """A Neovim that shows the manifest, with the server attached."""
    init = driver.init_file(base, server.init_lua())
    with driver.Neovim.start(init, driver.environment(base), root) as editor:
        editor.edit(root / "pyproject.toml")
        server.wait_for("textDocument/didOpen")
        yield editor
