"""What a uv command line means: which command it is, for which project or script, and whether it edits a manifest.

Pure. The options are those of uv 0.13.9 (`uv help <command>`), plus names that older versions had. An option that we
do not know is taken for one without a value; the worst that follows is that its value is taken for the command's name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from lsp_server.core import masking

_GROUPS = frozenset({"auth", "cache", "pip", "python", "self", "tool", "workspace"})
_WRITERS = frozenset({"add", "init", "remove", "upgrade"})

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


def writes_manifest(argv: Sequence[str]) -> bool:
    """Whether this uv edits a `pyproject.toml` or, with `--script`, a script: reads it early and writes it late.

    `uv version` only does with a new value or with `--bump`. `sync`, `lock` and `run` write `uv.lock` at most.
    """
    arguments = _parse(argv)
    if arguments.options.keys() & {"dry-run", "help", "h"}:
        return False
    name = _name(argv, arguments)
    if name == "version":
        return "bump" in arguments.options or len(arguments.positional) > 1
    return name in _WRITERS


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
        if letter in _VALUED_SHORT or (letter == "s" and _takes_value("script", arguments)):
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
