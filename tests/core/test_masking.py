"""No password or token of a command is shown or kept; all else of it is."""

from collections.abc import Sequence

import pytest

from lsp_server.core import masking


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["uv", "add", "a @ https://user:secret@host/a.whl"], "uv add a @ https://user:****@host/a.whl"),
        (["uv", "sync", "--index=https://secret@host/simple"], "uv sync --index=https://****@host/simple"),
        (["uv", "add", "git+ssh://git@host/a", "b@1"], "uv add git+ssh://git@host/a b@1"),
        (["uv", "publish", "--token", "secret", "dist/a"], "uv publish --token **** dist/a"),
        (["uv", "publish", "--password=secret", "-u=x"], "uv publish --password=**** -u=x"),
        (["uv", "publish", "--token"], "uv publish --token"),
        (["uv", "publish", "--token", "--token", "secret"], "uv publish --token **** ****"),
        ([], ""),
    ],
)
def test_a_command_is_shown_without_its_secrets(command: Sequence[str], shown: str) -> None:
    assert masking.line(command) == shown
    assert len(masking.words(command)) == len(command)
