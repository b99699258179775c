"""What we write is what the real uv writes at the real place, byte for byte: paths, variables, members, tables."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from demo import parts
from lsp_server.core.intent import BadArgument
from lsp_server.jobs.office import project_of
from tests.support import projects, twin
from tests.support.office import desk
from tests.support.projects import Project, Tools

Asked = tuple[Sequence[str], str, dict[str, Any]]
"""One operation: uv's words, the command of ours, its argument."""

TABLES = {
    "runtime": ((), {}),
    "group": (("--group=tools",), {"group": "tools"}),
    "extra": (("--optional=fast",), {"extra": "fast"}),
}


@pytest.fixture
def neighbours(tools: Tools, wheels: Path) -> Project:
    """A project with a wheel in a folder, a package beside it and one below it, and a subfolder to stand in."""
    project = projects.plain(tools, wheels)
    parts.make_package(project.root.parent / "glib", "glib", "1.0", requires=["alpha"])
    parts.make_package(project.root / "inner", "inner", "1.0")
    parts.make_wheel(project.root / "wh", "pkg05", "1.0.0")
    parts.make_wheel(project.root / "with blank ä", "pkg06", "1.0.0")
    (project.root / "sub" / "deep").mkdir(parents=True)
    return project


def same(project: Project, words: Sequence[str], command: str, **argument: Any) -> twin.Outcome:
    """Do an operation by uv and by us, compare, and return what became of it."""
    base = project.root.parent
    folder = Path(argument["folder"]) if "folder" in argument else None
    theirs = twin.by_uv(base, project, words, folder)
    ours = twin.by_us(base, project, command, **argument)
    assert ours.done == theirs.done, (ours.words, theirs.words)
    assert ours.texts == theirs.texts
    assert str(project.tools.base / "state") not in "".join(map(repr, (ours.words, ours.texts)))
    return ours


@pytest.mark.parametrize(
    ("requirement", "table"),
    [
        ("pkg05 @ file:wh/pkg05-1.0.0-py3-none-any.whl", "group"),
        ("pkg05 @ file:wh/pkg05-1.0.0-py3-none-any.whl", "extra"),
        ("glib @ file:../glib", "group"),
        ("inner @ file:inner", "extra"),
        ("pkg05 @ file:wh/pkg05-1.0.0-py3-none-any.whl", "runtime"),
        ("pkg06 @ file:with%20blank%20%C3%A4/pkg06-1.0.0-py3-none-any.whl", "runtime"),
        ("glib @ file:../glib", "runtime"),
        ("glib @ ../glib", "runtime"),
        ("glib @ file://{base}/glib", "runtime"),
        ("glib @ {base}/glib ; python_version > '3'", "runtime"),
        ("inner @ file:inner", "runtime"),
        ("inner @ file://{base}/demo/inner", "runtime"),
    ],
)
def test_a_place_on_this_machine_is_written_as_uv_writes_it(neighbours: Project, requirement: str, table: str) -> None:
    wanted = requirement.format(base=neighbours.root.parent)
    options, where = TABLES[table]
    made = same(neighbours, ("add", "--no-sync", *options, "--", wanted), "add", requirements=[wanted], **where)
    assert made.done


@pytest.mark.parametrize("requirement", ["glib @ file:../glib", "glib @ ../glib"])
def test_an_editable_place_is_written_as_uv_writes_it(neighbours: Project, requirement: str) -> None:
    made = same(neighbours, ("add", "--no-sync", "--editable", requirement), "add", requirements=[requirement], editable=True)
    assert b"editable" in made.texts["demo/pyproject.toml"]


@pytest.mark.parametrize("folder", ["sub", "sub/deep", ".."])
@pytest.mark.parametrize("form", ["glib @ file:{}", "glib @ {}"])
def test_a_relative_place_counts_from_where_the_person_stands(neighbours: Project, folder: str, form: str) -> None:
    stand = Path(os.path.normpath(neighbours.root / folder))
    wanted = form.format(os.path.relpath(neighbours.root.parent / "glib", stand))
    wanted = wanted.replace("@ glib", "@ ./glib")
    words = ("add", f"--project={neighbours.root}", "--no-sync", wanted)
    assert same(neighbours, words, "add", requirements=[wanted], folder=str(stand)).done


@pytest.mark.parametrize("requirement", ["pkg05 @ file:demo/wh/pkg05-1.0.0-py3-none-any.whl", "glib @ ./glib"])
def test_a_place_goes_into_a_script_as_uv_writes_it(neighbours: Project, wheels: Path, requirement: str) -> None:
    path = projects.script(neighbours.tools, wheels)
    made = same(
        neighbours,
        ("add", f"--script={path}", "--", requirement),
        "add",
        requirements=[requirement],
        script=path,
        folder=str(path.parent),
    )
    assert made.done
    assert b"[tool.uv.sources]" in made.texts["script.py"]


VARIABLES = {
    "UV_FIND_LINKS": "{up}more",
    "UV_CONSTRAINT": "{up}limits.txt",
    "UV_OVERRIDE": "{up}limits.txt",
    "UV_CONFIG_FILE": "{up}other.toml",
    "UV_CACHE_DIR": "{up}own-cache",
    "UV_RESOLUTION": "lowest",
    "UV_PRERELEASE": "allow",
    "UV_EXCLUDE_NEWER": "2020-01-01T00:00:00Z",
    "UV_PYTHON": "{up}py/bin/python",
}


@pytest.mark.parametrize("name", VARIABLES)
def test_a_setting_in_a_variable_means_what_it_means_to_uv(neighbours: Project, wheels: Path, name: str) -> None:
    base, stand = neighbours.root.parent, neighbours.root / "sub"
    shutil.copytree(wheels, base / "more")
    parts.write(base / "limits.txt", "eta<2\n")
    parts.write(base / "other.toml", f'no-index = true\nfind-links = ["{base.as_posix()}/more"]\n')
    (base / "py").symlink_to(Path(neighbours.tools.environment["UV_PYTHON"]).parent.parent)
    value = VARIABLES[name].format(up=os.path.relpath(base, stand) + "/")
    if name in {"UV_FIND_LINKS", "UV_CONFIG_FILE"}:
        neighbours.write(parts.manifest())
    project = twin.with_variables(neighbours, **{name: value})
    same(project, ("add", "--no-sync", "eta"), "add", requirements=["eta"], folder=str(stand))
    assert not (neighbours.root / "own-cache").exists()


MISLEADING = {
    "UV_WORKING_DIRECTORY": "{other}",
    "UV_WORKING_DIR": "{other}",
    "UV_PROJECT": "{other}",
    "UV_DEV": "1",
    "UV_FROZEN": "1",
    "UV_LOCKED": "1",
    "UV_NO_SYNC": "1",
    "UV_ISOLATED": "1",
    "UV_SHOW_RESOLUTION": "1",
    "UV_NOT_YET_INVENTED": "{other}",
}


@pytest.mark.parametrize("name", MISLEADING)
def test_no_variable_leads_an_edit_to_another_project_or_table(neighbours: Project, wheels: Path, name: str) -> None:
    other = neighbours.root.parent / "other"
    parts.make_project(other, wheels=wheels, name="other")
    plain = twin.by_uv(neighbours.root.parent, neighbours, ("add", "--no-sync", "eta"))
    project = twin.with_variables(neighbours, **{name: MISLEADING[name].format(other=other)})
    ours = twin.by_us(neighbours.root.parent, project, "add", requirements=["eta"])
    assert ours.done, ours.words
    assert ours.texts == plain.texts


class TestMembers:
    """Members outside of the root and behind links: each is edited where it is, and uv.lock with it."""

    def space(self, tools: Tools, wheels: Path, pattern: str) -> tuple[Project, Path]:
        """A workspace with one member, in a folder beside the root, that the root names by `pattern`."""
        root = tools.base / "work" / "space"
        text = parts.manifest(wheels=wheels, name="space", dependencies=["lib"])
        parts.make_project(
            root, text=f'{text}\n[tool.uv.workspace]\nmembers = ["{pattern}"]\n[tool.uv.sources]\nlib = {{ workspace = true }}\n'
        )
        lib = parts.make_package(root.parent / "libs" / "lib", "lib", "1.0", requires=["alpha"])
        return Project(root, tools, wheels), lib

    @pytest.mark.parametrize(
        "asked",
        [
            (("add", "eta"), "add", {"requirements": ["eta"]}),
            (("add", "--group=g", "eta"), "add", {"requirements": ["eta"], "group": "g"}),
            (("remove", "alpha"), "remove", {"packages": ["alpha"]}),
            (("version", "--bump=minor"), "bumpVersion", {"bump": "minor"}),
        ],
    )
    @pytest.mark.parametrize("pattern", ["../libs/lib", "../libs/*"])
    def test_a_member_outside_of_the_root(self, tools: Tools, wheels: Path, pattern: str, asked: Asked) -> None:
        root, lib = self.space(tools, wheels, pattern)
        words, command, argument = asked
        base, manifest = root.root.parent, lib / "pyproject.toml"
        theirs = twin.by_uv(base, root, (words[0], "--no-sync", "--package=lib", *words[1:]))
        made = twin.by_us(base, root, command, manifest=manifest, **argument)
        assert made.done, made.words
        assert made.texts["libs/lib/pyproject.toml"] == theirs.texts["libs/lib/pyproject.toml"]
        # uv's own lock file lacks the bound that it has just written, and fails `uv lock --check`; ours must not.
        manifest.write_bytes(made.texts["libs/lib/pyproject.toml"])
        root.manifest.write_bytes(made.texts["space/pyproject.toml"])
        root.lock.write_bytes(made.texts["space/uv.lock"])
        root.uv_ok("lock", "--check")

    def test_the_root_of_a_member_outside(self, tools: Tools, wheels: Path) -> None:
        root, _lib = self.space(tools, wheels, "../libs/lib")
        assert same(root, ("add", "--no-sync", "eta"), "add", requirements=["eta"]).done

    @pytest.mark.parametrize(("linked", "at"), [("member", "member"), ("folder", "member"), ("folder", "root")])
    def test_a_member_behind_a_link(self, tools: Tools, wheels: Path, linked: str, at: str) -> None:
        root, lib = self.space(tools, wheels, "packages/*")
        parts.make_package(root.root.parent / "glib", "glib", "1.0")
        if linked == "folder":
            (root.root / "packages").symlink_to(lib.parent)
        else:
            (root.root / "packages").mkdir()
            (root.root / "packages" / "lib").symlink_to(lib)
        wanted = ["eta", f"glib @ file://{root.root.parent}/glib"]
        words = ("add", "--no-sync", *wanted, *(["--package=lib"] if at == "member" else []))
        where = {"member": "lib"} if at == "member" else {}
        made = same(root, words, "add", requirements=wanted, **where)
        assert made.done
        assert b"eta" in made.texts["space/uv.lock"]

    def test_a_member_that_another_one_names_by_its_absolute_path(self, tools: Tools, wheels: Path) -> None:
        root, _lib = self.space(tools, wheels, "../libs/lib")
        parts.make_package(root.root / "inner", "inner", "1.0")
        # uv makes `inner` a member of the root, and names it in the other member by its absolute path.
        root.uv_ok("add", "--no-sync", "--package=lib", "--editable", "inner @ file:inner")
        assert same(root, ("remove", "--no-sync", "lib"), "remove", packages=["lib"]).done

    def test_an_edit_of_a_member_outside_is_synced_and_undone(self, tools: Tools, wheels: Path) -> None:
        root, lib = self.space(tools, wheels, "../libs/lib")
        before = (lib / "pyproject.toml").read_text("utf-8")
        with desk(root) as jobs:
            added = jobs.add("eta", manifest=lib / "pyproject.toml")
            jobs.done(added)
            root.uv_ok("lock", "--check")
            assert "eta" in root.installed()
            jobs.done(jobs.ask("undo", id=added.id))
        assert (lib / "pyproject.toml").read_text("utf-8") == before


class TestWithoutProjectTable:
    """A manifest with groups or uv's settings alone: uv adds and removes in groups there, locks and syncs."""

    TEXTS = (
        '[dependency-groups]\ntools = ["alpha"]\n',
        "",
    )

    @pytest.mark.parametrize("text", TEXTS)
    @pytest.mark.parametrize(
        "asked",
        [
            (("add", "--no-sync", "--group=tools", "eta"), "add", {"requirements": ["eta"], "group": "tools"}),
            (("add", "--no-sync", "eta"), "add", {"requirements": ["eta"]}),
            (("add", "--no-sync", "--optional=x", "eta"), "add", {"requirements": ["eta"], "extra": "x"}),
            (("remove", "--no-sync", "--group=tools", "alpha"), "remove", {"packages": ["alpha"], "group": "tools"}),
            (("remove", "--no-sync", "alpha"), "remove", {"packages": ["alpha"]}),
            (("version", "--no-sync", "--bump=minor"), "bumpVersion", {"bump": "minor"}),
            (("lock",), "lock", {}),
        ],
    )
    def test_uv_decides_what_can_be_done(self, tools: Tools, wheels: Path, text: str, asked: Asked) -> None:
        settings = f"[tool.uv]\nno-index = true\nfind-links = {parts.toml_value([wheels.as_posix()])}\n"
        root = tools.base / "work" / "bare"
        parts.make_project(root, text=text + settings)
        words, command, argument = asked
        same(Project(root, tools, wheels), words, command, **argument)

    def test_it_can_be_synced(self, tools: Tools, wheels: Path) -> None:
        settings = f"[tool.uv]\nno-index = true\nfind-links = {parts.toml_value([wheels.as_posix()])}\n"
        root = tools.base / "work" / "bare"
        parts.make_project(root, text=f'[dependency-groups]\ntools = ["alpha"]\n{settings}')
        project = Project(root, tools, wheels)
        with desk(project) as jobs:
            jobs.done(jobs.ask("sync", groups=["tools"]))
            jobs.done(jobs.add("eta", group="tools"))
        assert project.installed().keys() == {"alpha", "eta"}


@pytest.mark.parametrize(
    ("present", "moving", "expected"),
    [("eta<3", "eta>=1", '"eta<3,>=1"'), ("eta<2", "eta", '"eta<2"'), ("eta<2 ; python_version > '4'", "eta", None)],
)
def test_a_move_keeps_the_bounds_of_both_tables_or_says_why_not(
    project: Project, wheels: Path, present: str, moving: str, expected: str | None
) -> None:
    project.write(parts.manifest(wheels=wheels, dependencies=[moving], groups={"dev": [present]}))
    before = project.text()
    with desk(project) as jobs:
        tables: dict[str, Any] = {"from": {}, "to": {"group": "dev"}}
        moved = jobs.ask("move", package="eta", **tables)
        if expected is None:
            assert "with other markers" in jobs.failed(moved, "conflict")
            assert project.text() == before
        else:
            jobs.done(moved)
            assert expected in project.text()
            project.uv_ok("lock", "--check")


@pytest.mark.skipif(os.name != "posix" or os.fsencode("\udcff") != b"\xff", reason="names are Unicode here")
def test_a_folder_whose_name_is_not_utf_8_is_edited(tools: Tools, wheels: Path) -> None:
    root = tools.base / "work" / os.fsdecode(b"odd-\xff")
    project = projects.plain(tools, wheels, root=root)
    with desk(project, sync_after_edit=False) as jobs:  # uv makes no environment in such a folder
        added = jobs.add("eta")
        jobs.done(added)
        jobs.done(jobs.ask("undo", id=added.id))


def test_a_manifest_with_a_second_name_is_refused_and_stays_one_file(project: Project) -> None:
    other = project.root.parent / "second.toml"
    os.link(project.manifest, other)
    with desk(project) as jobs:
        assert "hard links" in jobs.failed(jobs.add("alpha"), "uv-failed")
    assert project.manifest.samefile(other)


def test_a_name_that_is_too_long_is_a_bad_argument() -> None:
    for script in (False, True):
        refused = project_of({"uri": f"file:///{'a' * 5000}", "script": script})
        assert isinstance(refused, BadArgument)
        assert "so long a name" in refused.message
