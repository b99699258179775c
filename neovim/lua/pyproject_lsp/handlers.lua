--- What the client answers to the server, by LSP method; used by `lsp/pyproject_lsp.lua`.
local M = {}

local log = require('pyproject_lsp.log')

--- Announces that `pyproject/save` is understood: an edit then reaches an open buffer as one undo
--- step instead of as a reload from disk. And that `pyproject.runScript` is a command here.
M.capabilities = { experimental = { pyprojectSave = true, pyprojectRun = true } }

M.commands = {
  ['pyproject.runScript'] = function(command, context)
    require('pyproject_lsp.run').script(command.arguments[1].uri, context and context.client_id)
  end,
}

--- Tells statuslines and the user's own autocommands, and redraws. While an edit waits the statusline
--- is drawn each second, since it says for how long; else nothing ticks.
---@param status table?
local function announce(status)
  vim.api.nvim_exec_autocmds('User', { pattern = 'PyprojectStatus', modeline = false, data = status })
  vim.cmd.redrawstatus({ bang = true })
  require('pyproject_lsp.waiting').watch(status)
end

local function refresh_queue()
  if package.loaded['pyproject_lsp.queue'] then
    require('pyproject_lsp.queue').refresh()
  end
end

--- A server that has gone says nothing any more, so neither does the statusline.
function M.on_exit(_, _, client_id)
  vim.schedule(function()
    require('pyproject_lsp.store').forget(client_id)
    refresh_queue()
    announce(nil)
  end)
end

local levels = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO, vim.log.levels.INFO }

M.methods = {
  ['pyproject/status'] = function(_, status, context)
    require('pyproject_lsp.store').put(status, context.client_id)
    require('pyproject_lsp.buffers').reload(status)
    refresh_queue()
    announce(status)
  end,

  ['pyproject/save'] = function(_, params)
    return { saved = require('pyproject_lsp.buffers').save(params.uri) }
  end,

  ['workspace/applyEdit'] = function(err, params, context)
    return require('pyproject_lsp.edits').apply(err, params, context)
  end,

  ['window/logMessage'] = function(err, params, context)
    log.write(params.message)
    return vim.lsp.handlers['window/logMessage'](err, params, context)
  end,

  -- The server asks whether to run again what a dead process had taken. A prompt in the way of a start
  -- helps nobody: a message says it, and `:Pyproject retry` does it.
  ['window/showMessageRequest'] = function(_, params)
    local again = vim.iter(params.actions or {}):any(function(action)
      return action.title == 'Run again'
    end)
    if not again then
      return vim.lsp.handlers['window/showMessageRequest'](nil, params, {})
    end
    require('pyproject_lsp.notice').show(params.message .. ' Run it again: :Pyproject retry', vim.log.levels.WARN)
    return vim.NIL
  end,

  ['window/showMessage'] = function(_, params)
    require('pyproject_lsp.notice').show(params.message, levels[params.type] or vim.log.levels.INFO)
    return vim.NIL
  end,
}

return M
