"""Every kind of project and of file: what the pipeline makes of it is what uv would, and nothing else changes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from demo import parts
from lsp_server.adapters import files
from lsp_server.core.diff import Edit
from tests.support import projects
from tests.support.office import Papers, desk
from tests.support.projects import Project, Tools


def is_consistent(project: Project) -> None:
    project.uv_ok("lock", "--check")
    project.uv_ok("sync", "--check", "--inexact")


def test_a_project_without_lock_and_environment_gets_both(project: Project) -> None:
    with desk(project) as jobs:
        jobs.done(jobs.add("alpha"))
    assert '"alpha>=2.0"' in project.text()
    assert project.installed() == {"alpha": "2.0"}
    is_consistent(project)


class TestWorkspace:
    @pytest.fixture
    def space(self, tools: Tools, wheels: Path) -> tuple[Project, dict[str, Project]]:
        return projects.workspace(tools, wheels)

    def test_root_and_member_are_edited_in_one_commit(self, space: tuple[Project, dict[str, Project]]) -> None:
        root, members = space
        gate = root.gate()
        parts.make_package(root.root.parent / "slow", "slow", "1.0", parts.Backend(gate))
        root.write(root.text().replace('"one",', '"one",\n    "slow",', 1) + 'slow = { path = "../slow" }\n')
        sync = root.uv_at(gate, "sync")
        with desk(root, at=members["one"].root / "one") as jobs:
            assert jobs.known.root == root.root
            asked = [jobs.add("eta", manifest=members["one"].manifest), jobs.add("zeta")]
            asked.append(jobs.ask("remove", packages=["alpha"], manifest=members["two"].manifest))
            asked.append(jobs.ask("bumpVersion", bump="major", manifest=members["two"].manifest))
            for operation in asked:
                jobs.until(operation, "waiting")
            gate.open()
            assert sync.wait(30) == 0
            jobs.done(*asked)
            (change,) = jobs.changes()
            assert set(change.after) == {root.manifest, root.lock, *(m.manifest for m in members.values())}
        assert '"zeta>=1.0"' in root.text()
        assert '"eta>=2.0"' in members["one"].text()
        assert "alpha" not in members["two"].text()
        assert 'version = "2.0"' in members["two"].text()
        root.uv_ok("lock", "--check")
        assert {"eta", "zeta"} <= root.installed().keys()

    def test_a_member_becomes_a_workspace_source_of_another(self, space: tuple[Project, dict[str, Project]]) -> None:
        root, members = space
        with desk(root) as jobs:
            jobs.done(jobs.add("two", manifest=members["one"].manifest))
        assert '"two"' in members["one"].text()
        root.uv_ok("lock", "--check")

    def test_a_member_is_named_from_the_root(self, space: tuple[Project, dict[str, Project]]) -> None:
        root, members = space
        before = root.text()
        editor = Papers()
        editor.show(members["two"].manifest, members["two"].text() + "# mine\n")
        with desk(root, editor) as jobs:
            added = jobs.add("eta", member="Two")
            jobs.until(added, "needsSave")
            assert "eta" in editor.open[members["two"].manifest].text
            jobs.save(editor.open[members["two"].manifest].text, members["two"].manifest)
            (done,) = jobs.done(added)
            assert "added eta>=2.0" in done.message
            editor.type(members["two"].manifest, members["two"].text() + "# more\n")
            undone = jobs.ask("undo", id=added.id)
            jobs.until(undone, "needsSave")
            jobs.save(editor.open[members["two"].manifest].text, members["two"].manifest)
            (undo,) = jobs.done(undone)
            assert "removed eta" in undo.message
            jobs.done(jobs.add("eta", member="two"))
        assert root.text() == before
        assert '"eta>=2.0"' in members["two"].text()

    def test_an_impossible_edit_of_a_member_changes_no_file(self, space: tuple[Project, dict[str, Project]]) -> None:
        root, members = space
        root.uv_ok("lock")
        texts = [root.text(), root.lock_text(), *(member.text() for member in members.values())]
        with desk(root) as jobs:
            said = jobs.failed(jobs.add("alpha>9", manifest=members["one"].manifest), "unresolvable")
        assert "alpha>9" in said
        assert texts == [root.text(), root.lock_text(), *(member.text() for member in members.values())]


def test_groups_and_extras_are_made_edited_and_installed(project: Project) -> None:
    with desk(project) as jobs:
        jobs.done(jobs.add("alpha", group="lint"), jobs.add("eta", extra="fast"), jobs.add("delta"))
        assert project.installed().keys() == {"alpha", "delta", "eta"}
        jobs.done(jobs.ask("remove", packages=["alpha"], group="lint"))
    text = project.text()
    assert "[dependency-groups]\nlint = []" in text
    assert '[project.optional-dependencies]\nfast = [\n    "eta>=2.0",\n]' in text
    assert project.installed().keys() == {"delta", "eta"}
    project.uv_ok("lock", "--check")


@pytest.mark.parametrize("kind", ["path", "editable", "git", "dynamic"])
def test_sources_and_dynamic_versions_resolve_as_in_place(tools: Tools, wheels: Path, kind: str) -> None:
    made = {
        "path": projects.with_path_source,
        "editable": lambda t, w: projects.with_path_source(t, w, editable=True),
        "git": projects.with_git_source,
        "dynamic": projects.with_dynamic_version,
    }[kind](tools, wheels)
    with desk(made) as jobs:
        jobs.done(jobs.add("eta"))
    assert '"eta>=2.0"' in made.text()
    is_consistent(made)
    ours = made.lock_text()
    made.lock.unlink()
    made.uv_ok("lock")
    assert made.lock_text() == ours, "the lock from the shadow is not the one made in place"


def test_a_path_source_is_added_from_a_relative_requirement(tools: Tools, wheels: Path) -> None:
    made = projects.plain(tools, wheels)
    parts.make_package(made.root.parent / "lib", "lib", "1.0")
    with desk(made) as jobs:
        jobs.done(jobs.add(f"lib @ {(made.root.parent / 'lib').as_uri()}"))
    assert "/tree/" not in made.text()
    assert made.installed()["lib"] == "1.0"
    is_consistent(made)


def test_a_dynamic_version_cannot_be_bumped(tools: Tools, wheels: Path) -> None:
    made = projects.with_dynamic_version(tools, wheels)
    before = made.text()
    with desk(made) as jobs:
        assert "dynamic" in jobs.failed(jobs.ask("bumpVersion", bump="major"), "invalid-toml")
    assert made.text() == before


class TestTexts:
    """Only the lines of the edit change, whatever else the text has."""

    def added(self, project: Project, text: str) -> bytes:
        project.manifest.write_bytes(text.encode())
        with desk(project, sync_after_edit=False) as jobs:
            jobs.done(jobs.add("zeta"))
        return project.manifest.read_bytes()

    def text(self, project: Project) -> str:
        return project.text().replace("dependencies = []", 'dependencies = [\n    "alpha",\n]')

    def test_crlf(self, project: Project) -> None:
        text = self.text(project).replace("\n", "\r\n")
        assert self.added(project, text).decode() == text.replace('"alpha",\r\n', '"alpha",\r\n    "zeta>=1.0",\r\n')

    def test_crlf_and_a_bump(self, project: Project) -> None:
        text = self.text(project).replace("\n", "\r\n")
        project.manifest.write_bytes(text.encode())
        with desk(project, sync_after_edit=False) as jobs:
            jobs.done(jobs.ask("bumpVersion", bump="major"))
        assert project.manifest.read_bytes().decode() == text.replace("0.1.0", "1.0.0")

    def test_a_byte_order_mark(self, project: Project) -> None:
        text = "\ufeff" + self.text(project)
        assert self.added(project, text).decode() == text.replace('"alpha",\n', '"alpha",\n    "zeta>=1.0",\n')

    def test_comments_and_text_beyond_ascii(self, project: Project) -> None:
        text = self.text(project).replace('"alpha",', '"alpha",  # größer 𐍈🦀 \u2028 日本\n    # eigene Zeile')
        text = "# ──── Kopf ────\n\n" + text + "\n\n# Fuß ohne Ende"
        assert self.added(project, text).decode() == text.replace(
            "    # eigene Zeile\n", '    # eigene Zeile\n    "zeta>=1.0",\n'
        )

    def test_no_newline_at_the_end(self, project: Project) -> None:
        text = self.text(project).removesuffix("\n")
        assert self.added(project, text).decode() == text.replace('"alpha",\n', '"alpha",\n    "zeta>=1.0",\n')

    def test_a_new_table_behind_the_last_line_gets_a_line_of_its_own(self, project: Project) -> None:
        text = self.text(project).removesuffix("\n").replace("\n", "\r\n")
        project.manifest.write_bytes(text.encode())
        with desk(project, sync_after_edit=False) as jobs:
            jobs.done(jobs.add("zeta", group="dev"))
        assert project.manifest.read_bytes().decode().startswith(text + "\r\n\r\n[dependency-groups]\r\n")


class TestRefused:
    """What cannot be edited says so, with the place, and stays byte for byte as it is."""

    def refused(self, project: Project, content: bytes | None, code: str, command: str = "add", **argument: Any) -> str:
        if content is None:
            project.manifest.unlink()
        else:
            project.manifest.write_bytes(content)
        asked = argument or {"requirements": ["alpha"]}
        with desk(project, at=project.root / "pyproject.toml") as jobs:
            said = jobs.failed(jobs.ask(command, **asked), code)
        assert (project.manifest.read_bytes() if project.manifest.exists() else None) == content
        assert not project.lock.exists()
        return said

    def test_a_syntax_error_with_its_line_and_column(self, project: Project) -> None:
        assert "pyproject.toml:2:" in self.refused(project, b'[project]\nname = "x\nversion = "1"\n', "invalid-toml")

    def test_no_project_table(self, project: Project) -> None:
        assert "[project]" in self.refused(project, b"[tool.ruff]\nline-length = 99\n", "invalid-toml")

    def test_an_empty_file(self, project: Project) -> None:
        assert "[project]" in self.refused(project, b"", "invalid-toml")

    def test_a_missing_file(self, project: Project) -> None:
        assert "uv init" in self.refused(project, None, "not-found")

    def test_bytes_that_are_no_utf8(self, project: Project) -> None:
        assert "UTF-8" in self.refused(project, b'[project]\nname = "\xff"\n', "invalid-toml")


class TestFiles:
    @pytest.mark.parametrize("exchanges", [True, False])
    def test_a_lock_file_that_cannot_be_replaced_takes_the_manifest_back(
        self, project: Project, monkeypatch: pytest.MonkeyPatch, *, exchanges: bool
    ) -> None:
        project.uv_ok("lock")
        if not exchanges:
            monkeypatch.setattr(files, "exchange", lambda _one, _other: False)
        before = project.text(), project.lock.read_bytes()

        class Vanishing(Papers):
            """While it edits the document the staged uv.lock vanishes, so only the manifest can be replaced."""

            def apply(self, path: Path, version: int, edits: Sequence[Edit], label: str) -> bool:
                for staged in jobs.office.place(jobs.known).staging.iterdir():
                    if staged.read_bytes().startswith(b"version = 1"):
                        staged.unlink()
                return super().apply(path, version, edits, label)

        editor = Vanishing()
        editor.show(project.manifest)
        with desk(project, editor) as jobs:
            assert "nothing was changed" in jobs.failed(jobs.add("alpha"), "uv-failed")
            assert (project.text(), project.lock.read_bytes()) == before
            assert not jobs.changes()

    def test_a_symlinked_manifest_keeps_its_link(self, project: Project) -> None:
        target = project.root.parent / "kept" / "real.toml"
        target.parent.mkdir()
        project.manifest.rename(target)
        project.manifest.symlink_to(target)
        with desk(project) as jobs:
            jobs.done(jobs.add("alpha"))
        assert project.manifest.is_symlink()
        assert "alpha" in target.read_text("utf-8")
        assert list(target.parent.iterdir()) == [target]

    def test_mode_is_kept(self, project: Project) -> None:
        project.manifest.chmod(0o640)
        with desk(project) as jobs:
            jobs.done(jobs.add("alpha"))
        assert project.manifest.stat().st_mode & 0o777 == 0o640

    def test_a_read_only_file_is_refused_by_name(self, project: Project) -> None:
        project.manifest.chmod(0o444)
        before = project.text()
        with desk(project) as jobs:
            assert "read-only" in jobs.failed(jobs.add("alpha"), "uv-failed")
        assert project.text() == before
        assert not project.lock.exists()

    def test_a_read_only_lock_keeps_the_manifest_too(self, project: Project) -> None:
        project.uv_ok("lock")
        project.lock.chmod(0o444)
        before = project.text(), project.lock_text()
        with desk(project) as jobs:
            assert "uv.lock is read-only" in jobs.failed(jobs.add("alpha"), "uv-failed")
        assert (project.text(), project.lock_text()) == before
