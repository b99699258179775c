"""Documents are known by the file: whatever name they were opened under, unsaved text is never written beneath."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_server.client.session import Session
from lsp_server.core.text import Document
from tests.conftest import Start
from tests.server.test_documents import add
from tests.support.client import NO_SYNC
from tests.support.projects import Project


def by_link_to_the_folder(project: Project) -> str:
    link = project.root.parent / "link"
    link.symlink_to(project.root)
    return (link / "pyproject.toml").as_uri()


def by_hard_link(project: Project) -> str:
    other = project.root.parent / "twin.toml"
    os.link(project.manifest, other)
    return other.as_uri()


def by_link_that_was_pointed_elsewhere_before(project: Project) -> str:
    elsewhere, link = project.root.parent / "elsewhere", project.root.parent / "current"
    elsewhere.mkdir()
    (elsewhere / "pyproject.toml").write_text('[project]\nname = "elsewhere"\nversion = "1"\n')
    link.symlink_to(elsewhere)
    return (link / "pyproject.toml").as_uri()


@pytest.mark.parametrize("spelled", ["pypro%6aect.toml", "%70yproject.toml"])
@pytest.mark.parametrize("host", ["", "localhost"])
@pytest.mark.parametrize("closed", [False, True])
def test_unsaved_text_is_overlooked_where_the_uri_is_spelled_otherwise(
    project: Project, spelled: str, host: str, *, closed: bool
) -> None:
    session, usual = Session(), project.manifest.as_uri()
    other = f"{usual.removesuffix(project.manifest.name)}{spelled}".replace("file://", f"file://{host}")
    session.open(Document(other, "toml", 1, f"# mine\n{project.text()}"))
    session.open(Document(usual, "toml", 1, project.text()))
    if closed:
        session.close(usual)
    seen = session.open_document(project.manifest)
    assert seen is not None
    assert (seen.dirty, session.uri(project.manifest)) == (True, other)
    session.close(other)
    assert session.uri(project.manifest) == (None if closed else usual)


@pytest.mark.parametrize("other", [by_link_to_the_folder, by_hard_link])
@pytest.mark.parametrize("closed", [False, True])
def test_unsaved_text_under_the_first_name_is_overlooked_once_the_file_was_opened_under_another(
    start: Start, project: Project, other: Callable[[Project], str], *, closed: bool
) -> None:
    client = start(initialization_options=NO_SYNC)
    first, disk = other(project), project.text()
    client.open(first)
    client.type(first, f"# mine\n{disk}")
    client.open(project.manifest)
    if closed:
        client.close(project.manifest)
    operation = add(client, project, "alpha")
    client.wait_operation(operation, "needsSave")
    assert project.text() == disk, "nothing is written beneath unsaved text"
    assert '"alpha>=2.0"' in client.buffer(first).text


def test_a_link_that_is_pointed_to_another_project_is_taken_for_the_old_one(start: Start, project: Project) -> None:
    client = start(initialization_options=NO_SYNC)
    name = by_link_that_was_pointed_elsewhere_before(project)
    client.open(name)
    link = project.root.parent / "current"
    link.unlink()
    link.symlink_to(project.root)
    client.type(name, f"# mine\n{project.text()}")
    disk = project.text()
    operation = add(client, project, "alpha")
    client.wait_operation(operation, "needsSave")
    assert project.text() == disk
    client.save(name)
    client.wait_operation(operation, "done")
    assert project.text().startswith("# mine\n")
    assert '"alpha>=2.0"' in project.text()


def test_the_text_of_another_file_of_the_same_name_is_taken_for_this_ones(start: Start, project: Project) -> None:
    other = project.root.parent / "other" / "pyproject.toml"
    other.parent.mkdir()
    other.write_text(project.text())
    client = start(initialization_options=NO_SYNC)
    client.open(other)
    client.type(other, f"# mine\n{project.text()}")
    client.open(Path(project.manifest))
    client.wait_operation(add(client, project, "alpha"), "done")
    assert '"alpha>=2.0"' in project.text()
    assert "# mine" not in project.text()
