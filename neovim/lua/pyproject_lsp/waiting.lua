--- What is shown of an edit that waits where no statusline shows it, and the tick of those that do.
local M = {}

local words = require('pyproject_lsp.words')

local timer = nil ---@type uv.uv_timer_t?
---@type table<string, string> what was said last of each operation that waits
local said = {}

--- Does a statusline or a winbar of the user's show our status?
---@return boolean
local function has_statusline()
  for _, option in ipairs({ 'statusline', 'winbar', 'tabline', 'rulerformat', 'titlestring' }) do
    if vim.o[option]:find('pyproject_lsp', 1, true) then
      return true
    end
  end
  return M.used
end

--- Set by the first statusline that asks for our status.
M.used = false

local function stop()
  if timer then
    timer:stop()
    timer:close()
    timer = nil
  end
end

--- Is a statusline drawn again each second?
---@return boolean
function M.ticks()
  return timer ~= nil
end

local function tick()
  if not timer then
    timer = assert(vim.uv.new_timer())
    timer:start(1000, 1000, vim.schedule_wrap(function()
      vim.cmd.redrawstatus({ bang = true })
    end))
  end
end

--- Says once, in one quiet line, that an edit of this editor waits and on whom.
---@param status table
local function tell(status)
  for _, operation in ipairs(status.operations or {}) do
    local own = (words.given(operation.origin) or {}).pid == status.pid
    local blocked = words.given(operation.blockedBy)
    local key = blocked and words.holder(blocked) or operation.state
    local waits = not words.finished(operation) and (blocked or operation.state == 'needsSave')
    if own and waits and said[operation.id] ~= key then
      said[operation.id] = key
      vim.api.nvim_echo({ { 'pyproject: ' .. words.status(status, os.time()) } }, false, {})
      return
    end
  end
end

--- Looks at a new status; nil when its server has gone.
---@param status table?
function M.watch(status)
  local _, blocked, unsaved = words.waiting(status or {})
  if blocked then
    tick()
  else
    stop()
  end
  if status and (blocked or unsaved) and vim.g.pyproject_lsp_messages ~= false and not has_statusline() then
    tell(status)
  end
end

return M
