"""Whose a project is: uv's, or another manager's (Poetry, PDM, pixi, Hatch, Pipenv, conda-lock), by what can be seen.

An edit by uv in a project of another manager makes a second lock file beside that one's, and no error. A project is
uv's where `[tool.uv]` or a `uv.lock` says so, or the setting `manager`.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from lsp_server.core import toml

FILES: Mapping[str, str] = {
    "poetry.lock": "Poetry",
    "pdm.lock": "PDM",
    "pixi.toml": "pixi",
    "pixi.lock": "pixi",
    "Pipfile": "Pipenv",
    "Pipfile.lock": "Pipenv",
    "conda-lock.yml": "conda-lock",
    "conda-lock.yaml": "conda-lock",
    "uv.lock": "uv",
}
"""Files beside a manifest that say who manages the project."""

_INSTEAD = {
    "Poetry": "poetry add",
    "PDM": "pdm add",
    "pixi": "pixi add",
    "Hatch": "edit the environments in pyproject.toml",
    "Pipenv": "pipenv install",
    "conda-lock": "edit the environment file, then run conda-lock",
}
# What these tables hold when the tool only builds: a project of uv's may have that.
_BUILD_ONLY = {"pdm": frozenset({"build", "version"})}


@dataclass(frozen=True, slots=True)
class Managers:
    """Who manages a project: each one's evidence, such as `pdm.lock` or `[tool.pdm] in pyproject.toml`."""

    evidence: Mapping[str, tuple[str, ...]]

    @property
    def other(self) -> str | None:
        """The manager whose the project is, if it is not uv's."""
        return None if "uv" in self.evidence else next(iter(self.evidence), None)

    def refusal(self) -> str | None:
        """Say whose the project is and what to do; None for one that is uv's or nobody's."""
        if self.other is None:
            return None
        seen = " and ".join(self.evidence[self.other])
        ours = "to manage it with uv, add a [tool.uv] table to pyproject.toml or set 'pyproject.manager' to \"uv\""
        return (
            f"this project is managed by {self.other} ({seen}), so uv does not edit it; use '{_INSTEAD[self.other]}', or, {ours}"
        )

    def doubt(self) -> str | None:
        """Say that two managers were seen in one project; None where there is one at most."""
        if len(self.evidence) < 2:  # noqa: PLR2004  two managers
            return None
        seen = "; ".join(f"{name}: {', '.join(found)}" for name, found in self.evidence.items())
        whose = f"it is taken for {self.other}'s" if self.other else "it is taken for uv's"
        return f"this project has more than one manager ({seen}); {whose}: remove what is not used any more"


@lru_cache(maxsize=32)
def of(text: str, files: frozenset[str] | tuple[str, ...], setting: str = "auto") -> Managers:
    """Return who manages a project.

    Args:
        text: the manifest of its root.
        files: which of `FILES` stand beside that.
        setting: the setting `manager`; "uv" makes each project uv's.

    """
    found: dict[str, list[str]] = {}
    for name, seen in (*_by_table(text), *_by_file(files)):
        found.setdefault(name, []).append(seen)
    if setting == "uv":
        found.setdefault("uv", ["the setting 'pyproject.manager'"])
    return Managers({name: tuple(seen) for name, seen in found.items()})


def _by_file(files: Collection[str]) -> Iterator[tuple[str, str]]:
    return ((FILES[name], name) for name in FILES if name in files)


def _by_table(text: str) -> Iterator[tuple[str, str]]:
    paths = {path[:3] for path in _paths(text) if path[:1] == ("tool",) and len(path) > 1}
    for tool, name in (("uv", "uv"), ("poetry", "Poetry"), ("pdm", "PDM"), ("pixi", "pixi")):
        below = {path[2] for path in paths if path[1] == tool and len(path) > 2}  # noqa: PLR2004  tool, name, key
        is_build = bool(below) and below <= _BUILD_ONLY.get(tool, frozenset())
        if not is_build and any(path[1] == tool for path in paths):
            yield name, f"[tool.{tool}] in pyproject.toml"
    if any(path[1:3] == ("hatch", "envs") for path in paths):
        yield "Hatch", "[tool.hatch.envs] in pyproject.toml"


def _paths(text: str) -> Iterator[toml.Path]:
    document = toml.scan(text)
    yield from (header.path for header in document.headers)
    yield from document.index
