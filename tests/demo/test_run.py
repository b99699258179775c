"""The demo itself, as a person runs it."""

import sys

from tests.support.projects import Project


def test_the_demo_loses_no_edit(project: Project) -> None:
    done = project.tools.run([sys.executable, "-m", "lsp_server", "demo"], project.root)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
