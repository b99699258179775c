"""Where the measurements happen: one folder with packages, projects, the real uv and real servers, all offline."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo import parts
from tests.support import projects
from tests.support.client import Client
from tests.support.projects import Project, Tools


@dataclass(frozen=True, slots=True)
class Site:
    """One hermetic folder: everything that is started here keeps its files below `base`."""

    base: Path
    tools: Tools
    wheels: Path

    def project(self, name: str, dependencies: Sequence[str] = (), text: str | None = None) -> Project:
        """Make a project without environment or lock file."""
        root = self.base / "work" / name
        made = parts.manifest(dependencies=dependencies, wheels=self.wheels) if text is None else text
        parts.make_project(root, text=made)
        return Project(root, self.tools, self.wheels)

    def package(self, name: str, version: str = "1.0", requires: Sequence[str] = ()) -> str:
        """Make one more package that every project here can add; return its name."""
        parts.make_wheel(self.wheels, name, version, requires)
        return name

    def server(self, settings: Mapping[str, object] | None = None) -> Client:
        """Start a real server, as an editor would; `with` ends it."""
        client = Client(env=self.server_environment(), cwd=self.base, settings=settings)
        try:
            client.initialize(self.base / "work")
        except BaseException:
            client.wire.close()
            raise
        return client

    def server_environment(self) -> dict[str, str]:
        """Return the environment that a server gets: this uv, and our package on its path."""
        repository = str(Path(__file__).resolve().parents[1])
        return {**self.tools.environment, "UV": self.tools.uv, "PYTHONPATH": repository}


@contextmanager
def site(parent: Path | None = None) -> Iterator[Site]:
    """Make a worksite and take it away at the end, with every process that was started there."""
    base = Path(tempfile.mkdtemp(prefix="pl-bench-", dir=parent)).resolve()
    tools = Tools(real_uv(), parts.uv_environment(base), base)
    (base / "work").mkdir()
    try:
        yield Site(base, tools, projects.make_wheels(base / "wheels"))
    finally:
        tools.stop()
        shutil.rmtree(base, ignore_errors=True)


def real_uv() -> str:
    """Return the real uv: the variable `UV`, else the one beside this interpreter, else the one on the path."""
    beside = Path(sys.executable).with_name("uv.exe" if sys.platform == "win32" else "uv")
    found = os.environ.get("UV") or (str(beside) if beside.exists() else shutil.which("uv"))
    if not found:
        raise SystemExit("no uv: install the group dev, or set UV")
    return found
