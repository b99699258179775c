"""`pyproject-lsp demo`: the main job, on real parts: edits made behind a running `uv sync`, ours and bare uv's side by side."""

import argparse
import difflib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo import parts
from demo.editor import Editor
from lsp_server.adapters import uv as uvs
from lsp_server.core import facts

ADDED = ("http-kit", "json-kit", "log-kit", "date-kit", "mail-kit", "text-kit", "path-kit", "math-kit")
REMOVED, SLOW, COMMENT = "old-kit", "slow-build", "# reviewed by hand while the sync was running"
FINISHED = {"done", "failed", "cancelled"}
WAIT_SECONDS = 60.0


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser("demo", help="show the main job on a project made for it; exit 1 if an edit is lost")
    parser.add_argument("--keep", action="store_true", help="keep the folder of the demo")
    parser.set_defaults(run=run)


@dataclass(frozen=True, slots=True)
class Scene:
    """One project of the demo with a package whose build waits at a gate."""

    root: Path
    gate: parts.Gate
    uv: str
    environ: Mapping[str, str]

    @property
    def manifest(self) -> Path:
        """The project's pyproject.toml."""
        return self.root / "pyproject.toml"

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start a real uv as a terminal would."""
        return subprocess.Popen(
            [self.uv, *words],
            cwd=self.root,
            env=dict(self.environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def check(self, *words: str) -> bool:
        """Run a real uv and say how it ended."""
        done = subprocess.run(
            [self.uv, *words], cwd=self.root, env=dict(self.environ), capture_output=True, text=True, check=False
        )
        say(f"  $ uv {' '.join(words):<14} exit {done.returncode}" + ("" if done.returncode == 0 else f"  {done.stderr.strip()}"))
        return done.returncode == 0

    def lost(self) -> list[str]:
        """Return the edits of the demo that are not in the manifest."""
        text = self.manifest.read_text("utf-8")
        stated = facts.of_manifest(text)
        key = ("dependency", "runtime", "")
        lost = [f"add {name}" for name in ADDED if (*key, name) not in stated]
        lost += [f"remove {REMOVED}"] if (*key, REMOVED) in stated else []
        lost += ["bump to 0.2.0"] if stated.get(("version",)) != "0.2.0" else []
        return lost + ([f"the comment '{COMMENT}'"] if COMMENT not in text else [])


@dataclass(slots=True)
class Screen:
    """Shows each change of an operation once, as it comes."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    states: dict[str, str] = field(default_factory=dict)
    _shown: dict[str, str] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)

    def status(self, status: Mapping[str, Any]) -> None:
        """Take a `pyproject/status`."""
        news: dict[str, list[str]] = {}
        with self.changed:
            for operation in sorted(status["operations"], key=lambda each: str(each["createdAt"])):
                self.states[operation["id"]] = operation["state"]
                line = _state(operation)
                if self._shown.get(operation["id"]) != line:
                    self._shown[operation["id"]] = line
                    news.setdefault(line, []).append(operation["title"])
            for line, titles in news.items():
                self._show(titles, line)
            self.changed.notify_all()

    def _show(self, titles: Sequence[str], line: str) -> None:
        more = f" and {len(titles) - 1} more" if len(titles) > 1 else ""
        say(f"  {time.monotonic() - self._began:6.2f} s  {titles[0] + more:<44} {line}")

    def wait(self, operations: Sequence[str], states: set[str]) -> None:
        """Wait until all of these operations are in one of these states.

        Raises:
            TimeoutError: not within a minute.

        """
        with self.changed:
            if not self.changed.wait_for(lambda: all(self.states.get(one) in states for one in operations), WAIT_SECONDS):
                raise TimeoutError(f"not in {', '.join(sorted(states))} within {WAIT_SECONDS:g} s")


def run(options: argparse.Namespace) -> int:
    """Show both sides; exit 1 if one of our edits is lost."""
    found = uvs.find(None, os.environ)
    if isinstance(found, uvs.NoUv):
        say(found.message)
        return 1
    folder = Path(tempfile.mkdtemp(prefix="pyproject-lsp-demo-")).resolve()
    try:
        lost, sound = _ours(_scene(folder / "ours", str(found.path)))
        lost_bare = _bare(_scene(folder / "bare", str(found.path)))
    finally:
        if options.keep:
            say(f"\nkept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    total = len(ADDED) + 3
    say(f"\npyproject-lsp: {len(lost)} of {total} edits lost; bare uv in parallel: {len(lost_bare)} of {total} edits lost")
    for one in lost:
        say(f"  LOST: {one}")
    return 0 if not lost and sound else 1


def _scene(folder: Path, uv: str) -> Scene:
    wheels = folder / "wheels"
    for name in (*ADDED, REMOVED):
        parts.make_wheel(wheels, name, "1.0")
    gate = parts.Gate(folder / "gate")
    parts.gated_package(folder / SLOW, SLOW, "1.0", gate)
    root = folder / "project"
    parts.make_project(root, dependencies=[REMOVED, SLOW], wheels=wheels)
    with (root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[tool.uv.sources]\n{SLOW} = {{ path = "../{SLOW}" }}\n')
    environ = {**parts.uv_environment(folder / "uv"), "UV": uv, "PATH": os.environ.get("PATH", "")}
    return Scene(root, gate, uv, environ)


def _ours(scene: Scene) -> tuple[list[str], bool]:
    say("1. A terminal runs `uv sync`; a package of the project takes its time to build.")
    scene.check("lock")
    before = scene.manifest.read_text("utf-8")
    sync = scene.start("sync")
    scene.gate.wait_reached()
    say(f"  $ uv sync          pid {sync.pid}, it holds the environment lock\n")
    screen = Screen()
    with Editor(scene.manifest, scene.environ, screen.status) as editor:
        say(f"2. An editor opens pyproject.toml (server pid {editor.pid}).")
        say("   A comment is typed and not saved; then edits are asked for.")
        editor.type(f"{COMMENT}\n{editor.document.text}")
        first = editor.execute("pyproject.add", {"requirements": [ADDED[0]]})
        screen.wait([first], {"needsSave"})
        on_disk = "unchanged" if scene.manifest.read_text("utf-8") == before else "CHANGED"
        say(f"  the edit is in the buffer: {ADDED[0] in editor.document.text}; the file is {on_disk}. The person saves.")
        editor.save()
        asked = [first, *_ask(editor)]
        screen.wait(asked, {"waiting", *FINISHED})
        say("\n3. All of them are planned and wait. `pyproject-lsp status` says:")
        _show_status(scene)
        say("\n4. The build goes on, the sync ends, and the queue moves.")
        scene.gate.open()
        screen.wait(asked, FINISHED)
        sync.communicate()
        in_editor = editor.document.text
    say("\n5. What changed in pyproject.toml:")
    after = scene.manifest.read_text("utf-8")
    _show_difference(before, after)
    sound = scene.check("lock", "--check")
    sound &= scene.check("sync", "--check")
    if in_editor != after:
        say("  the editor shows another text than the file")
    failed = [one for one in asked if screen.states[one] != "done"]
    return scene.lost(), sound and in_editor == after and not failed


def _ask(editor: Editor) -> list[str]:
    """Ask for the edits as a person does: by code actions where the cursor is, and by commands."""
    asked = [editor.execute("pyproject.add", {"requirements": [name]}) for name in ADDED[1:]]
    asked.append(editor.run(editor.actions(f'"{REMOVED}')[f"Remove {REMOVED} from dependencies"]))
    bump = next(action for title, action in editor.actions('"0.1.0"').items() if title.startswith("Bump minor"))
    say(f"  code action: {bump['title']}")
    asked.append(editor.run(bump))
    return asked


def _bare(scene: Scene) -> list[str]:
    say("\n6. The same edits by bare uv, in parallel, behind the same sync.")
    scene.check("lock")
    sync = scene.start("sync")
    scene.gate.wait_reached()
    text = scene.manifest.read_text("utf-8")
    running = {f"add {name}": scene.start("add", name) for name in ADDED}
    running |= {f"remove {REMOVED}": scene.start("remove", REMOVED), "bump to 0.2.0": scene.start("version", "--bump", "minor")}
    scene.manifest.write_text(f"{COMMENT}\n{text}", "utf-8")
    scene.gate.open()
    sync.communicate()
    for process in running.values():
        process.communicate()
    lost = scene.lost()
    for one in lost:
        code = running[one].returncode if one in running else 0
        said = "which said that all went well" if code == 0 else "which said that it failed"
        say(f"  lost: {one}" + (f" (exit code {code}, {said})" if one in running else " (saved by the person meanwhile)"))
    return lost


def _show_status(scene: Scene) -> None:
    command = [sys.executable, "-m", "lsp_server", "status", str(scene.root)]
    done = subprocess.run(command, env=dict(scene.environ), capture_output=True, text=True, check=False)
    for line in (done.stdout or done.stderr).splitlines():
        say(f"  | {line}")


def _show_difference(before: str, after: str) -> None:
    for line in difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=1):
        say(f"  {line}")


def _state(operation: Mapping[str, Any]) -> str:
    error = operation["error"]
    if error:
        return f"{operation['state']}: {error['code']}: {error['message']}"
    blocked = operation["blockedBy"]
    since = f", lock '{blocked['lock']}', since {blocked['since'][11:19]}" if blocked else ""
    return f"{operation['state']:<10} {operation['message']}{since}"


def say(line: str) -> None:
    """Show a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
