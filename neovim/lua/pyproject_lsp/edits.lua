--- `workspace/applyEdit`: as Neovim does it, with an honest answer and one undo step a buffer.
local M = {}

local text = require('pyproject_lsp.text')

--- The text before and after our last edit of a buffer; `pyproject/save` asks for it.
---@type table<integer, { before: string, after: string, was_modified: boolean }>
M.last = {}

--- The open buffer of a URI; nil when the file is not open.
---@param uri string
---@return integer?
function M.loaded(uri)
  local path = vim.fs.normalize(vim.uri_to_fname(uri))
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.fs.normalize(vim.api.nvim_buf_get_name(bufnr)) == path then
      return bufnr
    end
  end
end

---@param edit table a WorkspaceEdit
---@return table<integer, integer|false> version by buffer, false where none is demanded
local function targets(edit)
  local found = {}
  for uri in pairs(edit.changes or {}) do
    found[M.loaded(uri) or 0] = false
  end
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.textDocument then
      local version = change.textDocument.version
      found[M.loaded(change.textDocument.uri) or 0] = type(version) == 'number' and version
    end
  end
  found[0] = nil
  return found
end

--- Neovim answers `applied = true` to an edit that it skipped as stale, which reads as success.
---@param buffers table<integer, integer|false>
---@return string? reason
local function stale(buffers)
  for bufnr, version in pairs(buffers) do
    if version and vim.lsp.util.buf_versions[bufnr] > version then
      return ('the text of %s has changed since version %d'):format(vim.api.nvim_buf_get_name(bufnr), version)
    end
  end
end

--- Ends the running undo step, so that the edit is neither joined to typing nor the other way round.
---@param bufnr integer
local function break_undo(bufnr)
  vim.bo[bufnr].undolevels = vim.bo[bufnr].undolevels
end

--- Sends what has changed now: the server holds uv's locks until it has seen its edit, and Neovim
--- would let 150 ms pass. Without this function of Neovim's the server waits, no more.
---@param client_id integer
---@param bufnr integer
local function flush(client_id, bufnr)
  local has_tracking, tracking = pcall(require, 'vim.lsp._changetracking')
  local client = vim.lsp.get_client_by_id(client_id)
  if has_tracking and tracking.flush and client then
    pcall(tracking.flush, client, bufnr)
  end
end

function M.apply(err, params, context)
  local buffers = targets(params.edit)
  local reason = stale(buffers)
  if reason then
    return { applied = false, failureReason = reason }
  end
  local before = {}
  for bufnr in pairs(buffers) do
    break_undo(bufnr)
    before[bufnr] = { before = text.of_buffer(bufnr), was_modified = vim.bo[bufnr].modified }
  end
  local answer = vim.lsp.handlers['workspace/applyEdit'](err, { edit = params.edit }, context)
  for bufnr, record in pairs(before) do
    break_undo(bufnr)
    record.after = text.of_buffer(bufnr)
    M.last[bufnr] = record
    flush(context.client_id, bufnr)
  end
  return answer
end

return M
