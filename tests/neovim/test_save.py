"""An edit by the server in an open buffer: one undo step, no question, nothing of the user's saved or lost."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.neovim.conftest import MANIFEST
from tests.neovim.driver import Neovim
from tests.neovim.fake_server import FakeServer, status

BUMPED = MANIFEST.replace("1.2.3", "1.2.4")


def bump(path: Path, version: int | None) -> dict[str, Any]:
    """The edit from 1.2.3 to 1.2.4 (line 2, the last digit)."""
    place = {"start": {"line": 2, "character": 15}, "end": {"line": 2, "character": 16}}
    document = {"uri": path.as_uri(), "version": version}
    return {"edit": {"documentChanges": [{"textDocument": document, "edits": [{"range": place, "newText": "4"}]}]}}


def replace(path: Path, text: str) -> None:
    """What the server does to the disk: another file, renamed into place, with another time."""
    fresh = path.with_name("fresh")
    fresh.write_text(text)
    os.utime(fresh, (1, 1))
    fresh.replace(path)


def commit(server: FakeServer, path: Path) -> bool:
    """An edit of a clean document as the server makes it; says whether the editor saved."""
    assert server.request("workspace/applyEdit", bump(path, server.version(path)))["applied"] is True
    replace(path, BUMPED)
    return bool(server.request("pyproject/save", {"uri": path.as_uri()})["saved"])


@pytest.fixture
def manifest(root: Path) -> Path:
    return root / "pyproject.toml"


@pytest.mark.usefixtures("nvim")
def test_the_editor_announces_that_it_can_save(server: FakeServer) -> None:
    capabilities = server.wait_for("initialize")["capabilities"]
    assert capabilities["experimental"]["pyprojectSave"] is True
    assert capabilities["workspace"]["applyEdit"] is True
    assert capabilities["workspace"]["workspaceEdit"]["documentChanges"] is True


def test_a_commit_leaves_a_clean_buffer_with_the_new_text(nvim: Neovim, server: FakeServer, manifest: Path) -> None:
    assert commit(server, manifest)
    assert nvim.text() == BUMPED == manifest.read_text()
    assert not nvim.modified()


@pytest.mark.usefixtures("nvim")
def test_a_commit_does_not_write_the_file_a_second_time(server: FakeServer, manifest: Path) -> None:
    commit(server, manifest)
    assert manifest.stat().st_mtime == 1
    assert [p.name for p in manifest.parent.iterdir()] == ["pyproject.toml"]


def test_one_undo_takes_back_the_commit_and_marks_the_buffer_modified(nvim: Neovim, server: FakeServer, manifest: Path) -> None:
    commit(server, manifest)
    nvim.keys("u")
    assert nvim.text() == MANIFEST
    assert nvim.modified(), "the disk has the new text: `:w` must see something to write"
    nvim.keys("<C-r>")
    assert nvim.text() == BUMPED
    assert not nvim.modified()


def test_writing_after_a_commit_asks_no_question(nvim: Neovim, server: FakeServer, manifest: Path) -> None:
    commit(server, manifest)
    nvim.keys("Gofresh<Esc>")
    nvim.ex("write")
    nvim.ex("checktime")
    assert not nvim.asks()
    assert manifest.read_text() == BUMPED + "fresh\n"


def test_an_edit_is_a_step_of_its_own_between_two_of_the_users(nvim: Neovim, server: FakeServer, manifest: Path) -> None:
    nvim.keys("Gofirst<Esc>")
    edit = bump(manifest, nvim.lua("return vim.lsp.util.buf_versions[vim.api.nvim_get_current_buf()]"))
    assert server.request("workspace/applyEdit", edit)["applied"] is True
    nvim.keys("Gosecond<Esc>")
    nvim.keys("u")
    assert nvim.text() == BUMPED + "first\n"
    nvim.keys("u")
    assert nvim.text() == MANIFEST + "first\n"


def test_a_dirty_buffer_is_never_saved(nvim: Neovim, server: FakeServer, manifest: Path) -> None:
    nvim.keys("Gomine<Esc>")
    assert server.request("pyproject/save", {"uri": manifest.as_uri()}) == {"saved": False}
    assert nvim.modified()
    assert manifest.read_text() == MANIFEST


def test_typing_after_the_edit_stays_unsaved_and_writes_without_a_question(
    nvim: Neovim, server: FakeServer, manifest: Path
) -> None:
    server.request("workspace/applyEdit", bump(manifest, server.version(manifest)))
    replace(manifest, BUMPED)
    nvim.keys("Gomine<Esc>")
    assert server.request("pyproject/save", {"uri": manifest.as_uri()}) == {"saved": False}
    assert manifest.read_text() == BUMPED
    assert nvim.modified()
    nvim.ex("write")
    assert not nvim.asks()
    assert manifest.read_text() == BUMPED + "mine\n"


@pytest.mark.usefixtures("nvim")
def test_a_server_that_left_the_disk_alone_gets_a_real_write(server: FakeServer, manifest: Path) -> None:
    server.request("workspace/applyEdit", bump(manifest, server.version(manifest)))
    assert server.request("pyproject/save", {"uri": manifest.as_uri()}) == {"saved": True}
    assert manifest.read_text() == BUMPED


@pytest.mark.usefixtures("nvim")
def test_a_foreign_text_on_disk_is_not_overwritten(server: FakeServer, manifest: Path) -> None:
    server.request("workspace/applyEdit", bump(manifest, server.version(manifest)))
    replace(manifest, "# by a terminal\n")
    assert server.request("pyproject/save", {"uri": manifest.as_uri()}) == {"saved": False}
    assert manifest.read_text() == "# by a terminal\n"


def test_a_stale_edit_is_answered_as_not_applied(nvim: Neovim, server: FakeServer, manifest: Path) -> None:
    old = server.version(manifest)
    nvim.keys("Gomine<Esc>")
    answer = server.request("workspace/applyEdit", bump(manifest, old))
    assert answer["applied"] is False
    assert "has changed" in answer["failureReason"]
    assert nvim.text() == MANIFEST + "mine\n"


@pytest.mark.usefixtures("nvim")
def test_other_plugins_hear_of_the_save(server: FakeServer, manifest: Path) -> None:
    commit(server, manifest)
    assert server.wait_for("textDocument/didSave")["textDocument"]["uri"] == manifest.as_uri()


def test_a_commit_of_another_process_is_read_after_the_status(nvim: Neovim, server: FakeServer, manifest: Path) -> None:
    replace(manifest, BUMPED)
    server.notify("pyproject/status", status(manifest.parent))
    nvim.until("vim.api.nvim_buf_get_lines(0, 2, 3, true)[1] == 'version = \"1.2.4\"'")
    assert not nvim.modified()
    nvim.keys("u")
    assert nvim.text() == MANIFEST


def test_a_commit_of_another_process_asks_nothing_of_a_dirty_buffer(nvim: Neovim, server: FakeServer, manifest: Path) -> None:
    nvim.keys("Gomine<Esc>")
    replace(manifest, BUMPED)
    server.notify("pyproject/status", status(manifest.parent, message="seen"))
    nvim.until("require('pyproject_lsp').status() == 'seen'")
    assert not nvim.asks()
    assert nvim.text() == MANIFEST + "mine\n"


def test_without_autoread_the_status_reloads_nothing(nvim: Neovim, server: FakeServer, manifest: Path) -> None:
    nvim.ex("set noautoread")
    replace(manifest, BUMPED)
    server.notify("pyproject/status", status(manifest.parent, message="seen"))
    nvim.until("require('pyproject_lsp').status() == 'seen'")
    assert not nvim.asks()
    assert nvim.text() == MANIFEST


def test_without_autoread_a_commit_still_reaches_the_buffer(nvim: Neovim, server: FakeServer, manifest: Path) -> None:
    nvim.ex("set noautoread")
    assert commit(server, manifest)
    assert nvim.text() == BUMPED
    nvim.ex("checktime")
    assert not nvim.asks()


def test_a_commit_keeps_dos_line_ends(nvim: Neovim, server: FakeServer, root: Path) -> None:
    path = root / "other" / "pyproject.toml"
    path.parent.mkdir()
    (root / "uv.lock").touch()
    path.write_bytes(MANIFEST.replace("\n", "\r\n").encode())
    nvim.edit(path)
    server.wait_for("textDocument/didOpen", lambda p: p["textDocument"]["uri"] == path.as_uri())
    server.request("workspace/applyEdit", bump(path, server.version(path)))
    replace_bytes = path.with_name("fresh")
    replace_bytes.write_bytes(BUMPED.replace("\n", "\r\n").encode())
    replace_bytes.replace(path)
    assert server.request("pyproject/save", {"uri": path.as_uri()}) == {"saved": True}
    assert not nvim.modified()
