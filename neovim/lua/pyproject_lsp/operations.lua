--- Which operations may be cancelled, tried again or undone.
local M = {}

local words = require('pyproject_lsp.words')

---@param operation table
---@return boolean
function M.can_cancel(operation)
  return not words.finished(operation)
end

---@param operation table
---@return boolean
function M.can_retry(operation)
  return operation.state == 'failed' or operation.state == 'cancelled'
end

---@param operation table
---@return boolean
function M.can_undo(operation)
  return operation.state == 'done' or operation.state == 'failed'
end

--- The operations of the current project that a test holds for.
---@param fits fun(operation: table): boolean
---@return table[]
function M.here(fits)
  local status = require('pyproject_lsp.store').best()
  return status and vim.tbl_filter(fits, status.operations or {}) or {}
end

---@param verb string
---@param fits fun(operation: table): boolean
---@param answer fun(operation: table)
function M.pick(verb, fits, answer)
  local found = M.here(fits)
  if #found == 0 then
    require('pyproject_lsp.client').tell(('there is nothing to %s'):format(verb))
    return
  end
  require('pyproject_lsp.ask').one(('Which one to %s?'):format(verb), found, function(operation)
    return ('%s (%s)'):format(operation.title, operation.state)
  end, answer)
end

return M
