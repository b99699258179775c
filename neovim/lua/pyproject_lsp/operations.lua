--- Operations by what the server says may be asked of them now.
local M = {}

---@alias pyproject.Request 'cancel'|'retry'|'undo'

--- The request as a sentence about the operation has it.
M.asked = { cancel = 'cancelled', retry = 'retried', undo = 'undone' }

---@param operation table
---@param request pyproject.Request
---@return boolean
function M.can(operation, request)
  return vim.list_contains(operation.can or {}, request)
end

--- The operations of the current project of which something may be asked.
---@param request pyproject.Request
---@return table[]
function M.here(request)
  local status = require('pyproject_lsp.store').best()
  return vim.tbl_filter(function(operation)
    return M.can(operation, request)
  end, status and status.operations or {})
end

--- The ids of those operations, as a function for completion.
---@param request pyproject.Request
---@return fun(): string[]
function M.ids(request)
  return function()
    return vim.tbl_map(function(operation)
      return operation.id
    end, M.here(request))
  end
end

---@param request pyproject.Request
---@param answer fun(operation: table)
function M.pick(request, answer)
  local found = M.here(request)
  if #found == 0 then
    require('pyproject_lsp.client').tell(('no operation can be %s'):format(M.asked[request]))
    return
  end
  require('pyproject_lsp.ask').one(('Which one to %s?'):format(request), found, function(operation)
    return ('%s (%s)'):format(operation.title, operation.state)
  end, answer)
end

return M
