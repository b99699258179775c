---@brief
---
--- `pyproject-lsp`, a language server for `pyproject.toml` whose dependency and version edits are
--- never lost, whatever else works on the project. It can be installed via `uv` or `pip`:
---
--- ```sh
--- uv tool install pyproject-lsp
--- ```
---
--- Settings are given below `settings.pyproject`; they are sent at start-up too:
---
--- ```lua
--- vim.lsp.config('pyproject_lsp', {
---   settings = { pyproject = { sync = { afterEdit = false } } },
--- })
--- ```

-- This file stands alone. With the rest of the runtime path the editor also gets a status, a queue
-- window and `:Pyproject`; without it the server is a plain language server.
local has_module, handlers = pcall(require, 'pyproject_lsp.handlers')

--- Does the buffer hold a PEP 723 block? Such a script needs no project around it.
---@param bufnr integer
---@return boolean
local function is_script(bufnr)
  return vim.list_contains(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), '# /// script')
end

--- The folder one server looks after: the uv workspace if there is one, so that its members share
--- one queue as they share one lock file; nil for TOML files that are no manifest.
---@param bufnr integer
---@return string?
local function root_of(bufnr)
  local path = vim.api.nvim_buf_get_name(bufnr)
  if path == '' or path:find('^%w+://') then
    return nil
  end
  if vim.bo[bufnr].filetype == 'toml' and vim.fs.basename(path) ~= 'pyproject.toml' then
    return nil
  end
  local project = vim.fs.root(bufnr, 'pyproject.toml')
  if not project then
    return is_script(bufnr) and vim.fs.dirname(path) or nil
  end
  local locked = vim.fs.root(bufnr, 'uv.lock')
  return locked and vim.uv.fs_stat(vim.fs.joinpath(locked, 'pyproject.toml')) and locked or project
end

---@type vim.lsp.Config
return {
  cmd = { 'pyproject-lsp' },
  filetypes = { 'toml', 'python' },
  root_dir = function(bufnr, on_dir)
    local root = root_of(bufnr)
    if root then
      on_dir(root)
    end
  end,
  settings = {},
  before_init = function(params, config)
    params.initializationOptions = params.initializationOptions or vim.tbl_get(config, 'settings', 'pyproject')
  end,
  -- Neovim checks the versions of an edit, but does not say so.
  capabilities = vim.tbl_deep_extend('force', {
    workspace = { workspaceEdit = { documentChanges = true } },
  }, has_module and handlers.capabilities or {}),
  handlers = has_module and handlers.methods or nil,
  commands = has_module and handlers.commands or nil,
  on_exit = has_module and handlers.on_exit or nil,
}
