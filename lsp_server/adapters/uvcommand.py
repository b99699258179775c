"""What a uv command line means: which command it is, for which project or script, and what of it it may write.

Pure. The options are those of uv 0.13.9 (`uv help <command>`), plus names that older versions had. An option that we
do not know is taken for one without a value; the worst that follows is that its value is taken for the command's name,
and a command that we do not know may write all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Flag
from pathlib import PurePath
from types import MappingProxyType

from lsp_server.core import masking

_GROUPS = frozenset({"auth", "cache", "pip", "python", "self", "tool", "workspace"})


class Writes(Flag):
    """What a uv may write of the project or script that it works on."""

    NOTHING = 0
    MANIFEST = 1
    """Read early and written late, and put back when the command fails."""
    LOCKFILE = 2
    STALE_LOCKFILE = 4
    """The lock file, where it does not fit the manifest; one that fits is left as it is."""
    ENVIRONMENT = 8
    """Under the environment's lock, or with the environment made anew."""
    LOCKED = LOCKFILE | ENVIRONMENT
    ALL = MANIFEST | LOCKFILE | ENVIRONMENT


@dataclass(frozen=True, slots=True)
class _Rule:
    writes: Writes
    why: str
    only: Mapping[str, Writes] = field(default_factory=dict)
    """What is left of it with an option."""


_NOTHING, _MANIFEST, _ENVIRONMENT = Writes.NOTHING, Writes.MANIFEST, Writes.ENVIRONMENT
_DRY = dict.fromkeys(("dry-run", "check", "check-exists"), _NOTHING)
_UNSYNCED = {"no-sync": ~_ENVIRONMENT}
_EDITS = {**_DRY, **_UNSYNCED, "frozen": _MANIFEST, "locked": ~Writes.LOCKFILE}
_READS_LOCK = dict.fromkeys(("frozen", "locked"), ~(Writes.LOCKFILE | Writes.STALE_LOCKFILE))
_ELSEWHERE = dict.fromkeys(("isolated", "no-project"), _NOTHING)
_TO_PLACE = dict.fromkeys(("target", "prefix", "system", "dry-run"), _NOTHING)

# Tried with uv 0.13.9: which of the two files and of the environment is another one after the command.
_RULES: Mapping[str, _Rule] = {
    "add": _Rule(Writes.ALL, "edits, locks, syncs; rolls back", _EDITS),
    "remove": _Rule(Writes.ALL, "as add", _EDITS),
    "upgrade": _Rule(Writes.ALL, "as add", _EDITS),
    "version": _Rule(Writes.ALL, "as add, with a new value or --bump; else it shows the version", _EDITS),
    "init": _Rule(_MANIFEST, "writes a manifest, and names itself as a member in the one of the workspace"),
    "lock": _Rule(Writes.LOCKFILE, "resolves", {**_DRY, **_READS_LOCK}),
    "tree": _Rule(Writes.STALE_LOCKFILE, "locks first, with no lock of the environment", _READS_LOCK),
    "export": _Rule(Writes.STALE_LOCKFILE, "as tree", _READS_LOCK),
    "audit": _Rule(Writes.STALE_LOCKFILE, "as tree, then asks a service; --fix, once it comes, edits", _READS_LOCK),
    "sync": _Rule(Writes.LOCKED, "locks, installs", {**_DRY, **_READS_LOCK}),
    "run": _Rule(
        Writes.LOCKED, "as sync, until the person's command runs", {**_READS_LOCK, **_ELSEWHERE, "no-sync": _ENVIRONMENT}
    ),
    "check": _Rule(Writes.LOCKED, "as run, and the command is a type checker", {**_READS_LOCK, **_ELSEWHERE}),
    "workspace metadata": _Rule(_ENVIRONMENT, "resolves and writes no lock file; installs with --sync, else it prints"),
    "venv": _Rule(_ENVIRONMENT, "makes the environment, or makes it anew"),
    "pip install": _Rule(_ENVIRONMENT, "installs", _TO_PLACE),
    "pip uninstall": _Rule(_ENVIRONMENT, "installs", _TO_PLACE),
    "pip sync": _Rule(_ENVIRONMENT, "installs", _TO_PLACE),
    "": _Rule(_NOTHING, "shows its version or its help"),
    "build": _Rule(_NOTHING, "builds in folders of its own, for hours perhaps"),
    "publish": _Rule(_NOTHING, "uploads"),
    "format": _Rule(_NOTHING, "rewrites Python files"),
    "generate-shell-completion": _Rule(_NOTHING, "prints"),
    "help": _Rule(_NOTHING, "prints"),
    "auth": _Rule(_NOTHING, "keeps credentials"),
    "cache": _Rule(_NOTHING, "waits for all others by itself"),
    "pip": _Rule(_NOTHING, "all but those above read or print"),
    "python": _Rule(_NOTHING, "interpreters; pin writes .python-version"),
    "self": _Rule(_NOTHING, "uv itself"),
    "tool": _Rule(_NOTHING, "has environments of its own"),
    "workspace": _Rule(_NOTHING, "all but metadata print"),
}
# With these a lock file that fits is made anew all the same; their short forms, too.
_RELOCKS = frozenset({"upgrade", "upgrade-package", "upgrade-group", "U", "P", "resolution", "prerelease", "fork-strategy"})
_UNKNOWN = _Rule(Writes.ALL, "of a later uv: whatever it does is waited for")
# Options that uv also takes from its environment, where they count unless the command line says otherwise.
_VARIABLES = {
    "frozen": "UV_FROZEN",
    "locked": "UV_LOCKED",
    "no-sync": "UV_NO_SYNC",
    "isolated": "UV_ISOLATED",
    "no-project": "UV_NO_PROJECT",
}
# What uv takes for a yes (clap's boolish values).
_YES = frozenset({"1", "y", "yes", "t", "true", "on"})

# For `run` and `init`, `--script` and `-s` say that the positional argument is a script; elsewhere they carry its path.
_SCRIPT_IS_A_FLAG = frozenset({"init", "run"})

_VALUED_LONG = frozenset(
    """
    allow-insecure-host author-from bounds branch build-backend bump cache-dir cert color config-file config-setting
    config-settings config-settings-package constraints default-index description directory env-file exclude
    exclude-newer exclude-newer-package extra extra-index-url find-links fork-strategy from group index index-strategy
    index-url keyring-provider link-mode marker name no-binary-package no-build-isolation-package no-build-package
    no-editable-package no-extra no-group no-install-package no-sources-package only-group optional output-format
    package prerelease prerelease-package preview-features project python python-fetch python-platform
    python-preference refresh-package reinstall-package requirements resolution rev script tag trusted-host
    upgrade-group upgrade-package vcs with with-editable with-requirements
    """.split()  # noqa: SIM905 (sixty names read better as a paragraph)
)
_VALUED_SHORT = frozenset("CPcfimprw")


@dataclass(slots=True)
class _Arguments:
    positional: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    following: int = 0
    """How many words at the end are those of the command that `uv run` or `uvx` starts."""


def subcommand(argv: Sequence[str]) -> str:
    """The command of `argv` (with the program as its first item): "add", "pip install", "" when there is none.

    `uvx tool` is "tool run", as uv itself sees it.
    """
    return _name(argv, _parse(argv))


def writes(argv: Sequence[str], environ: Mapping[str, str] = MappingProxyType({})) -> Writes:
    """What this uv may write of its project or script, by its command, its options and its environment.

    A `uv run` that has come to the person's command writes nothing any more, which its command line does not tell.
    """
    arguments = _parse(argv)
    name = _name(argv, arguments)
    if arguments.options.keys() & {"help", "h", "V"} or _only_shows(name, arguments):
        return Writes.NOTHING
    if name == "audit" and "fix" in arguments.options:
        return Writes.ALL
    rule = _RULES.get(name) or _RULES.get(name.partition(" ")[0], _UNKNOWN)
    found = rule.writes
    if found & Writes.STALE_LOCKFILE and arguments.options.keys() & _RELOCKS:
        found |= Writes.LOCKFILE
    for option, left in rule.only.items():
        if _is_on(option, arguments, environ):
            found &= left
    return found


def _only_shows(name: str, arguments: "_Arguments") -> bool:
    match name:
        case "version":
            return "bump" not in arguments.options and len(arguments.positional) < 2  # noqa: PLR2004  the name and a value
        case "workspace metadata":
            return "sync" not in arguments.options
        case _:
            return False


def _is_on(name: str, arguments: "_Arguments", environ: Mapping[str, str]) -> bool:
    """Whether an option is given; where it is taken back as well, in whatever order, it counts as not given."""
    if f"no-{name}" in arguments.options or name.removeprefix("no-") in arguments.options.keys() - {name}:
        return False
    return name in arguments.options or environ.get(_VARIABLES.get(name, ""), "").lower() in _YES


def words(argv: Sequence[str]) -> tuple[str, ...]:
    """The positional arguments behind the command: the packages of an `add`, the value of a `version`."""
    arguments = _parse(argv)
    return tuple(arguments.positional[len(_name(argv, arguments).split()) :])


def option(argv: Sequence[str], name: str) -> str | None:
    """The value of the long option `name` (without dashes), the last one given, or None."""
    return _parse(argv).options.get(name) or None


def script(argv: Sequence[str]) -> str | None:
    """The PEP 723 script this uv works on, as written on its command line, or None for a project."""
    arguments = _parse(argv)
    name = _name(argv, arguments)
    if name not in _SCRIPT_IS_A_FLAG:
        return arguments.options.get("script") or None
    named = arguments.positional[1] if len(arguments.positional) > 1 else None
    is_script = arguments.options.keys() & {"script", "s", "gui-script"} or (name == "run" and _is_python(named))
    return named if is_script else None


def is_uv(argv: Sequence[str]) -> bool:
    """Whether the program of a command line is a uv."""
    return bool(argv) and _program(argv) in {"uv", "uvx"}


def shown(argv: Sequence[str]) -> str:
    """A command line as people may read it, without secrets: of what is not uv's own only the program and its subcommand."""
    if not is_uv(argv):
        return masking.line(argv)
    prefix = ("uv", "tool", "run") if _program(argv) == "uvx" else argv[:1]
    following = _parse([*prefix, *argv[1:]]).following
    own, others = (argv[:-following], argv[-following:]) if following else (argv, ())
    words = masking.words(own)
    return " ".join((*words, *(masking.stranger((words[-1], *others))[1:])))


def _program(argv: Sequence[str]) -> str:
    return PurePath(argv[0].replace("\\", "/")).name.removesuffix(".exe")


def _is_python(name: str | None) -> bool:
    return name is not None and "://" not in name and PurePath(name).suffix in {".py", ".pyw"}


def _name(argv: Sequence[str], arguments: _Arguments) -> str:
    if argv and _program(argv) == "uvx":
        return "tool run"
    match arguments.positional:
        case [group, command, *_] if group in _GROUPS:
            return f"{group} {command}"
        case [command, *_]:
            return command
        case _:
            return ""


def _parse(argv: Sequence[str]) -> _Arguments:
    arguments = _Arguments()
    rest = iter(argv[1:])
    for word in rest:
        if word == "--":
            _take_all(tuple(rest), arguments)
        elif word.startswith("--"):
            name, has_value, value = word[2:].partition("=")
            if not has_value and _takes_value(name, arguments):
                value = next(rest, "")
            arguments.options[name] = value
        elif word.startswith("-") and len(word) > 1:
            _parse_short(word[1:], rest, arguments)
        else:
            arguments.positional.append(word)
            if _user_command_follows(arguments):
                arguments.following = len(tuple(rest))
    return arguments


def _take_all(words: Sequence[str], arguments: _Arguments) -> None:
    for taken, word in enumerate(words, 1):
        arguments.positional.append(word)
        if _user_command_follows(arguments):
            arguments.following = len(words) - taken


def _parse_short(letters: str, rest: Iterator[str], arguments: _Arguments) -> None:
    for index, letter in enumerate(letters):
        # `-m` is a marker for `add`, and for `run` a switch: a module is run.
        takes_value = letter in _VALUED_SHORT and not (letter == "m" and arguments.positional[:1] == ["run"])
        if takes_value or (letter == "s" and _takes_value("script", arguments)):
            arguments.options["script" if letter == "s" else letter] = letters[index + 1 :] or next(rest, "")
            return
        arguments.options[letter] = ""


def _takes_value(name: str, arguments: _Arguments) -> bool:
    if name == "script":
        return arguments.positional[:1] not in ([command] for command in _SCRIPT_IS_A_FLAG)
    return name in _VALUED_LONG


def _user_command_follows(arguments: _Arguments) -> bool:
    """After the command of `uv run` and `uv tool run`, the words belong to that command and not to uv."""
    match arguments.positional:
        case ["run", _] | ["tool", "run", _]:
            return True
        case _:
            return False
