"""Who only reads holds nobody up, however long it lives; who writes is waited for."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from demo import parts
from tests.support.office import desk
from tests.support.projects import Project


class Hanging:
    """A service on the loopback that takes every connection and never answers; `asked` is set by the first one."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._taken: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                self._taken.append(self._socket.accept()[0])
                self.asked.set()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        for one in (self._socket, *self._taken):
            one.close()


@pytest.fixture
def service() -> Iterator[Hanging]:
    made = Hanging()
    yield made
    made.close()


@contextmanager
def asking(project: Project, service: Hanging, line: str, folder: Path | None = None) -> Iterator[None]:
    """A uv that waits for the service until the block ends."""
    words = [project.tools.uv, *(word.replace("SERVICE", service.url) for word in line.split())]
    process = project.tools.start(words, folder or project.root, {"UV_OFFLINE": "0"})
    assert service.asked.wait(20), process.communicate(timeout=5) if process.poll() is not None else line
    assert process.poll() is None
    yield
    assert process.poll() is None, "it was there all the time"
    process.kill()
    process.wait(10)


@pytest.mark.parametrize(
    "line",
    [
        "audit --frozen --service-url SERVICE",
        "audit --locked --service-url SERVICE",
        "audit --service-url SERVICE",
        "pip compile pyproject.toml --default-index SERVICE",
        "pip list --outdated --default-index SERVICE",
        "pip install --target ../elsewhere --default-index SERVICE not-known-here",
        "tool install --default-index SERVICE not-known-here",
    ],
)
def test_a_uv_that_only_reads_keeps_an_edit_or_its_sync_waiting(project: Project, service: Hanging, line: str) -> None:
    project.uv_ok("add", "delta==1.0")
    if "index" in line:
        project.write(project.text().replace("no-index = true\n", ""))  # an index that never answers may then be asked
        project.uv_ok("sync")
    with desk(project) as jobs, asking(project, service, line):
        jobs.done(jobs.add("alpha"))
        assert project.installed()["alpha"] == "2.0"


def test_a_build_in_a_subfolder_keeps_the_sync_of_an_edit_waiting(project: Project) -> None:
    gate = parts.Gate(project.root / "gates")
    parts.gated_package(project.root / "inner", "inner", "1.0", gate)
    build = project.uv_start("build", "--wheel", folder=project.root / "inner")
    gate.wait_reached()
    with desk(project) as jobs:
        jobs.done(jobs.add("alpha"))
    assert project.installed() == {"alpha": "2.0"}
    gate.open()
    assert build.wait(30) == 0


def test_an_edit_of_a_script_keeps_one_of_the_project_waiting(project: Project) -> None:
    gate = project.gate()
    project.offer("slow", parts.Backend(gate, "metadata"))
    folder = (project.tools.base / "more").as_posix()
    script = project.root / "script.py"
    script.write_text(f'# /// script\n# dependencies = []\n# [tool.uv]\n# find-links = ["{folder}"]\n# ///\n')
    adding = project.uv_at(gate, "add", "--script", "script.py", "slow")
    with desk(project) as jobs:
        jobs.done(jobs.add("alpha"))
    assert adding.poll() is None
    gate.open()
    assert adding.wait(30) == 0


def test_a_tree_that_will_lock_anew_is_taken_for_a_reader(project: Project) -> None:
    project.uv_ok("lock")
    gate = project.offer("slow", parts.Backend(project.gate(), "metadata"))
    project.write(project.text().replace("dependencies = []", 'dependencies = ["slow"]'))
    tree = project.uv_at(gate, "tree")
    with desk(project) as jobs:
        waiting = jobs.until_blocked(jobs.add("alpha"))
        assert waiting.blocked is not None
        assert waiting.blocked.pid == tree.pid, waiting.blocked
        gate.open()
        jobs.done(waiting)
    assert tree.wait(30) == 0
    assert 'name = "alpha"' in project.lock_text()
    project.uv_ok("lock", "--check")
