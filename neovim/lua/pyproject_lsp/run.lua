--- Runs a script with uv in a terminal window: what the lens 'run with uv' above its block does.
local M = {}

--- The uv of the setting `uv.path`, else the one on PATH.
---@param client_id integer?
---@return string
local function uv(client_id)
  local client = client_id and vim.lsp.get_client_by_id(client_id)
  return vim.tbl_get(client or {}, 'config', 'settings', 'pyproject', 'uv', 'path') or 'uv'
end

---@param uri string The script's URI; unsaved changes of it are saved first.
---@param client_id integer?
function M.script(uri, client_id)
  local path, program = vim.uri_to_fname(uri), uv(client_id)
  if vim.fn.executable(program) == 0 then
    require('pyproject_lsp.client').tell(("cannot find '%s'; install uv, or set uv.path"):format(program))
    return
  end
  local buffer = vim.uri_to_bufnr(uri)
  if vim.api.nvim_buf_is_loaded(buffer) and vim.bo[buffer].modified then
    vim.api.nvim_buf_call(buffer, vim.cmd.write)
  end
  vim.cmd('botright new')
  vim.fn.jobstart({ program, 'run', '--script', path }, { term = true, cwd = vim.fs.dirname(path) })
end

return M
