"""Neovim, VS Code and a terminal's uv on one project: adds from each, a bump, and an add that fails."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil
import pytest
from playwright.sync_api import expect

from demo import parts
from tests.neovim import driver
from tests.neovim.driver import Apart, Neovim
from tests.support import projects
from tests.vscode.conftest import eventually
from tests.vscode.editor import Editor
from tests.vscode.window import Window

SERVER = (
    f"vim.lsp.config('pyproject_lsp', {{ cmd = {{ {driver.lua_string(sys.executable)}, '-m', 'lsp_server' }} }})\n"
    "vim.lsp.enable('pyproject_lsp')\n"
)
PATIENCE = 90
"""Seconds that the two editors may take to show the same, on a machine that does other things as well."""

TEXT = "table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\\n') .. '\\n'"
"""The text of Neovim's buffer, in Lua."""

ALPHA, ZETA, BUMP = "Add alpha to dependencies", "Add zeta to dependencies", "Bump minor version"
IN_NEOVIM = re.compile(r"^. \w+ +\S+  (?P<title>.+?)  [^()]+ \(pid (?P<asker>\d+)\)(?P<wait>  · waits for .*)?")
IN_VS_CODE = re.compile(r"^(?P<title>.+?), ")


@dataclass(frozen=True, slots=True, order=True)
class Shown:
    """An operation as an editor shows it: what, asked by which process, whether it is over, and whom it waits for."""

    title: str
    asker: int
    over: bool
    blocker: int | None


@pytest.fixture
def neovim(project: projects.Project) -> Iterator[Apart]:
    """A Neovim on a thread of its own: Playwright's loop runs on the test's."""
    init = driver.init_file(project.tools.base, SERVER)
    environment = driver.environment(project.tools.base, project.tools.environment)
    with Apart(lambda: Neovim.start(init, environment, project.root)) as editor:
        yield editor


def test_neovim_vs_code_and_a_terminal_lose_nothing_and_both_editors_show_one_queue(
    project: projects.Project, neovim: Apart, editor: Editor
) -> None:
    sync_gate, failing_gate = project.add_gated_dependency(), project.gate("failing")
    never = project.root.parent / "never"
    parts.make_package(never, "never", "1.0", parts.Backend(failing_gate, then="fail"))
    project.uv_ok("lock")
    sync = project.uv_start("sync")
    sync_gate.wait_reached()
    server_of_neovim = open_in_neovim(neovim, project)
    window = editor.open(project.root, project.manifest)
    window.expect_status("demo 0.1.0")
    (server_of_vs_code,) = editor.server_pids()
    asked = [(ALPHA, server_of_neovim), (ZETA, server_of_vs_code), (BUMP, server_of_neovim)]

    neovim.do(lambda editor: editor.ex("Pyproject add alpha"))
    neovim.do(lambda editor: editor.ex("Pyproject bump minor"))
    window.show_queue()
    window.row(BUMP).wait_for()
    window.palette("pyproject: Add Dependency…")
    window.answer("Name of a package", "zeta")
    window.choose("project.dependencies")
    both_show(neovim, window, asked, lambda all_: waits_for(all_, sync.pid))

    # Two adds of the terminal stand in line; one of them writes, and takes all of it back when its build fails.
    failing = queued_behind_the_sync(project, f"never @ {never.as_uri()}")
    adding = queued_behind_the_sync(project, "delta")
    sync_gate.open()
    failing_gate.wait_reached()
    assert "never" in project.text()
    both_show(neovim, window, asked, lambda all_: not any(one.over for one in all_))
    assert not any(word in project.text() for word in ('"alpha', '"zeta', "0.2.0"))

    failing_gate.open()
    for process, succeeds in ((sync, True), (adding, True), (failing, False)):
        _, said = process.communicate(timeout=PATIENCE)
        assert (process.returncode == 0) is succeeds, said
    both_show(neovim, window, asked, lambda all_: all(one.over for one in all_))

    text = project.text()
    assert [word for word in ('"alpha', '"zeta', '"delta', '"slow', 'version = "0.2.0"') if word not in text] == []
    assert "never" not in text
    for words in (("lock", "--check"), ("sync", "--check")):
        project.uv_ok(*words)
    neovim.do(lambda editor: editor.until(f"not vim.bo.modified and {TEXT} == ...", text, timeout=PATIENCE))
    assert not neovim.do(Neovim.asks)
    eventually(lambda: window.editor_text() == text, "the final text in VS Code", PATIENCE)
    window.expect_dirty("pyproject.toml", dirty=False)
    expect(window.toasts).to_have_count(0)
    assert project.text() == text


def open_in_neovim(neovim: Apart, project: projects.Project) -> int:
    """Show manifest and queue; returns the pid of the server."""

    def show(editor: Neovim) -> psutil.Process:
        editor.edit(project.manifest)
        editor.until("require('pyproject_lsp').project() ~= nil", timeout=PATIENCE)
        editor.ex("Pyproject queue")
        editor.ex("wincmd p")
        return editor.process

    below = neovim.do(show).children(recursive=True)
    (server,) = (process.pid for process in below if process.cmdline()[-1:] == ["lsp_server"])
    return server


def queued_behind_the_sync(project: projects.Project, requirement: str) -> "subprocess.Popen[str]":
    """A `uv add` of the terminal that waits for the environment; only with -v does it say so."""
    process = project.uv_start("add", "--verbose", requirement)
    assert process.stderr is not None
    assert any("Waiting to acquire" in line for line in process.stderr), "it did not wait"
    return process


def both_show(neovim: Apart, window: Window, asked: list[tuple[str, int]], fits: Callable[[list[Shown]], bool]) -> None:
    """Wait until both editors show the same queue, with what was asked for and nothing else, in a state that fits."""
    end = time.monotonic() + PATIENCE
    while True:
        left, right = in_neovim(neovim), in_vs_code(window)
        shown = sorted((one.title, one.over, one.blocker is not None) for one in left)
        if shown == right and sorted(asked) == [(one.title, one.asker) for one in left] and fits(left):
            return
        assert time.monotonic() < end, f"not the same within {PATIENCE} s:\nNeovim  {left}\nVS Code {right}"


def waits_for(queue: list[Shown], pid: int) -> bool:
    """Whether each waits for this process, or for another of them that does."""
    first = [one.asker for one in queue if one.blocker == pid]
    return bool(first) and all(one.blocker in {pid, *first} and not one.over for one in queue)


def in_neovim(neovim: Apart) -> list[Shown]:
    """What the queue window shows."""
    found, over = [], False
    for line in neovim.do(lambda editor: editor.text(editor.lua("return vim.fn.bufnr('^pyproject://queue$')"))).splitlines():
        over = over or line == "Finished"
        if row := IN_NEOVIM.match(line):
            found.append(Shown(row["title"], int(row["asker"]), over, pid_in(row["wait"])))
    return sorted(found)


def in_vs_code(window: Window) -> list[tuple[str, bool, bool]]:
    """What the rows of the queue view say: what, whether it is over, whether it waits; a uv of a terminal is none of ours."""
    rows = window.queue.evaluate_all("all => all.map(r => [r.getBoundingClientRect().top, r.ariaLevel, r.ariaLabel])")
    found, over = [], False
    for _, level, text in sorted(rows):
        over = over or (level == "1" and text.startswith("Finished"))
        row = IN_VS_CODE.match(text)
        if level == "2" and row and "in a terminal or another program" not in text:
            found.append((row["title"], over, ", waiting for " in text))
    return sorted(found)


def pid_in(wait: str | None) -> int | None:
    """The process that a wait names."""
    found = re.search(r"\(pid (\d+)", wait or "")
    return int(found[1]) if found else None
