--- `:Pyproject SUBCOMMAND ...`: one function for each subcommand, from words to a server command. Each
--- hands its command to `execute`, which sends it, or asks the server for a preview of it.
local M = {}

local arguments = require('pyproject_lsp.arguments')
local ask = require('pyproject_lsp.ask')
local client = require('pyproject_lsp.client')
local manifest = require('pyproject_lsp.manifest')
local names = require('pyproject_lsp.names')
local operations = require('pyproject_lsp.operations')

local levels = { 'major', 'minor', 'patch', 'stable', 'alpha', 'beta', 'rc', 'post', 'dev' }

--- The place that the options name; nil when they name none.
---@param options table
---@return table?
local function place_in(options)
  if options.runtime then
    return {}
  elseif options.group or options.extra or options.script then
    return { group = options.group, extra = options.extra, script = options.script }
  end
end

--- The places where a package is declared.
---@param name string
---@return table[]
local function places_of(name)
  local places = {}
  for _, declared in ipairs((manifest.of_buffer(0))) do
    places[#places + 1] = declared.name == manifest.normalize(name) and declared.place or nil
  end
  return places
end

---@param argument table
---@param place table
---@return table
local function at(argument, place)
  return vim.tbl_extend('error', argument, place)
end

local function add(parsed, execute)
  local options = parsed.options
  local more = { marker = options.marker, bounds = options.bounds, index = options.index, member = options.member }
  local function send(requirements, place)
    execute('add', at(vim.tbl_extend('error', { requirements = requirements }, more), place))
  end
  if #parsed.words > 0 then
    send(parsed.words, place_in(options) or {})
    return
  end
  ask.text('Add requirement: ', function(requirement)
    local _, places = manifest.of_buffer(0)
    local known = place_in(options) and { place_in(options) } or places
    ask.place('Add to', #known > 0 and known or { {} }, function(place)
      send({ requirement }, place)
    end)
  end)
end

--- Sends one command for each place: one package may be in a group and another in the runtime.
local function remove(parsed, execute)
  local place = place_in(parsed.options)
  if #parsed.words == 0 then
    ask.package('Remove', function(declared)
      execute('remove', at({ packages = { declared.name } }, declared.place))
    end)
  elseif place then
    execute('remove', at({ packages = parsed.words }, place))
  else
    for _, name in ipairs(parsed.words) do
      local places = places_of(name)
      ask.place(('Remove %s from'):format(name), #places > 0 and places or { {} }, function(chosen)
        execute('remove', at({ packages = { name } }, chosen))
      end)
    end
  end
end

local function upgrade(parsed, execute)
  local options = parsed.options
  local how = { script = options.script, strategy = options.strategy, level = options.level }
  if options.all then
    execute('upgrade', at({ all = true }, how))
  elseif #parsed.words > 0 then
    execute('upgrade', at({ packages = parsed.words }, how))
  else
    ask.package('Upgrade', function(declared)
      execute('upgrade', at({ packages = { declared.name } }, how))
    end)
  end
end

--- What has failed until now is seen: the statusline is quiet again.
local function dismiss()
  local store = require('pyproject_lsp.store')
  local known = store.best()
  if known then
    store.answer(known)
    vim.cmd.redrawstatus({ bang = true })
  end
end

local function bump(parsed, execute)
  local function send(word)
    local is_level = vim.list_contains(levels, word)
    execute('bumpVersion', is_level and { bump = word } or { version = word })
  end
  if parsed.words[1] then
    send(parsed.words[1])
  else
    ask.one('Bump version', levels, tostring, send)
  end
end

local function move(parsed, execute)
  local function send(name, from)
    local function to(place)
      local function json(value)
        return next(value) and value or vim.empty_dict()
      end
      execute('move', { package = name, from = json(from), to = json(place) })
    end
    local place = place_in(parsed.options)
    if place then
      to(place)
      return
    end
    local _, places = manifest.of_buffer(0)
    local others = vim.tbl_filter(function(other)
      return not vim.deep_equal(other, from)
    end, places)
    ask.place(('Move %s to'):format(name), others, to)
  end
  local name = parsed.words[1]
  if not name then
    ask.package('Move', function(declared)
      send(declared.name, declared.place)
    end)
    return
  end
  local places = places_of(name)
  ask.place(('Move %s from'):format(name), #places > 0 and places or { {} }, function(from)
    send(name, from)
  end)
end

local function sync(parsed)
  local options = parsed.options
  client.execute('sync', {
    groups = options.group and { options.group } or nil,
    extras = options.extra and { options.extra } or nil,
    all = options.all,
  })
end

--- A subcommand about one operation: the named one, else the one that the user picks.
---@param request pyproject.Request
local function about_operation(request)
  return function(parsed)
    if parsed.words[1] then
      client.execute(request, { id = parsed.words[1] })
      return
    end
    operations.pick(request, function(operation)
      client.execute(request, { id = operation.id })
    end)
  end
end

local function undo(parsed)
  client.execute('undo', { id = parsed.words[1] })
end

--- What can be looked at before it is done.
M.previewable = { 'add', 'bump', 'lock', 'move', 'remove', 'upgrade' }

local function preview(parsed, _, words)
  local function look(name)
    M.subcommands[name].run(parsed, require('pyproject_lsp.preview').begin(table.concat(words, ' ')))
  end
  local name = table.remove(parsed.words, 1)
  if not name then
    ask.one('Preview which change?', M.previewable, tostring, function(chosen)
      table.insert(words, 1, chosen)
      look(chosen)
    end)
  elseif vim.list_contains(M.previewable, name) then
    look(name)
  else
    client.tell(('%s has no preview; these have: %s'):format(name, table.concat(M.previewable, ', ')))
  end
end

local function status()
  local known = require('pyproject_lsp.store').best()
  if known then
    local line = require('pyproject_lsp.words').sentence(known, os.time())
    require('pyproject_lsp.notice').show(line, vim.log.levels.INFO)
  elseif client.here() then
    client.tell('no status from the server yet; try again in a moment')
  end
end

---@alias pyproject.Execute fun(command: string, argument: table)
---@class pyproject.Subcommand
---@field run fun(parsed: pyproject.Arguments, execute: pyproject.Execute, words: string[])
---@field words? string[]|fun(lead: string): string[] what may follow it, for completion
---@field options? string[]

---@type table<string, pyproject.Subcommand>
M.subcommands = {
  add = { run = add, words = names.fitting, options = { 'group', 'extra', 'script', 'marker', 'bounds', 'index', 'member' } },
  remove = { run = remove, words = manifest.names, options = { 'group', 'extra', 'script' } },
  upgrade = { run = upgrade, words = manifest.names, options = { 'all', 'script', 'strategy', 'level' } },
  outdated = {
    run = function(_, execute)
      require('pyproject_lsp.outdated').ask(execute)
    end,
  },
  dismiss = { run = dismiss },
  bump = { run = bump, words = levels },
  move = { run = move, words = manifest.names, options = { 'group', 'extra', 'runtime' } },
  sync = { run = sync, options = { 'group', 'extra', 'all' } },
  lock = {
    run = function(_, execute)
      execute('lock', {})
    end,
  },
  undo = { run = undo, words = operations.ids('undo') },
  retry = { run = about_operation('retry'), words = operations.ids('retry') },
  cancel = { run = about_operation('cancel'), words = operations.ids('cancel') },
  preview = { run = preview, words = M.previewable },
  status = { run = status },
  queue = {
    run = function()
      require('pyproject_lsp.queue').open()
    end,
  },
  log = {
    run = function()
      require('pyproject_lsp.log').open()
    end,
  },
}

--- Runs one line, without the word `Pyproject`; an empty line opens the queue.
---@param line string
function M.run(line)
  local words = arguments.split(line)
  local name = table.remove(words, 1) or 'queue'
  local subcommand = M.subcommands[name]
  if not subcommand then
    local known = vim.tbl_keys(M.subcommands)
    table.sort(known)
    client.tell(("unknown subcommand '%s'; known: %s"):format(name, table.concat(known, ', ')))
    return
  end
  subcommand.run(arguments.parse(words), client.execute, words)
end

return M
