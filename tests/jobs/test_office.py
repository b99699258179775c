"""The office opens workers while others are asked for and at work."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lsp_server.adapters import project as projects
from tests.support.office import PATIENCE, desk
from tests.support.projects import Project


def test_a_project_is_opened_once_whoever_asks_and_a_manifest_that_is_none_holds_up_nobody(project: Project, base: Path) -> None:
    manifest = base / "strange" / "pyproject.toml"
    manifest.parent.mkdir()
    os.mkfifo(manifest)  # whoever opened it plainly would wait for ever
    strange = projects.Project("workspace", manifest.parent)
    with desk(project) as jobs, ThreadPoolExecutor() as pool:
        opening = [pool.submit(jobs.office.worker, strange) for _ in range(4)]
        known = pool.submit(jobs.office.worker, jobs.known)
        opened = {one.result(PATIENCE) for one in opening}
        assert len(opened) == 1
        assert {known.result(PATIENCE), *opened} == set(jobs.office.workers())
