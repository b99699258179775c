"""Arguments of commands: what is taken, and that what is not names the field, the value and what is allowed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.core import intent
from lsp_server.core.intent import Add, BadArgument, Bump, Lock, Move, Remove, Sync, Undo, Upgrade
from lsp_server.core.pyproject import Table

DEV, FAST = Table("group", "dev"), Table("extra", "fast")


@pytest.mark.parametrize(
    ("command", "argument", "expected"),
    [
        ("add", {"requirements": ["a>=1", "B[x]"]}, Add(("a>=1", "B[x]"))),
        ("add", {"requirements": ["a"], "group": "Dev"}, Add(("a",), DEV)),
        ("add", {"requirements": ["a"], "script": True}, Add(("a",), script=True)),
        ("add", {"requirements": ["a"], "marker": "os_name == 'nt'"}, Add(("a",), marker="os_name == 'nt'")),
        ("add", {"requirements": ["a"], "bounds": "exact", "editable": True}, Add(("a",), bounds="exact", editable=True)),
        ("remove", {"packages": ["A_b"], "extra": "fast"}, Remove(("a-b",), FAST)),
        ("upgrade", {"packages": ["a"]}, Upgrade(("a",))),
        ("upgrade", {"all": True}, Upgrade()),
        ("upgrade", {"all": True, "script": True}, Upgrade(script=True)),
        ("upgrade", {"all": True, "group": "Dev", "level": "minor"}, Upgrade(table=DEV, level="minor")),
        ("upgrade", {"all": True, "workspace": True, "strategy": "lock"}, Upgrade(workspace=True, strategy="lock")),
        ("bumpVersion", {"bump": "rc"}, Bump(("rc",))),
        ("bumpVersion", {"bump": ["minor", "beta"], "workspace": True}, Bump(("minor", "beta"), workspace=True)),
        ("bumpVersion", {"bump": ["patch=10"], "member": "A_b"}, Bump(("patch=10",))),
        ("bumpVersion", {"version": "2!1.0"}, Bump((), "2!1.0")),
        ("move", {"package": "a", "from": {}, "to": {"group": "dev"}}, Move("a", Table("runtime"), DEV)),
        ("lock", {}, Lock()),
        ("sync", {"groups": ["dev"], "all": False}, Sync(("dev",))),
        ("undo", {}, Undo()),
        ("undo", {"id": "x"}, Undo("x")),
    ],
)
def test_what_a_command_takes(command: str, argument: dict[str, Any], expected: intent.Intent) -> None:
    assert intent.from_argument(f"pyproject.{command}", {"uri": "file:///p", **argument}) == expected


@pytest.mark.parametrize(
    ("command", "argument", "field"),
    [
        ("add", {}, "requirements"),
        ("add", {"requirements": []}, "requirements"),
        ("add", {"requirements": "a"}, "requirements"),
        ("add", {"requirements": ["a", 1]}, "requirements"),
        ("add", {"requirements": ["--index=http://evil"]}, "requirements"),
        ("add", {"requirements": ["a >> 1"]}, "requirements"),
        ("add", {"requirements": ["a"], "group": "x", "extra": "y"}, "extra"),
        ("add", {"requirements": ["a"], "group": "-x"}, "group"),
        ("add", {"requirements": ["a"], "script": True, "group": "x"}, "script"),
        ("add", {"requirements": ["a"], "script": 1}, "script"),
        ("add", {"requirements": ["a"], "bounds": "best"}, "bounds"),
        ("add", {"requirements": ["a"], "marker": "nonsense"}, "marker"),
        ("add", {"requirements": ["a"], "index": "--evil"}, "index"),
        ("add", {"requirements": ["a"], "gruop": "dev"}, "gruop"),
        ("remove", {"packages": ["a>=1"]}, "packages"),
        ("remove", {"packages": []}, "packages"),
        ("upgrade", {}, "packages"),
        ("upgrade", {"packages": ["a"], "all": True}, "packages"),
        ("upgrade", {"all": True, "script": "x.py"}, "script"),
        ("bumpVersion", {}, "bump"),
        ("bumpVersion", {"bump": "huge"}, "bump"),
        ("bumpVersion", {"bump": []}, "bump"),
        ("bumpVersion", {"bump": ["minor", "major"]}, "bump"),
        ("bumpVersion", {"bump": ["stable", "rc"]}, "bump"),
        ("bumpVersion", {"bump": ["minor", 1]}, "bump"),
        ("bumpVersion", {"bump": "minor=x"}, "bump"),
        ("bumpVersion", {"bump": "minor", "member": "a", "workspace": True}, "member"),
        ("upgrade", {"all": True, "strategy": "newest"}, "strategy"),
        ("upgrade", {"all": True, "level": "huge"}, "level"),
        ("upgrade", {"all": True, "script": True, "workspace": True}, "workspace"),
        ("upgrade", {"all": True, "script": True, "member": "a"}, "member"),
        ("upgrade", {"all": True, "group": "a", "extra": "b"}, "extra"),
        ("bumpVersion", {"bump": "major", "version": "1"}, "bump"),
        ("bumpVersion", {"version": "one"}, "version"),
        ("move", {"package": "a", "from": {}, "to": {}}, "to"),
        ("move", {"package": "a", "from": None, "to": {}}, "from"),
        ("move", {"from": {}, "to": {"group": "x"}}, "package"),
        ("undo", {"id": 3}, "id"),
        ("nonesuch", {}, "command"),
    ],
)
def test_what_it_refuses_by_name(command: str, argument: dict[str, Any], field: str) -> None:
    refused = intent.from_argument(f"pyproject.{command}", argument)
    assert isinstance(refused, BadArgument)
    assert refused.field == field
    assert f"'{field}' is " in refused.message
    assert len(refused.message) < 400


@pytest.mark.parametrize(
    ("command", "argument", "sentence"),
    [
        ("lock", {"foo": 1}, "'foo' is 1, but this command has no such field: it takes uri, script, folder"),
        ("bumpVersion", {"version": "x"}, "'version' is \"x\", but must be a PEP 440 version such as '1.2.0'"),
        ("upgrade", {"packages": ["a"], "all": True}, "'packages' is [\"a\"], but 'all' is true: give one of them"),
        ("move", {"package": "a", "from": {}, "to": {}}, "'to' is {}, but must be another table than 'from'"),
        (
            "add",
            {"requirements": ["a"], "group": "x", "extra": "y"},
            "'extra' is \"y\", but 'group' is given too: give one of them",
        ),
        ("add", {"requirements": ["a"], "script": None}, "'script' is null, but must be true or false"),
    ],
)
def test_what_is_wrong_is_no_sentence_or_in_the_words_of_python(command: str, argument: dict[str, Any], sentence: str) -> None:
    refused = intent.from_argument(f"pyproject.{command}", argument)
    assert isinstance(refused, BadArgument)
    assert refused.message == sentence


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@host/a.whl", "https://user:****@host/a.whl"),
        ("https://user:sec@ret@host/a.whl", "https://user:****@host/a.whl"),
        ("git+https://secret@host/a", "git+https://****@host/a"),
        ("git+ssh://git@host/a", "git+ssh://git@host/a"),
        ("https://host/a@b", "https://host/a@b"),
    ],
)
def test_a_password_is_shown_in_a_title_or_a_message(url: str, shown: str) -> None:
    wanted = intent.from_argument("pyproject.add", {"requirements": [f"a @ {url}"]})
    assert isinstance(wanted, Add)
    assert wanted.requirements == (f"a @ {url}",), "uv needs it"
    assert wanted.title() == f"Add a @ {shown} to dependencies"
    refused = intent.from_argument("pyproject.add", {"requirements": [f"!a @ {url}"]})
    assert isinstance(refused, BadArgument)
    assert "sec" not in refused.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["uri", "requirements", "packages", "group", "extra", "script", "marker", "bounds", "index", "editable"]
FIELDS += [
    "member",
    "all",
    "bump",
    "version",
    "package",
    "from",
    "to",
    "groups",
    "extras",
    "id",
    "strategy",
    "level",
    "workspace",
]


@given(
    st.sampled_from(sorted(intent.CHANGING_COMMANDS)),
    st.dictionaries(st.sampled_from(FIELDS) | st.text(), JSON, max_size=4),
)
def test_no_argument_makes_it_raise(command: str, argument: dict[str, Any]) -> None:
    found = intent.from_argument(command, argument)
    if isinstance(found, BadArgument):
        assert found.message
    else:
        shorter = {"bumpVersion": "bump", "resolveConflict": "resolve"}
        name = command.removeprefix("pyproject.")
        assert found.kind == shorter.get(name, name)
        assert found.title()
