"""The same operation by the real uv and by us, in the same place: its absolute paths then are the same, too.

uv goes first. Then all files are put back as they were, and ours goes.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.support.office import desk
from tests.support.projects import Project

RECORDED = (".toml", ".lock", ".py")
"""The ends of the names of files that an operation may write."""
_LEFT_OUT = {".venv", "__pycache__"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an operation ended: whether it was done, what was said, and each file's bytes by its path below the base."""

    done: bool
    words: str
    texts: Mapping[str, bytes]


def texts(base: Path) -> dict[str, bytes]:
    """Every file below `base` that an operation may write; what is behind a link is looked at where it is."""
    return {
        path.relative_to(base).as_posix(): path.read_bytes()
        for path in sorted(base.rglob("*"))
        if path.suffix in RECORDED and path.is_file() and not path.is_symlink() and not _LEFT_OUT.intersection(path.parts)
    }


@contextmanager
def put_back(base: Path) -> Iterator[None]:
    """Put every recorded file back as it was, at the end."""
    before = texts(base)
    yield
    for name in texts(base).keys() - before.keys():
        base.joinpath(name).unlink()
    for name, content in before.items():
        if not base.joinpath(name).is_file() or base.joinpath(name).read_bytes() != content:
            base.joinpath(name).write_bytes(content)
    for venv in base.rglob(".venv"):
        shutil.rmtree(venv)


def by_uv(base: Path, project: Project, words: Sequence[str], folder: Path | None = None) -> Outcome:
    """Run the real uv and leave no trace of it but what it did."""
    with put_back(base):
        done = project.tools.run([project.tools.uv, *words], folder or project.root)
        return Outcome(done.returncode == 0, done.stderr, texts(base))


def by_us(base: Path, project: Project, command: str, *, script: Path | None = None, **argument: Any) -> Outcome:
    """Let an office do the operation, without a sync."""
    with put_back(base), desk(project, script=script, sync_after_edit=False) as jobs:
        argument.setdefault("manifest", script)
        (ended,) = jobs.finish(jobs.ask(command, **argument))
        words = f"{ended.failure.message}\n{ended.failure.detail}" if ended.failure else ended.message
        return Outcome(ended.state == "done", words, texts(base))


def with_variables(project: Project, **variables: str) -> Project:
    """The project with more environment variables."""
    tools = replace(project.tools, environment={**project.tools.environment, **variables}, started=project.tools.started)
    return replace(project, tools=tools)


def folder_of_its_own() -> Path:
    """A folder beside nothing."""
    return Path(tempfile.mkdtemp(prefix="pl-twin-")).resolve()
