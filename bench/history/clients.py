"""Who acts beside the persons in editors: terminals, the command line, other tools, git, and who contradicts at once."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from typing import Protocol

import psutil

from bench.history import texts
from bench.history.editors import Editor, outcome_of
from bench.history.ground import PATIENCE, Ground
from bench.history.model import Act, Effect, Key, Source, Step, Value

MISSING = "nowhere-to-be-found"
_TO = re.compile(r"=> (\S+)")


class Client(Protocol):
    """Somebody with a list of things to do."""

    def do(self, step: Step) -> None:
        """Do one of them, to its answer."""


class Shell:
    """A terminal: bare uv, or uv by `pyproject-lsp exec`."""

    def __init__(self, name: str, ground: Ground) -> None:
        self._name = name
        self._ground = ground
        self._source: Source = "exec" if name == "exec" and not ground.is_bare else "uv"

    def do(self, step: Step) -> None:
        """Run one command to its end."""
        value = None if step.action == "remove" else texts.value_for(step.key, step.number) if step.key else None
        self.run(self._name, self._source, step.action, step.key, value)

    def run(self, client: str, source: Source, action: str, key: Key, value: Value) -> Act:
        """Run uv for a client, and note what it did."""
        words = uv_words(action, key, value)
        effects = {key: Effect(value, bumps=action == "bump")} if key else {}
        effects |= {MISSING: Effect("")} if action == "missing" else {}
        act = self._ground.act(client, f"uv {' '.join(words)}", source, effects)
        start = self._ground.uv if source == "uv" else self._by_exec
        process = start(*words)
        self._ground.live[process.pid] = process, act
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self._ground.record.wrong.append(("end", f"{client}: {act.what} did not end in {PATIENCE:g} s"))
            return act
        finally:
            del self._ground.live[process.pid]
        act.end, act.detail = time.monotonic(), f"exit code {process.returncode}: {' '.join(err.split())[-300:]}"
        if "killed" not in act.what:
            act.outcome = "done" if process.returncode == 0 else "failed"
        if action == "bump" and (to := _TO.search(out)):
            act.effects[key] = Effect(to[1])
        return act

    def _by_exec(self, *words: str) -> subprocess.Popen[str]:
        return self._ground.product("exec", "--", self._ground.tools.uv, *words)


def uv_words(action: str, key: Key, value: Value) -> list[str]:
    """Return the words of a uv command."""
    group, name = ["--group", "dev"] if "/" in key else [], key.rpartition("/")[2]
    match action:
        case "add":
            return ["add", *group, f"{name}{value}"]
        case "remove":
            return ["remove", *group, name]
        case "version":
            return ["version", str(value)]
        case "bump":
            return ["version", "--bump", "patch"]
        case "missing":
            return ["add", MISSING]
        case _:
            return [action]


class CommandLine:
    """Scripts that call `pyproject-lsp add` and its like."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._shell = Shell("command line", ground)

    def do(self, step: Step) -> None:
        """Run one command to its end."""
        if self._ground.is_bare:
            self._shell.do(step)
            return
        value = None if step.action == "remove" else texts.value_for(step.key, step.number)
        words = uv_words(step.action, step.key, value)
        words = ["bump", "patch" if step.action == "bump" else str(value)] if step.key == "version" else words
        effects = {step.key: Effect(value, bumps=step.action == "bump")}
        act = self._ground.act("command line", f"pyproject-lsp {' '.join(words)}", "ours", effects)
        out, err = self._ground.product(*words, "--json").communicate(timeout=PATIENCE)
        act.end = time.monotonic()
        try:
            operation = json.loads(out)
        except ValueError:
            self._ground.record.wrong.append(("bug", f"{act.what} said: {err[-2000:]}"))
            return
        act.outcome, act.detail = outcome_of(operation), f"{operation['state']}: {operation['message']}"


class Tool:
    """A tool that changes one entry: it reads the file, and puts a new one in its place in one step.

    Its decision is the difference to what stood there at that moment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def do(self, step: Step) -> None:
        """Write once."""
        self.write("tool", step.key, None if step.action == "drop" else texts.value_for(step.key, step.number))

    def write(self, client: str, key: Key, value: Value) -> None:
        """Write a value for a client."""
        text = texts.put(self._ground.whole(), key, value)
        act = self._ground.act(client, f"writes {key} = {value}", "tool")
        stood = self._ground.replace(text)
        act.end, act.outcome = time.monotonic(), "done"
        act.tears = not texts.is_whole(stood)
        now, before = texts.registers(text), {} if act.tears else texts.registers(stood)
        effects = {each: Effect(now.get(each), maybe=each not in before and each != key) for each in {*now, *before}}
        act.effects = {each: effect for each, effect in effects.items() if before.get(each, "?") != now.get(each)}


class Contradictor:
    """A person who asks for an edit in the editor, sees it in the file, and at once says the opposite elsewhere."""

    def __init__(self, ground: Ground, editor: Editor) -> None:
        self._ground = ground
        self._editor = editor
        self._shell = Shell("contradictor", ground)
        self._tool = Tool(ground)

    def do(self, step: Step) -> None:
        """Ask, look, contradict."""
        action, whom = step.action.split(" by ")
        value = None if action == "remove" else texts.value_for(step.key, step.number)
        before = texts.registers(self._ground.whole()).get(step.key)
        act = self._editor.ask(action, step.key, value, client="contradictor")
        if act is not None:
            self._see(act, step.key, before, value)
        opposite = None if action == "add" else texts.value_for(step.key, 1000 + step.number)
        if whom == "tool":
            self._tool.write("contradictor", step.key, opposite)
            return
        words = {"add": "remove", "remove": "add"}.get(action, "version")
        self._shell.run("contradictor", "uv" if self._ground.is_bare or whom == "uv" else "exec", words, step.key, opposite)

    def _see(self, act: Act, key: Key, before: Value, value: Value) -> None:
        """Look at the file until it shows the edit, or the edit has ended."""
        end = time.monotonic() + 2
        while time.monotonic() < end and not self._editor.has_ended(act):
            text = self._ground.read()
            if texts.is_whole(text):
                found = texts.registers(text).get(key)
                shows = found != before if act.effects[key].bumps else found == value
                if shows and (before != value or act.effects[key].bumps):
                    act.seen[key] = time.monotonic()
                    return
            time.sleep(0.001)  # a person's eye has no event either


class Git:
    """Somebody who commits, and who puts old texts back."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._stashed: dict[Key, Value] = {}

    def do(self, step: Step) -> None:
        """Run git."""
        match step.action:
            case "commit":
                self._run("commit", "--quiet", "--all", "--allow-empty", "--message=more")
            case "restore":
                self._put_back("checkout", "--quiet", "HEAD", "--", "pyproject.toml", "uv.lock")
            case "stash":
                self._stash()
            case "pop":
                self._pop()
            case "pull":
                self._run("pull", "--quiet", "--ff-only", ".", "colleague")
            case _:
                self._hold()

    def _run(self, *words: str) -> Act:
        act = self._ground.act("git", f"git {' '.join(words)}", "git")
        self._end(act, words)
        return act

    def _end(self, act: Act, words: tuple[str, ...]) -> None:
        try:
            self._ground.tools.git(self._ground.root, *words)
            act.outcome = "done"
        except AssertionError as error:
            act.outcome, act.detail = "failed", str(error)[-300:]
        act.end = time.monotonic()

    def _head(self) -> dict[Key, Value]:
        return texts.registers(self._ground.tools.git(self._ground.root, "show", "HEAD:pyproject.toml"))

    def _put_back(self, *words: str) -> None:
        """Write the last commit's text: where the file was the same before, git decides nothing."""
        self._write(words, self._head())

    def _stash(self) -> None:
        last = self._stashes()
        self._put_back("stash", "--quiet")
        if self._stashes() > last:
            self._stashed = texts.registers(self._ground.tools.git(self._ground.root, "show", "stash@{0}:pyproject.toml"))

    def _stashes(self) -> int:
        return len(self._ground.tools.git(self._ground.root, "stash", "list").splitlines())

    def _pop(self) -> None:
        head = self._head()
        self._write(("stash", "pop", "--quiet"), {key: value for key, value in self._stashed.items() if head.get(key) != value})
        self._stashed = {}

    def _write(self, words: tuple[str, ...], values: dict[Key, Value]) -> None:
        stood = texts.registers(self._ground.whole())
        effects = {key: Effect(value, maybe=stood.get(key) == value) for key, value in values.items()}
        act = self._ground.act("git", f"git {' '.join(words)}", "git", effects)
        act.tears = True
        self._end(act, words)
        if act.outcome == "failed":
            act.outcome = "unknown"  # git may have written one of the files

    def _hold(self) -> None:
        """Hold git's index for a while, as a commit does whose message is being written."""
        held = self._ground.root / ".git" / "index.lock"
        with contextlib.suppress(FileExistsError):
            held.touch(exist_ok=False)
            time.sleep(0.4)
            held.unlink()


class Killer:
    """Somebody who ends processes: the second editor's server, a uv of a terminal, a uv of ours."""

    def __init__(self, ground: Ground, editors: list[Editor]) -> None:
        self._ground = ground
        self._editors = editors

    def do(self, step: Step) -> None:
        """End one."""
        if step.action == "server":
            if not self._ground.is_bare:
                self._editors[-1].kill()
        elif step.action.startswith("our"):
            self._kill_ours()
        else:
            self._kill_one(getattr(signal, f"SIG{step.action.split()[1]}"))

    def _kill_one(self, number: int) -> None:
        for process, act in list(self._ground.live.values()):
            if act.source == "uv" and "killed" not in act.what:
                act.what += f" (killed by {signal.Signals(number).name})"
                act.outcome = "unknown"
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
                return

    def _kill_ours(self) -> None:
        for editor in self._editors:
            for pid in editor.pids:
                with contextlib.suppress(psutil.Error):
                    for child in psutil.Process(pid).children(recursive=True):
                        if child.name() == "uv":
                            act = self._ground.act("killer", f"kills our {' '.join(child.cmdline()[1:])}", "killer")
                            child.kill()
                            act.end, act.outcome = time.monotonic(), "done"
                            return
