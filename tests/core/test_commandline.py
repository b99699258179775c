"""From intents to uv's arguments: what goes into one command, in which order, and that nothing becomes an option."""

from pathlib import PurePosixPath

import pytest

from lsp_server.core import commandline, facts
from lsp_server.core.batch import Request, batches
from lsp_server.core.commandline import Target
from lsp_server.core.intent import Add, Bump, Intent, Lock, Move, Remove, Sync, Undo, Upgrade
from lsp_server.core.pyproject import Table

HERE, THERE = Target(PurePosixPath("/p")), Target(PurePosixPath("/p/member"))
DEV, FAST = Table("group", "dev"), Table("extra", "fast")
SCRIPT = Target(PurePosixPath("/p"), PurePosixPath("/p/s.py"))


def grouped(*intents: Intent, target: Target = HERE) -> list[str]:
    requests = [Request(str(number), intent, target) for number, intent in enumerate(intents)]
    return [" ".join(batch.operations) for batch in batches(requests)]


def commands(intent: Intent, target: Target = HERE, stated: facts.Facts | None = None) -> list[str]:
    (batch,) = batches([Request("1", intent, target)])
    return [" ".join(words) for words in batch.commands(stated or {})]


@pytest.mark.parametrize(
    ("intents", "expected"),
    [
        ((Add(("a",)), Add(("b",)), Add(("c",))), ["0 1 2"]),
        ((Add(("a",)), Add(("b",), DEV), Add(("c",)), Add(("d",), DEV)), ["0 2", "1 3"]),
        ((Add(("a",)), Add(("b",), bounds="exact"), Add(("c",))), ["0 2", "1"]),
        ((Remove(("a",)), Remove(("b",)), Remove(("c",), FAST)), ["0 1", "2"]),
        ((Add(("a",)), Remove(("b",)), Add(("c",))), ["0 2", "1"]),
        ((Add(("a",)), Bump(("major",)), Add(("c",))), ["0 2", "1"]),
        # The order of two that touch the same package is the order they were asked for in.
        ((Add(("a",)), Remove(("a",)), Add(("A==1",))), ["0", "1", "2"]),
        ((Add(("a",)), Add(("a<2",))), ["0", "1"]),
        ((Add(("a",)), Upgrade(), Add(("b",))), ["0", "1", "2"]),
        ((Add(("a",)), Undo("x"), Add(("b",))), ["0", "1", "2"]),
        ((Bump(("major",)), Bump(("minor",))), ["0", "1"]),
    ],
)
def test_what_one_command_does_together(intents: tuple[Intent, ...], expected: list[str]) -> None:
    assert grouped(*intents) == expected


def test_two_members_are_two_commands() -> None:
    found = batches([Request("1", Add(("a",)), HERE), Request("2", Add(("b",)), THERE)])
    assert len(found) == 2


@pytest.mark.parametrize(
    ("intent", "target", "expected"),
    [
        (Add(("a>=1", "b")), HERE, ["add --no-sync -- a>=1 b"]),
        (Add(("a",), DEV, marker="x", bounds="exact", index="i"), HERE, None),
        (Add(("a",), FAST, editable=True, member="m"), HERE, ["add --no-sync --optional=fast --editable --package=m -- a"]),
        (Add(("a",), script=True), SCRIPT, ["add --script=/p/s.py -- a"]),
        (Remove(("a", "b"), DEV), HERE, ["remove --no-sync --group=dev -- a b"]),
        (Upgrade(("a",)), HERE, ["lock"]),
        (Upgrade(), SCRIPT, ["lock --script=/p/s.py"]),
        (Bump(("minor",)), HERE, ["version --no-sync --bump minor"]),
        (Bump(("minor", "beta=2")), HERE, ["version --no-sync --bump minor --bump beta=2"]),
        (Bump(("minor",), workspace=True), HERE, ["lock"]),
        (Bump((), "1.0"), HERE, ["version --no-sync -- 1.0"]),
        (Lock(), HERE, ["lock"]),
        (Lock(), SCRIPT, ["lock --script=/p/s.py"]),
        (Sync(), HERE, ["lock"]),
        (Undo("x"), HERE, ["lock"]),
    ],
)
def test_each_kind_as_uv_is_asked(intent: Intent, target: Target, expected: list[str] | None) -> None:
    assert commands(intent, target) == (expected or ["add --no-sync --group=dev --marker=x --bounds=exact --index=i -- a"])


def test_a_move_adds_what_is_stated_before_it_removes() -> None:
    stated: facts.Facts = {("dependency", "runtime", "", "a"): "a>=1; x\na<1; y"}
    (batch,) = batches([Request("1", Move("a", Table("runtime"), DEV), HERE)])
    assert batch.commands(stated) == (
        ("add", "--no-sync", "--raw", "--group=dev", "--", "a>=1; x", "a<1; y"),
        ("remove", "--no-sync", "--", "a"),
    )


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (("version",), "1.0", "version --frozen -- 1.0"),
        (("version",), None, None),
        (("source", "a"), "{}", None),
        (("dependency", "runtime", "", "a"), "a>1", "add --frozen --raw -- a>1"),
        (("dependency", "group", "dev", "a"), None, "remove --frozen --group=dev -- a"),
        (("dependency", "extra", "fast", "a"), None, "remove --frozen --optional=fast -- a"),
    ],
)
def test_one_statement_is_given_back(key: facts.Key, value: str | None, expected: str | None) -> None:
    found = commandline.restoring(key, value)
    assert (None if found is None else " ".join(found)) == expected


def test_the_sync_installs_what_was_touched_and_never_locks() -> None:
    assert commandline.sync_arguments() == ("sync", "--locked", "--inexact")
    words = commandline.sync_arguments(groups=["dev"], extras=["fast"], packages=["m"])
    assert words[3:] == ("--group=dev", "--extra=fast", "--package=m")
    everything = commandline.sync_arguments(packages=["m"], everything=True)
    assert everything[3:] == ("--all-packages", "--all-groups", "--all-extras")


def test_a_persons_own_environment_does_not_lead_uv_astray() -> None:
    given = {"VIRTUAL_ENV": "/other", "UV_FROZEN": "1", "UV_INDEX_URL": "http://own", "PATH": "/bin"}
    found = commandline.environment_for(given, UV_PYTHON="/py")
    assert found == {
        "UV_INDEX_URL": "http://own",
        "PATH": "/bin",
        "NO_COLOR": "1",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON": "/py",
    }


@pytest.mark.parametrize(
    ("intent", "needed"),
    [(Add(("a",)), True), (Add(("a",), DEV), False), (Add(("a",), member="m"), False), (Bump(("major",)), True)],
)
def test_a_workspace_root_without_a_project_can_still_have_groups(intent: Intent, *, needed: bool) -> None:
    assert intent.needs_project() == needed
