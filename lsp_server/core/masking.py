"""Secrets in what people are shown, and in what is kept: passwords and tokens of URLs and of uv's options become `****`."""

import re
from collections.abc import Sequence

MASK = "****"
# As in a URL the last @ of the authority counts; a password may hold more of them.
_USER_OF_URL = re.compile(r"://(?P<user>[^\s/?#:@]*)(?::(?P<password>[^\s/?#]*))?@")
# Those of `uv publish` and `uv auth login`.
_SECRET_OPTIONS = ("--password", "--token")


def text(shown: str) -> str:
    """Return a text with the secrets of the URLs in it masked, as uv shows them; `git@`, which is none, stays."""
    return _USER_OF_URL.sub(_without_secret, shown)


def words(command: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a command, its secrets masked."""
    found: list[str] = []
    for before, word in zip(("", *command), command, strict=False):
        name, equals, _value = word.partition("=")
        if before in _SECRET_OPTIONS:
            found.append(MASK)
        elif equals and name in _SECRET_OPTIONS:
            found.append(f"{name}={MASK}")
        else:
            found.append(text(word))
    return tuple(found)


def line(command: Sequence[str]) -> str:
    """Return a command as one line for people to read, its secrets masked."""
    return " ".join(words(command))


def _without_secret(match: re.Match[str]) -> str:
    user, password = match["user"], match["password"]
    if password is not None:
        return f"://{user}:{MASK}@"
    return match[0] if user == "git" else f"://{MASK}@"
