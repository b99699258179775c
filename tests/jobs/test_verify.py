"""What a user saved while a uv was at work survives that uv, however it ends; what a person or git did is left alone."""

import os
import signal
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from demo import parts
from lsp_server.adapters import live
from lsp_server.adapters.editor import OpenDocument
from lsp_server.jobs import writers
from tests.support import projects
from tests.support.office import Papers, desk
from tests.support.projects import Project, Tools

MINE = '\n[tool.mine]\nsaved = "ja, größer"\n'


def failing(project: Project) -> parts.Gate:
    """A dependency whose metadata fails behind a gate, so that whatever has to lock waits and then fails."""
    project.uv_ok("add", "alpha", "--no-sync")
    return project.offer("doomed", parts.Backend(project.gate(), at="metadata", then="fail"))


@dataclass(slots=True)
class Held(Papers):
    """An editor that keeps the guardian waiting for what it shows until `go` is set."""

    asked: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def document(self, path: Path) -> OpenDocument | None:
        if threading.current_thread().name == "verifier":
            self.asked.set()
            assert self.go.wait(20)
        return Papers.document(self, path)


class TestRestored:
    def test_after_an_add_whose_build_fails(self, project: Project) -> None:
        gate = project.offer("doomed", parts.Backend(project.gate(), then="fail"))
        with desk(project) as jobs:
            jobs.worker.wake.set()
            uv = project.uv_at(gate, "add", "doomed")
            assert "doomed" in project.text(), "uv writes early"
            jobs.save(project.text() + MINE)
            gate.open()
            assert uv.wait(20) != 0
            told = jobs.until_told("put back")
        assert "uv add doomed" in told.message
        assert str(uv.pid) in told.message
        assert project.text().endswith(MINE)
        assert "doomed" not in project.text()

    def test_from_a_uv_that_has_ended_before_the_save_was_acted_on(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writers, "LATE_SECONDS", 1.0)  # nothing but what is told is known of it
        gate = project.offer("doomed", parts.Backend(project.gate(), then="fail"))
        with desk(project) as jobs:
            jobs.worker.wake.set()
            uv = project.uv_at(gate, "add", "doomed")
            shown = project.text()
            project.write(shown + MINE)
            at_work = live.everywhere()
            gate.open()
            assert uv.wait(20) != 0
            jobs.worker.saved(project.manifest, shown + MINE, shown, at_work)
            jobs.until_told("put back")
        assert project.text().endswith(MINE)

    def test_after_an_interrupt(self, project: Project) -> None:
        gate = project.offer("slow", parts.Backend(project.gate()))
        with desk(project) as jobs:
            jobs.worker.wake.set()
            uv = project.uv_at(gate, "add", "slow")
            jobs.save(project.text() + MINE)
            os.killpg(uv.pid, signal.SIGINT)  # as Ctrl-C does
            uv.wait(20)
            jobs.until_told("put back")
        assert project.text().endswith(MINE)
        assert '"slow' not in project.text()

    @pytest.mark.parametrize("then", ["fail", "succeed"])
    def test_below_a_byte_order_mark(self, project: Project, then: Literal["fail", "succeed"]) -> None:
        gate = project.offer("slow", parts.Backend(project.gate(), at="metadata", then=then))
        project.write("\ufeff" + project.text())
        with desk(project) as jobs:
            jobs.worker.wake.set()
            before = project.text().removeprefix("\ufeff")
            uv = project.uv_at(gate, "add", "slow")
            # The file has the mark, the text that an editor sends has none.
            project.write(f"\ufeff{before}{MINE}")
            jobs.worker.saved(project.manifest, before + MINE)
            assert project.text().startswith("\ufeff")
            assert all(each in project.text() for each in (MINE, '"slow"')), "what uv had written is not saved away"
            gate.open()
            assert (uv.wait(20) == 0) == (then == "succeed")
            jobs.until_told("older text")
        assert project.text().startswith("\ufeff[project]")
        assert project.text().endswith(MINE)

    def test_beside_what_a_succeeding_add_writes(self, project: Project) -> None:
        gate = project.offer("slow", parts.Backend(project.gate(), at="metadata"))
        with desk(project) as jobs:
            jobs.worker.wake.set()
            before = project.text()
            uv = project.uv_at(gate, "add", "slow")
            # From the text before uv's first write, as an editor shows it that has not loaded the file again.
            jobs.save(before + MINE, shown=before)
            gate.open()
            assert uv.wait(20) == 0
            jobs.until_told("put back")
        assert project.text().endswith(MINE)
        assert '"slow>=1.0"' in project.text()

    @pytest.mark.parametrize("words", [("remove", "alpha"), ("version", "--bump", "minor")])
    def test_after_a_failing_remove_or_bump(self, project: Project, words: tuple[str, ...]) -> None:
        gate = failing(project)
        project.write(project.text().replace('"alpha', '"doomed",\n    "alpha'))
        with desk(project) as jobs:
            jobs.worker.wake.set()
            uv = project.uv_at(gate, *words)
            jobs.save(project.text() + MINE)
            gate.open()
            assert uv.wait(20) != 0
            jobs.until_told("put back")
        assert project.text().endswith(MINE)
        assert '"alpha' in project.text()
        assert 'version = "0.1.0"' in project.text()

    def test_a_line_right_beside_what_a_failing_bump_had_written(self, project: Project) -> None:
        gate = failing(project)
        project.write(project.text().replace('"alpha', '"doomed",\n    "alpha'))
        line = 'description = "beside the version"\n'
        with desk(project) as jobs:
            jobs.worker.wake.set()
            uv = project.uv_at(gate, "version", "--bump", "minor")
            jobs.save(project.text().replace('version = "0.2.0"\n', f'version = "0.2.0"\n{line}'))
            gate.open()
            assert uv.wait(20) != 0
            jobs.until_told("put back")
        assert f'version = "0.1.0"\n{line}' in project.text()

    def test_together_with_an_operation_of_ours(self, project: Project) -> None:
        gate = project.offer("doomed", parts.Backend(project.gate(), then="fail"))
        editor = Papers()
        with desk(project, editor) as jobs:
            jobs.worker.wake.set()
            editor.show(project.manifest)
            uv = project.uv_at(gate, "add", "doomed")
            operation = jobs.add("alpha")
            # It is planned from that uv's half-done text, which cannot be built: planned anew when uv has ended.
            jobs.until(operation, "planning")
            jobs.save(project.text() + MINE)
            gate.open()
            assert uv.wait(20) != 0
            jobs.until_told("put back")
            jobs.done(operation)
        assert project.text().endswith(MINE)
        assert '"alpha>=2.0"' in project.text()
        assert "doomed" not in project.text()
        project.uv_ok("lock", "--check")

    def test_again_after_an_add_that_had_read_the_older_text_before_it_was_put_back(self, project: Project) -> None:
        first = project.offer("slow", parts.Backend(project.gate("first"), at="metadata"))
        second = project.offer("slower", parts.Backend(project.gate("second"), at="metadata"))
        editor = Held()
        with desk(project, editor) as jobs:
            jobs.worker.wake.set()
            editor.show(project.manifest)
            before = project.text()
            one = project.uv_at(first, "add", "slow")
            jobs.save(before + MINE, shown=before)
            first.open()
            assert one.wait(20) == 0
            assert editor.asked.wait(20), "the guardian looks at what that uv has left"
            two = project.uv_at(second, "add", "slower")
            editor.go.set()
            jobs.until_told("put back")
            second.open()
            assert two.wait(20) == 0
            jobs.wait(lambda: len(jobs.notices) > 1, "a second notice")
        assert project.text().endswith(MINE)
        assert '"slow>=1.0"' in project.text()
        assert '"slower>=1.0"' in project.text()

    def test_the_body_of_a_script(self, tools: Tools, wheels: Path) -> None:
        project = projects.plain(tools, wheels)
        script = projects.script(tools, wheels)
        gate = project.gate()
        parts.make_sdist(tools.base / "more", "slow", "1.0", parts.Backend(gate, at="metadata"))
        text = script.read_text("utf-8").replace("find-links = [", f'find-links = ["{tools.base}/more", ')
        parts.write(script, text)
        with desk(project, script=script) as jobs:
            jobs.worker.wake.set()
            uv = project.uv_at(gate, "add", "--script", script, "slow")
            jobs.save(text + "print('mehr')\n", script, shown=text)
            gate.open()
            assert uv.wait(20) == 0
            jobs.until_told("put back")
        after = script.read_text("utf-8")
        assert after.endswith("print('ok')\nprint('mehr')\n")
        assert '#     "slow>=1.0",' in after


def test_a_save_that_came_before_we_saw_the_file_is_restored_by_what_the_editor_had_shown(project: Project) -> None:
    gate = project.offer("doomed", parts.Backend(project.gate(), then="fail"))
    uv = project.uv_at(gate, "add", "doomed")
    shown = project.text()
    project.write(shown + MINE)
    with desk(project) as jobs:
        jobs.worker.saved(project.manifest, shown + MINE, shown)
        gate.open()
        assert uv.wait(20) != 0
        jobs.until_told("put back")
    assert project.text().endswith(MINE)


def test_a_save_is_put_back_that_was_told_once_more_while_the_guardian_looked(project: Project) -> None:
    gate = project.offer("doomed", parts.Backend(project.gate(), then="fail"))
    editor = Held()
    with desk(project, editor) as jobs:
        jobs.worker.wake.set()
        editor.show(project.manifest)
        uv = project.uv_at(gate, "add", "doomed")
        saved = project.text() + MINE
        jobs.save(saved)
        gate.open()
        assert uv.wait(20) != 0
        assert editor.asked.wait(20), "the guardian looks at what that uv has left"
        jobs.worker.saved(project.manifest, saved)
        editor.go.set()
        jobs.until_told("put back")
    assert project.text().endswith(MINE)


class TestLeftAlone:
    def test_a_conflict_keeps_the_lost_text_and_shows_where(self, project: Project) -> None:
        gate = project.offer("slow", parts.Backend(project.gate(), at="metadata"))
        with desk(project) as jobs:
            jobs.worker.wake.set()
            before = project.text()
            uv = project.uv_at(gate, "add", "slow")
            mine = before.replace("dependencies = []", 'dependencies = ["delta"]  # mine')
            jobs.save(mine)
            gate.open()
            assert uv.wait(20) == 0
            told = jobs.until_told("nothing was overwritten")
            assert told.message.endswith("; compare the two and save what you want")
            assert told.lost is not None
            assert told.lost.read_text("utf-8") == mine
            assert jobs.office.journal.lost(jobs.known.key) == ((project.manifest, mine),)
        assert '"slow>=1.0"' in project.text()

    def test_everything_if_the_setting_says_so(self, project: Project) -> None:
        gate = project.offer("doomed", parts.Backend(project.gate(), then="fail"))
        with desk(project, guardian=False) as jobs:
            jobs.worker.wake.set()
            before = project.text()
            uv = project.uv_at(gate, "add", "doomed")
            jobs.save(project.text() + MINE)
            gate.open()
            assert uv.wait(20) != 0
            jobs.done(jobs.ask("lock"))
            assert not jobs.notices
        assert project.text() == before

    def test_what_git_checked_out(self, project: Project) -> None:
        gate = project.offer("doomed", parts.Backend(project.gate(), then="fail"))
        tools, root = project.tools, project.root
        tools.git(root, "init", "--quiet", "--initial-branch=main")
        tools.git(root, "add", "pyproject.toml")
        tools.git(root, "commit", "--quiet", "--message=first")
        with desk(project) as jobs:
            jobs.worker.wake.set()
            before = project.text()
            uv = project.uv_at(gate, "add", "doomed")
            jobs.save(project.text() + MINE)
            tools.git(root, "checkout", "--quiet", "--force", "-b", "other")
            tools.git(root, "checkout", "--quiet", "--force", "HEAD", "--", "pyproject.toml")
            gate.open()
            assert uv.wait(20) != 0
            jobs.done(jobs.ask("lock"))
            assert not any("put back" in notice.message for notice in jobs.notices)
        assert project.text() == before

    @pytest.mark.parametrize("alive", [True, False])
    def test_what_the_user_saves_after_it(self, project: Project, *, alive: bool) -> None:
        gate = project.offer("doomed", parts.Backend(project.gate(), then="fail"))
        editor = Papers()
        with desk(project, editor) as jobs:
            jobs.worker.wake.set()
            editor.show(project.manifest)
            before = project.text()
            uv = project.uv_at(gate, "add", "doomed")
            jobs.save(project.text() + MINE)
            if alive:
                jobs.save(before)
            gate.open()
            assert uv.wait(20) != 0
            if not alive:
                jobs.until_told("put back")
                jobs.save(before)
            jobs.done(jobs.ask("lock"))
        assert project.text() == before


def test_a_save_in_one_project_is_nothing_to_the_guardian_of_another(project: Project, tools: Tools, wheels: Path) -> None:
    other = projects.plain(tools, wheels, root=project.root.parent / "other")
    gate = failing(project)
    with desk(project) as jobs:
        jobs.worker.wake.set()
        uv = project.uv_at(gate, "add", "doomed")
        before = other.text()
        other.write(before + MINE)
        jobs.worker.saved(other.manifest, before + MINE, before)
        jobs.save(project.text() + MINE)
        assert [path for _, _, path, _ in jobs.office.journal.guarded(jobs.known.key)] == [project.manifest]
        gate.open()
        assert uv.wait(20) != 0
        jobs.until_told("put back")
