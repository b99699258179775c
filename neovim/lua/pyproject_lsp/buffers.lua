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

---@param bufnr integer
local function write(bufnr)
  vim.api.nvim_buf_call(bufnr, function()
    vim.cmd.write({ bang = true, mods = { silent = true, keepalt = true } })
  end)
end

--- Takes the file as it is for the one that the buffer came from: no W12 later, no question at the
--- next `:write`. Nothing is read, and nothing written: a write by the editor would replace the file
--- once more, and not atomically. An autocommand in place of the write is Neovim's own way to do this
--- (`:help BufWriteCmd`); it also makes undo past this point mark the buffer as modified.
---@param bufnr integer
---@param modified boolean is the buffer's text another than the file's
local function accept_file(bufnr, modified)
  local group = vim.api.nvim_create_augroup('pyproject_lsp_accept', { clear = true })
  vim.api.nvim_create_autocmd('FileChangedShell', {
    group = group,
    buffer = bufnr,
    callback = function()
      vim.v.fcs_choice = '' -- no reload, no question
    end,
  })
  vim.api.nvim_create_autocmd('BufWriteCmd', {
    group = group,
    buffer = bufnr,
    callback = function()
      vim.bo[bufnr].modified = false
    end,
  })
  vim.cmd.checktime({ args = { tostring(bufnr) }, mods = { silent = true } })
  write(bufnr)
  vim.api.nvim_del_augroup_by_id(group)
  vim.bo[bufnr].modified = modified
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
    accept_file(bufnr, false)
    vim.api.nvim_exec_autocmds('BufWritePost', { buffer = bufnr, modeline = false })
  elseif last and not last.was_modified and buffer == last.after and disk == last.before then
    write(bufnr)
  elseif last and disk == last.after then
    accept_file(bufnr, true)
  end
  return not vim.bo[bufnr].modified
end

return M
