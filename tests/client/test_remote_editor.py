"""What jobs may ask of an editor whose connection has ended: it answers no, and nothing fails for it."""

import asyncio
from pathlib import Path
from typing import Any

from lsp_server.client.remote_editor import RemoteEditor
from lsp_server.client.session import Client, Session
from lsp_server.core.diff import Edit
from lsp_server.core.text import Document


async def _unreachable(_method: str, _params: Any) -> None:
    raise AssertionError("nothing is asked on a loop that has ended")


def test_an_editor_that_is_gone_makes_an_edit_fail_that_stands_already(tmp_path: Path) -> None:
    path = tmp_path.resolve() / "pyproject.toml"
    path.write_bytes(b"")
    session = Session(client=Client(edits=True, saves=True))
    session.open(Document(path.as_uri(), "toml", 1, ""))
    loop = asyncio.new_event_loop()
    loop.close()
    editor = RemoteEditor(session, loop, _unreachable)
    assert not editor.save(path)
    assert not editor.apply(path, 1, [Edit(0, 0, "#")], "an edit")
