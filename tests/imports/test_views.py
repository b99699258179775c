"""What is known of a project, with the unsaved manifests and the index's answers: the same view while nothing changed."""

from pathlib import Path

import pytest

from lsp_server.adapters.project import Project
from lsp_server.client.session import Session
from lsp_server.core import pyproject
from lsp_server.core.text import Document
from lsp_server.imports.core.tree import Member
from lsp_server.imports.core.view import View
from lsp_server.imports.views import Asking, Views

SAVED = '[project]\nname = "x"\ndependencies = []\n'
TYPED = '[project]\nname = "x"\ndependencies = ["alpha"]\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path.resolve()


def known(root: Path) -> tuple[Views, Project]:
    views, project = Views(Session()), Project("workspace", root)
    views.put(project, View(root.as_posix(), (Member("", pyproject.read(SAVED)), Member("one", pyproject.read(SAVED)))))
    return views, project


def names(view: View | None) -> list[list[str]]:
    assert view is not None
    return [sorted(view.declared_by(member).names()) for member in view.members]


def test_another_member_gets_what_stands_unsaved_in_one(root: Path) -> None:
    views, project = known(root)
    uri = (root / "one" / "pyproject.toml").as_uri()
    views.session.open(Document(uri, "toml", 1, TYPED))
    assert names(views.of(project)) == [[], ["alpha"]]
    views.session.change([Document(uri, "toml", 2, SAVED)])
    assert names(views.of(project)) == [[], []]
    views.session.change([Document(uri, "toml", 3, "[project]\ndependencies = [\n'alpha")])
    assert names(views.of(project)) == [[], ["alpha"]]
    views.session.close(uri)
    assert names(views.of(project)) == [[], []]


def test_a_view_is_made_anew_although_nothing_changed(root: Path) -> None:
    views, project = known(root)
    views.session.open(Document((root / "pyproject.toml").as_uri(), "toml", 1, TYPED))
    first = views.of(project)
    assert views.of(project) is first
    views.answered(Asking(root), "zeta", has=False)
    second = views.of(project)
    assert second is not None
    assert second is not first
    assert second.answers == {"zeta": False}
    assert views.of(project) is second


def test_one_index_answers_for_another(root: Path) -> None:
    views, project = known(root)
    own = Asking(root, ("--no-index",))
    views.answered(own, "zeta", has=True)
    found, others = views.of(project, own), views.of(project)
    assert found is not None
    assert others is not None
    assert (found.answers, others.answers) == ({"zeta": True}, {})


def test_what_was_imported_is_forgotten_while_the_project_is_read_again(root: Path) -> None:
    views, project = known(root)
    views.put(project, View(root.as_posix(), usage={"a.py": ()}))
    views.put(project, View(root.as_posix()))
    found = views.of(project)
    assert found is not None
    assert found.usage == {"a.py": ()}
    assert Views(Session()).of(project) is None
