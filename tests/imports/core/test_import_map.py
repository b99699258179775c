"""The shipped list: right first answers, namespaces, typos. `tests/data/import_names.tsv` was written by hand."""

from pathlib import Path

import pytest

from lsp_server.core import pyproject
from lsp_server.imports import import_data
from lsp_server.imports.core.candidates import candidates
from lsp_server.imports.core.import_map import ImportMap
from lsp_server.imports.core.tree import Member
from lsp_server.imports.core.view import View

_LIST = Path(__file__).parents[2] / "data" / "import_names.tsv"
_NAMES = [(line.split("\t")[0], line.split("\t")[1].split()) for line in _LIST.read_text("utf-8").splitlines()]
_LEAST = 300
_GOAL = 0.97


@pytest.fixture(scope="module")
def names() -> ImportMap:
    return import_data.names()


def test_the_first_suggestion_is_wrong_too_often(names: ImportMap) -> None:
    wrong = {module: found for module, right in _NAMES if not ((found := names.lookup(module)) and found[0].name in right)}
    assert len(_NAMES) >= _LEAST
    assert len(wrong) <= len(_NAMES) * (1 - _GOAL), wrong


def test_a_wrong_suggestion_is_called_sure(names: ImportMap) -> None:
    assert not {
        module: one.name for module, right in _NAMES for one in names.lookup(module) if one.sure and one.name not in right
    }


def test_a_part_of_a_namespace_is_given_to_whoever_is_downloaded_most(names: ImportMap) -> None:
    assert names.lookup("google") == ()
    assert names.lookup("google.cloud.nosuchthing_v7") == ()
    assert names.is_namespace("google")


def test_a_folder_that_was_packed_by_mistake_is_a_module(names: ImportMap) -> None:
    assert not [module for module in ("tests", "docs", "src", "utils", "LICENSE", "examples") if names.lookup(module)]


@pytest.mark.parametrize(
    ("typed", "meant"), [("requets", "requests"), ("reqeusts", "requests"), ("numpyy", "numpy"), ("pandos", "pandas")]
)
def test_one_typo_is_not_seen(names: ImportMap, typed: str, meant: str) -> None:
    assert names.near_miss(typed) == meant


def test_a_known_name_or_a_strange_one_is_called_a_typo(names: ImportMap) -> None:
    assert [names.near_miss(name) for name in ("requests", "typer", "httpx", "zzzzqqqq", "abc")] == [None] * 5


def test_the_modules_of_a_distribution_are_forgotten(names: ImportMap) -> None:
    assert "PIL" in names.modules_of("pillow")
    assert "yaml" in names.modules_of("pyyaml")


def test_a_wrong_candidate_is_called_verified(names: ImportMap) -> None:
    view = View(names=names)
    nowhere = Member("", pyproject.read(""))
    found = {module: (right, candidates(view, nowhere, [module])) for module, right in _NAMES}
    assert not {m: one.name for m, (right, known) in found.items() for one in known if one.verified and one.name not in right}
