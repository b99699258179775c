"""`exec` stands in front of a person's command in the terminal: it loads nothing that it does not need."""

import sys

import pytest

from tests.support.projects import Project

NEEDLESS = {"argparse", "asyncio", "lsprotocol", "lsp_server.jobs.plan", "packaging", "pygls", "tomli", "watchdog"}
"""What a turn that comes at once has no use for; each costs milliseconds."""


def test_a_command_in_the_terminal_does_not_wait_for_imports_that_its_turn_does_not_need(project: Project) -> None:
    words = [sys.executable, "-X", "importtime", "-m", "lsp_server", "exec", "--", sys.executable, "-I", "-S", "-c", "pass"]
    done = project.tools.run(words, project.root)
    assert done.returncode == 0
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "lsp_server.jobs.turn" in loaded
    assert not loaded & NEEDLESS


def test_exec_with_options_of_its_own_is_not_taken_for_the_short_form(project: Project) -> None:
    exits = [sys.executable, "-c", "raise SystemExit(7)"]
    for words in (["exec", "--", *exits], ["exec", "--timeout", "30", "--", *exits], ["exec", *exits]):
        done = project.tools.run([sys.executable, "-m", "lsp_server", *words], project.root)
        assert done.returncode == 7, done.stderr
    nothing = project.tools.run([sys.executable, "-m", "lsp_server", "exec", "--"], project.root)
    assert nothing.returncode == 2
    assert "needs a command" in nothing.stderr


@pytest.mark.parametrize("words", [["--version"], ["status", "--json"], ["doctor", "--json"]])
def test_no_module_of_the_folder_where_it_is_started_stands_in_for_one_of_ours(project: Project, words: list[str]) -> None:
    # `python -m` puts that folder first on the path.
    for name in ("logging", "json", "asyncio", "argparse", "sqlite3", "psutil", "pygls/__init__", "packaging/__init__", "uv"):
        path = project.root / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text("import sys\nsys.stderr.write('imported ' + __name__)\n")
    done = project.tools.run([sys.executable, "-m", "lsp_server", *words], project.root)
    assert done.stdout
    assert "imported" not in done.stderr
