--- Messages to the user: one line that fits on the screen, since a longer one would stop the editor
--- at a "Press ENTER" prompt. The whole text is in `:Pyproject log`.
local M = {}

local more = ' … (:Pyproject log)'

--- The first line, cut so that nothing needs scrolling.
---@param message string
---@param width integer cells
---@return string
function M.fit(message, width)
  local line, rest = message:match('^([^\n]*)\n*(.*)$')
  if rest == '' and vim.fn.strdisplaywidth(line) <= width then
    return line
  end
  local room = math.max(width - vim.fn.strdisplaywidth(more), 0)
  return vim.fn.strcharpart(line, 0, room) .. more
end

---@param message string
---@param level integer one of `vim.log.levels`
function M.show(message, level)
  require('pyproject_lsp.log').write(message)
  vim.notify(M.fit('pyproject: ' .. message, vim.v.echospace), level, { title = 'pyproject-lsp' })
end

return M
