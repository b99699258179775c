"""Bounds of a requirement: what the resolver is shown, and where they go, each in the style that a person chose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version

from lsp_server.core import bounds


@pytest.mark.parametrize(
    ("text", "loose", "latest"),
    [
        ("a", "a", "a"),
        ("a>=21", "a>=21", "a>=26.1.3"),
        ("a>=21.0 ; os_name == 'nt'", "a>=21.0 ; os_name == 'nt'", "a>=26.1.3 ; os_name == 'nt'"),
        ("a>=1;x", "a>=1 ;x", "a>=26.1.3;x"),
        ("a > 1", "a>1", "a >= 26.1.3"),
        ("a>=1,<2", "a>=1", "a>=26.1.3,<27"),
        ("a<2,>=1", "a>=1", "a<27,>=26.1.3"),
        ("a<0.28", "a", "a<26.2"),
        ("a<2.0.0", "a", "a<27.0.0"),
        ("a<1.5.0", "a", "a<26.2.0"),
        ("a<1.5.7", "a", "a<26.1.4"),
        ("a<2.0.dev0", "a", "a<27.0.dev0"),
        ("a<27", "a", "a<27"),
        ("a<=1.9", "a", "a<=26.1.3"),
        ("a~=1.4", "a>=1.4", "a~=26.1"),
        ("a~=1.4.2", "a>=1.4.2", "a~=26.1.3"),
        ("a~=1.4.2.1", "a>=1.4.2.1", "a~=26.1.3.0"),
        ("a==1.4", "a>=1.4", "a==26.1.3"),
        ("a==1.*", "a>=1", "a==26.*"),
        ("a==1.4.*", "a>=1.4", "a==26.1.*"),
        ("a===1.4", "a>=1.4", "a===26.1.3"),
        ("a===build7", "a===build7", "a===build7"),
        ("a==1.4+cpu", "a>=1.4", "a==26.1.3"),
        ("a!=3.1,>=2", "a!=3.1,>=2", "a!=3.1,>=26.1.3"),
        ("a>=1!0.5", "a>=1!0.5", "a>=1!0.5"),
        ("a>=1.0a1", "a>=1.0a1", "a>=26.1.3"),
        ("a[x, y] (>=1 , <2)", "a[x, y]>=1", "a[x, y] (>=26.1.3 , <27)"),
    ],
)
def test_the_style_of_an_entry_is_not_kept_over_its_caps(text: str, loose: str, latest: str) -> None:
    assert bounds.loosened(text) == loose
    assert bounds.moved(text, ["26.1.3"], over_caps=True) == latest


@pytest.mark.parametrize(
    ("text", "chosen", "within"),
    [
        ("a>=1,<2", "1.9", "a>=1.9,<2"),
        ("a~=1.4", "1.9.2", "a~=1.9"),
        ("a~=1.4.2", "1.4.9", "a~=1.4.9"),
        ("a==1.4", "1.4", "a==1.4"),
        ("a==1.*", "1.9", "a==1.*"),
        ("a<=1.9", "1.9", "a<=1.9"),
        ("a<2", "1.9", "a<2"),
        ("a", "1.9", "a"),
    ],
)
def test_within_the_bounds_a_cap_or_a_pin_moves(text: str, chosen: str, within: str) -> None:
    assert bounds.moved(text, [chosen], over_caps=False) == within


@pytest.mark.parametrize(
    ("text", "versions", "latest"),
    [
        ("a>=1,<2", ["2.2", "3.1"], "a>=2.2,<4"),
        ("a==1.0", ["2.2", "3.1"], "a==2.2"),
        ("a~=1.0", ["2.2", "3.1"], "a~=2.2"),
        ("a==1.0+cpu", ["2.0+cpu"], "a==2.0+cpu"),
        ("a>=1.0", ["2.0+cpu"], "a>=2.0"),
        ("a~=1.0", ["2.0rc1"], "a~=2.0rc1"),
        ("a<1", ["1!0.3"], "a<1!1"),
        ("a>=1", [], "a>=1"),
        ("a>=1", ["nonsense"], "a>=1"),
    ],
)
def test_several_versions_or_unusual_ones_make_bounds_that_exclude_one(text: str, versions: list[str], latest: str) -> None:
    assert bounds.moved(text, versions, over_caps=True) == latest


@pytest.mark.parametrize(
    ("version", "level", "cap"),
    [
        ("1.4.2", "patch", "<1.5"),
        ("1.4.2", "minor", "<2"),
        ("1.4.2", "major", None),
        ("26", "patch", "<26.1"),
        ("1!2.3", "minor", "<1!3"),
        ("x", "minor", None),
    ],
)
def test_a_level_allows_a_longer_step(version: str, level: bounds.Level, cap: str | None) -> None:
    assert bounds.limit(version, level) == cap


@pytest.mark.parametrize(
    ("text", "limited"),
    [
        ("a", "a<2"),
        ("a>=1 ; x", "a>=1,<2 ; x"),
        ("a[b] (>=1)", "a[b]>=1,<2"),
        ("a==1.*", "a==1.*,<2"),
    ],
)
def test_a_limit_is_no_part_of_the_requirement(text: str, limited: str) -> None:
    assert bounds.limited(text, "<2") == limited


def test_a_step_of_the_first_part_is_not_marked() -> None:
    assert bounds.is_major("1.9", "2.0")
    assert bounds.is_major("1.0", "1!1.0")
    assert not bounds.is_major("1.9", "1.10")
    assert not bounds.is_major(None, "1")


RELEASES = st.lists(st.integers(0, 30), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
CLAUSES = st.one_of(
    st.builds("{}{}".format, st.sampled_from([">=", ">", "<", "<=", "=="]), RELEASES),
    RELEASES.map(lambda release: f"~={release}.1"),
    RELEASES.map(lambda release: f"=={release}.*"),
)


@given(CLAUSES, RELEASES)
def test_the_chosen_version_is_excluded_or_the_requirement_is_broken(clause: str, chosen: str) -> None:
    """Whatever the loosened requirement allowed, the moved one allows."""
    text = f"a[x]{clause} ; os_name == 'nt'"
    if not Requirement(bounds.loosened(text)).specifier.contains(chosen):
        return
    moved = Requirement(bounds.moved(text, [chosen], over_caps=True))
    assert moved.specifier.contains(chosen)
    assert (moved.name, moved.extras, str(moved.marker)) == ("a", {"x"}, 'os_name == "nt"')
    assert Version(bounds.lowest(text) or "0") <= Version(bounds.lowest(str(moved)) or "0")
