"""Pages of indexes as values: JSON and HTML, and what strangers put in them."""

import json
from typing import Any

import pytest

from lsp_server.core import metadata
from lsp_server.core.releases import Page, Release
from lsp_server.index import pages
from tests.support.index_server import JSON, page

HTML = b"""<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.4">
<meta name="pypi:project-status" content="archived"><meta name="pypi:project-status-reason" content="use beta"></head><body>
<a href="../../files/alpha-1.0-py3-none-any.whl#sha256=00" data-requires-python="&gt;=3.8" data-core-metadata="true"
>alpha-1.0-py3-none-any.whl</a>
<a href="alpha-2.0.tar.gz" data-yanked="broken">alpha-2.0.tar.gz</a></body></html>"""


def read(found: Any, name: str = "alpha", kind: str = JSON) -> Page:
    body = found if isinstance(found, bytes) else json.dumps(found).encode()
    return pages.parse(name, "corp", "http://h/simple/alpha/", kind, body).page


def test_a_json_page_says_versions_newest_first_with_all_that_is_shown() -> None:
    said = page(
        "alpha",
        "1.10",
        {"version": "1.9", "upload-time": "2026-01-02T03:04:05.6Z", "size": 12, "requires-python": ">=3.9"},
        {"version": "2.0rc1", "yanked": "wrong\nfile"},
        status="quarantined",
        reason="malware",
    )
    found = read(said)
    assert found.releases == (
        Release("2.0rc1", yanked="wrong file"),
        Release("1.10"),
        Release("1.9", "2026-01-02", None, ">=3.9", 12),
    )
    assert (found.status, found.reason) == ("quarantined", "malware")
    newest = found.newest()
    assert newest is not None
    assert newest.version == "1.10"


def test_an_html_page_says_the_same() -> None:
    found = read(HTML, kind="text/html; charset=utf-8")
    assert found.releases == (Release("2.0", yanked="broken"), Release("1.0", requires_python=">=3.8"))
    assert (found.status, found.reason) == ("archived", "use beta")


def test_metadata_lies_beside_the_wheel() -> None:
    parsed = pages.parse("alpha", "corp", "http://h/simple/alpha/", "text/html", HTML)
    assert parsed.metadata_urls == {"1.0": "http://h/files/alpha-1.0-py3-none-any.whl.metadata"}


def test_a_version_is_yanked_only_if_all_its_files_are() -> None:
    files = [
        {"filename": "alpha-1.0.tar.gz", "url": "a", "yanked": True},
        {"filename": "alpha-1.0-py3-none-any.whl", "url": "b", "size": 5},
    ]
    assert read({"meta": {}, "files": files}).releases == (Release("1.0", size=5),)


def test_files_of_another_package_and_versions_that_are_none_are_left_out() -> None:
    files = [{"filename": name, "url": name} for name in ("beta-1.0.tar.gz", "alpha-x.tar.gz", "alpha-1.0.exe", "alpha-3.zip")]
    assert [one.version for one in read({"meta": {}, "files": files}).releases] == ["3"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", JSON),
        (b"[]", JSON),
        (b"<html>", JSON),
        (b'{"meta": {"api-version": "2.0"}}', JSON),
        (b"[" * 100_000, JSON),
        (b'<meta name="pypi:repository-version" content="x.y">', "text/html"),
    ],
)
def test_what_is_no_page_is_said_to_be_none(body: bytes, kind: str) -> None:
    with pytest.raises(pages.WrongPageError):
        read(body, kind=kind)


@pytest.mark.parametrize("odd", [{"files": 1}, {"files": [1, {}, {"filename": 1}, {"filename": "alpha-1.whl", "url": 2}]}, {}])
def test_a_page_of_odd_shapes_has_no_releases(odd: Any) -> None:
    assert read(odd).releases == ()


def test_what_is_shown_of_a_stranger_is_one_short_line_without_controls() -> None:
    assert metadata.line("a\x1b[31m\u202eb\n\nc" + "x" * 1000).startswith("a [31m b c")
    assert len(metadata.line("x" * 1000)) == 301


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://github.com/a/b?x=1#y", True),
        ("https://medium.com/@a/b", True),
        ("javascript:alert(1)", False),
        ("command:x", False),
        ("https://user:password@h/", False),
        ("https://h/a) [b](command:x", False),
        ("file:///etc/passwd", False),
    ],
)
def test_a_link_of_a_stranger_leads_to_the_web_or_nowhere(url: str, shown: bool) -> None:  # noqa: FBT001  a table's column
    assert metadata.is_link(url) is shown


def test_metadata_gives_summary_licence_links_and_extras() -> None:
    body = b"""Metadata-Version: 2.1
Name: alpha
Version: 1.0
Summary: Does things
Classifier: License :: OSI Approved :: MIT License
Home-page: https://alpha.example
Project-URL: Source, https://github.com/a/alpha
Project-URL: Bad, javascript:x
Provides-Extra: Socks_5
Provides-Extra: http2

text"""
    found = metadata.parse("1.0", body)
    assert (found.summary, found.licence, found.extras) == ("Does things", "MIT License", ("http2", "socks-5"))
    assert found.urls == {"Homepage": "https://alpha.example", "Source": "https://github.com/a/alpha"}


def test_a_folder_says_what_its_file_names_say() -> None:
    found = pages.of_files("alpha", "local", ["alpha-1.0-py3-none-any.whl", "beta-2-py3-none-any.whl", "notes.txt"])
    assert [one.version for one in found.releases] == ["1.0"]
