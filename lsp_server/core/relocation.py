"""Paths of the shadow in texts: each becomes the live path that it stands for, however it is spelled."""

import json
from collections.abc import Iterable
from pathlib import PurePath
from urllib.parse import quote

# What a URL's path may hold as it is (WHATWG URL, "path percent-encode set"), `%` left out: uv encodes it.
_PLAIN_IN_URLS = "/!$&'()*+,-.:;=@[\\]_|~"


def spellings(path: PurePath) -> tuple[str, ...]:
    """Return the ways in which a path stands in a text: as the system writes it, in TOML, with slashes, in a URL."""
    plain = str(path)
    escaped = json.dumps(plain, ensure_ascii=False)[1:-1]
    return tuple(dict.fromkeys((plain, escaped, path.as_posix(), quote(path.as_posix(), safe=_PLAIN_IN_URLS))))


def relocated(text: str, places: Iterable[tuple[PurePath, PurePath]]) -> str:
    """Return a text with each path of a pair replaced by the other one, and with all that lies below it."""
    for there, here in places:
        for shown, wanted in zip(_all_spellings(there), _all_spellings(here), strict=True):
            for separator in ("/", "\\\\", "\\"):
                text = text.replace(shown + separator, wanted.rstrip("/\\") + separator)
            text = text.replace(shown, wanted)
    return text


def named(text: str, path: PurePath) -> int:
    """Count how often a text names a path or something below it."""
    return sum(text.count(shown) for shown in spellings(path))


def _all_spellings(path: PurePath) -> tuple[str, str, str, str]:
    plain = str(path)
    escaped = json.dumps(plain, ensure_ascii=False)[1:-1]
    return plain, escaped, path.as_posix(), quote(path.as_posix(), safe=_PLAIN_IN_URLS)
