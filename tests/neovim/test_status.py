"""The status for a statusline."""

from datetime import datetime
from pathlib import Path

from tests.neovim.driver import Neovim
from tests.neovim.fake_server import FakeServer, operation, status

STATUS = "return require('pyproject_lsp').status()"
BLOCKED = {"lock": "environment", "pid": 4711, "command": "uv sync", "path": "/v/.lock"}


def waits_on_sync(root: Path, since: str) -> dict[str, object]:
    one = operation("one", state="waiting", blockedBy={**BLOCKED, "since": since})
    return status(root, one, operation("two"), state="blocked", message="waits")


def test_status_is_silent_before_the_server_has_spoken(nvim: Neovim) -> None:
    assert nvim.lua(STATUS) == ""


def test_status_names_holder_and_count_of_a_wait(nvim: Neovim, server: FakeServer, root: Path) -> None:
    server.notify("pyproject/status", waits_on_sync(root, "2026-01-02T03:04:05+00:00"))
    nvim.until("require('pyproject_lsp').project() ~= nil")
    shown = nvim.lua(STATUS)
    assert shown.startswith("2 edits waiting for uv sync (")


def test_status_of_a_wait_says_for_how_long_at_each_redraw(nvim: Neovim, root: Path) -> None:
    sent = waits_on_sync(root, "2026-01-02T03:04:05.250+01:00")
    line = "return require('pyproject_lsp.words').status(..., require('pyproject_lsp.words').epoch('2026-01-02T02:04:17Z'))"
    assert nvim.lua(line, sent) == "2 edits waiting for uv sync (12 s)"


def test_iso_times_are_the_same_instant_as_pythons(nvim: Neovim) -> None:
    for text in ("2026-11-24T07:00:00Z", "2024-02-29T23:59:59+05:30", "1999-12-31T00:00:00.5-08:00", "2000-03-01T00:00:00Z"):
        wanted = int(datetime.fromisoformat(text).timestamp())
        assert nvim.lua("return require('pyproject_lsp.words').epoch(...)", text) == wanted


def test_a_notification_wakes_the_users_own_statusline_code(nvim: Neovim, server: FakeServer, root: Path) -> None:
    nvim.lua("""
        vim.api.nvim_create_autocmd('User', { pattern = 'PyprojectStatus', callback = function(event)
          _G.heard = event.data.message
        end })
    """)
    server.notify("pyproject/status", status(root, message="locked 3 packages"))
    nvim.until("_G.heard == 'locked 3 packages'")
    assert nvim.lua(STATUS) == "locked 3 packages"


def test_a_percent_sign_does_not_break_a_statusline(nvim: Neovim, server: FakeServer, root: Path) -> None:
    server.notify("pyproject/status", status(root, state="busy", message="syncing 40%"))
    nvim.until("require('pyproject_lsp').project() ~= nil")
    assert nvim.lua(STATUS) == "syncing 40%"
    assert nvim.lua("return require('pyproject_lsp').statusline()") == "syncing 40%%"
    evaluated = nvim.lua("return vim.api.nvim_eval_statusline(require('pyproject_lsp').statusline(), {}).str")
    assert evaluated == "syncing 40%"


def test_a_redraw_asks_nobody(nvim: Neovim, server: FakeServer, root: Path) -> None:
    server.notify("pyproject/status", status(root, message="all well"))
    nvim.until("require('pyproject_lsp').project() ~= nil")
    before = len(server.received)
    cost = nvim.lua("""
        local started = vim.uv.hrtime()
        for _ = 1, 10000 do require('pyproject_lsp').status() end
        return (vim.uv.hrtime() - started) / 10000
    """)
    server.request("workspace/workspaceFolders", None)
    assert [body for body in server.received[before:] if "method" in body] == []
    assert cost < 200_000, f"{cost} ns a redraw"


def test_each_buffer_shows_its_own_project(nvim: Neovim, server: FakeServer, root: Path) -> None:
    inner = root / "inner"
    inner.mkdir()
    (inner / "main.py").write_text("")
    server.notify("pyproject/status", status(root, message="outer"))
    server.notify("pyproject/status", status(inner, message="inner"))
    nvim.until("require('pyproject_lsp').status() == 'outer'")
    nvim.edit(inner / "main.py")
    nvim.until("require('pyproject_lsp').status() == 'inner'")


def test_a_server_that_has_gone_says_nothing_any_more(nvim: Neovim, server: FakeServer, root: Path) -> None:
    server.notify("pyproject/status", status(root, message="all well"))
    nvim.until("require('pyproject_lsp').status() == 'all well'")
    nvim.lua("for _, c in ipairs(vim.lsp.get_clients()) do c:stop(true) end")
    nvim.until("require('pyproject_lsp').status() == ''")


def test_a_wait_is_said_in_one_quiet_line_where_no_statusline_shows_it(nvim: Neovim, server: FakeServer, root: Path) -> None:
    nvim.lua("_G.lines = {}; vim.api.nvim_echo = function(parts) table.insert(_G.lines, parts[1][1]) end")
    for _ in range(2):
        server.notify("pyproject/status", waits_on_sync(root, "2026-01-02T03:04:05Z"))
    unsaved = operation("two", state="needsSave", title="Add rich")
    server.notify("pyproject/status", status(root, unsaved, state="busy"))
    nvim.until("#_G.lines >= 2")
    first, second = nvim.lua("return _G.lines")
    assert first.startswith("pyproject: 2 edits waiting for uv sync (")
    assert second == "pyproject: save to finish 'Add rich'"


def test_nothing_is_said_where_a_statusline_shows_it(nvim: Neovim, server: FakeServer, root: Path) -> None:
    nvim.lua("_G.lines = {}; vim.api.nvim_echo = function(parts) table.insert(_G.lines, parts[1][1]) end")
    nvim.lua("vim.o.statusline = \"%{v:lua.require'pyproject_lsp'.status()}\"")
    server.notify("pyproject/status", waits_on_sync(root, "2026-01-02T03:04:05Z"))
    nvim.until("require('pyproject_lsp').status() ~= ''")
    assert nvim.lua("return #_G.lines") == 0


def test_the_seconds_of_a_wait_move_without_a_key(nvim: Neovim, server: FakeServer, root: Path) -> None:
    nvim.lua("_G.drawn = 0; vim.cmd.redrawstatus = function() _G.drawn = _G.drawn + 1 end")
    server.notify("pyproject/status", waits_on_sync(root, "2026-01-02T03:04:05Z"))
    nvim.until("_G.drawn >= 3")
    server.notify("pyproject/status", status(root))
    nvim.until("require('pyproject_lsp').status() == ''")
    assert nvim.lua("return require('pyproject_lsp.waiting').ticks()") is False


def test_a_failure_leaves_the_statusline_with_the_next_save(nvim: Neovim, server: FakeServer, root: Path) -> None:
    failed = operation("one", state="failed", finishedAt="2126-01-02T03:04:05Z", error={"code": "unresolvable", "message": "x"})
    server.notify("pyproject/status", status(root, failed, state="error", message="Add one: " + "because " * 30 + "\nmore"))
    nvim.until("require('pyproject_lsp').status() ~= ''")
    shown = nvim.lua(STATUS)
    assert shown.startswith("Add one: because")
    assert len(shown) == 60
    old = {**failed, "finishedAt": "2026-01-02T03:04:05Z"}
    server.notify("pyproject/status", status(root, old, state="error", message="Add one: because"))
    nvim.ex("edit pyproject.toml")
    nvim.ex("write")
    nvim.until("require('pyproject_lsp').status() == ''")


def test_what_a_dead_server_left_is_told_without_a_prompt(nvim: Neovim, server: FakeServer) -> None:
    nvim.lua("vim.notify = function(text) _G.told = text end")
    actions = [{"title": "Run again"}, {"title": "Discard"}]
    params = {"type": 2, "message": "'Add rich': it was not done.", "actions": actions}
    assert server.request("window/showMessageRequest", params) is None
    assert "not done. Run it again: :Pyproject retry" in nvim.lua("return _G.told")
