"""What uv's words mean: an error code, one sentence, and which packages are at fault."""

import re

from lsp_server.core.operation import Failure

# In the words of Linux, macOS and Windows, by name or number, of uv or of a build.
_NO_SPACE = re.compile(
    r"No space left on device|os error (?:28|112|122)\b|[Dd]isk quota exceeded|not enough space on the disk|Errno (?:28|122)\b"
)
_TITLES = (
    # The order matters: a killed uv says nothing of the build, and a build that fails while resolving is a failed build.
    (re.compile(r"^error: uv was killed by ", re.MULTILINE), "uv-failed"),
    (_NO_SPACE, "no-space"),
    (re.compile(r"Failed to build|build backend returned an error|Failed to prepare distributions"), "build-failed"),
    (re.compile(r"No solution found when resolving"), "unresolvable"),
    (re.compile(r"was not found in the (package registry|provided package locations)"), "unresolvable"),
    (re.compile(r"could not be found in (the )?`|not found in `|The dependency .* could not be found"), "not-found"),
    (re.compile(r"was not found in `project\.dependencies"), "not-found"),
    (re.compile(r"Package `?[^`]+`? not found in workspace|No such file|does not exist"), "not-found"),
    (re.compile(r"TOML parse error|Failed to parse: `?pyproject\.toml"), "invalid-toml"),
    (
        re.compile(r"Failed to parse: |Expected .* found `|invalid (version|requirement)", re.IGNORECASE),
        "invalid-requirement",
    ),
)
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_NOISE = re.compile(
    r"^(Using |Building |Built |Downloading |Updating |Creating |Activate |Resolved |Resolving |Prepared |Audited "
    r"|Installed |Uninstalled |warning: |hint: )"
)
# Hints about options of a command line that nobody typed.
_USELESS = re.compile(r"^hint: If you want to add the package regardless of the failed resolution.*\n?", re.MULTILINE)
_CAUSE = ("cause: ", "Caused by: ")
_DECORATION = re.compile(r"^[\s│╰─▶\u00d7├┬┆·]+")
_LOCK_OUTDATED = re.compile(r"lockfile .*needs to be updated|lockfile .*out.?dated", re.IGNORECASE | re.DOTALL)


def failure(stderr: str, *, fallback: str = "uv-failed") -> Failure:
    """Make an operation's error out of what uv wrote to stderr.

    Args:
        stderr: all of it.
        fallback: the code for what no known title names.

    """
    words = _USELESS.sub("", _ANSI.sub("", stderr)).strip()
    code = next((code for title, code in _TITLES if title.search(words)), fallback)
    return Failure(code, sentence(words), words)


def sentence(words: str) -> str:
    """Return the one line of uv's words that says most: what failed, and the innermost cause."""
    lines = [_DECORATION.sub("", line).strip() for line in words.splitlines()]
    lines = [line for line in lines if line and not _NOISE.match(line)]
    if not lines:
        return "uv failed and printed no error; run the same command in a terminal with --verbose to see more"
    causes = [place for place, line in enumerate(lines) if line.startswith(_CAUSE)]
    first = lines[0].removeprefix("error: ")
    if causes:
        # The innermost cause runs on over the next lines, up to the hints.
        cause = " ".join(lines[causes[-1] :])
        for prefix in _CAUSE:
            cause = cause.removeprefix(prefix)
        return _shortened(f"{first}: {cause.strip()}")
    return _shortened(" ".join(lines) if first.endswith(":") else first)


def is_no_space(words: str) -> bool:
    """Tell whether a disk was full."""
    return _NO_SPACE.search(words) is not None


def lock_outdated(stderr: str) -> bool:
    """Tell whether a `uv sync --locked` refused because the manifest has moved on since the lock."""
    return _LOCK_OUTDATED.search(stderr) is not None


def _shortened(text: str, most: int = 300) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
