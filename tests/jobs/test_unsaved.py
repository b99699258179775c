"""Open documents: a clean one follows at once, one with unsaved changes gets the edit in its buffer and waits."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from lsp_server.adapters.lockprobe import LockProbe
from lsp_server.core.diff import Edit
from tests.support.office import Desk, Papers, desk
from tests.support.projects import Project

MINE = "\n# mine, unsaved\n"


@pytest.fixture
def editor(project: Project) -> Papers:
    made = Papers()
    made.show(project.manifest)
    return made


def shown(editor: Papers, project: Project) -> str:
    return editor.open[project.manifest].text


def saved(jobs: Desk, editor: Papers, project: Project) -> None:
    jobs.save(shown(editor, project))


def test_a_clean_document_shows_what_is_on_disk(project: Project, editor: Papers) -> None:
    with desk(project, editor) as jobs:
        jobs.done(jobs.add("alpha"))
    assert shown(editor, project) == project.text()
    assert not editor.open[project.manifest].dirty
    assert "alpha" in project.text()


def test_a_byte_order_mark_stays_on_disk_and_out_of_the_document(project: Project) -> None:
    project.manifest.write_bytes(b"\xef\xbb\xbf" + project.manifest.read_bytes())
    editor = Papers()
    editor.show(project.manifest)
    editor.type(project.manifest, shown(editor, project).removeprefix("\ufeff"))
    editor.open[project.manifest] = editor.open[project.manifest].__class__(shown(editor, project), 3, dirty=False)
    editor.saves = True
    with desk(project, Bare(editor)) as jobs:
        jobs.done(jobs.add("alpha"))
    assert project.manifest.read_bytes().startswith(b"\xef\xbb\xbf[project]")
    assert not shown(editor, project).startswith("\ufeff")
    assert "alpha" in shown(editor, project)


class Bare(Papers):
    """Its save leaves the file alone, which has the text already but for the mark that the document does not show."""

    def __init__(self, other: Papers) -> None:
        super().__init__()
        self.open = other.open

    def save(self, path: object) -> bool:
        del path
        return True


def test_an_edit_is_not_called_done_that_went_when_the_file_was_loaded_again_with_anothers_version(
    project: Project, editor: Papers
) -> None:
    editor.type(project.manifest, project.text() + MINE)
    with desk(project, editor) as jobs:
        operation = jobs.ask("bumpVersion", bump="patch")
        jobs.until(operation, "needsSave")
        project.uv_ok("version", "--bump", "minor")
        editor.show(project.manifest)
        jobs.worker.reverted(project.manifest, project.text())
        (ended,) = jobs.finish(operation)
        assert ended.state == "cancelled"
    assert 'version = "0.2.0"' in project.text()


def test_an_unsaved_document_gets_the_edit_and_the_users_save_lets_it_go_on(project: Project, editor: Papers) -> None:
    editor.type(project.manifest, project.text() + MINE)
    before = project.text()
    with desk(project, editor) as jobs:
        operation = jobs.add("alpha")
        waiting = jobs.until(operation, "needsSave")
        assert waiting.in_buffer
        assert "unsaved" in waiting.message
        assert project.text() == before
        assert "alpha" in shown(editor, project)
        assert shown(editor, project).endswith(MINE)
        saved(jobs, editor, project)
        jobs.done(operation)
    assert '"alpha>=2.0"' in project.text()
    assert project.text().endswith(MINE)
    project.uv_ok("lock", "--check")
    assert "alpha" in project.installed()


def test_an_edit_that_the_user_saved_can_be_undone(project: Project, editor: Papers) -> None:
    mine = project.text() + MINE
    editor.type(project.manifest, mine)
    with desk(project, editor) as jobs:
        operation = jobs.add("alpha")
        jobs.until(operation, "needsSave")
        jobs.save(f"# more of mine\n{shown(editor, project)}")
        jobs.done(operation)
        assert '"alpha>=2.0"' in project.text()
        jobs.done(jobs.ask("undo", id=operation.id))
    assert project.text() == f"# more of mine\n{mine}", "what the user typed themselves stays"
    project.uv_ok("lock", "--check")
    assert "alpha" not in project.installed()


def test_a_saved_edit_that_another_tool_took_back_before_it_was_locked_stays_away(project: Project, editor: Papers) -> None:
    with project.held_sync() as (gate, _):
        before = project.text()
        editor.show(project.manifest)
        editor.type(project.manifest, before + MINE)
        with desk(project, editor) as jobs:
            operation = jobs.add("alpha")
            jobs.until(operation, "needsSave")
            saved(jobs, editor, project)
            jobs.until(operation, "waiting")
            project.write(before)  # while no uv lives that writes manifests: whoever it was had read what it took back
            gate.open()
            jobs.done(operation)
    assert project.text() == before
    project.uv_ok("lock", "--check")


def test_cancelling_what_the_user_saved_leaves_uv_lock_alone(project: Project, editor: Papers) -> None:
    with project.held_sync() as (gate, _):
        editor.show(project.manifest)
        editor.type(project.manifest, project.text() + MINE)
        with desk(project, editor) as jobs:
            operation = jobs.add("alpha")
            jobs.until(operation, "needsSave")
            saved(jobs, editor, project)
            jobs.until(operation, "waiting")
            before = project.lock_text()
            assert jobs.worker.cancel(operation.id)
            turn = LockProbe(jobs.office.place(jobs.known).manifest_lock)
            jobs.wait(lambda: not turn.is_held(), "the end of its turn")
            other = jobs.add("eta")
            jobs.until(other, "waiting")
            assert project.lock_text() == before, "a sync still reads it"
            assert jobs.changes() == ()
            gate.open()
            jobs.done(other)


def test_it_holds_nobody_up_while_it_waits_for_the_user(project: Project, editor: Papers) -> None:
    editor.type(project.manifest, project.text() + MINE)
    with desk(project, editor) as jobs:
        jobs.until(jobs.add("alpha"), "needsSave")
        jobs.done(jobs.ask("lock"))


def test_an_edit_that_the_user_takes_back_before_saving_is_cancelled(project: Project, editor: Papers) -> None:
    mine = project.text() + MINE
    editor.type(project.manifest, mine)
    with desk(project, editor) as jobs:
        operation = jobs.add("alpha")
        jobs.until(operation, "needsSave")
        jobs.save(mine)
        (ended,) = jobs.finish(operation)
        assert ended.state == "cancelled"
    assert project.text() == mine


class Hasty(Papers):
    """Its user saves the document as soon as the edit is in it, and closes it."""

    def apply(self, path: Path, version: int, edits: Sequence[Edit], label: str) -> bool:
        done = super().apply(path, version, edits, label)
        self.save(path)
        del self.open[path]
        return done


def test_an_edit_that_is_saved_and_closed_before_it_waits_for_that_goes_on(project: Project) -> None:
    editor = Hasty()
    editor.show(project.manifest)
    editor.type(project.manifest, project.text() + MINE)
    with desk(project, editor) as jobs:
        jobs.done(jobs.add("alpha"))
    assert project.text().endswith(MINE)
    project.uv_ok("lock", "--check")


def test_closing_without_saving_gives_the_edit_up(project: Project, editor: Papers) -> None:
    editor.type(project.manifest, project.text() + MINE)
    before = project.text()
    with desk(project, editor) as jobs:
        operation = jobs.add("alpha")
        jobs.until(operation, "needsSave")
        del editor.open[project.manifest]
        jobs.worker.closed(project.manifest)
        (ended,) = jobs.finish(operation)
        assert ended.state == "cancelled"
        jobs.done(jobs.add("eta"))
    assert project.text().count("alpha") == before.count("alpha")
