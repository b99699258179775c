--- Texts for a person, made from a status object. Pure: no editor state is read.
local M = {}

--- Absent members arrive as nil or as `vim.NIL`; both mean nothing.
---@generic T
---@param value T
---@return T?
function M.given(value)
  if value == nil or value == vim.NIL then
    return nil
  end
  return value
end

--- Days from 1970-01-01, counted from the first of March so that leap days come last in their year.
local function days(year, month, day)
  local shifted = month > 2 and year or year - 1
  local from_march = (month + 9) % 12
  return 365 * shifted
    + math.floor(shifted / 4)
    - math.floor(shifted / 100)
    + math.floor(shifted / 400)
    + math.floor((153 * from_march + 2) / 5)
    + day
    - 719469
end

--- Seconds since the epoch of an ISO 8601 time; nil when it is none.
---@param iso any
---@return integer?
function M.epoch(iso)
  if type(iso) ~= 'string' then
    return nil
  end
  local y, mo, d, h, mi, s, rest = iso:match('^(%d%d%d%d)-(%d%d)-(%d%d)[T ](%d%d):(%d%d):(%d%d)(.*)$')
  if not y then
    return nil
  end
  local sign, oh, om = rest:match('([+-])(%d%d):?(%d%d)$')
  local offset = sign and (tonumber(oh) * 3600 + tonumber(om) * 60) * (sign == '+' and 1 or -1) or 0
  local of_day = tonumber(h) * 3600 + tonumber(mi) * 60 + tonumber(s)
  return days(tonumber(y), tonumber(mo), tonumber(d)) * 86400 + of_day - offset
end

--- The local time of day of an ISO 8601 time, '' when it is none.
---@param iso any
---@return string
function M.clock(iso)
  local epoch = M.epoch(iso)
  return epoch and tostring(os.date('%H:%M:%S', epoch)) or ''
end

---@param seconds integer
---@return string
function M.duration(seconds)
  if seconds < 60 then
    return ('%d s'):format(math.max(seconds, 0))
  elseif seconds < 3600 then
    return ('%d min'):format(math.floor(seconds / 60))
  end
  return ('%d h %d min'):format(math.floor(seconds / 3600), math.floor(seconds % 3600 / 60))
end

--- A command line as a person types it: the program without its folder.
---@param command string
---@return string
local function as_typed(command)
  return (command:gsub('^%S*[/\\]', '', 1):gsub('^(%S+)%.exe%f[%s%z]', '%1', 1))
end

--- Who is in the way: the command as far as it is known.
---@param blocked table
---@return string
local function name_of(blocked)
  local command = M.given(blocked.command)
  return command and as_typed(command) or ('the %s lock'):format(blocked.lock)
end

--- The same with the number of the process.
---@param blocked table
---@return string
function M.holder(blocked)
  local pid = M.given(blocked.pid)
  return pid and ('%s (pid %d)'):format(name_of(blocked), pid) or name_of(blocked)
end

---@param operation table
---@return boolean
function M.finished(operation)
  return vim.list_contains({ 'done', 'failed', 'cancelled' }, operation.state)
end

--- What waits: how many operations are not finished, and the first thing that one of them waits for.
---@param status table
---@return integer unfinished
---@return table? blocked
---@return table? unsaved the operation that waits for a save
function M.waiting(status)
  local unfinished, blocked, unsaved = 0, nil, nil
  for _, operation in ipairs(status.operations or {}) do
    if not M.finished(operation) then
      unfinished = unfinished + 1
      blocked = blocked or M.given(operation.blockedBy)
      unsaved = unsaved or (operation.state == 'needsSave' and operation or nil)
    end
  end
  return unfinished, blocked, unsaved
end

local widest = 60 -- cells of a statusline that a failure may take

--- A failure as long as it is news: a save after it, or a dismissal, is the answer to it.
---@param status table
---@param since integer seconds since the epoch
---@return string
local function failure(status, since)
  local last = (status.operations or {})[1]
  local ended = last and M.epoch(M.given(last.finishedAt))
  local is_old = ended and ended < since
  local line = (M.given(status.message) or ''):match('^[^\n]*')
  if is_old then
    return ''
  end
  return vim.fn.strchars(line) <= widest and line or vim.fn.strcharpart(line, 0, widest - 1) .. '…'
end

--- One line for a statusline. While something waits, the line is made here so that its seconds are
--- those of this redraw; otherwise it is the server's own.
---@param status table
---@param now integer seconds since the epoch
---@param since? integer failures before this time, in seconds since the epoch, are no news
---@return string
function M.status(status, now, since)
  local waiting, blocked, unsaved = M.waiting(status)
  if blocked then
    local began = M.epoch(blocked.since)
    local how_long = began and (' (%s)'):format(M.duration(now - began)) or ''
    local count = waiting == 1 and '1 edit' or ('%d edits'):format(waiting)
    return ('%s waiting for %s%s'):format(count, name_of(blocked), how_long)
  elseif unsaved then
    return ("save to finish '%s'"):format(unsaved.title)
  elseif status.state == 'error' then
    return failure(status, since or 0)
  end
  return (M.given(status.message) or ''):gsub('%s+', ' '), nil
end

--- One line that always says something, for `:Pyproject status`.
---@param status table
---@param now integer seconds since the epoch
---@return string
function M.sentence(status, now)
  local line = M.status(status, now)
  if line ~= '' then
    return line
  end
  local lock, environment = M.given(status.lock) or 'unknown', M.given(status.environment) or 'unknown'
  return ('nothing waits; uv.lock is %s, the environment is %s'):format(lock, environment)
end

return M
