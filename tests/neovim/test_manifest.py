"""A person in Neovim sees what the real server knows of a manifest: the menu while typing, and hover."""

import pytest

from tests.neovim import driver
from tests.neovim.driver import Screen
from tests.neovim.test_real_server import SERVER, environment
from tests.support.projects import Project

pytestmark = pytest.mark.timeout(240)
HINTS = "vim.lsp.inlay_hint.enable(true)\n"


def test_names_are_completed_and_a_requirement_is_explained(project: Project) -> None:
    project.uv_ok("add", "alpha<2")
    init = driver.init_file(project.tools.base, HINTS + SERVER)
    with Screen.start([*driver.argv(init), "pyproject.toml"], project.tools.base, environment(project), project.root) as screen:
        screen.until('alpha<2" 1.1', timeout=60)
        screen.type("/alpha<2", "Enter", "K")
        screen.until("locked: 1.1", timeout=60)
        screen.type("G", "o", "[dependency-groups]", "Enter", 'dev = ["alp', "C-x", "C-o")
        screen.until('dev = ["alpha', timeout=60)  # the menu's one fitting entry is put in
        screen.type("Escape", ":qall!", "Enter")
