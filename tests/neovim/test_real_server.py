"""Neovim, the real server and the real uv on a real project."""

import sys
from collections.abc import Iterator

import pytest

from demo import parts
from tests.neovim import driver
from tests.neovim.driver import Neovim, Screen
from tests.support.projects import Project

pytestmark = pytest.mark.timeout(240)

SERVER = (
    f"vim.lsp.config('pyproject_lsp', {{ cmd = {{ {driver.lua_string(sys.executable)}, '-m', 'lsp_server' }} }})\n"
    "vim.lsp.enable('pyproject_lsp')\n"
)
STATE = """(function(...)
  for _, operation in ipairs((require('pyproject_lsp').project() or {}).operations or {}) do
    if operation.title:find(select(1, ...), 1, true) and operation.state == select(2, ...) then return operation end
  end
end)(...)"""
BUFFER = "table.concat(vim.api.nvim_buf_get_lines(vim.fn.bufnr('^pyproject://' .. ... .. '$'), 0, -1, true), '\\n')"
BUFFER_TEXT = "table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\\n')"
AT_REST = """not vim.iter(require('pyproject_lsp').project().operations):any(function(one)
  return not require('pyproject_lsp.words').finished(one)
end)"""
SLOW = 50
"""Seconds that an operation may take, on a machine that does other things as well."""


def environment(project: Project) -> dict[str, str]:
    return driver.environment(project.tools.base, project.tools.environment)


@pytest.fixture
def nvim(project: Project) -> Iterator[Neovim]:
    with Neovim.start(driver.init_file(project.tools.base, SERVER), environment(project), project.root) as editor:
        editor.edit(project.manifest)
        editor.until("(vim.lsp.get_clients({ bufnr = 0 })[1] or {}).initialized")
        editor.until("require('pyproject_lsp').project() ~= nil")
        yield editor


def is_consistent(project: Project) -> bool:
    checks = [project.uv("lock", "--check"), project.uv("sync", "--check")]
    assert [check.returncode for check in checks] == [0, 0], [check.stderr for check in checks]
    return True


def test_an_add_behind_a_sync_says_on_whom_it_waits_and_is_made_at_the_release(nvim: Neovim, project: Project) -> None:
    gate = project.add_gated_dependency()
    nvim.ex("checktime")
    sync = project.uv_start("sync")
    gate.wait_reached()
    nvim.ex("Pyproject add alpha")
    nvim.until("require('pyproject_lsp').status():find('1 edit waiting for uv sync (', 1, true)")
    assert "alpha" not in project.text()
    gate.open()
    assert sync.wait(30) == 0
    nvim.until(STATE, "alpha", "done", timeout=40)
    assert nvim.text() == project.text()
    assert '"alpha' in nvim.text()
    assert not nvim.modified()
    assert not nvim.asks()
    assert is_consistent(project)


def test_a_commit_in_the_editor_is_one_undo_step(nvim: Neovim, project: Project) -> None:
    before = project.text()
    nvim.ex("Pyproject bump minor")
    nvim.until(STATE, "minor", "done", timeout=40)
    nvim.until("vim.bo.modified == false")
    assert 'version = "0.2.0"' in nvim.text()
    nvim.keys("u")
    assert nvim.text() == before
    assert nvim.modified()


def test_undo_takes_back_an_operation_in_buffer_and_file(nvim: Neovim, project: Project) -> None:
    before = nvim.text()
    nvim.ex("Pyproject bump minor")
    nvim.until(STATE, "Bump", "done", timeout=20)
    nvim.until("not vim.bo.modified and vim.fn.search('0.2.0', 'nw') > 0")
    nvim.ex("Pyproject undo")
    nvim.until("not vim.bo.modified and vim.fn.search('0.1.0', 'nw') > 0")
    assert nvim.text() == before == project.text()


def test_an_unsaved_buffer_waits_for_the_users_save(nvim: Neovim, project: Project) -> None:
    before = project.text()
    nvim.keys("Go# mine<Esc>")
    nvim.ex("Pyproject add alpha")
    nvim.until(STATE, "alpha", "needsSave", timeout=40)
    nvim.until("vim.fn.search('\"alpha', 'nw') > 0")
    assert nvim.modified()
    assert project.text() == before
    nvim.ex("write")
    nvim.until(STATE, "alpha", "done", timeout=40)
    assert "# mine" in project.text()
    assert '"alpha' in project.text()
    assert not nvim.asks()
    assert is_consistent(project)


def test_a_code_action_bumps_the_version(nvim: Neovim, project: Project) -> None:
    nvim.lua("vim.fn.search('0.1.0')")
    nvim.lua("""
        vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.title:find('0.1.1', 1, true) end })
    """)
    nvim.until("vim.fn.search('0.1.1', 'nw') > 0 and not vim.bo.modified", timeout=40)
    assert 'version = "0.1.1"' in project.text()


def test_a_failure_leaves_the_text_and_shows_uvs_words(nvim: Neovim, project: Project) -> None:
    before = project.text()
    nvim.lua("vim.notify = function(text) _G.told = text end")
    nvim.ex("Pyproject add no-such-package-here")
    told = nvim.until("_G.told", timeout=40)
    assert "no-such-package-here" in told
    assert nvim.text() == before == project.text()
    nvim.ex("Pyproject queue")
    assert "✗ failed" in nvim.text()


def test_cancel_from_the_queue_window_leaves_the_text(nvim: Neovim, project: Project) -> None:
    gate = project.add_gated_dependency()
    nvim.ex("checktime")
    sync = project.uv_start("sync")
    gate.wait_reached()
    before = project.text()
    nvim.ex("Pyproject add alpha")
    nvim.until(STATE, "alpha", "waiting", timeout=40)
    nvim.ex("Pyproject queue")
    assert nvim.lua("return vim.fn.search('alpha', 'cw')") > 0
    nvim.keys("c")
    nvim.until("vim.fn.search('cancelled', 'nw') > 0")
    gate.open()
    assert sync.wait(30) == 0
    assert project.text() == before


def test_a_terminals_add_appears_in_the_buffer(nvim: Neovim, project: Project) -> None:
    project.uv_ok("add", "alpha")
    nvim.ex("Pyproject add beta")
    nvim.until(STATE, "beta", "done", timeout=40)
    nvim.until("vim.fn.search('\"beta', 'nw') > 0 and not vim.bo.modified")
    assert {"alpha", "beta"} <= set(project.installed())
    assert '"alpha' in nvim.text()
    assert nvim.text() == project.text()


def test_two_neovims_and_a_terminals_uv_lose_nothing_and_show_one_queue(nvim: Neovim, project: Project) -> None:
    other_base = project.tools.base / "other"
    other_base.mkdir()
    init = driver.init_file(other_base, SERVER)
    with Neovim.start(init, driver.environment(other_base, project.tools.environment), project.root) as other:
        other.edit(project.manifest)
        other.until("require('pyproject_lsp').project() ~= nil")
        gate = project.add_gated_dependency()
        sync = project.uv_start("sync")
        gate.wait_reached()
        for editor in (nvim, other):
            editor.ex("checktime")
        nvim.ex("Pyproject add alpha")
        other.ex("Pyproject add beta")
        failing = project.uv_start("add", "no-such-package-here")
        gate.open()
        assert sync.wait(30) == 0
        assert failing.wait(30) != 0
        for editor in (nvim, other):
            editor.until(STATE, "alpha", "done", timeout=40)
            editor.until(STATE, "beta", "done", timeout=40)
        nvim.ex("Pyproject bump minor")
        for editor in (nvim, other):
            editor.until(STATE, "minor", "done", timeout=40)
            editor.until("vim.fn.search('0.2.0', 'nw') > 0 and not vim.bo.modified")
            assert editor.text() == project.text()
        assert all(word in project.text() for word in ('"alpha', '"beta', "0.2.0"))
        assert is_consistent(project)


def test_the_plain_file_alone_edits_a_closed_and_an_open_document(project: Project) -> None:
    alone = project.tools.base / "alone" / "lsp"
    alone.mkdir(parents=True)
    (alone / "pyproject_lsp.lua").write_bytes((driver.RUNTIME / "lsp" / "pyproject_lsp.lua").read_bytes())
    init = driver.init_file(project.tools.base, SERVER, runtime=alone.parent)
    with Neovim.start(init, environment(project), project.root) as nvim:
        nvim.edit(project.manifest)
        nvim.until("(vim.lsp.get_clients({ bufnr = 0 })[1] or {}).initialized")
        nvim.lua("""
            local client = vim.lsp.get_clients({ bufnr = 0 })[1]
            client:exec_cmd({ command = 'pyproject.bumpVersion', arguments = {
              { uri = vim.uri_from_bufnr(0), bump = 'minor' } } })
        """)
        nvim.until("(vim.cmd('checktime') or true) and vim.fn.search('0.2.0', 'nw') > 0", timeout=40)
        assert not nvim.modified()
        assert nvim.text() == project.text()


def test_a_person_sees_the_wait_and_the_result_on_the_screen(project: Project) -> None:
    line = "vim.o.laststatus = 2\nvim.o.statusline = \"%f | %{v:lua.require'pyproject_lsp'.status()}\"\n"
    gate = project.add_gated_dependency()
    sync = project.uv_start("sync")
    gate.wait_reached()
    init = driver.init_file(project.tools.base, line + SERVER)
    command = [*driver.argv(init), "pyproject.toml"]
    with Screen.start(command, project.tools.base, environment(project), project.root) as screen:
        screen.until("dependencies = [")
        screen.type(":lua vim.wait(20000, function() return require('pyproject_lsp').project() end)", "Enter")
        screen.type(":Pyproject add alpha", "Enter")
        screen.until("1 edit waiting for uv sync (")
        gate.open()
        assert sync.wait(30) == 0
        screen.until('"alpha', timeout=40)


def test_checkhealth_runs_the_real_doctor(nvim: Neovim) -> None:
    nvim.ex("checkhealth pyproject_lsp")
    shown = nvim.text()
    assert "doctor gave no JSON" not in shown
    assert "OK uv: " in shown
    assert "running for" in shown


def test_a_remove_takes_a_package_out_of_the_table_it_stands_in(nvim: Neovim, project: Project) -> None:
    project.uv_ok("add", "alpha", "delta")
    project.uv_ok("add", "--group", "dev", "eta")
    nvim.ex("checktime")
    nvim.ex("Pyproject remove eta alpha")
    nvim.until(STATE, "eta", "done", timeout=SLOW)
    nvim.until(STATE, "alpha", "done", timeout=SLOW)
    nvim.until("not vim.bo.modified and vim.fn.search('\"alpha\\\\|\"eta', 'nw') == 0", timeout=SLOW)
    assert nvim.text() == project.text()
    assert '"delta' in project.text()
    assert not {"alpha", "eta"} & set(project.installed())
    assert is_consistent(project)


def test_an_upgrade_raises_the_bound_and_what_is_installed(nvim: Neovim, project: Project) -> None:
    project.uv_ok("add", "alpha==1.0")
    nvim.ex("checktime")
    nvim.ex("Pyproject upgrade alpha")
    nvim.until(STATE, "alpha", "done", timeout=SLOW)
    nvim.until("not vim.bo.modified and vim.fn.search('alpha==2.0', 'nw') > 0", timeout=SLOW)
    assert nvim.text() == project.text()
    assert project.installed()["alpha"] == "2.0"
    assert is_consistent(project)


def test_a_retry_makes_what_had_failed_once_its_cause_is_gone(nvim: Neovim, project: Project) -> None:
    late = project.tools.base / "late"
    late.mkdir()
    project.write(project.text().replace("find-links = [", f'find-links = ["{late.as_posix()}", '))
    nvim.ex("checktime")
    before = project.text()
    nvim.ex("Pyproject add latecomer")
    nvim.until(STATE, "latecomer", "failed", timeout=SLOW)
    assert nvim.text() == before == project.text()
    parts.make_wheel(late, "latecomer", "1.0")
    nvim.ex("Pyproject retry")
    nvim.until(STATE, "latecomer", "done", timeout=SLOW)
    nvim.until("not vim.bo.modified and vim.fn.search('\"latecomer', 'nw') > 0", timeout=SLOW)
    assert nvim.text() == project.text()
    assert "latecomer" in project.installed()
    assert is_consistent(project)


def test_a_preview_is_what_the_change_then_does(nvim: Neovim, project: Project) -> None:
    project.uv_ok("add", "delta")
    nvim.ex("checktime")
    manifest, before = nvim.api.current.buffer.number, (project.text(), project.lock_text())
    nvim.ex("Pyproject preview add beta")
    nvim.until(f"{BUFFER}:find('+++ uv.lock', 1, true)", "preview", timeout=SLOW)
    shown = nvim.text().splitlines()
    assert '+    "beta>=2.0",' in shown
    assert shown[-2:] == ["+alpha 2.0", "+beta 2.0"]
    assert (project.text(), project.lock_text()) == before
    assert nvim.text(manifest) == before[0]
    assert nvim.lua("return #require('pyproject_lsp').project().operations") == 0
    nvim.keys("<CR>")
    nvim.until(STATE, "beta", "done", timeout=SLOW)
    nvim.until("not vim.bo.modified and vim.fn.search('\"beta>=2.0\",', 'nw') > 0", timeout=SLOW)
    assert nvim.text() == project.text()
    assert is_consistent(project)


def test_a_first_group_added_at_the_end_of_the_file_does_not_stick_in_the_buffer(nvim: Neovim, project: Project) -> None:
    project.uv_ok("lock")
    nvim.ex("checktime")
    before = project.text()
    for name in ("alpha", "zeta"):  # the first makes the table, the second goes into it
        nvim.ex(f"Pyproject add {name} --group dev")
        nvim.until(STATE, name, "done", timeout=SLOW)
        nvim.until(AT_REST, timeout=SLOW)
    assert nvim.text() == project.text()
    assert nvim.lua("return vim.bo.modified") is False
    for name in ("zeta", "alpha"):
        nvim.ex("Pyproject undo")
        nvim.until(STATE, f"Undo 'Add {name}", "done", timeout=SLOW)
        nvim.until(f"not {BUFFER_TEXT}:find(..., 1, true)", f'"{name}', timeout=SLOW)
    assert project.text() == nvim.text() == before


def test_a_preview_of_what_cannot_be_done_says_why(nvim: Neovim, project: Project) -> None:
    before = project.text()
    nvim.ex("Pyproject preview add no-such-package-here")
    nvim.until(f"{BUFFER}:find('no-such-package-here was not found', 1, true)", "preview", timeout=SLOW)
    assert project.text() == before


def test_the_status_line_of_a_wait_names_the_terminals_sync(nvim: Neovim, project: Project) -> None:
    nvim.lua("vim.notify = function(text) _G.told = text end")
    nvim.ex("set columns=200")
    gate = project.add_gated_dependency()
    nvim.ex("checktime")
    sync = project.uv_start("sync")
    gate.wait_reached()
    nvim.ex("Pyproject add alpha")
    nvim.until(STATE, "alpha", "waiting", timeout=SLOW)
    nvim.ex("Pyproject status")
    assert nvim.lua("return _G.told").startswith("pyproject: 1 edit waiting for uv sync (")
    gate.open()
    assert sync.wait(30) == 0
    nvim.until(STATE, "alpha", "done", timeout=SLOW)
    nvim.ex("Pyproject status")
    assert nvim.lua("return _G.told") == "pyproject: nothing waits; uv.lock is up-to-date, the environment is in-sync"


LENSES = """(function()
  local params = { textDocument = vim.lsp.util.make_text_document_params() }
  local answer = vim.lsp.get_clients({ bufnr = 0 })[1]:request_sync('textDocument/codeLens', params, 5000, 0)
  for _, lens in ipairs((answer or {}).result or {}) do
    if lens.command.command == 'pyproject.runScript' then return lens.command end
  end
end)()"""
TERMINAL = "vim.bo.buftype == 'terminal' and table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true)):find(..., 1, true)"


def test_a_script_is_saved_and_run_in_a_terminal_by_its_lens(nvim: Neovim, project: Project) -> None:
    script = project.root.parent / "a script's.py"
    script.write_text("# /// script\n# dependencies = []\n# ///\nprint('old')\n")
    nvim.edit(script)
    nvim.until("(vim.lsp.get_clients({ bufnr = 0 })[1] or {}).initialized")
    nvim.lua("vim.lsp.get_clients({ bufnr = 0 })[1].config.settings = { pyproject = { uv = { path = ... } } }", project.tools.uv)
    nvim.ex("%s/'old'/'ran ' * 2/")
    nvim.until(LENSES, timeout=SLOW)
    nvim.lua(f"vim.lsp.get_clients({{ bufnr = 0 }})[1]:exec_cmd({LENSES}, {{ bufnr = 0 }})")
    nvim.until(TERMINAL, "ran ran", timeout=SLOW)
    assert "'ran ' * 2" in script.read_text()
