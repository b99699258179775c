"""The main job: edits asked for while a real `uv sync` runs are made when it ends, together, and none is lost."""

from typing import Any

import pytest

from tests.support.client import Client
from tests.support.projects import Project

MANIFEST = "pyproject.toml"


def start(client: Client, project: Project, **capabilities: Any) -> None:
    client.initialize(root=project.root, capabilities=capabilities or None, initialization_options={})
    client.open(project.manifest)


@pytest.fixture
def client(project: Project) -> Any:
    with Client(env=project.tools.environment, cwd=project.root, expect_exit=0) as client:
        yield client


def test_an_add_behind_a_gated_sync_waits_says_on_whom_and_is_made_at_the_release(client: Client, project: Project) -> None:
    with project.held_sync() as (_, sync):
        start(client, project)
        added = client.execute("pyproject.add", {"uri": project.manifest.as_uri(), "requirements": ["alpha"]})
        assert added["state"] == "queued"
        waiting = client.wait_operation(added["id"], "waiting")
        assert waiting["blockedBy"]["lock"] == "environment"
        assert waiting["blockedBy"]["pid"] == sync.pid
        assert "sync" in waiting["blockedBy"]["command"]
        assert "alpha" not in project.text()
    client.wait_operation(added["id"], "done")
    assert "alpha" in project.text()
    assert project.uv("lock", "--check").returncode == 0
    assert project.uv("sync", "--check").returncode == 0
    client.shutdown()
