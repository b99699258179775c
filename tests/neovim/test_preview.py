"""`:Pyproject preview` and `:Pyproject status`."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.neovim.driver import Neovim
from tests.neovim.fake_server import LATER, FakeServer, status
from tests.neovim.test_command import ANSWER, NOTIFIED

SHOWN = "table.concat(vim.api.nvim_buf_get_lines(vim.fn.bufnr('^pyproject://preview$'), 0, -1, true), '\\n'):find(..., 1, true)"


def edit(root: Path, line: int, old: str, new: str) -> dict[str, Any]:
    """A WorkspaceEdit of the manifest that puts `new` in the place of a line's first characters, as many as `old` has."""
    where = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": len(old)}}
    document = {"uri": (root / "pyproject.toml").as_uri(), "version": 0}
    return {"documentChanges": [{"textDocument": document, "edits": [{"range": where, "newText": new}]}]}


def answers(server: FakeServer, result: Any) -> None:
    server.answers["workspace/executeCommand"] = lambda _: {"result": result}


@pytest.mark.parametrize(
    "case",
    [
        ("add rich --group dev", "add", {"requirements": ["rich"], "group": "dev"}),
        ("remove delta", "remove", {"packages": ["delta"], "group": "dev"}),
        ("upgrade --all", "upgrade", {"all": True}),
        ("bump minor", "bumpVersion", {"bump": "minor"}),
        ("move beta --group dev", "move", {"package": "beta", "from": {}, "to": {"group": "dev"}}),
        ("lock", "lock", {}),
    ],
)
def test_a_preview_asks_what_the_line_without_it_would_do(
    nvim: Neovim, server: FakeServer, root: Path, case: tuple[str, str, dict[str, Any]]
) -> None:
    line, command, argument = case
    answers(server, {"edits": {}, "lock": []})
    nvim.ex(f"Pyproject preview {line}")
    uri = (root / "pyproject.toml").as_uri()
    assert server.command("preview") == {
        "uri": uri,
        "command": f"pyproject.{command}",
        "arguments": [{"uri": uri, **argument}],
    }
    nvim.until(SHOWN, "# no change in the manifest\n# uv.lock: no package changes")


def test_the_window_has_the_edit_and_the_lock_file_as_a_diff_and_nothing_is_changed(
    nvim: Neovim, server: FakeServer, root: Path
) -> None:
    before = nvim.text()
    lock = [
        {"name": "alpha", "from": None, "to": "1.0"},
        {"name": "beta", "from": "1.0", "to": "2.0"},
        {"name": "six", "from": "1.17", "to": None},
    ]
    answers(server, {"edits": edit(root, 2, 'version = "1.2.3"', 'version = "1.3.0"'), "lock": lock})
    manifest = nvim.api.current.buffer.number
    nvim.ex("Pyproject preview bump minor")
    nvim.until(SHOWN, "+++ uv.lock")
    lines = nvim.text().splitlines()
    assert lines[:2] == ["# :Pyproject bump minor", "# <CR> do it   q close"]
    assert lines[3:6] == ["--- pyproject.toml", "+++ pyproject.toml", "@@ -1,6 +1,6 @@"]
    assert [line for line in lines if line[0:1] in {"-", "+"}][2:] == [
        '-version = "1.2.3"',
        '+version = "1.3.0"',
        "--- uv.lock",
        "+++ uv.lock",
        "+alpha 1.0",
        "-beta 1.0",
        "+beta 2.0",
        "-six 1.17",
    ]
    assert nvim.lua("return vim.bo.filetype") == "diff"
    assert nvim.lua("return vim.bo.modifiable") is False
    assert nvim.text(manifest) == before == (root / "pyproject.toml").read_text()
    assert not nvim.modified(manifest)


def test_enter_does_what_is_shown_and_closes_the_window(nvim: Neovim, server: FakeServer, root: Path) -> None:
    answers(server, {"edits": {}, "lock": []})
    nvim.ex("Pyproject preview remove delta gamma")
    nvim.until(f"#vim.api.nvim_list_wins() == 2 and {SHOWN}", "# uv.lock: no package changes\n# no change")
    nvim.keys("<CR>")
    uri = (root / "pyproject.toml").as_uri()
    wanted = [{"uri": uri, "packages": ["delta"], "group": "dev"}, {"uri": uri, "packages": ["gamma"], "extra": "fast"}]
    for argument in wanted:
        server.wait_for("workspace/executeCommand", partial(has_argument, argument))
    assert len(nvim.api.windows) == 1


def has_argument(argument: dict[str, Any], params: Any) -> bool:
    """Whether a command has this argument."""
    return bool(params["arguments"] == [argument])


def test_a_refusal_is_shown_in_the_window(nvim: Neovim, server: FakeServer) -> None:
    nvim.lua(NOTIFIED)
    refusal = {"code": -32602, "message": "unresolvable: no version of rich\nis left"}
    server.answers["workspace/executeCommand"] = lambda _: {"error": refusal}
    nvim.ex("Pyproject preview add rich")
    nvim.until(SHOWN, "# unresolvable: no version of rich\n# is left")
    assert nvim.lua("return _G.told[1]").startswith("pyproject: unresolvable: no version of rich")


def test_an_answer_to_an_older_preview_does_not_replace_a_newer_one(nvim: Neovim, server: FakeServer, root: Path) -> None:
    server.answers["workspace/executeCommand"] = lambda _: LATER
    numbers = {"major": "2.0.0", "minor": "1.3.0"}
    for bump in numbers:
        nvim.ex(f"Pyproject preview bump {bump}")
        nvim.until(SHOWN, f"# :Pyproject bump {bump}\n# <CR> do it   q close\n\n# asking the server …")
    for bump in ("minor", "major"):
        result = {"edits": edit(root, 2, 'version = "1.2.3"', f'version = "{numbers[bump]}"'), "lock": []}
        server.reply("workspace/executeCommand", partial(bumps, bump), result)
    nvim.until(SHOWN, '+version = "1.3.0"')
    server.request("workspace/workspaceFolders", None)
    assert "# :Pyproject bump minor" in nvim.text()
    assert "2.0.0" not in nvim.text()


def bumps(bump: str, params: Any) -> bool:
    """Whether a command is the preview of this bump."""
    return bool(params["arguments"][0]["arguments"][0]["bump"] == bump)


def test_what_has_no_preview_is_refused_with_what_has_one(nvim: Neovim, server: FakeServer) -> None:
    nvim.lua(NOTIFIED)
    nvim.ex("Pyproject preview sync")
    assert nvim.lua("return _G.told[1]") == "pyproject: sync has no preview; these have: add, bump, lock, move, remove, upgrade"
    server.request("workspace/workspaceFolders", None)
    assert not [body for body in server.received if body.get("method") == "workspace/executeCommand"]


def test_a_preview_without_a_change_asks_which(nvim: Neovim, server: FakeServer) -> None:
    answers(server, {"edits": {}, "lock": []})
    nvim.lua(ANSWER, "lock", None)
    nvim.ex("Pyproject preview")
    assert server.command("preview")["command"] == "pyproject.lock"


HELD = {"lock": "environment", "pid": 4711, "command": "/opt/bin/uv sync", "since": "2026-01-02T03:04:05Z", "path": "/v/.lock"}
WAITING = {
    "id": "one",
    "title": "Add rich",
    "state": "waiting",
    "blockedBy": HELD,
}


@pytest.mark.parametrize(
    "case",
    [
        ({"operations": [WAITING], "state": "blocked"}, "pyproject: 1 edit waiting for uv sync ("),
        ({"message": "Add rich failed: no such package"}, "pyproject: Add rich failed: no such package"),
        ({}, "pyproject: nothing waits; uv.lock is up-to-date, the environment is in-sync"),
    ],
)
def test_status_says_one_line_whatever_the_state(
    nvim: Neovim, server: FakeServer, root: Path, case: tuple[dict[str, Any], str]
) -> None:
    said, line = case
    nvim.lua(NOTIFIED)
    nvim.ex("set columns=200")
    server.notify("pyproject/status", status(root) | said)
    nvim.until("require('pyproject_lsp').project() ~= nil")
    nvim.ex("Pyproject status")
    told, level = nvim.lua("return _G.told")
    assert told.startswith(line)
    assert "\n" not in told
    assert level == 2


def test_status_before_the_first_word_of_the_server_says_so(nvim: Neovim) -> None:
    nvim.lua(NOTIFIED)
    nvim.ex("Pyproject status")
    assert nvim.lua("return _G.told[1]") == "pyproject: no status from the server yet; try again in a moment"
