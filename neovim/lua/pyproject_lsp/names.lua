--- Names of packages that fit what a person has typed, as the server knows them.
local M = {}

local patience = 300 -- milliseconds: the index may be slow, and a person waits at the command line

---@param lead string
---@return string[]
function M.fitting(lead)
  local client, uri = require('pyproject_lsp.client').target()
  if not client or not uri or not lead:match('^%w[%w._-]*$') then
    return {}
  end
  local argument = { uri = uri, query = lead }
  local params = { command = 'pyproject.searchPackages', arguments = { argument } }
  local answer = client:request_sync('workspace/executeCommand', params, patience)
  local found = answer and answer.result and answer.result.packages or {}
  return vim.tbl_map(function(package)
    return package.name
  end, found)
end

return M
