"""The office opens workers while others are asked for and at work."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lsp_server.adapters import project as projects
from tests.support.office import PATIENCE, desk
from tests.support.projects import Project


def test_whoever_asks_for_another_project_waits_for_one_on_a_slow_disk(project: Project, base: Path) -> None:
    manifest = base / "slow" / "pyproject.toml"
    manifest.parent.mkdir()
    os.mkfifo(manifest)
    slow = projects.Project("workspace", manifest.parent)
    with desk(project) as jobs, ThreadPoolExecutor() as pool:
        opening = [pool.submit(jobs.office.worker, slow) for _ in range(2)]
        with manifest.open("wb"):  # it is being read now
            asked = pool.submit(jobs.office.workers), pool.submit(jobs.office.worker, jobs.known)
            try:
                assert asked[0].result(PATIENCE) == ()
                asked[1].result(PATIENCE)
                assert not any(one.done() for one in opening)
            finally:
                manifest.unlink()
                manifest.write_bytes(b"")
        first, second = (one.result(PATIENCE) for one in opening)
        assert first is second
        assert first in jobs.office.workers()
