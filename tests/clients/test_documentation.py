"""The configurations in docs/editors: whole, well-formed, and naming only what the server knows."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lsp_server import protocol
from lsp_server.core import settings

DOCS = Path(__file__).resolve().parents[2] / "docs" / "editors"


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a language in a page."""
    text = (DOCS / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def documented_settings() -> Iterator[tuple[str, Any]]:
    """What each page tells a user to set, as the editor sends it."""
    (helix, _python) = (tomllib.loads(block) for block in blocks("helix.md", "toml"))
    yield "helix.md", helix["language-server"]["pyproject-lsp"]["config"]
    (kakoune,) = blocks("kakoune.md", "kak")
    toml = re.search(r"lsp_servers %\{\n(.*?)\n    \}", kakoune, re.DOTALL)
    assert toml
    yield "kakoune.md", tomllib.loads(toml[1])["pyproject-lsp"]["settings"]["pyproject"]
    (sublime,) = blocks("sublime-text.md", "jsonc")
    client = json.loads(sublime)["clients"]["pyproject-lsp"]
    yield "sublime-text.md", {key.removeprefix("pyproject."): value for key, value in client["settings"].items()}
    (zed,) = blocks("zed.md", "jsonc")
    yield "zed.md", json.loads("{" + zed.strip().removeprefix("{"))["lsp"]["pyproject-lsp"]["settings"]["pyproject"]


def test_every_documented_setting_is_known_and_well_typed() -> None:
    pages = dict(documented_settings())
    assert pages.keys() == {"helix.md", "kakoune.md", "sublime-text.md", "zed.md"}
    for page, sent in pages.items():
        assert sent, page
        assert settings.read(sent)[1] == {}, page


def test_every_command_that_a_page_names_exists() -> None:
    named = {
        word
        for page in [*DOCS.glob("*.md"), DOCS / "pyproject-lsp.el"]
        for word in re.findall(r"pyproject\.[a-z]+[A-Za-z]*", page.read_text(encoding="utf-8"))
    } - {"pyproject.toml", "pyproject.sync.afterEdit"}
    assert named <= set(protocol.COMMANDS), named - set(protocol.COMMANDS)


@pytest.mark.parametrize("name", ["zed/extension.toml", "zed/Cargo.toml"])
def test_the_zed_extension_has_readable_manifests(name: str) -> None:
    assert tomllib.loads((DOCS / name).read_text(encoding="utf-8"))


def test_every_page_is_listed_and_every_link_leads_somewhere() -> None:
    listed = (DOCS / "README.md").read_text(encoding="utf-8")
    for page in DOCS.glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in listed, page.name
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (DOCS / target).exists(), f"{page.name}: {target}"
