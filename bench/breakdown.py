"""Where the time of an add goes: the parts of the pipeline, timed from outside in a worker of this process."""

import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from threading import Event
from typing import Any
from unittest import mock

from bench import measure
from bench.worksite import Site
from lsp_server.adapters import files, uv
from lsp_server.adapters import project as projects
from lsp_server.adapters.editor import NoEditor
from lsp_server.adapters.shadow import Shadow
from lsp_server.core.settings import Settings
from lsp_server.jobs import worker as workers
from lsp_server.jobs.journal import Journal
from lsp_server.jobs.office import Office
from lsp_server.jobs.plan import Planner
from lsp_server.jobs.quiet import Quiet
from tests.support.projects import Project

_PARTS: tuple[tuple[Any, str, str], ...] = (
    (Planner, "plan", "plan, all"),
    (Planner, "_preflight", "plan: preflight, all"),
    (Shadow, "lay", "plan: lay the shadow"),
    (Journal, "add", "journal: add"),
    (Journal, "save", "journal: save"),
    (Journal, "prepare", "journal: prepare"),
    (Journal, "child_started", "journal: child started"),
    (Journal, "child_ended", "journal: child ended"),
    (Quiet, "blocker", "quiet: look"),
    (workers, "commit", "commit, all"),
    (files.Replacement, "__init__", "commit: write a file beside"),
    (files.Replacement, "sync", "commit: sync a file"),
)

Parts = Mapping[str, tuple[float, float]]
"""For each part, how often it happens in an add and the median milliseconds it takes there in all."""


def of_adds(place: Site, project: Project, rounds: int) -> Parts:
    """Run adds in a worker of this process and return the parts of the median one."""
    sums: dict[str, list[tuple[int, float]]] = defaultdict(list)
    texts = (project.manifest.read_bytes(), project.lock.read_bytes())
    found = projects.find(project.root)
    if found is None:
        raise RuntimeError(f"{project.root} is no project")
    ended = Event()
    temporary = mock.patch.dict(os.environ, {"TMPDIR": place.tools.environment["TMPDIR"]})
    with temporary, ExitStack() as patches:
        spans: list[tuple[str, float]] = []
        _time_parts(patches, spans)
        office = Office(
            NoEditor(),
            lambda: Settings(sync_after_edit=False),
            place.server_environment(),
            lambda _project: ended.set(),
        )
        try:
            for number in range(rounds + 1):
                spans.clear()
                package = place.package(f"part-{project.root.name}-{number:04}")
                argument = {"uri": project.manifest.as_uri(), "requirements": [package]}
                operation = office.submit(found, "pyproject.add", argument)
                while not _is_done(office, getattr(operation, "id", "")):
                    ended.wait(1)
                    ended.clear()
                if number:
                    _sum(spans, sums)
                project.manifest.write_bytes(texts[0])
                project.lock.write_bytes(texts[1])
        finally:
            office.close()
    return {
        name: (statistics.median(count for count, _ in each), statistics.median(taken for _, taken in each))
        for name, each in sums.items()
    }


def table(parts: Parts) -> str:
    """Return the parts for people, the longest first."""
    rows = sorted(((name, count, taken) for name, (count, taken) in parts.items()), key=lambda row: -row[2])
    return measure.table(("part", "times", "ms in all"), rows)


def _is_done(office: Office, name: str) -> bool:
    operation = office.journal.get(name)
    if operation is None or (operation.finished and operation.state != "done"):
        raise RuntimeError(f"the add that is measured was not made: {operation}")
    return operation.finished


def _sum(spans: list[tuple[str, float]], sums: dict[str, list[tuple[int, float]]]) -> None:
    by_name: dict[str, list[float]] = defaultdict(list)
    for name, taken in spans:
        by_name[name].append(taken)
    for name, each in by_name.items():
        sums[name].append((len(each), sum(each)))


def _time_parts(patches: ExitStack, spans: list[tuple[str, float]]) -> None:
    for owner, name, label in _PARTS:
        timed = _timed(getattr(owner, name), spans, partial(_fixed, label))
        patches.enter_context(mock.patch.object(owner, name, timed))
    patches.enter_context(mock.patch.object(uv, "run", _timed(uv.run, spans, _command)))


def _timed(function: Callable[..., Any], spans: list[tuple[str, float]], label: Callable[[Any], str]) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401  passed through
        started = time.monotonic_ns()
        try:
            return function(*arguments, **named)
        finally:
            spans.append((label(arguments), measure.since(started)))

    return timed


def _fixed(label: str, _arguments: object) -> str:
    return label


def _command(arguments: Any) -> str:  # noqa: ANN401  what uv.run was given
    return f"uv {arguments[0][1]}"
