"""The feed by itself, on a loop of its own: how often it speaks, and that the last word is always said."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

from lsp_server.client.connection import Connection
from lsp_server.client.progress import Progress
from lsp_server.client.session import Client, Session
from lsp_server.client.status_feed import INTERVAL_SECONDS, StatusFeed

LATER = "9999-01-01T00:00:00.000+00:00"
EARLIER = "2000-01-01T00:00:00.000+00:00"


@dataclass
class Hearer:
    """A connection that writes down what it is told; its status has a number that a test counts up."""

    session: Session = field(default_factory=lambda: Session(Client(progress=True)))
    number: int = 0
    operations: list[dict[str, Any]] = field(default_factory=list)
    told: list[tuple[float, str, Any]] = field(default_factory=list)
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    asked: Callable[[str, Any], Coroutine[Any, Any, Any]] | None = None

    async def build(self, project: str) -> dict[str, Any]:
        await asyncio.sleep(0)
        operations = [dict(each) for each in self.operations]
        return {"project": project, "pid": os.getpid(), "state": "idle", "operations": operations, "message": str(self.number)}

    async def ask(self, method: str, params: Any) -> Any:
        return await self.asked(method, params) if self.asked else None

    def tell(self, method: str, params: Any) -> None:
        self.told.append((asyncio.get_running_loop().time(), method, params))

    def later(self, _what: str, work: Coroutine[Any, Any, Any]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))

    def said(self, method: str) -> list[Any]:
        return [params for _, found, params in self.told if found == method]

    def feed(self) -> StatusFeed:
        progress = Progress(self.tell, self.ask, self.later)
        return StatusFeed(cast("Connection", self), asyncio.get_running_loop(), self.build, progress)

    async def settle(self) -> None:
        await asyncio.sleep(0)  # what was called from "another thread" begins
        while running := [task for task in self.tasks if not task.done()]:
            await asyncio.wait(running)


def operation(state: str, **more: Any) -> dict[str, Any]:
    base = {"id": "1", "title": "Add x", "message": "why", "origin": {"pid": os.getpid()}, "finishedAt": None}
    return {**base, "state": state, **more}


def test_a_thousand_changes_are_said_in_few_words_with_pauses_and_the_last_is_said() -> None:
    async def scenario() -> Hearer:
        hearer = Hearer()
        feed = hearer.feed()
        for number in range(1000):
            hearer.number = number
            feed.changed("p")
            if number % 100 == 0:
                await asyncio.sleep(0.001)
        await hearer.settle()
        return hearer

    hearer = asyncio.run(scenario())
    times = [at for at, method, _ in hearer.told if method == "pyproject/status"]
    assert hearer.said("pyproject/status")[-1]["message"] == "999"
    assert all(after - before >= INTERVAL_SECONDS * 0.95 for before, after in pairwise(times))
    assert len(times) < 20


def test_what_has_not_changed_is_not_said_again() -> None:
    async def scenario() -> Hearer:
        hearer = Hearer()
        feed = hearer.feed()
        for _ in range(3):
            feed.changed("p")
            await hearer.settle()
        return hearer

    assert len(asyncio.run(scenario()).said("pyproject/status")) == 1


def test_two_projects_do_not_wait_for_each_other() -> None:
    async def scenario() -> Hearer:
        hearer = Hearer()
        feed = hearer.feed()
        feed.changed("p")
        feed.changed("q")
        await hearer.settle()
        return hearer

    (first, _, _), (second, _, _) = asyncio.run(scenario()).told[:2]
    assert second - first < INTERVAL_SECONDS


def failures(*operations: dict[str, Any], client: Client | None = None) -> list[Any]:
    async def scenario() -> Hearer:
        hearer = Hearer(Session(client or Client()))
        feed = hearer.feed()
        for number, one in enumerate(operations):
            hearer.operations, hearer.number = [one], number
            feed.changed("p")
            await hearer.settle()
        return hearer

    return asyncio.run(scenario()).said("window/showMessage")


def test_a_failure_that_came_between_two_words_is_shown_too() -> None:
    assert [m["message"] for m in failures(operation("failed", finishedAt=LATER))] == ["Add x: why"]


def test_a_failure_is_shown_once_and_a_second_one_after_a_retry_again() -> None:
    first, second = operation("failed", finishedAt=LATER), operation("failed", finishedAt=LATER.replace("-01T", "-02T"))
    assert len(failures(first, first)) == 1
    assert len(failures(first, operation("planning"), second)) == 2


def test_the_failures_of_another_process_or_of_an_earlier_time_are_not_ours_to_show() -> None:
    assert not failures(operation("failed", finishedAt=LATER, origin={"pid": os.getpid() + 1}))
    assert not failures(operation("failed", finishedAt=EARLIER))


def test_a_client_that_shows_failures_itself_is_not_told_of_them() -> None:
    assert not failures(operation("failed", finishedAt=LATER), client=Client(shows_failures=True))


def test_progress_of_an_operation_that_ended_before_the_client_agreed_is_begun_and_ended() -> None:
    async def scenario() -> Hearer:
        hearer = Hearer()
        agreed = asyncio.Event()

        async def agree(_method: str, _params: Any) -> None:
            await agreed.wait()

        hearer.asked = agree
        feed = hearer.feed()
        hearer.operations = [operation("planning")]
        feed.changed("p")
        await asyncio.sleep(INTERVAL_SECONDS * 2)
        hearer.operations = [operation("done", finishedAt=LATER)]
        feed.changed("p")
        await asyncio.sleep(INTERVAL_SECONDS * 2)
        assert not hearer.said("$/progress")
        agreed.set()
        await hearer.settle()
        return hearer

    assert [said["value"]["kind"] for said in asyncio.run(scenario()).said("$/progress")] == ["begin", "report", "end"]
