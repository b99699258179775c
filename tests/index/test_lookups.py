"""The whole server with real indexes on loopback: what it asks, whom, when, and that nothing waits for it."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from demo import parts
from tests.support.client import Client
from tests.support.index_server import IndexServer, Reply, index_server, page

REFRESHES = {"workspace": {"inlayHint": {"refreshSupport": True}}}
Editor = Callable[..., Client]


@pytest.fixture
def root(base: Path) -> Path:
    folder = base / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def editor(base: Path, root: Path) -> Iterator[Editor]:
    """Starts an editor on a manifest with this text; what else is named is its environment and its options."""
    with ExitStack() as stack:

        def started(text: str, environ: Mapping[str, str] | None = None, **options: Any) -> Client:
            (root / "pyproject.toml").write_text(text, "utf-8")
            env = parts.uv_environment(base) | dict(environ or {})
            client = stack.enter_context(Client(env=env, cwd=root, expect_exit=0))
            client.handlers["workspace/inlayHint/refresh"] = lambda _params: None
            client.initialize(root=root, capabilities=REFRESHES, initialization_options=options)
            client.open(root / "pyproject.toml")
            return client

        yield started


@pytest.fixture
def public() -> Iterator[IndexServer]:
    with index_server(page("alpha", "1.0", "2.0"), page("beta", "3.0")) as one:
        yield one


@pytest.fixture
def private() -> Iterator[IndexServer]:
    with index_server(page("secret-plans", "0.1"), credentials=("user", "hunter2")) as one:
        yield one


def manifest(*requirements: str, more: str = "") -> str:
    listed = "".join(f'    "{one}",\n' for one in requirements)
    return f'[project]\nname = "demo"\nversion = "1"\ndependencies = [\n{listed}]\n{more}'


def default(server: IndexServer) -> dict[str, str]:
    return {"UV_DEFAULT_INDEX": server.url}


def idle(client: Client) -> None:
    """All that the client said before is acted on, in the background too: a command comes after the documents before it."""
    client.execute("pyproject.status", {"uri": next(iter(client.buffers.values())).uri}, timeout=30)


def test_an_opened_manifest_is_asked_about_once_for_all_servers(base: Path, editor: Editor, public: IndexServer) -> None:
    text = manifest("alpha>=1", "beta", "Alpha[x]; python_version > '3'")
    first = editor(text, default(public))
    kept = base / "state" / "index"
    first.wire.wait_until(lambda: len(list(kept.glob("*/*.json"))) == 2, 20, "both pages are kept")
    second = editor(text, default(public))
    second.wait_for_method("workspace/inlayHint/refresh", 20)
    assert sorted(public.names()) == ["alpha", "beta"]


def test_a_private_name_goes_to_its_index_alone(
    editor: Editor, public: IndexServer, private: IndexServer, caplog: pytest.LogCaptureFixture
) -> None:
    more = '[tool.uv.sources]\nsecret-plans = { index = "corp" }\nlocal = { path = "../local" }\nrepo = { git = "https://h/r" }\n'
    more += f'[[tool.uv.index]]\nname = "corp"\nurl = "{private.url}"\nexplicit = true\n'
    environ = default(public) | {"UV_INDEX_CORP_USERNAME": "user", "UV_INDEX_CORP_PASSWORD": "hunter2"}
    requirements = ["alpha", "secret-plans", "secret-absent @ https://h/x-1-py3-none-any.whl", "local", "repo", "demo[x]"]
    client = editor(manifest(*requirements, more=more), environ, trusted=True)
    private.wait_until_asked("secret-plans")
    public.wait_until_asked("alpha")
    idle(client)
    assert set(public.names()) == {"alpha"}
    assert set(private.names()) == {"secret-plans"}
    assert all("authorization" not in one.headers for one in public.asked)
    assert "hunter2" not in str([message.body for message in client.transcript]) + caplog.text


@pytest.mark.parametrize("status", [401, 503])
def test_a_private_index_that_does_not_answer_ends_the_asking(
    editor: Editor, public: IndexServer, private: IndexServer, status: int
) -> None:
    private.behave = lambda _asked: Reply(status)
    environ = default(public) | {"UV_INDEX": f"corp={private.url}"}
    client = editor(manifest("secret-plans", "alpha"), environ)
    private.wait_until_asked("alpha" if private.names() == ["secret-plans"] else "secret-plans")
    idle(client)
    assert public.asked == []


def test_a_name_that_the_first_index_has_is_not_asked_of_the_next(
    editor: Editor, public: IndexServer, private: IndexServer
) -> None:
    private.credentials = None
    editor(manifest("secret-plans", "alpha"), default(public) | {"UV_INDEX": f"corp={private.url}"})
    public.wait_until_asked("alpha")
    private.wait_until_asked("secret-plans")
    assert set(public.names()) == {"alpha"}


def test_a_locked_package_is_asked_of_the_index_it_is_locked_from(
    editor: Editor, root: Path, public: IndexServer, private: IndexServer
) -> None:
    private.credentials = None
    private.packages["alpha"] = page("alpha", "9.9")
    (root / "uv.lock").write_text(
        f'version = 1\n[[package]]\nname = "alpha"\nversion = "1.0"\nsource = {{ registry = "{public.url}" }}\n', "utf-8"
    )
    editor(manifest("alpha", "secret-plans"), default(public) | {"UV_INDEX": f"corp={private.url}"})
    public.wait_until_asked("alpha")
    private.wait_until_asked("secret-plans")
    assert set(private.names()) == {"secret-plans"}


@pytest.mark.parametrize(
    "options", [{"network": "off"}, {"trusted": False}, {"index.lookups": "off"}, {"index.lookups": "asked"}], ids=str
)
def test_nothing_is_asked_where_that_is_not_wanted(editor: Editor, public: IndexServer, options: Any) -> None:
    client = editor(manifest("alpha"), default(public), **options)
    idle(client)
    client.save(next(iter(client.buffers)))
    idle(client)
    client.request("textDocument/hover", {"textDocument": {"uri": _uri(client)}, "position": {"line": 4, "character": 6}})
    idle(client)
    assert public.asked == []


def test_an_index_of_the_workspace_alone_is_asked_after_the_persons_first_act(editor: Editor, public: IndexServer) -> None:
    more = f'[[tool.uv.index]]\nname = "corp"\nurl = "{public.url}"\ndefault = true\n'
    client = editor(manifest("alpha", more=more))
    idle(client)
    client.request("textDocument/hover", {"textDocument": {"uri": _uri(client)}, "position": {"line": 4, "character": 6}})
    idle(client)
    assert public.asked == []
    client.execute("pyproject.searchPackages", {"uri": _uri(client), "query": "b"}, timeout=30)
    public.wait_until_asked("alpha")


def test_an_index_of_a_trusted_workspace_is_asked_at_once(editor: Editor, public: IndexServer) -> None:
    more = f'[[tool.uv.index]]\nname = "corp"\nurl = "{public.url}"\ndefault = true\n'
    editor(manifest("alpha", more=more), trusted=True)
    public.wait_until_asked("alpha")


def test_a_name_that_is_being_typed_is_not_asked_for(editor: Editor, public: IndexServer) -> None:
    client = editor(manifest("alpha"), default(public))
    public.wait_until_asked("alpha")
    for name in ("b", "be", "bet", "beta"):
        client.type(next(iter(client.buffers)), manifest("alpha", name))
    idle(client)
    assert public.names() == ["alpha"]
    client.save(next(iter(client.buffers)))
    public.wait_until_asked("beta")
    assert set(public.names()) == {"alpha", "beta"}


def test_a_check_for_newer_versions_asks_anew(editor: Editor, public: IndexServer) -> None:
    client = editor(manifest("alpha"), default(public) | {"UV_OFFLINE": "0"}, **{"index.lookups": "asked"})
    idle(client)
    assert public.asked == []
    public.metadata["alpha-2.0-py3-none-any.whl"] = "Metadata-Version: 2.1\nName: alpha\nVersion: 2.0\n"
    client.execute("pyproject.checkUpgrades", {"uri": _uri(client)}, timeout=30)
    client.wait_for_method("workspace/inlayHint/refresh", 20)
    assert any(one.headers["user-agent"].startswith("pyproject-lsp") for one in public.asked if one.package == "alpha")


def test_a_script_has_indexes_of_its_own(editor: Editor, root: Path, public: IndexServer, private: IndexServer) -> None:
    private.credentials = None
    script = root / "tool.py"
    block = f'# /// script\n# dependencies = ["secret-plans"]\n# [[tool.uv.index]]\n# url = "{private.url}"\n# ///\n'
    script.write_text(f"{block}print()\n", "utf-8")
    client = editor(manifest("alpha"), default(public), trusted=True)
    client.open(script, "python")
    private.wait_until_asked("secret-plans")
    assert "secret-plans" not in public.names()


def test_a_hanging_index_holds_up_nothing_and_ends_with_the_server(editor: Editor, public: IndexServer) -> None:
    gate = threading.Event()
    public.behave = lambda _asked: Reply() if gate.wait(60) else None
    client = editor(manifest("alpha", "beta"), default(public))
    public.wait_until_asked("alpha")
    document = {"textDocument": {"uri": _uri(client)}}
    for method, more in (
        ("textDocument/hover", {"position": {"line": 4, "character": 6}}),
        ("textDocument/completion", {"position": {"line": 4, "character": 8}}),
        (
            "textDocument/codeAction",
            {"range": client.range_of(next(iter(client.buffers)), "alpha"), "context": {"diagnostics": []}},
        ),
        ("textDocument/inlayHint", {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}}),
    ):
        client.request(method, document | more, timeout=5)
    client.shutdown(timeout=5)
    gate.set()


def _uri(client: Client) -> str:
    return next(iter(client.buffers.values())).uri
