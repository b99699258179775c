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

--- Who is in the way: command and pid as far as they are known.
---@param blocked table
---@return string
function M.holder(blocked)
  local command, pid = M.given(blocked.command), M.given(blocked.pid)
  local who = command and as_typed(command) or ('the %s lock'):format(blocked.lock)
  return pid and ('%s (pid %d)'):format(who, pid) or who
end

---@param operation table
---@return boolean
function M.finished(operation)
  return vim.list_contains({ 'done', 'failed', 'cancelled' }, operation.state)
end

--- One line for a statusline. While something waits, the line is made here so that its seconds are
--- those of this redraw; otherwise it is the server's own.
---@param status table
---@param now integer seconds since the epoch
---@return string
function M.status(status, now)
  local waiting, blocked = 0, nil
  for _, operation in ipairs(status.operations or {}) do
    if not M.finished(operation) then
      waiting = waiting + 1
      blocked = blocked or M.given(operation.blockedBy)
    end
  end
  if not blocked then
    return (M.given(status.message) or ''):gsub('%s+', ' '), nil
  end
  local since = M.epoch(blocked.since)
  local how_long = since and (', %s'):format(M.duration(now - since)) or ''
  local count = waiting == 1 and '1 edit' or ('%d edits'):format(waiting)
  return ('waits for %s%s; %s queued'):format(M.holder(blocked), how_long, count)
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
