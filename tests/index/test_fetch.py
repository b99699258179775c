"""What one index says, by real requests: bounded in time and size, credentials to whom they belong, no other host."""

import gzip
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_server.core.indexes import Index
from lsp_server.index import credentials, fetch, wire
from lsp_server.index.fetch import Access
from lsp_server.index.store import Entry, Store
from lsp_server.index.wire import NoAnswer
from tests.support.index_server import JSON, IndexServer, Reply, basic, index_server, page


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with index_server(page("alpha", "1.0", "2.0")) as one:
        yield one


def ask(server: IndexServer, name: str = "alpha", kept: Entry | None = None, **more: object) -> Entry | NoAnswer:
    index = Index(**{"url": server.url, **more})  # type: ignore[arg-type]
    return fetch.fetch(index, name, kept, Access({}))


def got(found: Entry | NoAnswer) -> Entry:
    assert isinstance(found, Entry), found
    return found


def test_a_page_comes_with_the_metadata_of_its_newest_release(server: IndexServer) -> None:
    server.metadata["alpha-2.0-py3-none-any.whl"] = "Metadata-Version: 2.1\nName: alpha\nVersion: 2.0\nSummary: All of it\n"
    entry = got(ask(server))
    assert [one.version for one in entry.page.releases] == ["2.0", "1.0"]
    assert entry.page.metadata is not None
    assert entry.page.metadata.summary == "All of it"


def test_what_is_as_before_is_not_sent_again(server: IndexServer) -> None:
    first = got(ask(server))
    again = got(ask(server, kept=first))
    assert server.asked[-1].headers["if-none-match"] == first.etag
    assert again.page.releases == first.page.releases
    assert again.page.fetched >= first.page.fetched


def test_a_package_that_is_not_there_is_an_answer(server: IndexServer) -> None:
    assert got(ask(server, "nothing")).page.exists is False


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_refusal_says_nothing_of_the_package(server: IndexServer, status: int) -> None:
    server.behave = lambda _asked: Reply(status)
    assert isinstance(ask(server), NoAnswer)
    assert got(ask(server, ignored=frozenset({status}))).page.exists is False


def test_a_redirect_to_another_host_is_not_followed(server: IndexServer) -> None:
    with index_server(page("alpha", "9.9")) as other:
        server.behave = lambda asked: Reply(302, headers={"Location": f"{other.url}/{asked.package}/"})
        assert isinstance(ask(server, secret="user:password"), NoAnswer)  # noqa: S106  a test's
        assert other.asked == []


def test_metadata_on_another_host_is_not_asked_for(server: IndexServer) -> None:
    with index_server() as other:
        said = page("alpha", {"version": "1.0", "url": f"http://{other.host}/files/alpha-1.0-py3-none-any.whl"})
        server.packages["alpha"] = said
        assert got(ask(server)).page.metadata is None
        assert other.asked == []


def test_a_redirect_within_the_host_is_followed_and_a_circle_ends(server: IndexServer) -> None:
    server.behave = lambda asked: Reply(301, headers={"Location": "/simple/alpha/"}) if asked.package != "alpha" else None
    assert got(ask(server, "a", flat=False)).page.releases == ()
    server.behave = lambda _asked: Reply(301, headers={"Location": "/simple/alpha/"})
    assert isinstance(ask(server), NoAnswer)


def test_a_huge_page_is_given_up(server: IndexServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_BYTES", 1_000_000)
    bomb = gzip.compress(b" " * 50_000_000)
    server.behave = lambda _asked: Reply(200, bomb, {"Content-Type": JSON, "Content-Encoding": "gzip"})
    found = ask(server)
    assert isinstance(found, NoAnswer)
    assert "MB" in found.reason


@pytest.mark.parametrize("body", [b"nonsense", b"{", b"\x1f\x8b broken"])
def test_a_wrong_page_is_no_answer(server: IndexServer, body: bytes) -> None:
    headers = {"Content-Type": JSON} | ({"Content-Encoding": "gzip"} if body[:1] == b"\x1f" else {})
    server.behave = lambda _asked: Reply(200, body, headers)
    assert isinstance(ask(server), NoAnswer)


def test_a_server_that_hangs_is_given_up(server: IndexServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_QUIET_SECONDS", 0.2)
    gate = threading.Event()
    server.behave = lambda _asked: Reply() if gate.wait(30) else None
    started = time.monotonic()
    found = ask(server)
    gate.set()
    assert isinstance(found, NoAnswer)
    assert time.monotonic() - started < 10


def test_a_server_that_is_not_there_is_no_answer() -> None:
    with index_server() as gone:
        pass
    assert isinstance(ask(gone), NoAnswer)


def test_a_flat_index_is_one_page_of_files(server: IndexServer) -> None:
    server.packages[""] = page("alpha", "3.0")
    server.behave = lambda _asked: Reply(
        200, b'<a href="alpha-3.0-py3-none-any.whl">alpha-3.0-py3-none-any.whl</a>', {"Content-Type": "text/html"}
    )
    assert [one.version for one in got(ask(server, flat=True)).page.releases] == ["3.0"]
    assert got(ask(server, "beta", flat=True)).page.exists is False


def test_a_folder_is_an_index_too(tmp_path: Path) -> None:
    (tmp_path / "alpha").mkdir()
    (tmp_path / "alpha" / "alpha-1.5-py3-none-any.whl").touch()
    index = Index(tmp_path.as_uri())
    assert [one.version for one in got(fetch.fetch(index, "alpha", None, Access({}))).page.releases] == ["1.5"]
    assert got(fetch.fetch(index, "beta", None, Access({}))).page.exists is False


# Credentials


def test_credentials_go_to_their_index(server: IndexServer) -> None:
    server.credentials = ("user", "p@ss")
    assert isinstance(ask(server), NoAnswer)
    assert got(ask(server, secret="user:p%40ss")).page.releases  # noqa: S106  a test's
    assert isinstance(ask(server, secret="user:p%40ss", authenticate="never"), NoAnswer)  # noqa: S106  a test's


def test_without_credentials_an_index_that_always_wants_them_is_not_asked(server: IndexServer) -> None:
    assert isinstance(ask(server, authenticate="always"), NoAnswer)
    assert server.asked == []


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"UV_INDEX_MY_CORP_USERNAME": "u", "UV_INDEX_MY_CORP_PASSWORD": "p"}, ("u", "p")),
        ({"UV_INDEX_MY_CORP_PASSWORD": "p"}, ("", "p")),
        ({"UV_INDEX_OTHER_PASSWORD": "p"}, None),
        ({}, None),
    ],
)
def test_the_environment_has_credentials_by_the_name_of_the_index(environ: dict[str, str], expected: object) -> None:
    assert credentials.find(Index("https://h/simple", "my-corp"), environ) == expected


def test_netrc_has_credentials_by_host(tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine h login u password p\n", "utf-8")
    environ = {"NETRC": str(tmp_path / "netrc")}
    assert credentials.find(Index("https://h/simple"), environ) == ("u", "p")
    assert credentials.find(Index("https://other/simple"), environ) is None
    assert credentials.find(Index("https://h/simple", secret="v:"), environ) == ("v", "")  # noqa: S106  a test's


def test_the_keyring_is_asked_only_where_the_settings_say_so(tmp_path: Path) -> None:
    program = tmp_path / "keyring"
    program.write_text('#!/bin/sh\n[ "$1 $2 $3" = "get https://h/simple u" ] && echo s3cret\n', "utf-8")
    program.chmod(0o755)
    index = Index("https://h/simple", secret="u")  # noqa: S106  a test's
    assert credentials.find(index, {"PATH": str(tmp_path)}, keyring=True) == ("u", "s3cret")
    assert credentials.find(index, {"PATH": str(tmp_path)}) == ("u", "")


# The store


def test_what_is_kept_is_read_again_and_belongs_to_the_user_alone(server: IndexServer, tmp_path: Path) -> None:
    server.credentials = ("user", "hunter2")
    index = Index(server.url, secret="user:hunter2")  # noqa: S106  a test's
    entry = got(fetch.fetch(index, "alpha", None, Access({})))
    store = Store(tmp_path / "index")
    store.put(index, entry)
    assert store.get(index, "alpha") == entry
    assert store.get(Index("http://other/simple"), "alpha") is None
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [oct(path.stat().st_mode)[-3:] for path in files] == ["600"]
    assert all("hunter2" not in path.read_text("utf-8") + str(path) for path in files)
    assert server.asked[0].headers["authorization"] == basic("user", "hunter2")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 99}', b'{"format": 1, "page": {"x": 1}}', b"\xff" * 9])
def test_a_file_that_is_none_of_ours_is_none(tmp_path: Path, content: bytes) -> None:
    store, index = Store(tmp_path), Index("http://h/simple")
    store.put(index, Entry(page=fetch._none(index, "alpha").page))
    (path,) = tmp_path.rglob("*.json")
    path.write_bytes(content)
    assert store.get(index, "alpha") is None


def test_old_pages_go_when_there_are_very_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsp_server.index.store._MOST_FILES", 3)
    monkeypatch.setattr("lsp_server.index.store._KEPT_FILES", 2)
    store, index = Store(tmp_path), Index("http://h/simple")
    for name in ("a", "b", "c", "d"):
        store.put(index, Entry(page=fetch._none(index, name).page))
    store.tidy()
    assert len(list(tmp_path.rglob("*.json"))) == 2
