--- Keeping open buffers and their files in step, without a question to the user.
local M = {}

local edits = require('pyproject_lsp.edits')
local text = require('pyproject_lsp.text')

--- May `:checktime` reload this buffer silently? A modified one would bring a W12 question, and
--- without 'autoread' the user has said that the editor must not reload by itself.
---@param bufnr integer
---@return boolean
local function reloads_silently(bufnr)
  local own = vim.bo[bufnr].autoread
  local autoread = own == nil and vim.o.autoread or own
  return autoread and not vim.bo[bufnr].modified and vim.bo[bufnr].buftype == ''
end

--- The open buffers that a commit in the project may have changed: manifests, the lock file, scripts.
---@param root string
---@return integer[]
local function of_project(root)
  return vim.tbl_filter(function(bufnr)
    if not vim.api.nvim_buf_is_loaded(bufnr) or vim.bo[bufnr].buftype ~= '' then
      return false
    end
    local name = vim.fs.normalize(vim.api.nvim_buf_get_name(bufnr))
    local path = vim.uv.fs_realpath(name) or name
    local ours = vim.list_contains({ 'pyproject.toml', 'uv.lock' }, vim.fs.basename(path)) or path:sub(-3) == '.py'
    return ours and (path == root or vim.startswith(path, root .. '/'))
  end, vim.api.nvim_list_bufs())
end

--- Reads again what a commit has changed on disk. Costs one stat for each open file of the project.
---@param status table
function M.reload(status)
  for _, bufnr in ipairs(of_project(require('pyproject_lsp.store').root(status))) do
    if reloads_silently(bufnr) then
      vim.cmd.checktime({ args = { tostring(bufnr) }, mods = { silent = true } })
    end
  end
end

--- Takes note of the file's new time without reading it and without asking (`W12`).
---@param bufnr integer
local function accept_timestamp(bufnr)
  local id = vim.api.nvim_create_autocmd('FileChangedShell', {
    buffer = bufnr,
    callback = function()
      vim.v.fcs_choice = '' -- no reload, no question: the buffer has the text already
    end,
  })
  vim.cmd.checktime({ args = { tostring(bufnr) }, mods = { silent = true } })
  vim.api.nvim_del_autocmd(id)
end

--- Makes the buffer unmodified as if it had been written: undo then marks it modified again. The
--- file is left alone, since a write by the editor would replace it once more, and not atomically.
--- A BufWriteCmd that resets 'modified' is Neovim's own way to do this (`:help BufWriteCmd`).
---@param bufnr integer
local function mark_saved(bufnr)
  local id = vim.api.nvim_create_autocmd('BufWriteCmd', {
    buffer = bufnr,
    callback = function()
      vim.bo[bufnr].modified = false
    end,
  })
  vim.api.nvim_buf_call(bufnr, function()
    vim.cmd.write({ bang = true, mods = { silent = true, keepalt = true } })
  end)
  vim.api.nvim_del_autocmd(id)
  vim.api.nvim_exec_autocmds('BufWritePost', { buffer = bufnr, modeline = false })
end

---@param bufnr integer
local function write(bufnr)
  vim.api.nvim_buf_call(bufnr, function()
    vim.cmd.write({ bang = true, mods = { silent = true, keepalt = true } })
  end)
end

--- Saves a document that was clean before our edit. Never text of the user's: when they typed
--- meanwhile the buffer stays modified, and only learns that the file below it is the known one.
---@param uri string
---@return boolean saved
function M.save(uri)
  local bufnr = edits.loaded(uri)
  if not bufnr then
    return false
  end
  local disk, buffer, last = text.of_file(vim.api.nvim_buf_get_name(bufnr)), text.of_buffer(bufnr), edits.last[bufnr]
  if disk == buffer then
    accept_timestamp(bufnr)
    mark_saved(bufnr)
  elseif last and not last.was_modified and buffer == last.after and disk == last.before then
    write(bufnr)
  elseif last and disk == last.after then
    accept_timestamp(bufnr)
  end
  return not vim.bo[bufnr].modified
end

return M
