--- Completion of `:Pyproject`. Everything offered is known already, but the names of packages to add: for those the
--- server is asked, and waited for no longer than a person notices.
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

local fixed = {
  bounds = { 'lower', 'major', 'minor', 'exact' },
  strategy = { 'latest', 'within', 'lock' },
  level = { 'patch', 'minor', 'major' },
}

---@param option string
---@return string[]
local function values(option)
  if option == 'group' or option == 'extra' then
    return named(option)
  end
  return fixed[option] or {}
end

--- All that may stand at the cursor, before the user's first letters narrow it.
---@param before string[] the whole words before the cursor, the subcommand first
---@param lead string
---@return string[] words
---@return boolean? ranked their order says which is likeliest
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
  if vim.startswith(lead, '-') then
    return options
  end
  return type(words) == 'function' and words(lead) or words, before[1] == 'add'
end

--- Candidates for the word before the cursor, each once: names to add in the server's order, all else sorted.
---@param lead string the word so far
---@param line string the command line up to the cursor
---@return string[]
function M.candidates(lead, line)
  local before = arguments.split((line:gsub('^.-Pyproject!?%s*', '', 1)))
  if lead ~= '' then
    table.remove(before)
  end
  local found, seen = {}, {}
  local words, ranked = possible(before, lead)
  for _, candidate in ipairs(words) do
    if vim.startswith(candidate, lead) and not seen[candidate] then
      seen[candidate] = true
      found[#found + 1] = candidate
    end
  end
  if not ranked then
    table.sort(found)
  end
  return found
end

return M
