"""What is known of the texts of a file and of the uvs that may write it, as it stands in the journal."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lsp_server.adapters import uvcommand
from lsp_server.adapters.live import UvProcess
from lsp_server.adapters.processes import began
from lsp_server.core import requirement
from lsp_server.core.rebase import Command, History, Uv, Version
from lsp_server.jobs import blocking


def name(process: UvProcess) -> str:
    """Name a uv for ever."""
    return f"{process.started} {process.pid}"


def uv(process: UvProcess) -> Uv:
    """Return a uv as the rule of rebasing sees it."""
    title = f"'{blocking.shortened(uvcommand.shown(process.command))}' (pid {process.pid})"
    return Uv(name(process), title, began(process), _command(process))


def _command(process: UvProcess) -> Command:
    if process.subcommand == "version":
        return Command("version")
    words = uvcommand.words(process.command)
    named = [requirement.leading_name(word) for word in words]
    is_plain = all(named) and not any(sign in word for word in words for sign in "/\\:")
    return Command("dependencies", frozenset(named) if named and is_plain else None)


def dumped(history: History, uvs: Sequence[Uv]) -> str:
    """Return a history and the living uvs as JSON."""
    listed = [{**asdict(each), "command": _listed(each.command)} for each in uvs]
    return json.dumps({"history": [asdict(each) for each in history], "uvs": listed})


def loaded(data: str) -> tuple[History, tuple[tuple[UvProcess, Uv], ...]]:
    """Return what `dumped` has written; of the processes no more than what names them."""
    fields = json.loads(data)
    return tuple(map(_version, fields["history"])), tuple(map(_named, fields["uvs"]))


def _named(fields: Mapping[str, Any]) -> tuple[UvProcess, Uv]:
    packages = fields["command"]["packages"]
    command = Command(fields["command"]["changes"], None if packages is None else frozenset(packages))
    started, _, pid = fields["name"].rpartition(" ")
    process = UvProcess(int(pid), started, (), None, "", None)
    return process, Uv(**{**fields, "command": command})


def _listed(command: Command) -> Mapping[str, Any]:
    return {"changes": command.changes, "packages": None if command.packages is None else sorted(command.packages)}


def _version(fields: Mapping[str, Any]) -> Version:
    return Version(**{**fields, "writers": tuple(fields["writers"]), "parts": tuple(map(_version, fields["parts"]))})
