--- What a manifest declares, for completion and for questions to the user. It reads the text as it
--- stands, broken or not; the server's own reading decides what an operation does.
local M = {}

---@class pyproject.Declared
---@field name string normalized as PyPI does it (PEP 503)
---@field place table {} for the runtime, { group = name } or { extra = name }

---@param name string
---@return string
function M.normalize(name)
  return (name:lower():gsub('[-_.]+', '-'))
end

--- The place that a key of a table stands for; nil for all that is no list of requirements.
---@param header string
---@param key string
---@return table?
local function place_of(header, key)
  if header == 'project' and key == 'dependencies' then
    return {}
  elseif header == 'project.optional-dependencies' then
    return { extra = key }
  elseif header == 'dependency-groups' then
    return { group = key }
  end
end

--- The strings of one line outside comments, and whether a `]` outside them ends the list.
---@param line string
---@return string[] strings
---@return boolean closed
local function scan(line)
  local strings, position = {}, 1
  while position <= #line do
    local at = line:find('["\'#%]{]', position)
    local char = at and line:sub(at, at)
    if not at or char == '#' or char == ']' then
      return strings, char == ']'
    end
    local close = line:find(char == '{' and '}' or char, at + 1, true) or #line + 1
    if char ~= '{' then -- an inline table includes another group, it names no package
      strings[#strings + 1] = line:sub(at + 1, close - 1)
    end
    position = close + 1
  end
  return strings, false
end

---@param lines string[]
---@return pyproject.Declared[] declared
---@return table[] places every place that the text has, in its order
function M.read(lines)
  local declared, places = {}, {}
  local header, place = '', nil
  for _, line in ipairs(lines) do
    local new_header = line:match('^%s*%[%s*([^%[%]]-)%s*%]%s*#?')
    local rest = line
    if new_header and not place then
      header, rest = new_header, ''
    elseif not place then
      local key, value = line:match('^%s*["\']?([%w_.-]+)["\']?%s*=%s*%[(.*)$')
      place = key and place_of(header, key)
      places[#places + 1] = place
      rest = value or ''
    end
    if place then
      local strings, closed = scan(rest)
      for _, requirement in ipairs(strings) do
        local name = requirement:match('^%s*([%w][%w._-]*)')
        declared[#declared + 1] = name and { name = M.normalize(name), place = place }
      end
      place = not closed and place or nil
    end
  end
  return declared, places
end

--- The manifest that a buffer or the current folder belongs to.
---@param bufnr integer
---@return string? path
function M.find(bufnr)
  local root = vim.b[bufnr].pyproject_root
    or vim.fs.root(bufnr, 'pyproject.toml')
    or vim.fs.root(vim.uv.cwd(), 'pyproject.toml')
  return root and vim.fs.joinpath(root, 'pyproject.toml')
end

--- Reads the manifest of a buffer, from its open buffer if there is one.
---@param bufnr integer
---@return pyproject.Declared[] declared
---@return table[] places
function M.of_buffer(bufnr)
  local path = M.find(bufnr)
  if not path then
    return {}, {}
  end
  local open = require('pyproject_lsp.edits').loaded(vim.uri_from_fname(path))
  if open then
    return M.read(vim.api.nvim_buf_get_lines(open, 0, -1, false))
  end
  local content = require('pyproject_lsp.text').of_file(path) or ''
  return M.read(vim.split(content, '\r?\n'))
end

--- The names that the manifest of the current buffer declares.
---@return string[]
function M.names()
  return vim.tbl_map(function(declared)
    return declared.name
  end, (M.of_buffer(0)))
end

--- How a place is called in a question: as the server calls it in the titles of operations.
---@param place table
---@return string
function M.describe(place)
  if place.group then
    return ("group '%s'"):format(place.group)
  end
  return place.extra and ("extra '%s'"):format(place.extra) or 'dependencies'
end

return M
