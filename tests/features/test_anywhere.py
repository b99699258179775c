"""Completion and hover at every place of every text, cut off anywhere, in a manifest and in a script's block."""

import pytest

from lsp_server.core import script
from lsp_server.core.lsp import Position
from lsp_server.core.script import Block
from lsp_server.core.snapshot import Script, Snapshot
from lsp_server.core.toml import Span
from lsp_server.features.completion.answer import completion, wanted
from lsp_server.features.hover import hover
from tests.features import cases, universe

TEXTS = {case.name: case.text for case in cases.load()}


def at(snapshot: Snapshot, offset: int) -> Position:
    return snapshot.range(Span(offset, offset))["start"]


def as_script(text: str) -> Snapshot:
    """The same TOML as the block of a script, with code around it."""
    block_lines = "".join(f"# {line}\n" if line else "#\n" for line in text.splitlines())
    whole = f"#!/usr/bin/env python\n# /// script\n{block_lines}# ///\nimport é\n"
    block = script.find(whole)
    assert isinstance(block, Block)
    known = universe.snapshot(block.toml)
    return Snapshot(
        known.uri,
        1,
        block.toml,
        "utf-16",
        known.settings,
        known.packages,
        known=known.known,
        script=Script(whole, block),
        around=known.around,
        names=known.names,
    )


def look(snapshot: Snapshot, position: Position) -> None:
    for item in completion(snapshot, position)["items"]:
        where = item["textEdit"]["range"]
        assert where["start"]["line"] == where["end"]["line"] == position["line"]
        assert where["start"]["character"] <= position["character"] <= where["end"]["character"]
    hover(snapshot, position)
    wanted(snapshot, position)


@pytest.mark.parametrize("name", TEXTS)
def test_every_place_has_an_answer_whose_edit_is_around_the_cursor(name: str) -> None:
    snapshot = universe.snapshot(TEXTS[name])
    for offset in range(0, len(snapshot.text) + 1, 7):
        look(snapshot, at(snapshot, offset))


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_ends_anywhere_has_one_at_its_end(name: str) -> None:
    for end in range(0, len(TEXTS[name]) + 1, 7):
        snapshot = universe.snapshot(TEXTS[name][:end])
        look(snapshot, at(snapshot, end))


BLOCK = 'requires-python = ">=3.10"\ndependencies = [\n    "alpha>=1",\n    "be",\n]\n'


def test_a_block_of_a_script_is_completed_and_explained_where_it_stands() -> None:
    snapshot = as_script(BLOCK)
    assert snapshot.script is not None
    line = snapshot.script.text[: snapshot.script.text.index("alpha")].count("\n")
    column = len('#     "alpha>=')
    (first, *_) = completion(snapshot, {"line": line, "character": column})["items"]
    assert (first["label"], first["textEdit"]["range"]["start"]) == ("3.0rc1", {"line": line, "character": column})
    names = completion(snapshot, {"line": line + 1, "character": len('#     "be')})["items"]
    assert names[0]["label"] == "beta"
    shown = hover(snapshot, {"line": line, "character": 8})
    assert shown is not None
    assert shown["contents"]["value"].startswith("**alpha** in dependencies")
    assert shown["range"]["start"] == {"line": line, "character": 6}


@pytest.mark.parametrize("character", [0, 1, 2])
def test_a_place_outside_of_the_block_has_no_hover(character: int) -> None:
    snapshot = as_script(BLOCK)
    assert hover(snapshot, {"line": 0, "character": character}) is None
    assert not snapshot.holds({"line": 99, "character": 0})


def test_each_place_of_a_block_leads_to_its_toml_and_back() -> None:
    snapshot = as_script(BLOCK)
    for offset in range(len(snapshot.text)):
        assert snapshot.offset(at(snapshot, offset)) == offset
    for offset in range(0, len(snapshot.text), 2):
        look(snapshot, at(snapshot, offset))


def test_an_edit_of_several_lines_in_a_block_makes_comments() -> None:
    edit = as_script(BLOCK).edit(Span(0, 0), 'a = [\n    "x",\n]\n')
    assert edit["newText"] == 'a = [\n#     "x",\n# ]\n# '
