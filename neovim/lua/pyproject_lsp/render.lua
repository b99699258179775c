--- The lines of the queue window, made from a status object. Pure: no editor state is read.
local M = {}

local words = require('pyproject_lsp.words')

---@class pyproject.Line
---@field text string
---@field id? string the operation that the line belongs to
---@field highlight? string

M.keys = 'c cancel   r retry   u undo   <CR> details   q close'

local marks = { done = '✓', failed = '✗', cancelled = '-', needsSave = '!', waiting = '…', queued = '…' }

local highlights = {
  done = 'PyprojectQueueDone',
  failed = 'PyprojectQueueFailed',
  cancelled = 'PyprojectQueueQuiet',
  needsSave = 'PyprojectQueueBlocked',
  waiting = 'PyprojectQueueBlocked',
  queued = 'PyprojectQueueQuiet',
}

---@param operation table
---@return string
local function who(operation)
  local origin = words.given(operation.origin)
  return origin and ('%s (pid %s)'):format(origin.client, tostring(words.given(origin.pid) or '?')) or ''
end

--- What a person wants to know next to the title: on what it waits, what to do, why it failed.
---@param operation table
---@return string
local function reason(operation)
  local blocked, failure = words.given(operation.blockedBy), words.given(operation.error)
  if blocked then
    return ('waits for %s since %s'):format(words.holder(blocked), words.clock(blocked.since))
  elseif failure then
    return ('%s: %s'):format(failure.code, failure.message)
  elseif operation.state == 'needsSave' then
    return 'save the buffer to continue'
  end
  return words.given(operation.message) or ''
end

---@param operation table
---@return string
local function when(operation)
  return words.clock(words.given(operation.finishedAt) or words.given(operation.startedAt) or operation.createdAt)
end

---@param operation table
---@return pyproject.Line
local function summary(operation)
  local mark = marks[operation.state] or '▶'
  local text = ('%s %-10s %s  %s  %s'):format(mark, operation.state, when(operation), operation.title, who(operation))
  local more = reason(operation):gsub('%s+', ' ')
  return {
    text = more == '' and text or text .. '  · ' .. more,
    id = operation.id,
    highlight = highlights[operation.state] or 'PyprojectQueueRunning',
  }
end

---@param operation table
---@return pyproject.Line[]
local function details(operation)
  local facts = {
    { 'id', operation.id },
    { 'kind', operation.kind },
    { 'position', operation.position },
    { 'asked for', words.clock(operation.createdAt) },
    { 'started', words.clock(operation.startedAt) },
    { 'finished', words.clock(operation.finishedAt) },
    { 'attempts', operation.attempts },
  }
  local blocked, failure = words.given(operation.blockedBy), words.given(operation.error)
  if blocked then
    facts[#facts + 1] = { 'lock', ('%s, %s'):format(blocked.lock, words.given(blocked.path) or '') }
  end
  local lines = {}
  for _, fact in ipairs(facts) do
    local value = words.given(fact[2])
    if value ~= nil and value ~= '' then
      lines[#lines + 1] = { text = ('    %-10s %s'):format(fact[1], value), id = operation.id }
    end
  end
  for _, line in ipairs(failure and vim.split(words.given(failure.detail) or '', '\n', { trimempty = true }) or {}) do
    lines[#lines + 1] = { text = '    │ ' .. line, id = operation.id }
  end
  return lines
end

---@param status table?
---@param open table<string, true> operations whose details are shown, by id
---@return pyproject.Line[]
function M.lines(status, open)
  if not status then
    return { { text = 'No project yet: open pyproject.toml or a Python file of one.' } }
  end
  local lines = {
    { text = ('%s: %s'):format(status.state, words.given(status.message) or ''), highlight = 'Title' },
    { text = ('lock %s, environment %s'):format(status.lock, status.environment), highlight = 'PyprojectQueueQuiet' },
    { text = M.keys, highlight = 'PyprojectQueueQuiet' },
    { text = '' },
  }
  local function section(title, finished)
    local before = #lines
    for _, operation in ipairs(status.operations or {}) do
      if words.finished(operation) == finished then
        lines[#lines + 1] = summary(operation)
        vim.list_extend(lines, open[operation.id] and details(operation) or {})
      end
    end
    if #lines > before then
      table.insert(lines, before + 1, { text = title, highlight = 'Title' })
    end
  end
  section('Queue', false)
  section('Finished', true)
  if #lines == 4 then
    lines[5] = { text = 'No operations yet.' }
  end
  return lines
end

return M
