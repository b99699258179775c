"""The number in the title of a bump is the number that uv will make."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo import parts
from lsp_server.core.intent.newer import RELEASE, BumpPart
from lsp_server.core.versions import bumped, choices
from tests.support.projects import Project

VERSIONS = (  # noqa: SIM905  versions read better without quotes
    "0 1 1.0 1.2 v1.2 1.2.3 1.9.9 1.2.3.4 1.2.3.4.5 1.02.3 2024.01.05 1.2a1 1.2.3rc1 1.2.3.post1 1.0-1 "
    "1.2.3.dev4 1.2.3a1.dev2 2!1.2.3 1.2.3+local.1 1.2.3+Local-1 99999999999999999999.1"
).split()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_title_shows_what_uv_makes(project: Project, version: str) -> None:
    parts.write(project.manifest, f'[project]\nname = "x"\nversion = "{version}"\n')
    for part in get_args(BumpPart):
        assert bumped(version, part) == made(project, part), f"{version} {part}"


@pytest.mark.parametrize("version", ["1.2.3", "1.2rc1", "2!1.2.3a1.dev2"])
def test_a_choice_is_impossible_or_a_possible_one_is_not_offered(project: Project, version: str) -> None:
    parts.write(project.manifest, f'[project]\nname = "x"\nversion = "{version}"\n')
    asked: list[tuple[str, ...]] = [(part,) for part in get_args(BumpPart)]
    asked += [(one, other) for one in RELEASE for other in get_args(BumpPart)]
    real = {words: number for words in asked if (number := made(project, *words))}
    assert dict(choices(version)) == real


def made(project: Project, *parts: str) -> str | None:
    words = [f"--bump={part}" for part in parts]
    return project.uv("version", *words, "--dry-run", "--short", "--frozen").stdout.strip() or None


@pytest.mark.parametrize("version", ["", "one", "1.2.x", "1..2"])
def test_what_is_no_version_has_no_next_one(version: str) -> None:
    assert bumped(version, "major") is None


@given(st.text(), st.text())
def test_no_text_makes_it_raise(version: str, part: str) -> None:
    assert bumped(version, part) is None or bumped(version, part) != version
