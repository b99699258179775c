"""Fixtures shared by all tests: the real uv, a folder of its own for each test, and packages to install."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from demo import parts
from tests.support import projects
from tests.support.client import Client
from tests.support.projects import Project

Start = Callable[..., Client]

# A busy machine makes examples slowly, and that says nothing of the code.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
# A script that starts the tests by `&` makes them, and each uv below, ignore the interrupts that some tests are about.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


REAL_EDITORS = ("vscode", "neovim", "emacs")
"""Folders whose tests drive an editor that others made: on a busy machine it may be slower than a person waits."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let a test in a real editor that fails run once more; no other test gets a second chance."""
    if config.pluginmanager.hasplugin("rerunfailures"):
        for item in items:
            if item.path.relative_to(Path(__file__).parent).parts[0] in REAL_EDITORS:
                item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say which tests needed their second run: each of them is to be mended."""
    needed = sorted({report.nodeid for report in terminalreporter.stats.get("rerun", [])})
    if needed:
        terminalreporter.section("needed a second run")
        terminalreporter.write_line("\n".join(needed))


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder with a short, canonical path; all that a test makes lies in it."""
    folder = Path(tempfile.mkdtemp(prefix="pl-")).resolve()
    yield folder
    shutil.rmtree(folder, ignore_errors=sys.platform == "win32")  # a file that is still open cannot go there


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of `projects.make_wheels`; each xdist worker has a temporary folder and a copy of its own."""
    return projects.make_wheels(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="session")
def uv() -> str:
    """The real uv: the variable `UV`, else the one beside this interpreter, else the one on the path."""
    beside = Path(sys.executable).with_name("uv.exe" if sys.platform == "win32" else "uv")
    found = os.environ.get("UV") or (str(beside) if beside.exists() else shutil.which("uv"))
    assert found, "no uv: install the group dev, or set UV"
    return found


@pytest.fixture
def tools(base: Path, uv: str) -> Iterator[projects.Tools]:
    """Starts programs in a hermetic environment; ends them all, and fails the test if a stray one was left."""
    made = projects.Tools(uv, parts.uv_environment(base), base)
    yield made
    left = made.stop()
    assert not left, f"left running by the test: {left}"


@pytest.fixture
def project(tools: projects.Tools, wheels: Path) -> projects.Project:
    """A plain project without dependencies, lock file or environment."""
    return projects.plain(tools, wheels)


@pytest.fixture
def start(project: Project) -> Iterator[Start]:
    """Starts an editor with its server; all are ended in order, and each server has to end well."""
    with ExitStack() as stack:

        def started(*, expect_exit: int | None = 0, settings: Any = None, **initialize: Any) -> Client:
            client = Client(env=project.tools.environment, cwd=project.root, expect_exit=expect_exit, settings=settings)
            stack.enter_context(client)
            initialize.setdefault("initialization_options", {})
            client.initialize(root=project.root, **initialize)
            return client

        yield started


@pytest.fixture
def client(start: Start) -> Client:
    """An editor that can all."""
    return start()
