"""Which index answers for a package: uv's rules, by the examples of its documentation."""

from typing import Any

import pytest

from lsp_server.core import indexes, toml
from lsp_server.core.indexes import PYPI, Source

CORP = {"name": "corp", "url": "https://user:secret@corp.example/simple/"}
OTHER = {"name": "other", "url": "https://other.example/simple"}


def route(*layers: dict[str, Any], environ: dict[str, str] | None = None, sources: tuple[Source, ...] = ()) -> list[str]:
    found = indexes.read([(layer, "workspace") for layer in layers], environ or {})
    return [one.url for one in found.route(sources)]


def test_without_settings_pypi_is_asked() -> None:
    assert route() == [PYPI]


def test_the_default_is_asked_last_and_explicit_ones_only_by_a_source() -> None:
    settings = {"index": [{**CORP, "default": True}, OTHER, {"name": "torch", "url": "https://torch.example", "explicit": True}]}
    assert route(settings) == ["https://other.example/simple", "https://corp.example/simple"]
    assert route(settings, sources=(Source("torch"),)) == ["https://torch.example"]


@pytest.mark.parametrize("sources", [(Source(None),), (Source("nowhere"),), (Source("nowhere"), Source(None))])
def test_a_name_with_a_source_that_is_no_known_index_is_asked_of_none(sources: tuple[Source, ...]) -> None:
    assert route({"index": [CORP]}, sources=sources) == []


def test_what_goes_first_of_the_same_name_counts() -> None:
    assert route({"index": [CORP]}, {"index": [{**OTHER, "name": "corp"}]}, sources=(Source("corp"),)) == [
        "https://corp.example/simple"
    ]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"UV_DEFAULT_INDEX": "https://a.example/s"}, ["https://corp.example/simple", "https://a.example/s"]),
        ({"UV_INDEX": "x=https://a.example https://b.example"}, ["https://a.example", "https://b.example", "CORP", PYPI]),
        ({"UV_INDEX_URL": "https://a.example"}, ["https://corp.example/simple", "https://a.example"]),
        ({"UV_EXTRA_INDEX_URL": "https://a.example"}, ["https://a.example", "https://corp.example/simple", PYPI]),
        ({"UV_NO_INDEX": "1"}, []),
    ],
)
def test_the_environment_goes_first(environ: dict[str, str], expected: list[str]) -> None:
    wanted = ["https://corp.example/simple" if one == "CORP" else one for one in expected]
    assert route({"index": [CORP]}, environ=environ) == wanted


def test_a_password_in_a_url_is_no_part_of_what_is_shown_or_printed() -> None:
    found = indexes.read([({"index": [CORP, {"url": CORP["url"] + "nameless"}]}, "workspace")], {})
    assert all("secret" not in repr(one) + one.shown + one.url for one in found.listed)
    assert found.listed[0].secret.endswith(":secret")


def test_who_names_an_index_is_known() -> None:
    layers = [({"index": [CORP, OTHER, {"url": PYPI + "/"}]}, "workspace"), ({"index": [OTHER]}, "person")]
    found = indexes.read(layers, {})  # type: ignore[arg-type]
    assert [one.origin for one in found.listed] == ["workspace", "person", "built-in"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a = { index = "corp" }', {"a": (Source("corp"),)}),
        ('A_b = { index = "corp", marker = "x" }', {"a-b": (Source("corp"),)}),
        ('a = [{ index = "x", marker = "m" }, { path = "../a" }]', {"a": (Source("x"), Source(None))}),
        ("a = { workspace = true }", {"a": (Source(None),)}),
        ('a = { git = "https://x", rev = "1" }', {"a": (Source(None),)}),
        ("a = { index = ", {"a": (Source(None),)}),
        ('a.index = "corp"', {"a": (Source("corp"),)}),
        ("a = ", {"a": (Source(None),)}),
    ],
)
def test_sources_are_read_however_they_are_written(text: str, expected: dict[str, tuple[Source, ...]]) -> None:
    assert indexes.sources(toml.scan(f"[tool.uv.sources]\n{text}\n")) == expected


def test_a_source_in_a_table_of_its_own_is_one_too() -> None:
    text = '[tool.uv.sources.a]\nindex = "corp"\nmarker = "m"\n[[tool.uv.sources.b]]\nindex = "x"\n'
    assert indexes.sources(toml.scan(text)) == {"a": (Source("corp"),), "b": (Source("x"),)}


@pytest.mark.parametrize(
    "odd", [{"index": 1}, {"index": [1, {"url": 2}, {}]}, {"index-url": [1]}, {"index": [{"url": "http://[x"}]}]
)
def test_what_is_ill_typed_is_left_out(odd: dict[str, Any]) -> None:
    assert route(odd) == [PYPI]


def test_pytorch_says_403_for_what_it_has_not() -> None:
    (index, *_) = indexes.read([({"index": [{"url": "https://download.pytorch.org/whl/cpu"}]}, "workspace")], {}).listed
    assert index.says_none(403)
    assert not index.says_none(401)
