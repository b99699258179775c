--- `:checkhealth pyproject_lsp`: is the editor set up, does the server start, what does `doctor` say.
local M = {}

local health = vim.health
local name = require('pyproject_lsp.client').name
local patience = 30000 -- milliseconds; `doctor` starts uv and takes its locks to compare names

local function check_editor()
  health.start('Neovim')
  if vim.fn.has('nvim-0.11') == 1 then
    health.ok(('Neovim %s'):format(tostring(vim.version())))
  else
    health.error('Neovim 0.11 is needed', 'or use require("lspconfig").pyproject_lsp.setup {}')
  end
  if vim.o.autoread then
    health.ok("'autoread' is on: changes made by other programs appear in open buffers")
  else
    health.warn("'autoread' is off: what a terminal or another editor commits is not loaded by itself", ':set autoread')
  end
end

---@return vim.lsp.Client[]
local function check_clients()
  local clients = vim.lsp.get_clients({ name = name })
  health.start('Server')
  if not vim.lsp.is_enabled(name) and #clients == 0 then
    health.warn('not enabled', ("add to init.lua: vim.lsp.enable('%s')"):format(name))
  end
  for _, client in ipairs(clients) do
    local where = client.root_dir or '?'
    health.ok(('running for %s, client %d, position encoding %s'):format(where, client.id, client.offset_encoding))
  end
  if #clients == 0 then
    health.info('not running: it starts with the first pyproject.toml or Python file of a project')
  end
  return clients
end

--- The command line that starts the server, without the arguments that say how it serves.
---@param cmd any
---@return string[]?
local function base_command(cmd)
  if type(cmd) ~= 'table' then
    return nil
  end
  local base = {}
  for _, word in ipairs(cmd) do
    if word == 'serve' or word == '--stdio' or word == '--tcp' then
      break
    end
    base[#base + 1] = word
  end
  return base
end

local shown_as = { ok = health.ok, warning = health.warn, error = health.error }

---@param output string what `doctor --json` printed
local function report(output)
  local read, answer = pcall(vim.json.decode, output)
  if not read or type(answer) ~= 'table' or not answer.findings then
    health.error('doctor gave no JSON that is known here', vim.split(output, '\n'))
    return
  end
  for _, finding in ipairs(answer.findings) do
    local show = shown_as[finding.verdict] or health.info
    local text = ('%s: %s'):format(finding.check, finding.found)
    if (finding.advice or '') ~= '' and show ~= health.ok then
      show(text, finding.advice)
    else
      show(text)
    end
  end
end

---@param folder string
local function check_doctor(folder)
  health.start('pyproject-lsp doctor, in ' .. folder)
  local config = vim.lsp.config[name]
  local command = base_command(config and config.cmd)
  if not command then
    health.info('the server is reached by a function or a connection: run `pyproject-lsp doctor` on its machine')
    return
  end
  if vim.fn.executable(command[1]) ~= 1 then
    health.error(('%s is not on the PATH'):format(command[1]), 'uv tool install pyproject-lsp')
    return
  end
  vim.list_extend(command, { 'doctor', '--json' })
  local done = vim.system(command, { cwd = folder, text = true }):wait(patience)
  if done.code ~= 0 and done.stdout == '' then
    health.error(('doctor ended with code %d'):format(done.code), vim.split(done.stderr, '\n', { trimempty = true }))
    return
  end
  report(done.stdout)
end

--- The settings as this editor sends them; the command line's `doctor` below knows nothing of them.
---@param client vim.lsp.Client
local function check_settings(client)
  local section = vim.tbl_get(client, 'settings', 'pyproject') or {}
  if next(section) == nil then
    health.info('settings of this editor: none, so the defaults are in force')
    return
  end
  for name, value in vim.spairs(section) do
    health.info(('setting of this editor: %s = %s'):format(name, vim.inspect(value):gsub('%s+', ' ')))
  end
end

function M.check()
  check_editor()
  local clients = check_clients()
  vim.tbl_map(check_settings, clients)
  check_doctor(clients[1] and clients[1].root_dir or vim.uv.cwd())
end

return M
