"""`:Pyproject`: what it sends, what it completes, what it asks."""

from pathlib import Path
from typing import Any

import pytest

from tests.neovim.driver import Neovim
from tests.neovim.fake_server import LATER, FakeServer, operation, status


@pytest.mark.parametrize(
    "case",
    [
        ("add httpx>=0.27 rich", "add", {"requirements": ["httpx>=0.27", "rich"]}),
        ("add pytest --group dev", "add", {"requirements": ["pytest"], "group": "dev"}),
        ("add orjson --extra=fast --bounds=major", "add", {"requirements": ["orjson"], "extra": "fast", "bounds": "major"}),
        (
            "add \"tomli; python_version < '3.11'\"",
            "add",
            {"requirements": ["tomli; python_version < '3.11'"]},
        ),
        ("add cowsay --script", "add", {"requirements": ["cowsay"], "script": True}),
        ("remove Beta", "remove", {"packages": ["Beta"]}),
        ("remove delta", "remove", {"packages": ["delta"], "group": "dev"}),
        ("remove alpha --group dev", "remove", {"packages": ["alpha"], "group": "dev"}),
        ("upgrade alpha", "upgrade", {"packages": ["alpha"]}),
        ("upgrade --all", "upgrade", {"all": True}),
        ("bump minor", "bumpVersion", {"bump": "minor"}),
        ("bump 2.0.0rc1", "bumpVersion", {"version": "2.0.0rc1"}),
        ("move beta --group dev", "move", {"package": "beta", "from": {}, "to": {"group": "dev"}}),
        ("move gamma --runtime", "move", {"package": "gamma", "from": {"extra": "fast"}, "to": {}}),
        ("sync", "sync", {}),
        ("sync --group dev --all", "sync", {"groups": ["dev"], "all": True}),
        ("lock", "lock", {}),
        ("undo", "undo", {}),
        ("undo one", "undo", {"id": "one"}),
        ("retry one", "retry", {"id": "one"}),
        ("cancel one", "cancel", {"id": "one"}),
    ],
)
def test_a_line_becomes_the_commands_argument(
    nvim: Neovim, server: FakeServer, root: Path, case: tuple[str, str, dict[str, Any]]
) -> None:
    line, command, argument = case
    nvim.ex(f"Pyproject {line}")
    uri = (root / "pyproject.toml").as_uri()
    assert server.command(command) == {"uri": uri, **argument}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        (
            "Pyproject ",
            [
                *("add", "bump", "cancel", "dismiss", "lock", "log", "move", "outdated", "preview"),
                *("queue", "remove", "retry", "status", "sync", "undo", "upgrade"),
            ],
        ),
        ("Pyproject preview ", ["add", "bump", "lock", "move", "remove", "upgrade"]),
        ("Pyproject preview re", ["remove"]),
        ("Pyproject preview remove ", ["alpha", "beta", "delta", "gamma"]),
        ("Pyproject preview add x --group ", ["dev", "docs"]),
        ("Pyproject preview sync ", []),
        ("Pyproject re", ["remove", "retry"]),
        ("Pyproject remove ", ["alpha", "beta", "delta", "gamma"]),
        ("Pyproject remove alpha b", ["beta"]),
        ("Pyproject bump m", ["major", "minor"]),
        ("Pyproject add x --g", ["--group"]),
        ("Pyproject add x --group ", ["dev", "docs"]),
        ("Pyproject add x --group=do", ["--group=docs"]),
        ("Pyproject add x --extra ", ["fast"]),
        ("Pyproject add x --bounds ", ["exact", "lower", "major", "minor"]),
        ("Pyproject cancel ", ["running"]),
        ("Pyproject retry ", ["broken"]),
        ("Pyproject undo ", ["over"]),
        ("Pyproject nonsense ", []),
    ],
)
def test_completion_offers_what_may_follow(nvim: Neovim, server: FakeServer, root: Path, line: str, offered: list[str]) -> None:
    known = [operation("running", can=["cancel"]), operation("broken", can=["retry"]), operation("over", can=["undo"])]
    server.notify("pyproject/status", status(root, *known))
    nvim.until("require('pyproject_lsp').project() ~= nil")
    assert nvim.completions(line) == offered


ANSWER = """
    _G.asked = {}
    vim.ui.select = function(items, options, done)
      local texts = vim.tbl_map(options.format_item or tostring, items)
      table.insert(_G.asked, { options.prompt, texts })
      for index, text in ipairs(texts) do
        if text == _G.choice then return done(items[index], index) end
      end
      done(nil)
    end
    vim.ui.input = function(options, done)
      table.insert(_G.asked, { options.prompt })
      done(_G.typed)
    end
    _G.choice, _G.typed = ...
"""


@pytest.mark.parametrize(
    "case",
    [
        ("add", "group 'dev'", "rich>=13", "add", {"requirements": ["rich>=13"], "group": "dev"}),
        ("add", "dependencies", "rich", "add", {"requirements": ["rich"]}),
        ("remove", "gamma (extra 'fast')", None, "remove", {"packages": ["gamma"], "extra": "fast"}),
        ("remove alpha", "group 'dev'", None, "remove", {"packages": ["alpha"], "group": "dev"}),
        ("upgrade", "beta (dependencies)", None, "upgrade", {"packages": ["beta"]}),
        ("bump", "patch", None, "bumpVersion", {"bump": "patch"}),
        ("move beta", "extra 'fast'", None, "move", {"package": "beta", "from": {}, "to": {"extra": "fast"}}),
    ],
)
def test_what_the_line_leaves_open_is_asked(
    nvim: Neovim, server: FakeServer, case: tuple[str, str, str | None, str, dict[str, Any]]
) -> None:
    line, choice, typed, command, argument = case
    nvim.lua(ANSWER, choice, typed)
    nvim.ex(f"Pyproject {line}")
    assert server.command(command).items() >= argument.items()


@pytest.mark.parametrize("line", ["add", "remove", "upgrade", "bump", "move", "remove alpha"])
def test_a_question_without_an_answer_sends_nothing(nvim: Neovim, server: FakeServer, line: str) -> None:
    nvim.lua(ANSWER)
    nvim.ex(f"Pyproject {line}")
    assert nvim.lua("return #_G.asked") == 1
    server.request("workspace/workspaceFolders", None)
    assert not [body for body in server.received if body.get("method") == "workspace/executeCommand"]


NOTIFIED = "vim.notify = function(text, level) _G.told = { text, level } end"


def test_a_refusal_of_the_server_is_shown(nvim: Neovim, server: FakeServer) -> None:
    nvim.lua(NOTIFIED)
    nvim.ex("set columns=200")
    refusal = {"code": -32602, "message": "requirements: '=' is no requirement; a name and a version are allowed"}
    server.answers["workspace/executeCommand"] = lambda _: {"error": refusal}
    nvim.ex("Pyproject add =")
    told = nvim.until("_G.told")
    assert told == [f"pyproject: {refusal['message']}", 4]


def test_where_no_operation_can_be_retried_the_user_is_told(nvim: Neovim, server: FakeServer, root: Path) -> None:
    nvim.lua(NOTIFIED)
    server.notify("pyproject/status", status(root, operation("over", state="failed", can=["undo"])))
    nvim.until("require('pyproject_lsp').project() ~= nil")
    nvim.ex("Pyproject retry")
    assert nvim.lua("return _G.told") == ["pyproject: no operation can be retried", 4]


def test_an_unknown_subcommand_names_the_known_ones(nvim: Neovim) -> None:
    nvim.lua(NOTIFIED)
    nvim.ex("Pyproject instal x")
    assert nvim.lua("return _G.told[1]").startswith("pyproject: unknown subcommand 'instal'; known: add, bump")


def test_where_no_server_is_the_user_learns_what_to_open(nvim: Neovim) -> None:
    nvim.lua(NOTIFIED)
    nvim.lua("for _, c in ipairs(vim.lsp.get_clients()) do c:stop(true) end")
    nvim.until("#vim.lsp.get_clients() == 0")
    nvim.ex("Pyproject sync")
    assert "open pyproject.toml" in nvim.lua("return _G.told[1]")


def test_a_command_in_an_unrelated_buffer_goes_to_the_project(nvim: Neovim, server: FakeServer, root: Path) -> None:
    server.notify("pyproject/status", status(root))
    nvim.until("require('pyproject_lsp').project() ~= nil")
    nvim.ex("enew")
    nvim.ex("Pyproject sync")
    assert server.command("sync") == {"uri": (root / "pyproject.toml").as_uri()}


def test_a_broken_manifest_still_completes(nvim: Neovim) -> None:
    nvim.lua("vim.api.nvim_buf_set_lines(0, 5, 6, true, { '  \"beta', '  \"eps' })")
    assert {"alpha", "beta", "eps"} <= set(nvim.completions("Pyproject remove "))


def test_the_log_keeps_the_whole_of_a_long_message(nvim: Neovim, server: FakeServer) -> None:
    nvim.lua(NOTIFIED)
    server.notify("window/showMessage", {"type": 1, "message": "Add alpha failed\nBecause beta needs alpha<1"})
    assert nvim.until("_G.told") == ["pyproject: Add alpha failed … (:Pyproject log)", 4]
    nvim.ex("Pyproject log")
    assert "Because beta needs alpha<1" in nvim.text()


def test_names_to_add_are_the_servers_in_its_order(nvim: Neovim, server: FakeServer) -> None:
    packages = [{"name": name} for name in ("ripe", "rich", "other")]
    server.answers["workspace/executeCommand"] = lambda _: {"result": {"packages": packages}}
    assert nvim.lua("return require('pyproject_lsp.complete').candidates('ri', 'Pyproject add ri')") == ["ripe", "rich"]
    assert server.command("searchPackages")["query"] == "ri"


def test_names_to_add_are_not_waited_for_when_the_server_is_slow(nvim: Neovim, server: FakeServer) -> None:
    server.answers["workspace/executeCommand"] = lambda _: LATER
    assert nvim.lua("return require('pyproject_lsp.complete').candidates('ri', 'Pyproject add ri')") == []


def test_a_newer_version_is_picked_and_upgraded(nvim: Neovim, server: FakeServer) -> None:
    behind = [{"name": "Alpha", "version": "1.0", "latest": "2.0"}, {"name": "indirect", "version": "1", "latest": "2"}]
    server.answers["workspace/executeCommand"] = lambda params: {
        "result": {"outdated": behind} if params["command"] == "pyproject.checkUpgrades" else {"id": "x", "state": "queued"}
    }
    nvim.lua("vim.ui.select = function(items, how, answer) _G.shown = how.format_item(items[1]); answer(items[1]) end")
    nvim.ex("Pyproject outdated")
    assert server.command("upgrade")["packages"] == ["Alpha"]
    assert nvim.lua("return _G.shown") == "Alpha  1.0 → 2.0"
