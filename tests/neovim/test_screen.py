"""What a person sees: Neovim on a real terminal."""

from pathlib import Path

from tests.neovim import driver
from tests.neovim.driver import Screen
from tests.neovim.fake_server import FakeServer, operation, status

HELD = {"lock": "environment", "pid": 4711, "command": "uv sync", "since": "2026-01-02T03:04:05Z", "path": "/v/.lock"}
LINE = "vim.o.laststatus = 2\nvim.o.statusline = \"%f | %{v:lua.require'pyproject_lsp'.status()}\"\n"


def show(base: Path, root: Path, server: FakeServer) -> Screen:
    init = driver.init_file(base, LINE + server.init_lua())
    command = [*driver.argv(init), "pyproject.toml"]
    return Screen.start(command, base, driver.environment(base), root)


def test_the_statusline_changes_with_the_notification_and_no_key(base: Path, root: Path, server: FakeServer) -> None:
    with show(base, root, server) as screen:
        server.wait_for("textDocument/didOpen")
        waiting = operation("one", title="Add rich", state="waiting", blockedBy=HELD, can=["cancel"])
        server.notify("pyproject/status", status(root, waiting, state="blocked"))
        screen.until("edit waiting for uv sync (")
        server.notify("pyproject/status", status(root, message="0.2.0, locked"))
        text = screen.until("| 0.2.0, locked")
        assert "Press ENTER" not in text


def test_the_queue_window_is_opened_read_and_used_by_keys(base: Path, root: Path, server: FakeServer) -> None:
    with show(base, root, server) as screen:
        server.wait_for("textDocument/didOpen")
        waiting = operation("one", title="Add rich", state="waiting", blockedBy=HELD, can=["cancel"])
        server.notify("pyproject/status", status(root, waiting, state="blocked"))
        screen.until("edit waiting for uv sync (")
        screen.type(":Pyproject que", "Tab", "Enter")
        text = screen.until("c cancel   r retry   u undo")
        assert "Add rich  Neovim (pid 7)" in text
        screen.type("/Add rich", "Enter", "c")
        assert server.command("cancel")["id"] == "one"
        cancelled = operation("one", title="Add rich", state="cancelled")
        server.notify("pyproject/status", status(root, cancelled))
        screen.until("- cancelled")
        screen.type("q")
        screen.until(lambda shown: "c cancel" not in shown)


def test_a_failure_is_one_line_and_stops_nothing(base: Path, root: Path, server: FakeServer) -> None:
    with show(base, root, server) as screen:
        server.wait_for("textDocument/didOpen")
        server.notify("window/showMessage", {"type": 1, "message": "Add rich failed: " + "because " * 40 + "\nbecause" * 40})
        text = screen.until("… (:Pyproject log)")
        assert "Add rich failed: because" in text
        assert "Press ENTER" not in text
