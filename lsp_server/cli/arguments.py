"""The operations of the editor as commands of a shell: their options, their arguments, and what is wrong in a shell's words."""

import argparse
import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from packaging.version import InvalidVersion, Version

from lsp_server.adapters import files
from lsp_server.adapters import project as projects
from lsp_server.adapters.project import Project
from lsp_server.cli import shared
from lsp_server.core import pyproject
from lsp_server.core.bounds import Level, Strategy
from lsp_server.core.intent import BadArgument, Bounds, BumpPart
from lsp_server.core.requirement import normalize

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  argparse has no other name for it

Argument = Mapping[str, Any]


def declare(commands: "Commands") -> "list[argparse.ArgumentParser]":
    """Declare the commands that queue an operation, and return their parsers."""
    return [_add(commands), _remove(commands), _upgrade(commands), _bump(commands), _move(commands), *_upkeep(commands)]


def _add(commands: "Commands") -> argparse.ArgumentParser:
    parser = _command(commands, "add", "pyproject.add", "add requirements (PEP 508)")
    parser.add_argument("requirements", nargs="+", metavar="REQUIREMENT")
    _table(parser)
    parser.add_argument("--marker", help="an environment marker for all of them")
    parser.add_argument("--bounds", choices=get_args(Bounds), help="the kind of bound to write")
    parser.add_argument("--index", help="the index to take them from")
    parser.add_argument("--editable", action="store_true", default=None, help="add a path as editable")
    _member(parser)
    return parser


def _remove(commands: "Commands") -> argparse.ArgumentParser:
    parser = _command(commands, "remove", "pyproject.remove", "remove packages")
    parser.add_argument("packages", nargs="+", metavar="PACKAGE")
    _table(parser)
    _member(parser)
    return parser


def _upgrade(commands: "Commands") -> argparse.ArgumentParser:
    parser = _command(commands, "upgrade", "pyproject.upgrade", "take newer versions, in the manifest and in uv.lock")
    parser.add_argument("packages", nargs="*", metavar="PACKAGE")
    parser.add_argument("--all", action="store_true", default=None, help="all dependencies")
    _table(parser)
    _member(parser)
    parser.add_argument("--workspace", action="store_true", default=None, help="what any member of the workspace declares")
    strategies = "latest: over caps and pins; within: as far as they allow; lock: only uv.lock (default: latest)"
    parser.add_argument("--strategy", choices=get_args(Strategy), help=strategies)
    parser.add_argument("--level", choices=get_args(Level), help="how far a step may go (default: major)")
    return parser


def _bump(commands: "Commands") -> argparse.ArgumentParser:
    parser = _command(commands, "bump", "pyproject.bumpVersion", "change the project's version")
    words = f"one of {', '.join(get_args(BumpPart))}, two that uv combines such as 'minor beta', or a version"
    parser.add_argument("to", nargs="+", metavar="PART|VERSION", help=words)
    _member(parser)
    parser.add_argument("--workspace", action="store_true", default=None, help="all members, each by its own version")
    return parser


def _move(commands: "Commands") -> argparse.ArgumentParser:
    parser = _command(commands, "move", "pyproject.move", "move a dependency to another table")
    parser.add_argument("package", metavar="PACKAGE")
    table = "'group:NAME', 'extra:NAME'; default runtime"
    parser.add_argument("--from", dest="source", default="", metavar="TABLE", help=table)
    parser.add_argument("--to", dest="target", default="", metavar="TABLE", help="the same")
    _member(parser)
    return parser


def _upkeep(commands: "Commands") -> "list[argparse.ArgumentParser]":
    locking = _command(commands, "lock", "pyproject.lock", "bring uv.lock up to date")
    locking.add_argument("--script", metavar="FILE", help="the lock file of this script instead")
    syncing = _command(commands, "sync", "pyproject.sync", "bring uv.lock and the environment up to date")
    syncing.add_argument("--group", dest="groups", action="append", metavar="NAME", help="also this group")
    syncing.add_argument("--extra", dest="extras", action="append", metavar="NAME", help="also this extra")
    syncing.add_argument("--all", action="store_true", default=None, help="all members, groups and extras")
    _member(syncing)
    undoing = _command(commands, "undo", "pyproject.undo", "take back a finished operation")
    undoing.add_argument("id", nargs="?", metavar="ID", help="the operation; default the last one")
    undoing.add_argument("--script", metavar="FILE", help="what was done to this script")
    resolving = _command(
        commands, "resolve-conflict", "pyproject.resolveConflict", "resolve git's conflict markers by statements"
    )
    return [locking, syncing, undoing, resolving]


_FIELDS = (
    *("requirements", "packages", "group", "extra", "marker", "bounds", "index", "editable", "all", "package", "groups"),
    *("extras", "id", "strategy", "level", "workspace"),
)
"""The options that have the name of the field of the command's argument."""


def argument(options: argparse.Namespace, project: Project, path: Path) -> Mapping[str, Any] | BadArgument:
    """Return the argument of the command of some options: those of `_command`, for a project, a file or folder of it."""
    given = vars(options)
    found = {name: given[name] for name in _FIELDS if given.get(name) not in (None, [])}
    file = path if path.is_file() else (projects.manifest_of(path) or project.root)
    if given.get("member"):
        if given.get("script"):
            return BadArgument("member", options.member, "'--script' is given too: a script has no members")
        manifest = _manifest_of_member(project, options.member)
        if isinstance(manifest, BadArgument):
            return manifest
        file = manifest
    found |= {"uri": file.absolute().as_uri(), "folder": Path.cwd().as_uri()}
    if given.get("script") and options.lsp_command != "pyproject.undo":
        found["script"] = True
    if "to" in given:
        found |= {"version": options.to[0]} if _is_version(options.to) else {"bump": options.to}
    if "source" in given:
        found |= {"from": _named_table(options.source), "to": _named_table(options.target)}
    if options.lsp_command == "pyproject.upgrade" and not options.packages and (options.group or options.extra):
        found["all"] = True
    return found


def in_shell_words(bad: BadArgument, options: argparse.Namespace) -> str:
    """Say what is wrong with an argument as whoever typed it sees it."""
    match options.lsp_command, bad.field:
        case "pyproject.upgrade", "packages" if not options.packages:
            said = "name the packages to upgrade, or pass --all"
        case "pyproject.upgrade", "packages" if options.all:
            said = "names of packages and --all exclude each other: give one of them"
        case "pyproject.move", ("from" | "to") as side if "another table" not in bad.rule:
            said = f"--{side} must be 'group:NAME' or 'extra:NAME', or be left out for the dependencies"
        case "pyproject.move", "to":
            said = "--to must name another table than --from"
        case "pyproject.bumpVersion", "bump":
            said = _no_bump(bad, options.to)
        case "pyproject.undo", "id" if not options.id:
            said = "nothing of this project can be undone" + "".join(bad.rule.partition(";")[1:])  # what waits, if anything does
        case _:
            named = _NAMED.get(bad.field, f"--{bad.field}")
            said = f"{named} {bad.rule}" if bad.value is None else f"{named} '{bad.value}': it {bad.rule}"
    return said


def _no_bump(bad: BadArgument, words: list[str]) -> str:
    likely = [difflib.get_close_matches(word, get_args(BumpPart), 1, 0.6) for word in words]
    meant = next((f"; did you mean '{found[0]}'?" for found in likely if found and found[0] not in words), "")
    return f"'{' '.join(words)}' is no bump: it {bad.rule.replace(_ELSE, ', or a version such as 1.2.0')}{meant}"


_ELSE = ", or else 'version' must be given"
_NAMED = {
    "requirements": "the requirement",
    "packages": "the package",
    "package": "the package",
    "version": "the version",
    "id": "the operation",
    "uri": "the file",
}


def _manifest_of_member(project: Project, name: str) -> Path | BadArgument:
    names = {path: pyproject.read(files.read_text(path)).name for path in projects.manifests(project)}
    found = next((path for path, own in names.items() if own and normalize(own) == normalize(name)), None)
    known = ", ".join(own for own in names.values() if own)
    return found or BadArgument("member", name, f"must be a member of the workspace: there are {known or 'none'}")


def _is_version(words: list[str]) -> bool:
    try:
        return len(words) == 1 and bool(Version(words[0]))
    except InvalidVersion:
        return False


def _named_table(text: str) -> Mapping[str, str]:
    kind, _, name = text.partition(":")
    return {kind: name} if text else {}


def _command(commands: "Commands", name: str, command: str, text: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}, in the project's queue.")
    shared.add_project_option(parser)
    shared.add_output_options(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    shared.add_timeout_option(parser)
    parser.add_argument("--no-sync", action="store_true", help="do not sync the environment afterwards")
    parser.set_defaults(lsp_command=command)
    return parser


def _table(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--group", metavar="NAME", help="in this dependency group (PEP 735)")
    where.add_argument("--extra", metavar="NAME", help="in this extra")
    where.add_argument("--script", metavar="FILE", help="in the PEP 723 block of this script")


def _member(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--member", metavar="NAME", help="in this member of the workspace")
