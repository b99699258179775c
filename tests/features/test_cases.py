"""Each case file, on the functions and on the real server."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo import parts
from tests.features import cases
from tests.support.client import Client

ALL = cases.load()


@pytest.fixture(scope="module")
def editor() -> Iterator[tuple[Client, Path]]:
    """One server, with a manifest open whose text each case replaces."""
    base = Path(tempfile.mkdtemp(prefix="pl-")).resolve()
    manifest = parts.make_project(base / "project", text="")
    with Client(env=parts.uv_environment(base), cwd=manifest.parent, expect_exit=0) as client:
        client.initialize(root=manifest.parent)
        client.open(manifest)
        yield client, manifest
    shutil.rmtree(base, ignore_errors=True)


def test_there_are_cases() -> None:
    assert len(ALL) > 10


@pytest.mark.parametrize("case", ALL, ids=str)
def test_the_functions_show_what_the_case_says(case: cases.Case) -> None:
    assert cases.rendered(cases.pure(case)) == case.golden, "if this is meant: python -m tests.features.cases"


@pytest.mark.parametrize("case", ALL, ids=str)
def test_the_server_shows_the_same(editor: tuple[Client, Path], case: cases.Case) -> None:
    client, manifest = editor
    mark = client.mark()
    buffer = client.type(manifest, case.text)
    document: dict[str, Any] = {"textDocument": {"uri": buffer.uri}}
    said = client.wait_for(
        lambda m: m.method == "textDocument/publishDiagnostics" and m.params["version"] == buffer.version, after=mark
    )
    shown = {
        "actions": client.code_actions(manifest, case.where),
        "lenses": client.request("textDocument/codeLens", document),
        "diagnostics": said.params["diagnostics"],
    }
    assert cases.rendered(shown) == case.golden
    uris = {one["command"]["arguments"][0]["uri"] for kind in ("actions", "lenses") for one in shown[kind]}
    assert uris <= {buffer.uri}


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
