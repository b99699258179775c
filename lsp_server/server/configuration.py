"""Settings of a running server: pulled where the client answers for them, pushed where it sends them."""

from dataclasses import replace
from typing import Any

from lsp_server.client.capabilities import plain
from lsp_server.client.connection import WARNING, Connection, say
from lsp_server.core import settings as settings_of
from lsp_server.server import documents, known_packages


def begin(connection: Connection, options: object) -> None:
    """Take the initialization options: what a later answer of the client does not name keeps their value."""
    session = connection.session
    session.settings, session.problems = settings_of.read(options)
    session.initial = session.settings


def report(connection: Connection) -> None:
    """Say what was wrong with the initialization options; only now may messages be shown."""
    for problem in connection.session.problems.values():
        say(connection, WARNING, problem)


async def changed(connection: Connection, pushed: object) -> None:
    """Take new settings, after the client said that there are some."""
    if connection.session.client.configuration:
        await fetch(connection)
    else:
        await _take(connection, pushed)


async def fetch(connection: Connection) -> None:
    """Ask for the settings, if the client can be asked."""
    if connection.session.client.configuration:
        answer = await connection.ask("workspace/configuration", {"items": [{"section": settings_of.SECTION}]})
        answers = plain(answer)
        await _take(connection, answers[0] if isinstance(answers, list) and answers else None)


async def _take(connection: Connection, raw: Any) -> None:  # noqa: ANN401  JSON
    session = connection.session
    settings, problems = settings_of.read(raw, session.initial)
    before = session.settings
    if not session.client.users_settings:
        settings, refused = settings_of.kept(settings, session.initial)
        problems |= {name: _not_taken(name) for name in refused}
    # Trust is the client's to give when it starts us: a file in the workspace must not be able to give it.
    session.settings = replace(settings, trusted=session.initial.trusted)
    for name, problem in problems.items():
        if name not in session.problems:
            session.problems[name] = problem
            say(connection, WARNING, problem)
    if before.severities != settings.severities:
        for uri in session.uris():
            documents.publish_diagnostics(connection, uri)
    if before.hints_versions != settings.hints_versions and session.client.refreshes_hints:
        connection.later(known_packages.REFRESH, connection.ask(known_packages.REFRESH, None))
    if before.code_lens != settings.code_lens and session.client.refreshes_lenses:
        await connection.ask("workspace/codeLens/refresh", None)


def _not_taken(name: str) -> str:
    return (
        f"setting '{settings_of.SECTION}.{name}' is not taken from here, since a file in the workspace may have set it; "
        "give it in the initialization options of your editor's configuration"
    )
