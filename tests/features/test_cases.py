"""Each case file, on the functions and on the real server."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import parts
from tests.features import cases, universe
from tests.support.client import Client
from tests.support.index_server import index_server

ALL = cases.load()


@pytest.fixture(scope="module")
def editor() -> Iterator[tuple[Client, Path]]:
    """One server that has asked its index about everything, with a manifest open whose text each case replaces."""
    base = Path(tempfile.mkdtemp(prefix="pl-")).resolve()
    with index_server(*universe.PAGES) as index:
        index.metadata |= universe.METADATA
        manifest = universe.write(base / "project", index.url)
        env = parts.uv_environment(base) | {"UV_DEFAULT_INDEX": index.url}
        with Client(env=env, cwd=manifest.parent, expect_exit=0) as client:
            client.initialize(root=manifest.parent)
            client.open(manifest)
            client.wire.wait_until(lambda: _knows_all(client, manifest), 50, "what the index and the lock file say")
            yield client, manifest
    shutil.rmtree(base, ignore_errors=True)


def _knows_all(client: Client, manifest: Path) -> bool:
    """Whether hover on each package says what the index has, and completion knows a locked one."""
    said = []
    for name in ("alpha", "beta", "gamma", universe.ABSENT):
        where = client.range_of(manifest, f'"{name}')["end"]
        document = {"textDocument": {"uri": client.buffer(manifest).uri}, "position": where}
        said.append(client.request("textDocument/hover", document)["contents"]["value"])
    everything = "".join(said)
    return all(words in everything for words in ("locked: 1.0", "first", "archived", "no index", "yanked"))


def test_there_are_cases() -> None:
    assert len(ALL) > 10


@pytest.mark.parametrize("case", ALL, ids=str)
def test_the_functions_show_what_the_case_says(case: cases.Case) -> None:
    assert cases.pure(case) == case.golden, "if this is meant: python -m tests.features.cases"


@pytest.mark.parametrize("case", ALL, ids=str)
def test_the_server_shows_the_same(editor: tuple[Client, Path], case: cases.Case) -> None:
    client, manifest = editor
    buffer = client.type(manifest, case.text)
    assert cases.served(case, client, manifest) == case.golden
    actions = client.code_actions(manifest, case.where)
    assert {one["command"]["arguments"][0]["uri"] for one in actions if "command" in one} <= {buffer.uri}


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (["refactor"], {"refactor.rewrite", "refactor.move"}),
        (["refactor.move"], {"refactor.move"}),
        (["source"], {"source.pyproject.sync", "source.pyproject.lock"}),
        (["source.pyproject.lock"], {"source.pyproject.lock"}),
        (["quickfix"], set()),
        (["source.pyproj"], set()),
        ([""], {"refactor.rewrite", "refactor.move", "source.pyproject.sync", "source.pyproject.lock"}),
    ],
)
def test_a_client_gets_only_the_kinds_it_asks_for(editor: tuple[Client, Path], only: list[str], kinds: set[str]) -> None:
    client, manifest = editor
    client.type(manifest, '[project]\nname = "x"\nversion = "1.0"\ndependencies = ["alpha"]\n')
    assert {action["kind"] for action in client.code_actions(manifest, "alpha", only)} == kinds


def test_the_server_announces_the_kinds_of_its_actions(editor: tuple[Client, Path]) -> None:
    announced = editor[0].server_capabilities["codeActionProvider"]["codeActionKinds"]
    assert {"refactor.rewrite", "refactor.move", "source.pyproject", "quickfix"} <= set(announced)
