--- Windows with text of ours: not a file, not listed, closed with `q`.
local M = {}

local window_options = {
  number = false,
  relativenumber = false,
  wrap = false,
  winfixheight = true,
  cursorline = true,
  spell = false,
  list = false,
  signcolumn = 'no',
}

---@param name string
---@return integer?
function M.find(name)
  local bufnr = vim.fn.bufnr(('^pyproject://%s$'):format(name))
  return bufnr ~= -1 and bufnr or nil
end

---@param name string
---@param filetype string
---@return integer bufnr
local function create(name, filetype)
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(bufnr, 'pyproject://' .. name)
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].swapfile = false
  vim.bo[bufnr].bufhidden = 'hide'
  vim.bo[bufnr].filetype = filetype
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = bufnr, nowait = true, desc = 'Close this window' })
  return bufnr
end

--- Shows the buffer in a window below; goes to its window if there is one.
---@param name string
---@param filetype string
---@return integer bufnr
function M.open(name, filetype)
  local bufnr = M.find(name) or create(name, filetype)
  local window = vim.fn.bufwinid(bufnr)
  if window ~= -1 then
    vim.api.nvim_set_current_win(window)
    return bufnr
  end
  vim.cmd(('botright %dsplit'):format(math.max(8, math.floor(vim.o.lines / 3))))
  vim.api.nvim_win_set_buf(0, bufnr)
  for option, value in pairs(window_options) do
    vim.api.nvim_set_option_value(option, value, { scope = 'local', win = 0 })
  end
  return bufnr
end

---@param bufnr integer
---@param lines string[]
function M.set_lines(bufnr, lines)
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].modified = false
end

return M
