"""Projects with the dependencies of much used public ones, written anew, and empty packages that they resolve to.

`manifests.json` holds facts of their published metadata: names, versions, requirements, extras. Nothing is copied.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version

from demo import parts
from lsp_server.core.requirement import normalize
from tests.differential.scenes import ROOT, Draw, Scene, array, neighbours, tables


@cache
def known() -> tuple[Mapping[str, Any], ...]:
    """The facts, one entry a project."""
    return tuple(json.loads(Path(__file__).with_name("manifests.json").read_text("utf-8")))


def stubs(wanted: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Names and versions of packages that satisfy each of these requirements by itself: the oldest and the newest that do."""
    found: set[tuple[str, str]] = set()
    by_name: dict[str, list[Requirement]] = {}
    for text in wanted:
        parsed = Requirement(text)
        by_name.setdefault(normalize(parsed.name), []).append(parsed)
    for name, each in by_name.items():
        candidates = sorted({Version("1.0"), Version("99.0")}.union(*(_near(one) for one in each)))
        for one in each:
            good = [version for version in candidates if one.specifier.contains(version, prereleases=True)]
            found |= {(name, str(version)) for version in (good[:1] + good[-1:])}
    return frozenset(found)


def _near(one: Requirement) -> set[Version]:
    found: set[Version] = set()
    for specifier in one.specifier:
        version = Version(specifier.version.removesuffix(".*"))
        below = (version.major, max(0, version.minor - 1)) if version.minor else (max(0, version.major - 1), 9)
        found |= {version, Version(f"{version.major}.{version.minor}.{version.micro + 1}"), Version(f"{below[0]}.{below[1]}")}
    return found


@st.composite
def public(draw: Draw) -> Scene:
    """One of them, in one of the styles."""
    facts = draw(st.sampled_from(known()))
    extras = {name: draw(array(values)) for name, values in facts["extras"].items()}
    text = f'[project]\nname = "app"\nversion = "{facts["version"]}"\nrequires-python = ">=3.11"\n'
    text += f"dependencies = {draw(array(facts['dependencies']))}\n\n"
    if extras:
        text += draw(tables("project.optional-dependencies", extras)) + "\n"
    text += f"[dependency-groups]\ndev = {draw(array(facts['dependencies'][:2]))}\n\n"
    text += '[tool.uv]\nno-index = true\nfind-links = ["../wheels", "../stubs"]\n'
    named = [*facts["dependencies"], *(each for values in facts["extras"].values() for each in values)]
    return Scene(
        {**neighbours(), f"{ROOT}/pyproject.toml": text},
        {},
        {},
        ROOT,
        {},
        None,
        tuple(facts["extras"]),
        ("dev",),
        stubs(named),
        facts["dependencies"],
    )


def write_stubs(folder: Path, wanted: Iterable[tuple[str, str]]) -> None:
    """Write an empty wheel for each."""
    for name, version in sorted(wanted):
        parts.make_wheel(folder, name, version)
