"""What the case files cannot say of checks: the state of the project, settings, and that every code is explained."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_server.core import releases
from lsp_server.core.codes import SEVERITIES
from lsp_server.core.settings import Settings, read
from lsp_server.core.snapshot import Around, ProjectState, Snapshot
from lsp_server.features.checks.finding import PAGE
from lsp_server.features.checks.requirements import contradicts, likely
from lsp_server.features.diagnostics import diagnostics
from tests.features import universe

TEXT = '[project]\nname = "demo"\ndependencies = ["alpha", "zope.interface>=9"]\n'


def codes(snapshot: Snapshot) -> dict[str, int]:
    return {one["code"]: one["range"]["start"]["line"] for one in diagnostics(snapshot)}


def known(text: str = TEXT, **changes: Any) -> Snapshot:
    return replace(universe.snapshot(text), **changes)


def test_every_code_has_a_place_on_the_page_that_it_leads_to() -> None:
    page = Path(PAGE.removeprefix("file://")).read_text("utf-8")
    assert [code for code in SEVERITIES if f'<a id="{code}"></a>\n## {code}\n' not in page] == []
    (one, *_) = diagnostics(known('[project]\nname = "demo"\nversion = "x"\n'))
    assert one["codeDescription"]["href"] == f"{PAGE}#invalid-version"


def test_a_lock_file_that_is_behind_is_said_of_the_saved_text_only() -> None:
    state = ProjectState("stale", "stale", TEXT)
    assert codes(known(state=state)) == {"lock-stale": 1, "environment-stale": 1}
    assert codes(known(TEXT + "# typed", state=state)) == {}


@pytest.mark.parametrize("reason", ["Because zope-interface>=9 was not found", "only Zope.Interface<=7 is available"])
def test_a_failed_plan_stands_on_the_lines_it_names_until_the_text_changes(reason: str) -> None:
    state = ProjectState(failure=reason, failed_text=TEXT)
    (one,) = diagnostics(known(state=state))
    assert (one["code"], one["message"]) == ("unresolvable", reason)
    assert one["range"]["start"]["character"] == TEXT.splitlines()[2].index('"zope')
    assert codes(known(TEXT.replace("9", "8"), state=state)) == {}


def test_a_failure_that_names_none_of_them_stands_on_the_project() -> None:
    assert codes(known(state=ProjectState(failure="no internet, alphabet", failed_text=TEXT))) == {"unresolvable": 1}


def test_a_source_of_nothing_is_said_outside_of_workspaces() -> None:
    text = TEXT + '[tool.uv.sources]\nother = { path = "x" }\n'
    assert codes(known(text, around=Around({"demo": "."}))) == {"unused-source": 4}
    assert codes(known(text)) == {}


def test_a_python_that_is_excluded_is_the_environments() -> None:
    text = '[project]\nname = "demo"\nrequires-python = ">=3.12"\n'
    packages = replace(universe.snapshot(text).packages, python="3.11.4")
    assert codes(known(text, packages=packages)) == {"requires-python-excludes": 2}
    assert codes(known(text, packages=replace(packages, python="3.13.0"))) == {}


@pytest.mark.parametrize(("wanted", "severity"), [("hint", 4), ("error", 1), ("off", None)])
def test_a_setting_says_how_loudly(wanted: str, severity: int | None) -> None:
    settings, problems = read({"diagnostics": {"unknown-package": wanted}})
    assert problems == {}
    found = diagnostics(known('[project]\nname = "demo"\ndependencies = ["absent"]\n', settings=settings))
    assert [one["severity"] for one in found] == ([] if severity is None else [severity])


@pytest.mark.parametrize("odd", [{"diagnostics.nothing": "off"}, {"diagnostics.yanked": "loud"}, {"diagnostics": {"yanked": 1}}])
def test_a_wrong_severity_is_told_and_changes_nothing(odd: dict[str, Any]) -> None:
    settings, problems = read(odd)
    assert settings == Settings()
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a^0.2.3", "a>=0.2.3,<0.3"),
        ("a^0.0", "a>=0.0,<0.1"),
        ("a^1; python_version > '3'", "a>=1,<2; python_version > '3'"),
        ("a[x] 1.0", "a[x]==1.0"),
        ("a >= 1 < 2", "a >= 1,< 2"),
        ("a>=1", None),
        ("a ==", None),
        ("", None),
    ],
)
def test_what_other_tools_write_is_understood(text: str, meant: str | None) -> None:
    assert likely(text) == meant


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (">=1,<1", True),
        (">1,<=1", True),
        (">=1,<=1", False),
        (">=2,<1", True),
        ("==1,==1.0", False),
        ("==1,!=1", True),
        ("~=1.4,<1.4", True),
        ("~=1.4,==1.*", False),
        ("", False),
        (">=1a1,<1", False),
    ],
)
def test_bounds_contradict_only_where_no_version_fits(bounds: str, expected: bool) -> None:  # noqa: FBT001  a table's column
    allowed = releases.specifiers(bounds)
    assert allowed is not None
    assert contradicts(allowed) is expected
