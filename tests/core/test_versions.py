"""The number in the title of a bump is the number that uv will make."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo import parts
from lsp_server.core.versions import bumped
from tests.support.projects import Project

VERSIONS = (  # noqa: SIM905  versions read better without quotes
    "0 1 1.0 1.2 v1.2 1.2.3 1.9.9 1.2.3.4 1.2.3.4.5 1.02.3 2024.01.05 1.2a1 1.2.3rc1 1.2.3.post1 1.0-1 "
    "1.2.3.dev4 1.2.3a1.dev2 2!1.2.3 1.2.3+local.1 1.2.3+Local-1 99999999999999999999.1"
).split()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_title_shows_what_uv_makes(project: Project, version: str) -> None:
    parts.write(project.manifest, f'[project]\nname = "x"\nversion = "{version}"\n')
    for part in ("major", "minor", "patch"):
        real = project.uv("version", "--bump", part, "--dry-run", "--short", "--frozen")
        assert bumped(version, part) == (real.stdout.strip() or None), f"{version} {part}"


@pytest.mark.parametrize("version", ["", "one", "1.2.x", "1..2"])
def test_what_is_no_version_has_no_next_one(version: str) -> None:
    assert bumped(version, "major") is None


@given(st.text(), st.text())
def test_no_text_makes_it_raise(version: str, part: str) -> None:
    assert bumped(version, part) is None or bumped(version, part) != version
