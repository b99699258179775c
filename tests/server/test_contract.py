"""The files of tests/contract against themselves, the server's tables, docs/protocol.md and real messages."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

from lsp_server import protocol
from lsp_server.adapters import uvcommand
from lsp_server.core import intent, operation
from lsp_server.core import settings as settings_of
from lsp_server.core.operation import State
from tests.conftest import Start
from tests.support.client import Client, ResponseError
from tests.support.projects import Project, Tools
from tests.support.shapes import FOLDER, load, mismatches

ROOT = Path(__file__).parents[2]
FILES = [path.stem for path in sorted(FOLDER.glob("*.json")) if path.stem not in {"commands", "settings", "uv-options"}]
COMMANDS: dict[str, Any] = load("commands")["commands"]
SETTINGS: dict[str, Any] = load("settings")["settings"]
UV_OPTIONS: dict[str, Any] = load("uv-options")
DOCUMENT = (ROOT / "docs" / "protocol.md").read_text("utf-8")
URI = "file:///home/me/demo/pyproject.toml"


def check(shape: Any, value: Any) -> None:
    assert list(mismatches(shape, value)) == []


@pytest.mark.parametrize("name", FILES)
def test_every_example_has_the_shape_of_its_file(name: str) -> None:
    file = load(name)
    assert file["examples"]
    for example in file["examples"]:
        check(file["shape"], example)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_example_of_a_command_has_its_shape(name: str) -> None:
    command = COMMANDS[name]
    for example in command["examples"]:
        check(command["argument"], example["argument"])
        check(command["answer"], example["answer"])


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        ("string", 1),
        ("integer", True),
        ("timestamp", "yesterday"),
        ("uri", "/a"),
        ({"enum": ["a"]}, "b"),
        ({"oneOf": ["null", "string"]}, 1),
        (["string"], ["a", 1]),
        (["string"], "a"),
        ({"a": "string"}, {}),
        ({"a?": "string"}, {"b": "x"}),
        ({"a": "string"}, []),
        ({"map": "string"}, {"a": 1}),
        ("@status", {}),
    ],
)
def test_the_matcher_sees_what_does_not_fit(shape: Any, value: Any) -> None:
    assert list(mismatches(shape, value))


def test_the_commands_are_those_of_the_server() -> None:
    assert set(COMMANDS) == set(protocol.COMMANDS)


@pytest.mark.parametrize("name", sorted(intent.CHANGING_COMMANDS))
def test_the_arguments_of_a_command_are_those_that_it_reads(name: str) -> None:
    for example in COMMANDS[name]["examples"]:
        assert not isinstance(intent.from_argument(name, example["argument"]), intent.BadArgument)
    for field in COMMANDS[name]["argument"]:
        refused = intent.from_argument(name, {"uri": URI, field.removesuffix("?"): object()})
        assert not isinstance(refused, intent.BadArgument) or "no such field" not in refused.rule
    unknown = intent.from_argument(name, {"uri": URI, "nobody": 1})
    assert isinstance(unknown, intent.BadArgument)
    known = set(re.findall(r"[a-z]+", unknown.rule.partition("it takes")[2]))
    assert known == {field.removesuffix("?") for field in COMMANDS[name]["argument"]}


def test_the_states_are_those_of_an_operation() -> None:
    assert load("operation")["shape"]["state"]["enum"] == list(get_args(State))
    assert load("operation")["shape"]["can"] == [{"enum": list(get_args(operation.Request))}]
    locks = load("operation")["shape"]["blockedBy"]["oneOf"][1]["lock"]["enum"]
    assert locks == list(get_args(operation.LockName))


def test_every_error_code_that_the_code_can_give_is_in_the_contract() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "lsp_server").rglob("*.py"))
    given = set(re.findall(r'Failure\(\s*"([a-z-]+)"', source)) | set(re.findall(r'fallback="([a-z-]+)"', source))
    assert given
    assert given <= set(load("error")["shape"]["code"]["enum"])


def test_the_settings_are_those_that_the_server_reads_with_their_defaults() -> None:
    defaults = {name: one["default"] for name, one in SETTINGS.items()}
    assert settings_of.read(defaults) == (settings_of.Settings(), {})
    assert len(SETTINGS) == len(fields(settings_of.Settings))
    for name, one in SETTINGS.items():
        assert settings_of.read({name: [1]})[1], f"{name} is read"
        for value in one["shape"]["enum"] if isinstance(one["shape"], dict) else ():
            assert not settings_of.read({name: value})[1]


def test_the_document_names_everything_in_the_files() -> None:
    named = [*COMMANDS, *SETTINGS, *get_args(State), *load("error")["shape"]["code"]["enum"], protocol.STATUS, protocol.SAVE]
    assert [name for name in named if f"`{name}`" not in DOCUMENT and f'"{name}"' not in DOCUMENT] == []


def test_the_options_before_uvs_command_are_those_of_the_real_uv_and_we_read_past_them(tools: Tools) -> None:
    valued, flags = UV_OPTIONS["valued"], UV_OPTIONS["flags"]
    shown = tools.run([tools.uv, "--help"], tools.base).stdout
    assert set(re.findall(r"--([a-z-]+) <", shown)) <= set(valued)
    assert set(re.findall(r"--([a-z-]+)(?![a-z-]| <)", shown)) <= {*flags, "help", "version"}
    # Of an option without a value, uv takes the next word for its command; what follows the value is the command.
    words = {"color": "never", "python-preference": "system", "python-fetch": "never"}
    for name in valued:
        value = words.get(name, "nobody")
        assert tools.run([tools.uv, f"--{name}", value, "add", "--help"], tools.base).returncode == 0, name
        assert uvcommand.subcommand(["uv", f"--{name}", value, "add"]) == "add"
    for name in flags:
        assert tools.run([tools.uv, f"--{name}", "add", "--help"], tools.base).returncode == 0, name
        assert uvcommand.subcommand(["uv", f"--{name}", "add"]) == "add"


def said(client: Client, method: str) -> list[Any]:
    return [message.params for message in client.received if message.method == method]


def run(client: Client, name: str, argument: dict[str, Any]) -> Any:
    check(COMMANDS[name]["argument"], argument)
    answer = client.execute(name, argument, timeout=30)
    check(COMMANDS[name]["answer"], answer)
    return answer


def test_what_a_real_server_says_has_these_shapes(start: Start, project: Project) -> None:
    with project.held_sync():
        uri = project.manifest.as_uri()
        client = start()
        client.open(project.manifest)
        added = run(client, "pyproject.add", {"uri": uri, "requirements": ["alpha<2"], "group": "test"})
        client.wait_operation(added["id"], "waiting")
        bumped = run(client, "pyproject.bumpVersion", {"uri": uri, "bump": "minor"})
        run(client, "pyproject.status", {"uri": uri})
        assert run(client, "pyproject.cancel", {"uri": uri, "id": bumped["id"]}) == {"cancelled": True}
    client.wait_operation(added["id"], "done")
    again = run(client, "pyproject.retry", {"uri": uri, "id": bumped["id"]})
    client.wait_for(
        lambda m: (
            m.method == "pyproject/status"
            and any(o["id"] == again["id"] and o["state"] == "done" for o in m.params["operations"])
        ),
        30,
        "the second try",
    )
    moved = run(client, "pyproject.move", {"uri": uri, "package": "alpha", "from": {"group": "test"}, "to": {}})
    client.wait_operation(moved["id"], "done")
    undone = run(client, "pyproject.undo", {"uri": uri, "id": moved["id"]})
    client.wait_operation(undone["id"], "done")
    failed = run(client, "pyproject.remove", {"uri": uri, "packages": ["sigma"]})
    client.wait_operation(failed["id"], "failed")
    inner = {"uri": uri, "requirements": ["delta"]}
    run(client, "pyproject.preview", {"command": "pyproject.add", "arguments": [inner]})
    run(client, "pyproject.checkUpgrades", {"uri": uri})
    run(client, "pyproject.searchPackages", {"uri": uri, "query": "alp"})
    with pytest.raises(ResponseError):
        client.execute("pyproject.add", {"uri": uri})
    client.type(project.manifest, f"# mine\n{client.buffer(project.manifest).text}")
    waiting = run(client, "pyproject.add", {"uri": uri, "requirements": ["zeta"]})
    client.wait_operation(waiting["id"], "needsSave")
    assert_all(client, "pyproject/status", load("status")["shape"])
    assert_all(client, "experimental/serverStatus", load("server-status")["shape"])
    assert_all(client, "$/progress", load("progress")["shape"])
    assert_all(client, "pyproject/save", load("save")["shape"]["params"])
    for edit in said(client, "workspace/applyEdit"):
        check("@workspace-edit", edit["edit"])
    states = {o["state"] for status in said(client, "pyproject/status") for o in status["operations"]}
    assert states >= {"waiting", "cancelled", "done", "failed", "needsSave"}, "the run was worth looking at"


def assert_all(client: Client, method: str, shape: Any) -> None:
    messages = said(client, method)
    assert messages, method
    for message in messages:
        check(shape, message)
