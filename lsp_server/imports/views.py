"""What is known of each project as features are to see it: as read from disk, with what stands unsaved in open manifests.

A person who typed a dependency into the manifest has declared it, whether it is saved or not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsp_server.adapters.project import MANIFEST, Project
from lsp_server.client.session import Session
from lsp_server.core import pyproject
from lsp_server.imports.core.view import View

_MOST_KEPT = 64


@dataclass(frozen=True, slots=True)
class Asking:
    """Where the index is looked for: the folder in which uv reads its settings, and what a script's own block adds."""

    folder: Path
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Made:
    """A view with all that it was made from; as long as that is the same, so is the view."""

    read: View
    unsaved: tuple[tuple[str, str], ...]
    answered: int
    view: View


@dataclass(slots=True)
class Views:
    """The views of the open files' projects, made anew only when something in them is. Used on the loop's thread."""

    session: Session
    _read: dict[str, View] = field(default_factory=dict)
    _answers: dict[Asking, dict[str, bool]] = field(default_factory=dict)
    _made: dict[tuple[str, Asking], _Made] = field(default_factory=dict)

    def put(self, project: Project, view: View) -> None:
        """A project was read from disk. What was imported in it stays known until it has been read again."""
        before = self._read.get(project.key)
        if view.usage is None and before is not None:
            view = replace(view, usage=before.usage, fixes=before.fixes)
        self._read[project.key] = view

    def answered(self, asking: Asking, name: str, *, has: bool) -> None:
        """The index was asked whether it has a name."""
        self._answers.setdefault(asking, {})[name] = has

    def of(self, project: Project, asking: Asking | None = None) -> View | None:
        """Return what is known of a project; None while it has not been read.

        Args:
            project: the project.
            asking: whose index answered, where that is not the project's.

        """
        read = self._read.get(project.key)
        if read is None:
            return None
        place = asking or Asking(project.folder)
        answers = self._answers.get(place, {})
        unsaved = tuple(self._unsaved(project, read))
        made = self._made.get((project.key, place))
        if made is not None and made.read is read and (made.unsaved, made.answered) == (unsaved, len(answers)):
            return made.view
        texts = dict(unsaved)
        members = (replace(m, manifest=pyproject.read(texts[m.folder])) if m.folder in texts else m for m in read.members)
        view = replace(read, members=tuple(members), answers=dict(answers)) if unsaved or answers else read
        if len(self._made) >= _MOST_KEPT:
            self._made.clear()  # somebody types into a script's block: each text may ask elsewhere
        self._made[project.key, place] = _Made(read, unsaved, len(answers), view)
        return view

    def _unsaved(self, project: Project, read: View) -> Iterator[tuple[str, str]]:
        """Yield the folders of the members whose manifest is open with another text than the one read, and that text."""
        for member in read.members:
            uri = self.session.uri(project.root / member.folder / MANIFEST)
            document = self.session.document(uri) if uri is not None else None
            if document is not None and document.text != member.manifest.document.text:
                yield member.folder, document.text
