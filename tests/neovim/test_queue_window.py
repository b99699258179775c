"""The queue window."""

from pathlib import Path

import pytest

from tests.neovim.driver import Neovim
from tests.neovim.fake_server import FakeServer, operation, status

HELD = {"lock": "environment", "pid": 4711, "command": "uv sync", "since": "2026-01-02T03:04:05Z", "path": "/v/.lock"}


@pytest.fixture
def window(nvim: Neovim, server: FakeServer, root: Path) -> Neovim:
    """The window, with one operation of each kind that matters."""
    failure = {"code": "unresolvable", "message": "No solution found", "detail": "Because beta\nneeds alpha<1"}
    shown = [
        operation("running", title="Sync", state="syncing"),
        operation("blocked", title="Add rich", state="waiting", blockedBy=HELD, can=["cancel"]),
        operation("unsaved", title="Bump to 2.0", state="needsSave"),
        operation("good", title="Remove six", state="done", finishedAt="2026-01-02T03:04:09Z", can=["undo"]),
        operation("bad", title="Add beta", state="failed", error=failure, can=["retry"]),
    ]
    server.notify("pyproject/status", status(root, *shown, state="blocked", message="waits for uv sync"))
    nvim.until("require('pyproject_lsp').project() ~= nil")
    nvim.ex("Pyproject queue")
    return nvim


def go_to(nvim: Neovim, title: str) -> None:
    assert nvim.lua("return vim.fn.search(..., 'cw')", title) > 0


def test_the_window_says_who_waits_for_whom(window: Neovim) -> None:
    line = next(line for line in window.text().splitlines() if "Add rich" in line)
    assert "waits for uv sync (pid 4711) since " in line
    assert "Neovim (pid 7)" in line


def test_the_window_says_what_to_do_about_an_unsaved_buffer(window: Neovim) -> None:
    line = next(line for line in window.text().splitlines() if "Bump to 2.0" in line)
    assert "save the buffer" in line


def test_the_window_puts_what_runs_before_what_is_over(window: Neovim) -> None:
    text = window.text()
    places = [text.index(word) for word in ("\nQueue\n", "Sync", "Add rich", "\nFinished\n", "Remove six", "Add beta")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "case",
    [("c", "Add rich", "cancel", "blocked"), ("r", "Add beta", "retry", "bad"), ("u", "Remove six", "undo", "good")],
)
def test_a_key_acts_on_the_operation_under_the_cursor(
    window: Neovim, server: FakeServer, root: Path, case: tuple[str, str, str, str]
) -> None:
    key, title, command, number = case
    go_to(window, title)
    window.keys(key)
    sent = server.command(command)
    assert sent == {"uri": (root / "pyproject.toml").as_uri(), "id": number}


def test_a_key_that_makes_no_sense_sends_nothing(window: Neovim, server: FakeServer) -> None:
    window.lua("vim.notify = function(text) _G.told = text end")
    go_to(window, "Remove six")
    window.keys("c")
    assert window.lua("return _G.told") == "pyproject: this operation is done and cannot be cancelled"
    server.request("workspace/workspaceFolders", None)
    assert not [body for body in server.received if body.get("method") == "workspace/executeCommand"]


def test_details_show_the_resolvers_words(window: Neovim) -> None:
    go_to(window, "Add beta")
    window.keys("<CR>")
    assert "│ Because beta" in window.text()
    assert "│ needs alpha<1" in window.text()
    window.keys("<CR>")
    assert "│" not in window.text()


def test_a_notification_redraws_and_the_cursor_stays_on_its_operation(window: Neovim, server: FakeServer, root: Path) -> None:
    go_to(window, "Add rich")
    row = window.lua("return vim.fn.line('.')")
    finished = operation("blocked", title="Add rich", state="done", finishedAt="2026-01-02T03:05:00Z")
    server.notify("pyproject/status", status(root, operation("running", title="Sync"), operation("x"), finished))
    window.until("vim.api.nvim_get_current_line():find('done', 1, true) ~= nil")
    assert "Add rich" in window.api.current.line
    assert window.lua("return vim.fn.line('.')") != row


def test_the_text_cannot_be_edited_and_q_closes(window: Neovim) -> None:
    assert window.lua("return vim.bo.modifiable") is False
    assert len(window.api.windows) == 2
    window.keys("q")
    assert len(window.api.windows) == 1


def test_opening_twice_shows_one_window(window: Neovim) -> None:
    window.ex("wincmd p")
    window.ex("Pyproject queue")
    assert len(window.api.windows) == 2
    assert window.lua("return vim.bo.filetype") == "pyproject-queue"


def test_a_status_of_another_server_version_with_missing_members_is_drawn(window: Neovim, server: FakeServer, root: Path) -> None:
    bare = {"id": "n", "title": "From tomorrow", "state": "dreaming"}
    server.notify("pyproject/status", {"project": root.as_uri(), "state": "idle", "operations": [bare]})
    window.until("table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true)):find('dreaming') ~= nil")
