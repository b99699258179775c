"""Secrets in what people are shown, and in what is kept: passwords and tokens become `****`.

Of a stranger's command only the program and its subcommand are told: nobody knows which of its words are secret. uv's
options are known (`uv help`), so all else of a uv command stays.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

MASK = "****"
_URL = re.compile(r"://[^\s'\"<>`]+")
# As in a URL the last @ of the authority counts; a password may hold more of them.
_USER_OF_URL = re.compile(r"^://(?P<user>[^\s/?#:@]*)(?::(?P<password>[^\s/?#]*))?@")
# Signed links carry their key in the query, each service under names of its own.
_QUERY = re.compile(r"(?<=[?&;])(?P<name>[^=&;#\s]+)=[^&;#\s]+")
_HEADER = re.compile(r"(?i)\b(?P<name>(?:proxy-)?authorization|x-api-key|private-token|cookie)(?P<colon>\s*:\s*)\S.*")
_SECRET_NAME = re.compile(
    r"(?i)(?:^|[-_])(?:token|pass|password|passwd|secret|api-?key|key|auth|credentials?|headers?|username)(?:$|[-_])"
)
# Where these letters are a user, a password and a token; elsewhere `-p` is a Python and `-t` a folder.
_WITH_SECRETS = frozenset({"publish", "auth"})
_LETTERS = "upt"
_FLAGS = "nqvh"  # letters without a value, which may stand before one of those in one word
# Their values are `name=value` pairs of somebody else's meaning.
_PAIRS = frozenset({"-C", "--config-setting", "--config-settings", "--config-settings-package"})
_INTERPRETERS = re.compile(r"^(?:python|pypy|perl|ruby|node|deno|bun)[\d.]*w?$")
# A subcommand is a lower-case word. What has a digit, a capital or an underscore may be a key.
_SUBCOMMAND = re.compile(r"^[a-z]{2,}(?:-[a-z]+)*$")


def text(shown: str) -> str:
    """Return a text with the secrets of the URLs and headers in it masked; `git@`, which is none, stays."""
    return _HEADER.sub(rf"\g<name>\g<colon>{MASK}", _URL.sub(_without_secrets, shown))


def value(kept: Any) -> Any:  # noqa: ANN401  JSON
    """Return a JSON value with the secrets of all its texts masked."""
    match kept:
        case str():
            return text(kept)
        case Mapping():
            return {key: value(each) for key, each in kept.items()}
        case list() | tuple():
            return [value(each) for each in kept]
        case _:
            return kept


def is_masked(kept: Any) -> bool:  # noqa: ANN401  JSON
    """Tell whether something of a JSON value was masked, so that it cannot be used again."""
    match kept:
        case str():
            return MASK in kept
        case Mapping():
            return any(map(is_masked, kept.values()))
        case list() | tuple():
            return any(map(is_masked, kept))
        case _:
            return False


def words(command: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a uv command, its secrets masked."""
    letters = _LETTERS if _WITH_SECRETS.intersection(command) else ""
    return tuple(_word(before, word, letters) for before, word in zip(("", *command), command, strict=False))


def _word(before: str, word: str, letters: str) -> str:
    name, equals, given = word.partition("=")
    if before in _PAIRS:
        return f"{name}={MASK}" if equals else MASK
    if _is_secret(before, letters) and "=" not in before:
        return MASK
    if equals and name in _PAIRS:
        return f"{name}={given.partition('=')[0]}={MASK}"
    if equals and _is_secret(name, letters):
        return f"{name}={MASK}"
    if letters and re.match(rf"^-[{_FLAGS}]*[{letters}].", word):
        return f"{word[:2]}{MASK}"
    return text(word)


def _is_secret(option: str, letters: str) -> bool:
    """Tell whether an option's value is a secret: by its long name, or one of these letters at the end of short ones."""
    if option.startswith("--"):
        return _SECRET_NAME.search(option[2:]) is not None
    return bool(letters) and re.match(rf"^-[{_FLAGS}]*[{letters}]$", option) is not None


def stranger(command: Sequence[str]) -> tuple[str, ...]:
    """Return the program of a command that is not uv's, and its subcommand if it has one; of a script its file too."""
    shown = 1
    program = PurePath(command[0].replace("\\", "/")).name.removesuffix(".exe") if command else ""
    if _INTERPRETERS.match(program) and len(command) > 1:
        if command[1] == "-m":
            shown = 3
        elif not command[1].startswith("-") and "=" not in command[1]:
            shown = 2
        else:
            return (text(command[0]),)
    if len(command) > shown and _SUBCOMMAND.match(command[shown]):
        shown += 1
    return tuple(text(word) for word in command[:shown])


def line(command: Sequence[str]) -> str:
    """Return a stranger's command as one line for people to read."""
    return " ".join(stranger(command))


def _without_secrets(match: re.Match[str]) -> str:
    return _QUERY.sub(rf"\g<name>={MASK}", _USER_OF_URL.sub(_without_user, match[0]))


def _without_user(match: re.Match[str]) -> str:
    user, password = match["user"], match["password"]
    if password is not None:
        return f"://{user}:{MASK}@"
    return match[0] if user == "git" else f"://{MASK}@"
