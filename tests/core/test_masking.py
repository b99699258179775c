"""No password or token of a command is shown or kept; all else of uv's commands is."""

import pytest

from lsp_server.adapters import uvcommand
from lsp_server.core import masking


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["uv", "add", "a @ https://user:secret@host/a.whl"], "uv add a @ https://user:****@host/a.whl"),
        (["uv", "sync", "--index=https://secret@host/simple"], "uv sync --index=https://****@host/simple"),
        (["uv", "add", "git+ssh://git@host/a", "b@1"], "uv add git+ssh://git@host/a b@1"),
        (["uv", "publish", "--token", "secret", "dist/a"], "uv publish --token **** dist/a"),
        (["uv", "publish", "--password=secret", "-u=x"], "uv publish --password=**** -u=****"),
        (["uv", "publish", "--token"], "uv publish --token"),
        (["uv", "publish", "--token", "--token", "secret"], "uv publish --token **** ****"),
        (["uv", "publish", "-t", "secret", "-p", "secret", "-u", "secret"], "uv publish -t **** -p **** -u ****"),
        (["uv", "publish", "-tsecret", "-vp", "secret"], "uv publish -t**** -vp ****"),
        (["uv", "--directory", "a", "auth", "login", "-t", "secret", "host"], "uv --directory a auth login -t **** host"),
        (["uv", "add", "-p", "3.12", "a"], "uv add -p 3.12 a"),
        (["uv", "pip", "install", "-t", "folder", "a"], "uv pip install -t folder a"),
        (["uv", "sync", "--keyring-provider", "subprocess"], "uv sync --keyring-provider subprocess"),
        (["uv", "sync", "-C", "key=secret"], "uv sync -C key=****"),
        (["uv", "sync", "--config-setting=key=secret"], "uv sync --config-setting=key=****"),
        (
            ["uv", "add", "a @ https://host/a.whl?sig=secret&x=secret#sha256=1"],
            "uv add a @ https://host/a.whl?sig=****&x=****#sha256=1",
        ),
        (["uv", "run", "--with", "a", "env", "TOKEN=secret", "b"], "uv run --with a env"),
        (["uv", "run", "--", "python", "tool.py", "--api-key=secret"], "uv run -- python tool.py"),
        (["uvx", "--from", "a", "tool", "login", "-p", "secret"], "uvx --from a tool login"),
        (["/usr/bin/uv.exe", "tool", "run", "tool", "--token", "secret"], "/usr/bin/uv.exe tool run tool"),
    ],
)
def test_a_uv_command_is_shown_without_its_secrets(command: list[str], shown: str) -> None:
    assert uvcommand.shown(command) == shown


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["env", "TOKEN=secret", "uv", "sync"], "env"),
        (["curl", "-H", "Authorization: Bearer secret", "https://a"], "curl"),
        (["deploy", "--api-key=secret"], "deploy"),
        (["docker", "login", "-p", "secret"], "docker login"),
        (["sh", "-c", "echo secret"], "sh"),
        (["psql", "postgres://a:secret@host/b"], "psql"),
        (["python3.12", "-c", "print('secret')"], "python3.12"),
        (["python", "-m", "pip", "install", "https://a:secret@b"], "python -m pip install"),
        (["/opt/bin/python", "tools/make.py", "publish", "secret"], "/opt/bin/python tools/make.py publish"),
        (["twine", "S3cret"], "twine"),
        ([], ""),
    ],
)
def test_of_a_strangers_command_only_program_and_subcommand_are_shown(command: list[str], shown: str) -> None:
    assert uvcommand.shown(command) == shown


def test_what_was_masked_is_known_to_be_useless() -> None:
    argument = {"requirements": ["a @ https://u:p@host/a?x=y"], "uri": "file:///a"}
    masked = masking.value(argument)
    assert masked == {"requirements": ["a @ https://u:****@host/a?x=****"], "uri": "file:///a"}
    assert masking.is_masked(masked)
    assert not masking.is_masked(argument)


@pytest.mark.parametrize("line", ["Authorization: Bearer secret", "error: sent x-api-key:secret", "Cookie: a=secret"])
def test_the_value_of_a_header_is_masked(line: str) -> None:
    assert "secret" not in masking.text(line)
