"""`pyproject.searchPackages`: which names a person is offered while typing one, and when the index is asked."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from lsp_server.adapters import offered
from lsp_server.core import package_search
from lsp_server.core.package_search import Offered
from lsp_server.imports import import_data
from tests.conftest import Start
from tests.server.test_commands import index
from tests.support.client import Client, ResponseError
from tests.support.projects import Project

__all__ = ["index"]


def search(client: Client, project: Project, query: Any, **more: Any) -> list[dict[str, Any]]:
    argument = {"uri": project.manifest.as_uri(), "query": query, **more}
    answer = client.execute("pyproject.searchPackages", argument, timeout=30)
    assert answer.keys() == {"packages"}
    found: list[dict[str, Any]] = answer["packages"]
    return found


def names(typed: str, own: Offered | None = None) -> list[str]:
    query = package_search.query_of(typed)
    assert query is not None
    owners = [one.name for one in import_data.names().lookup(typed)]
    return [one.name for one in package_search.fitting(query, offered.listed(), owners, own or Offered())]


def test_the_name_itself_is_first_then_what_begins_with_it_by_downloads_then_the_rest() -> None:
    found = names("httpx")
    assert found[:2] == ["httpx", "httpx-sse"]
    by_downloads = offered.listed()
    beginning = [name for name in found[1:] if name.startswith("httpx")]
    assert [by_downloads.index(name) for name in beginning] == sorted(by_downloads.index(name) for name in beginning)
    rest = found[1 + len(beginning) :]
    assert rest
    assert not [name for name in rest if name.startswith("httpx")], "what begins with it comes before what only holds it"


def test_a_typo_or_the_name_of_a_module_still_finds_the_package() -> None:
    assert names("reqeusts")[0] == "requests"
    assert "pandas" in names("pandsa")
    assert "pyyaml" in names("yaml")
    assert names("sklearn").index("scikit-learn") < 10
    assert "pillow" in names("PIL")


def test_another_spelling_is_the_same_name() -> None:
    assert names("Typing_Extensions")[0] == "typing-extensions"
    assert names("scikit.le")[0] == "scikit-learn"
    assert names("pytest-")[0].startswith("pytest-")


def test_at_most_fifty_are_answered_and_each_once() -> None:
    found = names("py")
    assert len(found) == len(set(found)) == package_search.MOST


def test_the_projects_own_names_are_offered_and_the_list_only_where_it_can_be_installed_from() -> None:
    own = Offered({"zzz-ours": "1.0", "numpy": "2.0"})
    assert names("zzz", own) == ["zzz-ours"]
    assert names("num", own)[0] == "numpy"
    only = Offered({"zzz-ours": "1.0"}, only=True)
    assert names("num", only) == []
    assert names("zzz-uors", only) == ["zzz-ours"], "a typo is seen among them too"


def test_the_folders_of_a_project_are_searched(start: Start, project: Project) -> None:
    client = start(initialization_options={"network": "off"})
    assert search(client, project, "eta") == [
        {"name": "eta", "version": "2.0"},
        *({"name": name, "version": version} for name, version in (("beta", "2.0"), ("theta", "1.0"), ("zeta", "1.0"))),
    ]
    assert search(client, project, "MU_")[0]["name"] == "mu-nu"
    assert search(client, project, "rho") == [{"name": "rho", "version": "1.0"}], "a pre-release is not what uv takes"
    assert search(client, project, "numpy") == [], "with no-index the shipped list would name what cannot be had"


def test_a_locked_package_is_offered_with_its_version(start: Start, project: Project) -> None:
    project.uv_ok("add", "gamma<2")
    project.write(project.text().partition("[tool.uv]")[0])
    client = start(initialization_options={"network": "off"})
    assert search(client, project, "gamma")[0] == {"name": "gamma", "version": "1.0"}
    assert search(client, project, "requests")[0] == {"name": "requests"}


@pytest.mark.parametrize(("options", "asked"), [({}, True), ({"network": "off"}, False), ({"trusted": False}, False)])
def test_the_index_is_asked_for_the_name_and_only_where_the_settings_allow(
    project: Project,
    index: list[str],
    options: dict[str, Any],
    asked: bool,  # noqa: FBT001  pytest's way
) -> None:
    with Client(env={**project.tools.environment, "UV_OFFLINE": "0"}, cwd=project.root, expect_exit=0) as client:
        client.initialize(root=project.root, initialization_options=options)
        found = search(client, project, "mu_nu")
        absent = search(client, project, "requests-nobody-has")
        client.shutdown()
    if asked:
        assert found[0] == {"name": "mu-nu", "version": "1.0", "exists": True}
        assert absent[0] == {"name": "requests-nobody-has", "exists": False}
        assert any("/simple/mu-nu/" in line for line in index)
    else:
        assert not [one for one in (*found, *absent) if "exists" in one]
        assert index == []


@pytest.fixture
def silent_index(project: Project) -> Iterator[threading.Event]:
    """The project's index takes connections and never answers; set when somebody asked it."""
    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return
                asked.set()

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/simple"
        project.write(f'{project.text().partition("[tool.uv]")[0]}[[tool.uv.index]]\nurl = "{url}"\ndefault = true\n')
        yield asked
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        for each in held:
            each.close()


def test_an_index_that_does_not_answer_holds_up_neither_the_names_nor_other_requests(
    project: Project, silent_index: threading.Event
) -> None:
    with Client(env={**project.tools.environment, "UV_OFFLINE": "0"}, cwd=project.root, expect_exit=0) as client:
        client.initialize(root=project.root, initialization_options={})
        uri = project.manifest.as_uri()
        command = {"command": "pyproject.searchPackages", "arguments": [{"uri": uri, "query": "requests"}]}
        searching = client.request_async("workspace/executeCommand", command)
        assert silent_index.wait(30)
        assert client.execute("pyproject.status", {"uri": uri}, timeout=15)["state"] == "idle"
        assert searching.wait(25)["packages"][0] == {"name": "requests"}
        client.shutdown()


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"query": None}, "query", "null"),
    ({"query": ""}, "query", '""'),
    ({"query": "--index-url=x"}, "query", '"--index-url=x"'),
    ({"query": "a b"}, "query", '"a b"'),
    ({"query": "ﬀ"}, "query", '"ﬀ"'),
    ({"query": ["a"]}, "query", '["a"]'),
    ({"query": "a", "groups": 1}, "groups", "1"),
    ({"query": "a", "uri": "untitled:1"}, "uri", '"untitled:1"'),
]


def test_a_bad_argument_is_refused_with_the_field_the_value_and_what_is_allowed(client: Client, project: Project) -> None:
    for argument, field, value in BAD:
        with pytest.raises(ResponseError) as caught:
            client.execute("pyproject.searchPackages", {"uri": project.manifest.as_uri(), **argument})
        assert caught.value.code == -32602
        assert caught.value.message.startswith(f"'{field}' is {value}, but "), caught.value.message
