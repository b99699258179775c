--- What a user's configuration may call. Every function is safe before a server has started.
local M = {}

--- One line about the project of the current window's buffer, '' when there is nothing to say.
--- Reads tables only, so a statusline may call it on every redraw:
--- `vim.o.statusline = "%f %{v:lua.require'pyproject_lsp'.status()}"`.
---@param bufnr? integer default: the buffer of the window that is being drawn
---@return string
function M.status(bufnr)
  require('pyproject_lsp.waiting').used = true
  local store = require('pyproject_lsp.store')
  local status = store.for_buffer(bufnr or vim.api.nvim_get_current_buf())
  return status and require('pyproject_lsp.words').status(status, os.time(), store.news_since(status)) or ''
end

--- The same for statusline plugins that take a string in statusline syntax, where `%` is special.
---@param bufnr? integer
---@return string
function M.statusline(bufnr)
  return (M.status(bufnr):gsub('%%', '%%%%'))
end

--- The last `pyproject/status` of the buffer's project, as the server sent it; nil before the first.
---@param bufnr? integer
---@return table?
function M.project(bufnr)
  return require('pyproject_lsp.store').for_buffer(bufnr or vim.api.nvim_get_current_buf())
end

--- Opens the queue window.
function M.queue()
  require('pyproject_lsp.queue').open()
end

--- Runs what `:Pyproject {line}` runs.
---@param line string
function M.run(line)
  require('pyproject_lsp.commands').run(line)
end

return M
