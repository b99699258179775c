"""Upgrades with the real uv: over bounds and within them, in all tables, in workspaces, and what cannot be upgraded."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from demo import parts
from lsp_server.core.operation import Operation
from tests.support import projects
from tests.support.office import desk
from tests.support.projects import Project, Tools

HEAD = '[project]\nname = "demo"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'


def settings(wheels: Path, *more: str) -> str:
    return "\n".join(["", "[tool.uv]", "no-index = true", f'find-links = ["{wheels.as_posix()}"]', *more, ""])


def locked(project: Project, name: str) -> str:
    return project.lock_text().partition(f'name = "{name}"\nversion = "')[2].partition('"')[0]


def upgrade(project: Project, uri: Path | None = None, **argument: Any) -> Operation:
    argument |= {"uri": uri.as_uri()} if uri else {}
    with desk(project) as jobs:
        (done,) = jobs.done(jobs.ask("upgrade", **argument))
    project.uv_ok("lock", "--check")
    return done


def test_a_lower_bound_that_the_newest_version_satisfies_stays_behind(project: Project) -> None:
    project.write(HEAD + 'dependencies = ["alpha>=1.0", "eta"]\n' + settings(project.wheels))
    project.uv_ok("lock")
    before = project.lock_text()
    done = upgrade(project, packages=["alpha"])
    assert '["alpha>=2.0", "eta"]' in project.text()
    assert "alpha: alpha>=1.0 → alpha>=2.0" in done.message
    (change,) = done.changes.statements
    assert (change.table, change.name, change.before, change.after) == ("dependencies", "alpha", "alpha>=1.0", "alpha>=2.0")
    assert change.file == project.manifest.as_uri()
    assert project.lock_text() == before.replace('specifier = ">=1.0"', 'specifier = ">=2.0"')
    assert not done.changes.locked


EVERYWHERE = (
    HEAD
    + """dependencies = [
    'eta >= 1.0 , < 1.1 ; python_version >= "3"',  # why
    "alpha", "demo[fast]",
]
[project.optional-dependencies]
fast = ["eta~=1.0"]
[dependency-groups]
dev = ["eta==1.*", {include-group = "lint"}]
lint = ["delta==1.0"]
[build-system]
requires = ["eta<1.1"]
build-backend = "x"
"""
)


def everywhere(project: Project) -> str:
    lists = ('constraint-dependencies = ["eta<=1.1"]', 'override-dependencies = ["zeta<1"]', "package = false")
    text = EVERYWHERE + settings(project.wheels, *lists)
    project.write(text)
    project.uv_ok("lock")
    return text


def test_a_table_or_a_style_is_left_out_of_all(project: Project) -> None:
    text = everywhere(project)
    done = upgrade(project, all=True)
    expected = text.replace("eta >= 1.0 , < 1.1 ;", "eta >= 2.0 , < 2.1 ;").replace("eta~=1.0", "eta~=2.0")
    expected = expected.replace("eta==1.*", "eta==2.*").replace("delta==1.0", "delta==1.1")
    assert project.text() == expected.replace("eta<1.1", "eta<2.1").replace("eta<=1.1", "eta<=2.0")
    tables = {change.table for change in done.changes.statements}
    lists = {"build-system.requires", "tool.uv.constraint-dependencies"}
    assert tables == {"dependencies", "extra:fast", "group:dev", "group:lint", *lists}
    with desk(project) as jobs:
        jobs.done(jobs.ask("undo", id=done.id))
    assert project.text() == text


@pytest.mark.parametrize(
    ("argument", "changed", "version"),
    [
        ({"strategy": "lock"}, {}, "1.0.1"),
        ({"strategy": "within"}, {"eta >= 1.0": "eta >= 1.0.1"}, "1.0.1"),
        ({"level": "patch"}, {"eta >= 1.0": "eta >= 1.0.1"}, "1.0.1"),
        ({"level": "minor"}, {"eta >= 1.0 , < 1.1": "eta >= 1.1 , < 1.2", "eta~=1.0": "eta~=1.1", "eta<1.1": "eta<1.2"}, "1.1"),
    ],
)
def test_a_strategy_or_a_level_goes_too_far(project: Project, argument: Any, changed: dict[str, str], version: str) -> None:
    text = everywhere(project)
    project.uv_ok("lock", "--upgrade-package=eta==1.0")
    assert locked(project, "eta") == "1.0"
    upgrade(project, packages=["eta"], **argument)
    for old, new in changed.items():
        text = text.replace(old, new)
    assert project.text() == text
    assert locked(project, "eta") == version


def test_a_group_takes_other_tables_along_or_leaves_what_it_includes(project: Project) -> None:
    groups = '[dependency-groups]\ndev = [{include-group = "lint"}, "zeta"]\nlint = ["delta==1.0"]\n'
    text = f'{HEAD}dependencies = ["alpha<2"]\n{groups}{settings(project.wheels)}'
    project.write(text)
    upgrade(project, all=True, group="dev")
    assert project.text() == text.replace("delta==1.0", "delta==1.1")
    with desk(project) as jobs:
        assert "no group 'docs'" in jobs.failed(jobs.ask("upgrade", all=True, group="docs"), "not-found")


def members(tools: Tools, wheels: Path) -> tuple[Project, dict[str, Project]]:
    found, inner = projects.workspace(tools, wheels)
    inner["one"].write(inner["one"].text().replace('"alpha"', '"alpha>=1.0,<2", "eta~=1.0.0"'))
    inner["two"].write(inner["two"].text().replace('"alpha"', "'alpha==1.*'"))
    found.uv_ok("lock")
    return found, inner


def test_members_of_a_workspace_part_or_an_upgrade_of_them_is_no_single_step(tools: Tools, wheels: Path) -> None:
    found, inner = members(tools, wheels)
    before = [each.text() for each in (found, *inner.values())]
    lock = found.lock_text()
    done = upgrade(found, all=True, workspace=True)
    assert '"alpha>=2.0,<3", "eta~=2.0.0"' in inner["one"].text()
    assert "'alpha==2.*'" in inner["two"].text()
    assert "left out: one (workspace member)" in done.message
    assert {one.name for one in done.changes.locked} == {"alpha", "eta"}
    with desk(found) as jobs:
        assert len(jobs.changes()) == 1
        jobs.done(jobs.ask("undo", id=done.id))
    assert [each.text() for each in (found, *inner.values())] == before
    assert found.lock_text() == lock


def test_a_member_follows_only_where_it_is_asked(tools: Tools, wheels: Path) -> None:
    found, inner = members(tools, wheels)
    upgrade(found, inner["two"].manifest, all=True)
    assert "'alpha==2.*'" in inner["two"].text()
    assert '"alpha>=2.0,<3", "eta~=1.0.0"' in inner["one"].text(), "alpha follows, what the other declares besides does not"


def test_one_path_dependency_stops_all_others(tools: Tools, wheels: Path) -> None:
    found = projects.with_path_source(tools, wheels)
    found.write(found.text().replace('"lib"', '"lib", "delta<1.1"'))
    done = upgrade(found, all=True)
    assert '"delta<1.2"' in found.text()
    assert "left out: lib (path)" in done.message
    with desk(found) as jobs:
        said = jobs.failed(jobs.ask("upgrade", packages=["lib"]), "not-found")
    assert "no index has anything newer of lib (path); nothing was changed" in said


def test_what_only_others_need_moves_in_the_manifest_or_not_at_all(project: Project) -> None:
    text = HEAD + 'dependencies = ["beta"]\n' + settings(project.wheels, 'constraint-dependencies = ["alpha<2"]')
    project.write(text)
    project.uv_ok("lock")
    project.write(text.replace('constraint-dependencies = ["alpha<2"]', ""))
    assert locked(project, "alpha") == "1.1"
    done = upgrade(project, packages=["alpha"])
    assert locked(project, "alpha") == "2.0"
    assert "uv.lock: alpha 1.1 → 2.0" in done.message


def test_what_does_not_build_keeps_the_others_back(project: Project) -> None:
    more = project.root.parent / "more"
    parts.make_sdist(more, "delta", "3.0", parts.Backend(at="metadata", then="fail"))
    found = settings(project.wheels).replace("find-links = [", f'find-links = ["{more.as_posix()}", ')
    project.write(HEAD + 'dependencies = ["alpha<2", "delta<1.1", "eta<1.1", "zeta"]\n' + found)
    project.uv_ok("lock")
    done = upgrade(project, all=True)
    assert '["alpha<3", "delta<1.1", "eta<2.1", "zeta"]' in project.text()
    assert "left as it is: delta (" in done.message
    assert "delta==3.0" in done.message


def test_a_level_is_for_manifests_only(tools: Tools, wheels: Path, project: Project) -> None:
    script = projects.script(tools, wheels, ["alpha<2", "delta==1.0"])
    script.write_text(script.read_text("utf-8").replace("print(", "# body\nprint("), "utf-8")
    with desk(project, script=script) as jobs:
        jobs.done(jobs.ask("upgrade", uri=script.as_uri(), script=True, all=True, level="minor"))
    assert "alpha<2" in script.read_text("utf-8")
    assert "delta==1.1" in script.read_text("utf-8")


def test_all_members_get_a_version_one_by_one(tools: Tools, wheels: Path) -> None:
    found, inner = members(tools, wheels)
    before = [each.text() for each in (found, *inner.values())]
    with desk(found) as jobs:
        (done,) = jobs.done(jobs.ask("bumpVersion", bump=["minor", "beta"], workspace=True))
        assert [(one.table, one.name, one.after) for one in done.changes.statements] == [
            ("version", "space", "0.2.0b1"),
            ("version", "one", "1.1b1"),
            ("version", "two", "1.1b1"),
        ]
        assert len(jobs.changes()) == 1
        found.uv_ok("lock", "--check")
        jobs.done(jobs.ask("undo", id=done.id))
        assert [each.text() for each in (found, *inner.values())] == before
        jobs.done(jobs.ask("bumpVersion", bump="patch", member="two"))
    assert 'version = "1.0.1"' in inner["two"].text()
    assert inner["one"].text() == before[1]


def test_what_another_package_holds_back_is_told_with_no_reason(project: Project) -> None:
    project.write(HEAD + 'dependencies = ["theta", "alpha<1.1", "eta<1.1"]\n' + settings(project.wheels))
    project.uv_ok("lock")
    done = upgrade(project, all=True)
    assert '["theta", "alpha<1.2", "eta<2.1"]' in project.text()
    assert "alpha stays at 1.1, 2.0 is the newest: " in done.message
    assert "theta" in done.message.partition("is the newest: ")[2]
    assert "eta stays" not in done.message


def test_a_person_is_told_of_a_version_that_they_exclude(project: Project) -> None:
    project.write(
        HEAD + 'dependencies = ["alpha!=2.0,>=1.0", "eta ~= 1.0 ; python_version < \'3.0\'"]\n' + settings(project.wheels)
    )
    done = upgrade(project, all=True)
    assert "alpha!=2.0,>=1.1" in project.text()
    assert "stays" not in done.message


@contextmanager
def dated_index(wheels: Path, name: str, dates: Mapping[str, str]) -> Iterator[str]:
    """An index on this machine that says when each version of one package came (PEP 700)."""
    files = {f"{name}-{version}-py3-none-any.whl": date for version, date in dates.items()}

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.path.rstrip("/").rpartition("/")[2]
            if wanted in files:
                self.answer((wheels / wanted).read_bytes(), "application/octet-stream")
                return
            listed = [{"filename": each, "url": f"/{each}", "hashes": {}, "upload-time": date} for each, date in files.items()]
            page = {"meta": {"api-version": "1.1"}, "name": name, "versions": [*dates], "files": listed}
            self.answer(json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")

        def answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  the name that http.server calls

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/simple"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_what_came_after_the_cooldown_is_called_newer(project: Project) -> None:
    dates = {"1.0": "2025-01-01T00:00:00Z", "1.1": "2025-02-01T00:00:00Z", "2.0": "2026-01-01T00:00:00Z"}
    outside = {name: value for name, value in project.tools.environment.items() if name != "UV_OFFLINE"}
    project = replace(project, tools=replace(project.tools, environment=outside))
    with dated_index(project.wheels, "alpha", dates) as index:
        source = f'[[tool.uv.index]]\nurl = "{index}"\ndefault = true\n'
        project.write(f'{HEAD}dependencies = ["alpha==1.0"]\n[tool.uv]\nexclude-newer = "2025-06-01T00:00:00Z"\n{source}')
        done = upgrade(project, all=True)
        assert '["alpha==1.1"]' in project.text()
        assert "2.0" not in done.message
