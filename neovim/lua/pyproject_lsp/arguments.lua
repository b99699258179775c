--- The words of a `:Pyproject` line.
local M = {}

---@class pyproject.Arguments
---@field words string[] all that is no option
---@field options table<string, string|true> `--group dev` and `--group=dev` alike; true for a flag

--- Options that take no value; every other one takes the next word.
M.flags = { all = true, script = true, runtime = true }

--- Splits at blanks outside quotes, so that a requirement may hold a marker: `"a; python_version<'3.12'"`.
---@param line string
---@return string[]
function M.split(line)
  local words, word, quote = {}, nil, nil
  for char in line:gmatch('.') do
    if quote then
      quote = char ~= quote and quote or nil
      word = quote and word .. char or word
    elseif (char == '"' or char == "'") and (word == nil or word:sub(-1) == '=') then
      quote, word = char, word or ''
    elseif char:match('%s') then
      words[#words + 1] = word
      word = nil
    else
      word = (word or '') .. char
    end
  end
  words[#words + 1] = word
  return words
end

---@param words string[]
---@return pyproject.Arguments
function M.parse(words)
  local parsed, waiting = { words = {}, options = {} }, nil
  for _, word in ipairs(words) do
    local name, value = word:match('^%-%-([%w-]+)=?(.*)$')
    if waiting then
      parsed.options[waiting], waiting = word, nil
    elseif not name then
      table.insert(parsed.words, word)
    elseif M.flags[name] or word:find('=', 1, true) then
      parsed.options[name] = M.flags[name] or value
    else
      waiting = name
    end
  end
  if waiting then
    parsed.options[waiting] = ''
  end
  return parsed
end

return M
