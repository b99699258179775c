--- Completion of `:Pyproject`. Everything offered is known already: no request, no wait.
local M = {}

local arguments = require('pyproject_lsp.arguments')
local commands = require('pyproject_lsp.commands')
local manifest = require('pyproject_lsp.manifest')

--- The names of the groups or of the extras that the manifest has.
---@param kind 'group'|'extra'
---@return string[]
local function named(kind)
  local _, places = manifest.of_buffer(0)
  return vim
    .iter(places)
    :map(function(place)
      return place[kind]
    end)
    :totable()
end

---@param option string
---@return string[]
local function values(option)
  if option == 'group' or option == 'extra' then
    return named(option)
  end
  return option == 'bounds' and { 'lower', 'major', 'minor', 'exact' } or {}
end

--- All that may stand at the cursor, before the user's first letters narrow it.
---@param before string[] the whole words before the cursor, the subcommand first
---@param lead string
---@return string[]
local function possible(before, lead)
  if before[1] == 'preview' and before[2] then
    local has_preview = vim.list_contains(commands.previewable, before[2])
    before = has_preview and vim.list_slice(before, 2) or { '' }
  end
  local subcommand = commands.subcommands[before[1]]
  if #before == 0 then
    return vim.tbl_keys(commands.subcommands)
  elseif not subcommand then
    return {}
  end
  local inline = lead:match('^%-%-([%w-]+)=')
  if inline then
    return vim.tbl_map(function(value)
      return ('--%s=%s'):format(inline, value)
    end, values(inline))
  end
  local last = before[#before]:match('^%-%-([%w-]+)$')
  if last and not arguments.flags[last] then
    return values(last)
  end
  local options = vim.tbl_map(function(option)
    return '--' .. option
  end, subcommand.options or {})
  local words = subcommand.words or {}
  return vim.startswith(lead, '-') and options or type(words) == 'function' and words() or words
end

--- Candidates for the word before the cursor, sorted, each once.
---@param lead string the word so far
---@param line string the command line up to the cursor
---@return string[]
function M.candidates(lead, line)
  local before = arguments.split((line:gsub('^.-Pyproject!?%s*', '', 1)))
  if lead ~= '' then
    table.remove(before)
  end
  local found = {}
  for _, candidate in ipairs(possible(before, lead)) do
    if vim.startswith(candidate, lead) then
      found[candidate] = true
    end
  end
  local sorted = vim.tbl_keys(found)
  table.sort(sorted)
  return sorted
end

return M
