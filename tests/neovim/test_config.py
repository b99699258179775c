"""How the editor starts the server: the plain file, the file alone, the older `require('lspconfig')`, `:checkhealth`."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.neovim import driver
from tests.neovim.driver import Neovim
from tests.neovim.fake_server import FakeServer, status

ROOT = "return vim.lsp.get_clients({ name = 'pyproject_lsp' })[1].root_dir"


def client_root(nvim: Neovim) -> Path:
    nvim.until("#vim.lsp.get_clients({ name = 'pyproject_lsp' }) == 1")
    return Path(nvim.lua(ROOT))


def test_a_member_of_a_workspace_shares_the_server_of_its_root(base: Path, root: Path, server: FakeServer) -> None:
    member = root / "packages" / "one"
    member.mkdir(parents=True)
    (member / "pyproject.toml").write_text('[project]\nname = "one"\n')
    (root / "uv.lock").touch()
    with Neovim.start(driver.init_file(base, server.init_lua()), driver.environment(base), root) as nvim:
        nvim.edit(member / "pyproject.toml")
        assert client_root(nvim) == root


def test_a_stray_lock_file_above_is_no_workspace(base: Path, root: Path, server: FakeServer) -> None:
    (base / "uv.lock").touch()
    with Neovim.start(driver.init_file(base, server.init_lua()), driver.environment(base), root) as nvim:
        nvim.edit(root / "pyproject.toml")
        assert client_root(nvim) == root


def test_other_toml_files_start_no_server(nvim: Neovim, root: Path) -> None:
    (root / "ruff.toml").write_text("")
    buffer = nvim.edit(root / "ruff.toml")
    assert nvim.lua("return #vim.lsp.get_clients({ bufnr = ... })", buffer) == 0


@pytest.mark.parametrize(("text", "attached"), [("# /// script\n# dependencies = []\n# ///\n", 1), ("print()\n", 0)])
def test_a_lone_python_file_starts_the_server_only_with_a_script_block(
    base: Path, server: FakeServer, text: str, attached: int
) -> None:
    script = base / "lone.py"
    script.write_text(text)
    with Neovim.start(driver.init_file(base, server.init_lua()), driver.environment(base), base) as nvim:
        buffer = nvim.edit(script)
        assert nvim.lua("return #vim.lsp.get_clients({ bufnr = ..., _uninitialized = true })", buffer) == attached


def test_settings_are_sent_at_the_start_and_when_asked_for(base: Path, root: Path, server: FakeServer) -> None:
    settings = "vim.lsp.config('pyproject_lsp', { settings = { pyproject = { sync = { afterEdit = false } } } })\n"
    init = driver.init_file(base, settings + server.init_lua())
    with Neovim.start(init, driver.environment(base), root) as nvim:
        nvim.edit(root / "pyproject.toml")
        wanted = {"sync": {"afterEdit": False}}
        assert server.wait_for("initialize")["initializationOptions"] == wanted
        server.wait_for("textDocument/didOpen")
        assert server.request("workspace/configuration", {"items": [{"section": "pyproject"}]}) == [wanted]


def test_the_file_works_alone_as_in_a_collection_of_configurations(base: Path, root: Path, server: FakeServer) -> None:
    alone = base / "alone" / "lsp"
    alone.mkdir(parents=True)
    (alone / "pyproject_lsp.lua").write_bytes((driver.RUNTIME / "lsp" / "pyproject_lsp.lua").read_bytes())
    init = driver.init_file(base, server.init_lua(), runtime=alone.parent)
    with Neovim.start(init, driver.environment(base), root) as nvim:
        nvim.edit(root / "pyproject.toml")
        capabilities = server.wait_for("initialize")["capabilities"]
        assert "pyprojectSave" not in capabilities.get("experimental", {})
        server.wait_for("textDocument/didOpen")
        server.notify("pyproject/status", status(root))
        server.request("workspace/workspaceFolders", None)
        assert "rror" not in nvim.messages()


# The part of nvim-lspconfig that finds and starts a configuration, by its documented rule: the module
# `lspconfig.configs.NAME` holds `default_config`, `setup` merges the user's table over it and starts on FileType.
LSPCONFIG = """
return setmetatable({}, { __index = function(_, name)
  local default = require('lspconfig.configs.' .. name).default_config
  return { setup = function(user)
    local config = vim.tbl_deep_extend('keep', user, default, { name = name })
    vim.api.nvim_create_autocmd('FileType', { pattern = config.filetypes, callback = function(event)
      local root = config.root_dir(vim.fs.normalize(event.match and event.file), event.buf)
      if root then
        vim.lsp.start(vim.tbl_extend('force', config, { root_dir = root }), { bufnr = event.buf })
      end
    end })
  end }
end })
"""


def test_the_older_setup_starts_the_same_server(base: Path, root: Path, server: FakeServer) -> None:
    plugin = base / "plugin" / "lua"
    plugin.mkdir(parents=True)
    (plugin / "lspconfig.lua").write_text(LSPCONFIG)
    setup = (
        f"vim.opt.runtimepath:append({driver.lua_string(str(plugin.parent))})\n"
        f"require('lspconfig').pyproject_lsp.setup {{ cmd = vim.lsp.rpc.connect('127.0.0.1', {server.port}) }}\n"
    )
    with Neovim.start(driver.init_file(base, setup), driver.environment(base), root) as nvim:
        nvim.edit(root / "pyproject.toml")
        capabilities = server.wait_for("initialize")["capabilities"]
        assert capabilities["experimental"]["pyprojectSave"] is True
        server.wait_for("textDocument/didOpen")
        server.notify("pyproject/status", status(root, message="all well"))
        nvim.until("require('pyproject_lsp').status() == 'all well'")


DOCTOR = """\
import json, os, sys
assert sys.argv[1:] == ["doctor", "--json"], sys.argv
print(json.dumps({"findings": [
    {"check": "uv", "verdict": "ok", "found": "0.13.9 in " + os.getcwd(), "advice": ""},
    {"check": "watcher", "verdict": "warning", "found": "polling", "advice": "use a local disk"},
    {"check": "lock names", "verdict": "error", "found": "differ", "advice": "report it"},
]}))
"""


def checkhealth(base: Path, root: Path, lua: str) -> str:
    with Neovim.start(driver.init_file(base, lua), driver.environment(base), root) as nvim:
        nvim.ex("checkhealth pyproject_lsp")
        return nvim.text()


def test_checkhealth_shows_what_doctor_finds(base: Path, root: Path) -> None:
    (base / "doctor.py").write_text(DOCTOR)
    command = f"{{ {driver.lua_string(sys.executable)}, {driver.lua_string(str(base / 'doctor.py'))}, 'serve' }}"
    lua = f"vim.lsp.config('pyproject_lsp', {{ cmd = {command} }})\nvim.lsp.enable('pyproject_lsp')\n"
    shown = checkhealth(base, root, lua)
    assert f"OK uv: 0.13.9 in {root}" in shown
    assert "WARNING watcher: polling" in shown
    assert "use a local disk" in shown
    assert "ERROR lock names: differ" in shown


def test_checkhealth_says_how_to_get_a_server_that_is_missing(base: Path, root: Path) -> None:
    lua = "vim.lsp.config('pyproject_lsp', { cmd = { 'no-such-server' } })\n"
    shown = checkhealth(base, root, lua)
    assert "ERROR no-such-server is not on the PATH" in shown
    assert "uv tool install pyproject-lsp" in shown
    assert "vim.lsp.enable('pyproject_lsp')" in shown


def test_the_help_has_a_tag_for_each_thing_a_user_may_look_up(base: Path, nvim: Neovim) -> None:
    docs = base / "doc"
    docs.mkdir()
    (docs / "pyproject_lsp.txt").write_bytes((driver.RUNTIME / "doc" / "pyproject_lsp.txt").read_bytes())
    nvim.ex(f"helptags {docs}")
    tags = {line.split("\t")[0] for line in (docs / "tags").read_text().splitlines()}
    subcommands = nvim.lua("return vim.tbl_keys(require('pyproject_lsp.commands').subcommands)")
    assert {f":Pyproject-{name}" for name in subcommands} <= tags
    assert {"pyproject_lsp", ":Pyproject", "pyproject_lsp.status()", "PyprojectStatus"} <= tags


def test_the_help_opens_after_the_documented_set_up(base: Path, root: Path) -> None:
    copy = base / "neovim"
    shutil.copytree(driver.RUNTIME, copy, ignore=shutil.ignore_patterns("tags"))
    init = base / "own-init.lua"
    init.write_text(f"vim.opt.runtimepath:prepend({driver.lua_string(str(copy))})\n")
    with Neovim.start(init, driver.environment(base), root) as editor:
        editor.ex("help pyproject_lsp")
        assert editor.lua("return vim.bo.filetype") == "help"


def test_a_plugin_manager_that_knows_only_the_top_folder_finds_all(base: Path, root: Path) -> None:
    checkout = base / "checkout"
    checkout.mkdir()
    for name in ("plugin", "neovim"):
        (checkout / name).symlink_to(driver.RUNTIME.parent / name, target_is_directory=True)
    init = base / "own-init.lua"
    init.write_text(f"vim.opt.runtimepath:prepend({driver.lua_string(str(checkout))})\n")
    with Neovim.start(init, driver.environment(base), root) as editor:
        assert editor.lua("return vim.fn.exists(':Pyproject')") == 2
        assert editor.lua("return vim.lsp.config.pyproject_lsp.filetypes") == ["toml", "python"]
        assert editor.lua("return (pcall(require, 'pyproject_lsp.queue'))")


def test_every_lua_file_loads_without_a_server(nvim: Neovim) -> None:
    for path in sorted((driver.RUNTIME / "lua" / "pyproject_lsp").glob("*.lua")):
        name = "pyproject_lsp" if path.stem == "init" else f"pyproject_lsp.{path.stem}"
        assert nvim.lua("return (pcall(require, ...))", name), path
