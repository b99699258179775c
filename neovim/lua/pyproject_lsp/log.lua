--- The server's messages of this session, the newest last; shown by `:Pyproject log`.
local M = {}

local scratch = require('pyproject_lsp.scratch')

local limit = 1000 -- lines; enough for a day, small enough to search by eye
---@type string[]
local lines = {}

local function show()
  local bufnr = scratch.find('log')
  if bufnr then
    scratch.set_lines(bufnr, lines)
  end
end

---@param message string
function M.write(message)
  local prefix = tostring(os.date('%H:%M:%S '))
  for index, line in ipairs(vim.split(message, '\n', { plain = true })) do
    lines[#lines + 1] = (index == 1 and prefix or (' '):rep(#prefix)) .. line
  end
  if #lines > limit then
    lines = vim.list_slice(lines, #lines - limit + 1)
  end
  show()
end

--- Opens the log at its end.
function M.open()
  local bufnr = scratch.open('log', 'pyproject-log')
  scratch.set_lines(bufnr, lines)
  vim.api.nvim_win_set_cursor(0, { vim.api.nvim_buf_line_count(bufnr), 0 })
end

return M
