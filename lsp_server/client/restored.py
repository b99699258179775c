"""What the guardian did, told to the user: the one message that is not about something they asked for."""

from lsp_server import protocol
from lsp_server.client.connection import WARNING, Connection, say
from lsp_server.jobs.outcome import Notice


def show_restored(connection: Connection, notice: Notice) -> None:
    """Tell a client that knows how to show the difference; all others get the sentence."""
    if connection.session.client.shows_restored:
        connection.tell(protocol.RESTORED, protocol.restored(notice.path.as_uri(), notice.message, notice.before, notice.after))
    else:
        say(connection, WARNING, notice.message)
