"""A server as an editor starts it: a process of its own, standard streams, the real uv behind it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.projects import Project

Start = Callable[..., Client]


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
