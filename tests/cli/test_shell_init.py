"""`shell-init` in the real shells: which of uv's commands take their turn, and which go straight on."""

import os
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_server.cli import shell_init
from tests.support.holding import held, manifest_lock
from tests.support.projects import Project
from tests.support.shapes import load

SHELLS = ("bash", "zsh", "fish")
PROGRAM = f"{sys.executable} -m lsp_server"


def in_shell(project: Project, shell: str, line: str) -> "subprocess.Popen[str]":
    """Type one line into a shell that has read what `shell-init` prints."""
    program = shutil.which(shell)
    assert program, f"{shell} is missing: run 'make editors'"
    start = project.tools.base / f"start.{shell}"
    start.write_text(shell_init.lines(shell, {"add": ["--json"]}, PROGRAM))
    environ = {**project.tools.environment, "PATH": f"{Path(project.tools.uv).parent}{os.pathsep}{os.environ['PATH']}"}
    environ.pop("PYPROJECT_LSP_TURN", None)
    command = [program, *(["--no-config"] if shell == "fish" else ["-f"] if shell == "zsh" else ["--norc"])]
    process = subprocess.Popen(
        [*command, "-c", f"source {start}; {line}"],
        cwd=project.root,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    project.tools.started.append(process)
    return process


@pytest.mark.parametrize("shell", SHELLS)
def test_a_changing_command_takes_its_turn_and_its_code_comes_through(project: Project, shell: str) -> None:
    with held(project.tools, manifest_lock(project)):
        adding = in_shell(project, shell, "uv --directory . add --no-sync zeta 'no such name'")
        assert adding.stderr is not None
        assert any("waiting" in line or "waits" in line for line in adding.stderr), "it did not wait"
        assert "zeta" not in project.text()
    adding.communicate(timeout=50)
    assert adding.returncode != 0
    done = in_shell(project, shell, "uv add --no-sync zeta")
    _, said = done.communicate(timeout=50)
    assert done.returncode == 0, said
    assert '"zeta' in project.text()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("line", ["uv --version", "uv add --help", "uv tree --frozen", "uv --color never run --no-sync --help"])
def test_what_only_looks_goes_straight_on(project: Project, shell: str, line: str) -> None:
    project.uv_ok("lock")
    with held(project.tools, manifest_lock(project)):
        looking = in_shell(project, shell, line)
        _, said = looking.communicate(timeout=50)
    assert looking.returncode == 0, said
    assert "waiting for" not in said


def test_the_options_are_those_of_the_contract() -> None:
    valued = {f"--{name}" for name in load("uv-options")["valued"]}
    assert set(shell_init.VALUED) == valued


def test_each_shell_gets_every_command_to_complete() -> None:
    for shell in (*SHELLS, "powershell"):
        text = shell_init.lines(shell, {"status": ["--json"], "doctor": []})
        assert "status" in text
        assert "doctor" in text
        assert "{" + "program}" not in text


def test_bash_completes_commands_and_their_options(project: Project) -> None:
    asked = "COMP_WORDS=(pyproject-lsp ad); COMP_CWORD=1; _pyproject_lsp; echo ${COMPREPLY[@]}; "
    asked += "COMP_WORDS=(pyproject-lsp add --j); COMP_CWORD=2; _pyproject_lsp; echo ${COMPREPLY[@]}"
    out, _ = in_shell(project, "bash", asked).communicate(timeout=50)
    assert out.split() == ["add", "--json"]


def on_terminal(project: Project, *words: str) -> tuple["subprocess.Popen[bytes]", int]:
    """Start our command line on a terminal of its own; the other end of it is returned, too."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "lsp_server", *words],
        cwd=project.root,
        env=project.tools.environment,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(theirs)
    return process, ours


def test_without_a_word_on_a_terminal_it_says_what_there_is(project: Project) -> None:
    process, terminal = on_terminal(project)
    _, said = process.communicate(timeout=20)
    os.close(terminal)
    assert process.returncode == 2
    assert b"usage: pyproject-lsp" in said
    assert b"shell-init" in said


def test_a_server_on_a_terminal_ends_with_the_first_interrupt(project: Project) -> None:
    process, terminal = on_terminal(project, "serve")
    assert process.stderr is not None
    assert b"waits for an editor" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    os.close(terminal)
    assert process.returncode == 130
