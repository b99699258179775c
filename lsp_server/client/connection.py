"""What the wiring modules need of a connection to one client. The server is one; none of them needs pygls for it."""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from lsp_server.client.session import Session
from lsp_server.jobs.office import Office

T = TypeVar("T")

ERROR, WARNING, INFO = 1, 2, 3
"""The message types of `window/showMessage`."""


class Connection(Protocol):
    """One client: what it sees of us, and what we may ask of it. Used on the loop's thread only."""

    @property
    def session(self) -> Session:
        """The open documents, the settings, what the client can."""

    async def office(self) -> Office:
        """Return the office; the first to ask opens it."""

    def opened_office(self) -> Office | None:
        """Return the office if it is open already."""

    async def aside(self, function: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401  passed through
        """Run what may wait for the journal or a file, on another thread."""

    async def at_length(self, function: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401  passed through
        """Run what may take as long as a build, with a `uv.Cancellation` as its last argument."""

    async def ask(self, method: str, params: Any) -> Any:  # noqa: ANN401  JSON
        """Send a request to the client and await its answer.

        Raises:
            Exception: the client answered with an error.

        """

    def tell(self, method: str, params: Any) -> None:  # noqa: ANN401  JSON
        """Send a notification to the client."""

    def later(self, what: str, work: Coroutine[Any, Any, Any]) -> None:
        """Do something without anybody waiting for it; a failure is logged as that of `what`."""

    def changed(self, project_uri: str) -> None:
        """Something changed in a project: send its status, if it is news."""


def say(connection: Connection, kind: int, message: str) -> None:
    """Show a message to the user."""
    connection.tell("window/showMessage", {"type": kind, "message": message})
