"""Each command of docs/protocol.md, with what it does, and with what it refuses."""

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Start
from tests.server.test_documents import add
from tests.support import projects
from tests.support.client import NO_SYNC, Client, ResponseError
from tests.support.projects import Project

URI = object()
"""Stands for the URI of the project's manifest."""


def with_uri(value: Any, project: Project) -> Any:
    if value is URI:
        return project.manifest.as_uri()
    if isinstance(value, dict):
        return {key: with_uri(item, project) for key, item in value.items()}
    if isinstance(value, list):
        return [with_uri(item, project) for item in value]
    return value


def done(client: Client, project: Project, command: str, **argument: Any) -> dict[str, Any]:
    answer = client.execute(f"pyproject.{command}", {"uri": project.manifest.as_uri(), **argument})
    assert answer.keys() == {"id", "state"}
    assert answer["state"] == "queued"
    return client.wait_operation(answer["id"], "done")


def ended(message: Any, operation: str) -> str | None:
    """When a status says that an operation ended."""
    listed = message.params["operations"] if message.method == "pyproject/status" else []
    return next((one["finishedAt"] for one in listed if one["id"] == operation), None)


def test_every_changing_command_does_what_it_says(start: Start, project: Project) -> None:
    client = start()
    done(client, project, "add", requirements=["alpha<2", "delta"], bounds="exact")
    assert '"alpha<2"' in project.text()
    assert '"delta==1.1"' in project.text()
    assert project.installed() == {"alpha": "1.1", "delta": "1.1"}
    done(client, project, "add", requirements=["zeta"], group="test")
    done(client, project, "add", requirements=["mu_nu"], extra="web", marker="sys_platform != 'haiku'")
    assert "mu-nu>=1.0 ; sys_platform != 'haiku'" in project.text()
    done(client, project, "move", package="delta", **{"from": {}, "to": {"group": "test"}})
    test_group = project.text().partition("[dependency-groups]")[2]
    assert '"delta==1.1"' in test_group
    assert '"zeta>=1.0"' in test_group
    done(client, project, "remove", packages=["zeta"], group="test")
    assert "zeta" not in project.text()
    done(client, project, "bumpVersion", bump="major")
    assert 'version = "1.0.0"' in project.text()
    done(client, project, "bumpVersion", version="3.0a1")
    assert 'version = "3.0a1"' in project.text()
    done(client, project, "upgrade", packages=["alpha"])
    assert '"alpha<2"' not in project.text(), "the bound is raised, not only the lock"
    done(client, project, "lock")
    done(client, project, "sync", groups=["test"], extras=["web"])
    assert project.installed() == {"alpha": "2.0", "delta": "1.1", "mu-nu": "1.0"}
    assert project.uv("lock", "--check").returncode == 0


def test_undo_takes_back_the_last_or_the_named_one_and_keeps_what_came_after(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    before = project.text()
    first = done(client, project, "add", requirements=["alpha"])
    done(client, project, "bumpVersion", bump="minor")
    undone = done(client, project, "undo", id=first["id"])
    assert undone["title"] == "Undo 'Add alpha to dependencies'"
    assert "alpha" not in project.text()
    assert 'version = "0.2.0"' in project.text()
    done(client, project, "undo")
    assert project.text() == before


@pytest.mark.parametrize("inside", [True, False])
def test_undo_of_a_scripts_edit_changes_the_script_and_not_the_project_around_it(
    start: Start, project: Project, *, inside: bool
) -> None:
    client = start(initialization_options=NO_SYNC)
    script = projects.script(project.tools, project.wheels)
    script = script.rename(project.root / "script.py") if inside else script
    uri, before = script.as_uri(), script.read_text("utf-8")
    for named in (True, False):
        answer = client.execute("pyproject.add", {"uri": uri, "requirements": ["zeta"], "script": True})
        added = client.wait_operation(answer["id"], "done")
        done(client, project, "add", requirements=["delta"])
        assert "zeta" in script.read_text("utf-8")
        answer = client.execute("pyproject.undo", {"uri": uri, **({"id": added["id"]} if named else {})})
        undone = client.wait_operation(answer["id"], "done")
        assert undone["title"] == "Undo 'Add zeta to the script'"
        assert script.read_text("utf-8") == before
        assert "delta" in project.text()


def test_the_status_says_what_may_be_asked_of_each_operation(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)

    def can(operation: str) -> list[str]:
        status = client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
        return next(list(one["can"]) for one in status["operations"] if one["id"] == operation)

    added = done(client, project, "add", requirements=["alpha"])["id"]
    locked = done(client, project, "lock")["id"]
    failed = add(client, project, "sigma")
    client.wait_operation(failed, "failed")
    assert (can(added), can(locked), can(failed)) == (["undo"], [], ["retry"]), "the lock had nothing to change"
    undone = done(client, project, "undo", id=added)["id"]
    assert (can(added), can(undone)) == ([], [])


def test_undo_of_nothing_is_refused(client: Client, project: Project) -> None:
    with pytest.raises(ResponseError, match=r"'id' is null, but must be .* none of this project can be undone") as caught:
        client.execute("pyproject.undo", {"uri": project.manifest.as_uri()})
    assert caught.value.code == -32602


def test_a_failed_operation_leaves_the_files_says_why_once_and_can_be_retried(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    before = project.text()
    operation = add(client, project, "sigma")
    failed = client.wait_operation(operation, "failed")
    assert failed["error"]["code"] == "unresolvable"
    assert "sigma was not found" in failed["error"]["detail"]
    assert project.text() == before
    assert not project.lock.exists()
    assert client.execute("pyproject.retry", {"id": operation}) == {"id": operation, "state": "queued"}
    again = client.wait_for(lambda m: ended(m, operation) not in {None, failed["finishedAt"]}, description="a second failure")
    client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
    said = [m.params["message"] for m in client.received if m.method == "window/showMessage"]
    assert len(said) == 2, "once for each time that it failed"
    assert again.params["message"].startswith("Add sigma to dependencies: ")


def test_a_failure_is_shown_exactly_once(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    client.wait_operation(add(client, project, "sigma"), "failed")
    for name in ("alpha", "delta"):  # the failed one stays in every later status
        client.wait_operation(add(client, project, name), "done")
    messages = [m.params for m in client.received if m.method == "window/showMessage"]
    assert [m["type"] for m in messages] == [1]
    assert messages[0]["message"].startswith("Add sigma to dependencies: ")


def test_a_failure_is_left_to_a_client_that_shows_it_itself(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC, capabilities={"experimental": {"pyprojectFailures": True}})
    failed = add(client, project, "sigma")
    client.wait_operation(failed, "failed")
    status = client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
    assert not [m for m in client.received if m.method == "window/showMessage"]
    assert [o["origin"]["pid"] for o in status["operations"]] == [status["pid"]], "so that it knows which are its own"


def test_a_retry_that_works_is_done(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    text = project.text()
    project.write(text + "[")
    operation = add(client, project, "alpha")
    failed = client.wait_operation(operation, "failed")
    assert failed["error"]["code"] == "invalid-toml"
    line = len(text.splitlines()) + 1
    assert f"pyproject.toml:{line}:" in failed["error"]["message"], "the line of the fault is named"
    project.write(text)
    mark = client.mark()
    client.execute("pyproject.retry", {"id": operation})
    client.wait_operation(operation, "done", after=mark)
    assert '"alpha>=2.0"' in project.text()


def test_cancel_says_whether_it_did(start: Start, project: Project) -> None:
    with project.held_sync():
        client = start(initialization_options=NO_SYNC)
        operation = add(client, project, "alpha")
        client.wait_operation(operation, "waiting")
        assert client.execute("pyproject.cancel", {"id": operation}) == {"cancelled": True}
        client.wait_operation(operation, "cancelled")
        assert client.execute("pyproject.cancel", {"id": operation}) == {"cancelled": False}
        assert client.execute("pyproject.cancel", {"id": "nobody"}) == {"cancelled": False}
    assert "alpha" not in project.text()


def test_the_status_command_answers_what_the_notification_said(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    operation = add(client, project, "alpha")
    client.wait_operation(operation, "done")
    asked = client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
    client.wait_for(lambda m: m.method == "pyproject/status" and m.params == asked, description="the same as a notification")
    assert asked["project"] == project.root.as_uri()
    assert asked["state"] == "idle"
    assert asked["lock"] == "up-to-date"


@pytest.mark.parametrize("name", ["pyproject.toml", "other.toml", "uv.lock", "README.md", "tool"])
def test_a_block_is_written_into_what_is_no_script(client: Client, project: Project, name: str) -> None:
    path = project.root / name
    text = path.read_text("utf-8") if path.exists() else "words\n"
    path.write_text(text, "utf-8")
    for command, argument in (("add", {"requirements": ["alpha"]}), ("lock", {}), ("upgrade", {"all": True})):
        with pytest.raises(ResponseError, match=r"'uri' is .*, but must be a Python script") as caught:
            client.execute(f"pyproject.{command}", {"uri": path.as_uri(), "script": True, **argument})
        assert caught.value.code == -32602
    assert path.read_text("utf-8") == text
    assert not path.with_name(f"{name}.lock").exists()


def test_half_a_character_is_an_internal_error(client: Client, project: Project) -> None:
    uri, half = project.manifest.as_uri(), "\ud800"
    for command, argument, field in (
        ("status", {"uri": f"file:///{half}/pyproject.toml"}, "uri"),
        ("lock", {"uri": "file:///%00/pyproject.toml"}, "uri"),
        ("retry", {"id": half}, "id"),
        ("add", {"uri": uri, "requirements": [f"alpha @ https://x/{half}.whl"]}, "requirements"),
    ):
        with pytest.raises(ResponseError, match=f": '{field}' is ") as caught:
            client.execute(f"pyproject.{command}", argument)
        assert caught.value.code == -32602
        caught.value.message.encode()


@pytest.fixture
def index(project: Project) -> Iterator[list[str]]:
    """The project has an index that is served over HTTP, where uv looks for newer versions; the paths asked for."""
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *_words: Any) -> None:  # noqa: A002  its name there
            asked.append(f"{self.path} {format}")

    site = project.tools.base / "site"
    for wheel in project.wheels.glob("*.whl"):
        folder = site / "simple" / wheel.name.partition("-")[0].replace("_", "-")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / wheel.name).write_bytes(wheel.read_bytes())
        links = (f'<a href="{each.name}">{each.name}</a>' for each in sorted(folder.glob("*.whl")))
        (folder / "index.html").write_text("\n".join(links))
    handler = functools.partial(Handler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        head = project.text().partition("[tool.uv]")[0]
        url = f"http://127.0.0.1:{serving.server_port}/simple"
        project.write(f'{head}[[tool.uv.index]]\nurl = "{url}"\ndefault = true\n')
        yield asked
        serving.shutdown()


@pytest.mark.parametrize("network", ["on", "off"])
def test_check_upgrades_lists_newer_versions_unless_the_network_is_off(project: Project, index: list[str], network: str) -> None:
    online = {**project.tools.environment, "UV_OFFLINE": "0"}
    added = project.tools.start([project.tools.uv, "add", "alpha<2", "delta"], project.root, online)
    assert added.wait(30) == 0
    index.clear()
    fresh = {**online, "UV_CACHE_DIR": str(project.tools.base / "fresh-cache")}
    with Client(env=fresh, cwd=project.root, expect_exit=0) as client:
        refreshes = {"workspace": {"inlayHint": {"refreshSupport": True}}}
        client.initialize(root=project.root, initialization_options={"network": network}, capabilities=refreshes)
        argument = {"uri": project.manifest.as_uri()}
        if network == "on":
            client.open(project.manifest)
            client.handlers["workspace/inlayHint/refresh"] = lambda _params: None
            client.wait_for_method("workspace/inlayHint/refresh", 20)
            before = client.mark()
            answer = client.execute("pyproject.checkUpgrades", argument, timeout=30)
            assert answer == {"outdated": [{"name": "alpha", "version": "1.1", "latest": "2.0"}]}
            assert index
            client.wait_for_method("workspace/inlayHint/refresh", 20, after=before)
            params = {"textDocument": argument, "range": client.range_of(project.manifest, "alpha<2")}
            (hint,) = client.request("textDocument/inlayHint", params)
            assert hint["label"] == "1.1 · 2.0 available (major)"
        else:
            with contextlib.suppress(ResponseError):
                client.execute("pyproject.checkUpgrades", argument, timeout=30)
            client.wait_operation(add(client, project, "zeta"), "failed")
            assert index == []


BAD = [
    ("add", {"uri": URI, "requirements": "alpha"}, "requirements", '"alpha"', "a list of strings"),
    ("add", {"uri": URI, "requirements": []}, "requirements", "[]", "at least one"),
    ("add", {"uri": URI, "requirements": ["--index-url=x"]}, "requirements", '"--index-url=x"', "PEP 508"),
    ("add", {"uri": URI, "requirements": ["a; rm -rf"]}, "requirements", '"a; rm -rf"', "PEP 508"),
    ("add", {"uri": URI, "requirements": ["alpha"], "group": "-g"}, "group", '"-g"', "a plain name"),
    ("add", {"uri": URI, "requirements": ["alpha"], "group": "a", "extra": "b"}, "extra", '"b"', "'group' is given too"),
    ("add", {"uri": URI, "requirements": ["alpha"], "bounds": "most"}, "bounds", '"most"', "lower, major, minor, exact"),
    ("add", {"uri": URI, "requirements": ["alpha"], "marker": "os ="}, "marker", '"os ="', "marker"),
    ("add", {"uri": URI, "requirements": ["alpha"], "index": "--x"}, "index", '"--x"', "an index"),
    ("add", {"uri": URI, "requirements": ["alpha"], "editable": 1}, "editable", "1", "true or false"),
    ("add", {"uri": URI, "requirements": ["alpha"], "groups": ["x"]}, "groups", '["x"]', "no such field"),
    ("add", {"requirements": ["alpha"]}, "uri", "null", "the URI of a file"),
    ("add", {"uri": "untitled:1", "requirements": ["alpha"]}, "uri", '"untitled:1"', "file:"),
    ("remove", {"uri": URI}, "packages", "null", "at least one package"),
    ("remove", {"uri": URI, "packages": ["alpha>1"]}, "packages", '"alpha>1"', "a plain name"),
    ("upgrade", {"uri": URI}, "packages", "null", "'all' must be true"),
    ("upgrade", {"uri": URI, "packages": ["alpha"], "all": True}, "packages", '["alpha"]', "'all' is true"),
    ("bumpVersion", {"uri": URI, "bump": "huge"}, "bump", '"huge"', "major, minor, patch"),
    ("bumpVersion", {"uri": URI}, "bump", "null", "'version' must be given"),
    ("bumpVersion", {"uri": URI, "version": "one"}, "version", '"one"', "PEP 440"),
    ("move", {"uri": URI, "package": "alpha", "from": {}, "to": {}}, "to", "{}", "another table"),
    ("move", {"uri": URI, "package": "alpha", "from": {}, "to": "dev"}, "to", '"dev"', "{} (runtime)"),
    ("move", {"uri": URI, "from": {}, "to": {"group": "dev"}}, "package", "null", "a package name"),
    ("sync", {"uri": URI, "groups": [1]}, "groups", "[1]", "a list of strings"),
    ("lock", {"uri": URI, "upgrade": True}, "upgrade", "true", "no such field"),
    ("undo", {"uri": URI, "id": 5}, "id", "5", "the id of a finished operation"),
    ("retry", {"id": "nobody"}, "id", '"nobody"', "an operation in the journal"),
    ("cancel", {"id": 5}, "id", "5", "the id of an operation"),
    ("status", {}, "uri", "null", "the URI of a file"),
    ("preview", {"command": "pyproject.add", "arguments": "x"}, "arguments", '"x"', "a list with the one argument"),
    ("preview", {"command": "pyproject.status", "arguments": [{}]}, "command", '"pyproject.status"', "pyproject.add"),
    ("checkUpgrades", {"uri": 3}, "uri", "3", "the URI of a file"),
]


def test_a_bad_argument_is_refused_with_the_field_the_value_and_what_is_allowed(client: Client, project: Project) -> None:
    for command, argument, field, value, allowed in BAD:
        with pytest.raises(ResponseError) as caught:
            client.execute(f"pyproject.{command}", with_uri(argument, project))
        assert caught.value.code == -32602, command
        assert caught.value.message.startswith(f"'{field}' is {value}, but "), (command, caught.value.message)
        assert allowed in caught.value.message
        assert caught.value.data is None
    status = client.execute("pyproject.status", {"uri": project.manifest.as_uri()})
    assert status["operations"] == [], "nothing was queued"


@pytest.mark.parametrize("arguments", [["x"], [[]], [{}, {}], [None]])
def test_the_one_argument_is_an_object(client: Client, arguments: list[Any]) -> None:
    with pytest.raises(ResponseError, match=r"'arguments' is .* a list with one object") as caught:
        client.request("workspace/executeCommand", {"command": "pyproject.lock", "arguments": arguments})
    assert caught.value.code == -32602


def test_an_unknown_command_is_refused(client: Client) -> None:
    with pytest.raises(ResponseError, match=r"pyproject\.fly") as caught:
        client.execute("pyproject.fly", {})
    assert caught.value.code == -32602


def test_a_file_outside_of_every_project_is_refused_with_what_to_do(client: Client, project: Project) -> None:
    outside = project.tools.base / "elsewhere" / "x.py"
    with pytest.raises(ResponseError, match=r"'uri' is .*elsewhere.* no pyproject\.toml at or above .*uv init") as caught:
        client.execute("pyproject.lock", {"uri": outside.as_uri()})
    assert caught.value.code == -32602


def test_every_command_is_announced(client: Client) -> None:
    names = "add remove upgrade bumpVersion move lock sync undo resolveConflict"
    names += " retry cancel status preview checkUpgrades searchPackages audit"
    announced = client.server_capabilities["executeCommandProvider"]["commands"]
    assert {name.removeprefix("pyproject.") for name in announced} == {*names.split(" ")}


def test_a_command_that_comes_before_the_session_is_initialized_is_done(project: Project) -> None:
    with Client(env=project.tools.environment, cwd=project.root, expect_exit=0) as client:
        params = {"processId": None, "rootUri": None, "capabilities": {}, "initializationOptions": NO_SYNC}
        client.server_capabilities = client.request("initialize", params, 20)["capabilities"]
        operation = add(client, project, "alpha")
        client.wait_operation(operation, "done")
        client.notify("initialized", {})
        assert '"alpha>=2.0"' in project.text()
