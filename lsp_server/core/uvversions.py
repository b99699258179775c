"""Which uv is needed: the oldest that is supported at all, and what single operations need beyond it.

The oldest is the oldest that passes the differential suite (`bench/differential.py`): older ones write folders outside
of the project into `uv.lock` relative to the place where they run, which for a plan is the shadow.
"""

from collections.abc import Iterator, Mapping

from packaging.version import InvalidVersion, Version

OLDEST = Version("0.11.0")
NEEDS: Mapping[str, Version] = {
    "pyproject.audit": Version("0.11.16"),
}
"""Commands that need a newer uv than the oldest one."""


def refusal(version: str, command: str | None = None) -> str | None:
    """Say why a uv cannot be used, for anything or for one command; None if it can.

    Args:
        version: as `uv --version` says it.
        command: such as "pyproject.add"; None asks for what all of them need.

    """
    needed = max(OLDEST, NEEDS.get(command or "", OLDEST))
    try:
        found = Version(version)
    except InvalidVersion:
        return None  # one that somebody has built: it may be any
    if found >= needed:
        return None
    what = f"'{command}'" if command and needed > OLDEST else "pyproject-lsp"
    return f"{what} needs uv {needed} or newer; update it ('uv self update', or the tool that installed it)"


def lacking(version: str) -> Iterator[tuple[str, Version]]:
    """Yield the commands that a uv is too old for, with the version that each needs."""
    yield from ((command, needed) for command, needed in sorted(NEEDS.items()) if refusal(version, command))
