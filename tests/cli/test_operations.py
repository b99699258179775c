"""The operations of the editor in a shell: options, words for what is wrong, looking ahead, and JSON with a schema."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lsp_server.__main__ import main
from tests.cli import schema
from tests.cli.test_command_line import run, start
from tests.support import projects
from tests.support.projects import Project, Tools
from tests.support.shapes import load, mismatches

TABLES = """[project]
name = "demo"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["alpha<2"]
optional-dependencies.fast = ["eta<1.1"]
[dependency-groups]
dev = ["delta==1.0"]
"""


def with_tables(project: Project) -> str:
    text = f'{TABLES}[tool.uv]\nno-index = true\nfind-links = ["{project.wheels.as_posix()}"]\n'
    project.write(text)
    return text


def answer(project: Project, *words: str | Path, code: int = 0) -> Any:
    done = run(project, *words, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_an_option_of_upgrade_does_nothing(project: Project) -> None:
    text = with_tables(project)
    done = answer(project, "upgrade", "--group", "dev", "--no-sync")
    assert list(mismatches(load("operation")["shape"], done)) == []
    assert [(one["table"], one["from"], one["to"]) for one in done["changes"]] == [("group:dev", "delta==1.0", "delta==1.1")]
    text = text.replace("delta==1.0", "delta==1.1")
    assert project.text() == text
    done = answer(project, "upgrade", "--extra", "fast", "--level", "minor", "--no-sync")
    text = text.replace("eta<1.1", "eta<1.2")
    assert project.text() == text
    assert {"name": "eta", "from": "1.0.1", "to": "1.1"} in done["lockChanges"]
    done = answer(project, "upgrade", "--all", "--strategy", "lock", "--no-sync")
    assert project.text() == text
    assert not done["changes"]


def test_a_member_or_all_of_them_cannot_be_named(tools: Tools, wheels: Path) -> None:
    project, members = projects.workspace(tools, wheels)
    members["two"].write(members["two"].text().replace('"alpha"', '"delta<1.1"'))
    assert run(project, "upgrade", "--all", "--member", "two", "--no-sync").returncode == 0
    assert '"delta<1.2"' in members["two"].text()
    done = answer(project, "bump", "minor", "beta", "--workspace", "--no-sync")
    assert {one["to"] for one in done["changes"]} == {"0.2.0b1", "1.1b1"}
    assert run(project, "remove", "--member", "two", "delta", "--no-sync").returncode == 0
    assert "delta" not in members["two"].text()
    wrong = run(project, "remove", "--member", "three", "delta")
    assert wrong.returncode == 2
    assert "there are space, one, two" in wrong.stderr


@pytest.mark.parametrize("words", [("upgrade", "--dry-run", "--all"), ("preview", "upgrade", "--all")])
def test_looking_ahead_changes_something_or_marks_no_major_step(project: Project, words: Sequence[str]) -> None:
    text = with_tables(project)
    project.uv_ok("lock")
    shown = run(project, *words)
    assert "dependencies: alpha<2 → alpha<3" in shown.stdout
    assert "lock: alpha 1.1 → 2.0 (major)" in shown.stdout
    assert "lock: delta 1.0 → 1.1\n" in shown.stdout
    assert project.text() == text
    told = answer(project, *words)
    assert list(mismatches(load("preview")["shape"], told)) == []
    assert {"name": "eta", "from": "1.0.1", "to": "2.0"} in told["lock"]
    assert told["direct"] == ["alpha", "delta", "eta"]
    assert told["major"] == ["alpha", "eta"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["upgrade"], "name the packages to upgrade, or pass --all"),
        (["upgrade", "a", "--all"], "names of packages and --all exclude each other"),
        (["upgrade", "--strategy", "newest", "a"], "choose from 'latest', 'within', 'lock'"),
        (["add", "--groop", "dev", "a"], "did you mean '--group'?"),
        (["ad", "a"], "did you mean 'add'?"),
        (["bump", "foo"], "major, minor, patch, stable, alpha, beta, rc, post, dev"),
        (["bump", "mino"], "did you mean 'minor'?"),
        (["bump", "minor", "major"], "'minor major' is no bump"),
        (["move", "a"], "--to must name another table than --from"),
        (["move", "a", "--to", "dev"], "--to must be 'group:NAME' or 'extra:NAME'"),
        (["remove", "a>=1"], "the package 'a>=1': it must be a plain name"),
        (["add", "a >> 1"], "the requirement 'a >> 1': it must be a PEP 508 requirement"),
        (["undo"], "nothing of this project can be undone"),
        (["retry"], "there is nothing to retry here"),
        (["retry", "x"], "there is no operation 'x'"),
        (["cancel"], "there is nothing to cancel here"),
        (["cancel", "x"], "there is no operation 'x'"),
        (["search", "-"], "'-' is no part of a package's name"),
        (["preview", "foo"], "choose from"),
    ],
)
def test_wrong_usage_is_said_in_the_words_of_the_protocol_or_as_no_object(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    code, out, err = in_process(project, capsys, monkeypatch, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert "null" not in err
    code, out, _err = in_process(project, capsys, monkeypatch, *words, "--json")
    assert code == 2
    told = json.loads(out)
    assert list(mismatches(load("usage")["shape"], told)) == []
    assert said in told["error"]["message"]


def in_process(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str
) -> tuple[int, str, str]:
    """The command line as a function, for what starts nothing."""
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("PYPROJECT_LSP_STATE_DIR", project.tools.environment["PYPROJECT_LSP_STATE_DIR"])
    monkeypatch.setattr("sys.argv", ["pyproject-lsp", *words])
    capsys.readouterr()
    try:
        code = main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_what_failed_is_tried_again_or_a_queued_one_cancelled_by_hand_only(project: Project) -> None:
    failed = answer(project, "add", "nonesuch", code=1)
    assert failed["error"]["code"] == "unresolvable"
    again = answer(project, "retry", code=1)
    assert again["id"] == failed["id"]
    lines = run(project, "add", "zeta", "--no-sync", "--json", "--watch").stdout.splitlines()
    states = [json.loads(line)["state"] for line in lines]
    assert states[-1] == "done"
    assert len(states) > 1
    with project.held_sync():
        waiting = start(project, "add", "delta", "--no-sync", "--json", "--watch")
        assert waiting.stdout is not None
        line = next(line for line in waiting.stdout if json.loads(line)["state"] == "waiting")
        assert answer(project, "cancel", json.loads(line)["id"])["cancelled"] is True
        out, _err = waiting.communicate(timeout=30)
    assert json.loads(out.splitlines()[-1])["state"] == "cancelled"
    assert waiting.returncode == 3


def test_a_search_or_a_look_at_what_is_newer_has_no_answer(project: Project) -> None:
    found = answer(project, "search", "alp")
    assert "alpha" in [one["name"] for one in found["packages"]]
    assert list(mismatches(load("commands")["commands"]["pyproject.searchPackages"]["answer"], found)) == []
    assert answer(project, "outdated") == {"outdated": []}
    assert run(project, "outdated").stderr == "nothing is newer than what is locked\n"


def test_the_schema_in_the_documents_is_that_of_the_contract() -> None:
    assert json.loads(schema.FILE.read_text("utf-8")) == schema.made(), "python -m tests.cli.schema"
