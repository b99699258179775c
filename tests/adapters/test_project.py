"""Which project a file belongs to is what uv says it is."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo import parts
from lsp_server.adapters import project as projects
from tests.support import projects as made
from tests.support.projects import Project, Tools


def uvs_root(project: Project, folder: Path) -> Path:
    found = project.uv_ok("workspace", "metadata", folder=folder)
    return Path(json.loads(found.stdout)["workspace_root"])


def test_a_file_belongs_to_the_nearest_manifest(project: Project) -> None:
    below = project.root / "src" / "x"
    below.mkdir(parents=True)
    for path in (project.manifest, below, below / "new.py", project.root):
        found = projects.find(path)
        assert found is not None
        assert found.root == project.root
    assert projects.find(project.tools.base) is None


@pytest.mark.parametrize(("excluded", "nested"), [("", False), ('exclude = ["packages/two"]\n', False), ("", True)])
def test_members_are_those_that_uv_sees(tools: Tools, wheels: Path, excluded: str, *, nested: bool) -> None:
    root, members = made.workspace(tools, wheels)
    text = root.text().replace('members = ["packages/*"]\n', f'members = ["packages/*"]\n{excluded}')
    if excluded:
        text = text.replace("two = { workspace = true }\n", "")
    root.write(text)
    (root.root / "packages" / ".hidden").mkdir()
    (root.root / "packages" / "empty").mkdir()
    folder = members["two"].root
    if nested:
        folder = root.root / "apart"
        parts.make_package(folder, "apart", "1.0")
    for each in (root.root, members["one"].root, folder):
        found = projects.find(each / "pyproject.toml")
        assert found is not None
        assert found.root == uvs_root(root, each), each


def test_all_files_of_a_workspace_are_its_manifests_and_its_lock(tools: Tools, wheels: Path) -> None:
    root, members = made.workspace(tools, wheels)
    found = projects.find(members["one"].root)
    assert found is not None
    assert projects.files_of(found) == (
        root.manifest,
        members["one"].manifest,
        members["two"].manifest,
        root.lock,
    )


def test_a_link_to_a_project_is_the_project(project: Project) -> None:
    link = project.tools.base / "link"
    link.symlink_to(project.root, target_is_directory=True)
    one, other = projects.find(link / "pyproject.toml"), projects.find(project.manifest)
    assert one == other
    assert one is not None
    assert other is not None
    assert one.key == other.key


def test_a_script_is_a_project_by_itself(tools: Tools, wheels: Path) -> None:
    script = made.script(tools, wheels)
    found = projects.find_script(script)
    assert (found.kind, found.root, found.folder) == ("script", script, script.parent)
    assert found.lockfile == script.with_name("script.py.lock")
    assert projects.manifests(found) == (script,)


def test_a_manifest_that_is_being_typed_breaks_nothing(project: Project) -> None:
    project.write('[tool.uv.workspace]\nmembers = ["pack[", "/abs", "**", "x')
    found = projects.find(project.manifest)
    assert found is not None
    assert found.root == project.root
    assert project.manifest in projects.files_of(found)


@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "http://host/pyproject.toml", "", "pyproject.toml"])
def test_what_is_no_file_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="file: URI"):
        projects.path_of(uri)


@given(st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1))
def test_every_name_comes_back_from_its_uri(name: str) -> None:
    path = Path("/p") / name
    assert projects.path_of(path.as_uri()) == path


def test_two_projects_of_one_name_have_different_keys(base: Path) -> None:
    one, other = (projects.Project("workspace", base / name / "demo") for name in "ab")
    assert one.key != other.key
    assert one.key.startswith("demo-")
