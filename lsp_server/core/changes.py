"""What an operation has changed, statement by statement, as the status and `--json` tell it (docs/protocol.md)."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from lsp_server.core import facts, lockfile, pyproject
from lsp_server.core.facts import Key
from lsp_server.core.intent import Intent
from lsp_server.core.operation import Changes, Moved, Statement
from lsp_server.core.text import decoded

Texts = Mapping[Path, bytes | None]


def of(intent: Intent, before: Texts, after: Texts) -> Changes:
    """Return what an intent changed in some files.

    A commit may be that of several operations: the statements are those that this one is about, what moved in the lock
    file is all that the commit moved, since uv resolves them together.
    """
    statements: list[Statement] = []
    locked: tuple[Moved, ...] = ()
    there: Literal["", "made", "removed"] = ""
    for path in after:
        if path.name.endswith(".lock"):
            locked = lockfile.difference(decoded(before.get(path)), decoded(after[path]))
            if (before.get(path) is None) != (after[path] is None):
                there = "removed" if after[path] is None else "made"
        elif before.get(path) != after[path]:
            statements += _of_file(intent, path, before.get(path), after[path])
    return Changes(tuple(statements), locked, there)


def _of_file(intent: Intent, path: Path, before: bytes | None, after: bytes | None) -> Iterator[Statement]:
    old, new = facts.of_file(path.name, before), facts.of_file(path.name, after)
    own = pyproject.read(decoded(after)).name if path.suffix == ".toml" else None
    for key in sorted(facts.changed(old, new)):
        if intent.concerns(key):
            for was, now in zip_longest(_lines(old.get(key)), _lines(new.get(key))):
                if was != now:
                    name = own if own and key == ("version",) else key[-1]
                    yield Statement(path.as_uri(), _table(key), name, was, now)


def _lines(value: str | None) -> list[str]:
    """Return the requirements of one package in one table: several where markers split them."""
    return [] if value is None else value.split("\n")


def _table(key: Key) -> str:
    match key:
        case ("dependency", "runtime", *_):
            return "dependencies"
        case ("dependency", kind, table, _):
            return f"{kind}:{table}"
        case ("requirement", table, _):
            return table
        case ("source", *_):
            return "tool.uv.sources"
        case _:
            return key[0]
