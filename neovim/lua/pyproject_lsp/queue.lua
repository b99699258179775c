--- The queue window. It is drawn again by each notification, so it never polls; times are clock
--- times, which stay right while nothing happens.
local M = {}

local operations = require('pyproject_lsp.operations')
local render = require('pyproject_lsp.render')
local scratch = require('pyproject_lsp.scratch')
local store = require('pyproject_lsp.store')

local name = 'queue'
local namespace = vim.api.nvim_create_namespace('pyproject_queue')

---@type pyproject.Line[]
local drawn = {}
---@type table<string, true>
local open_details = {}

for group, link in pairs({
  Done = 'DiagnosticOk',
  Failed = 'DiagnosticError',
  Blocked = 'DiagnosticWarn',
  Running = 'DiagnosticInfo',
  Quiet = 'Comment',
}) do
  vim.api.nvim_set_hl(0, 'PyprojectQueue' .. group, { link = link, default = true })
end

---@param bufnr integer
---@return table? status
local function status_of(bufnr)
  local status = store.for_buffer(bufnr) or store.best()
  if status then
    vim.b[bufnr].pyproject_root = store.root(status)
  end
  return status
end

--- The line that now stands for what the cursor was on: operations move, the cursor goes with them.
---@param before pyproject.Line?
---@param row integer
---@return integer
local function row_of(before, row)
  for index, line in ipairs(drawn) do
    if before and before.id and line.id == before.id then
      return index
    end
  end
  return math.min(row, #drawn)
end

---@param bufnr integer
local function draw(bufnr)
  local old = drawn
  drawn = render.lines(status_of(bufnr), open_details)
  local cursors = {}
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    cursors[window] = vim.api.nvim_win_get_cursor(window)[1]
  end
  scratch.set_lines(
    bufnr,
    vim.tbl_map(function(line)
      return (line.text:gsub('\n', ' '))
    end, drawn)
  )
  for index, line in ipairs(drawn) do
    if line.highlight then
      vim.api.nvim_buf_set_extmark(bufnr, namespace, index - 1, 0, { line_hl_group = line.highlight })
    end
  end
  for window, row in pairs(cursors) do
    local same_line = old[row] and drawn[row] and old[row].id == drawn[row].id
    vim.api.nvim_win_set_cursor(window, { same_line and row or row_of(old[row], row), 0 })
  end
end

--- Draws again if a window shows the queue.
function M.refresh()
  local bufnr = scratch.find(name)
  if bufnr and #vim.fn.win_findbuf(bufnr) > 0 then
    draw(bufnr)
  end
end

---@return table? operation the one under the cursor
local function under_cursor()
  local line = drawn[vim.api.nvim_win_get_cursor(0)[1]]
  for _, operation in ipairs((status_of(0) or {}).operations or {}) do
    if line and operation.id == line.id then
      return operation
    end
  end
end

---@param request pyproject.Request
local function act(request)
  return function()
    local operation = under_cursor()
    local client = require('pyproject_lsp.client')
    if not operation then
      client.tell('put the cursor on an operation first')
    elseif not operations.can(operation, request) then
      client.tell(('this operation is %s and cannot be %s'):format(operation.state, operations.asked[request]))
    else
      client.execute(request, { id = operation.id })
    end
  end
end

local function toggle_details()
  local operation = under_cursor()
  if operation then
    open_details[operation.id] = not open_details[operation.id] or nil
    draw(0)
  end
end

---@param bufnr integer
local function map_keys(bufnr)
  local function map(key, action, description)
    vim.keymap.set('n', key, action, { buffer = bufnr, nowait = true, desc = description })
  end
  map('c', act('cancel'), 'Cancel this operation')
  map('r', act('retry'), 'Try this operation again')
  map('u', act('undo'), 'Undo this operation')
  map('<CR>', toggle_details, 'Show or hide the details')
end

--- Opens the window for the project of the current buffer, or goes to it.
function M.open()
  local status = store.best()
  local bufnr = scratch.open(name, 'pyproject-queue')
  if status then
    vim.b[bufnr].pyproject_root = store.root(status)
  end
  map_keys(bufnr)
  draw(bufnr)
  for row, line in ipairs(drawn) do
    if line.id then
      vim.api.nvim_win_set_cursor(0, { row, 0 })
      break
    end
  end
end

return M
