--- `:Pyproject outdated`: what is declared and behind its newest version.
local M = {}

local client = require('pyproject_lsp.client')
local manifest = require('pyproject_lsp.manifest')
local notice = require('pyproject_lsp.notice')

--- Asks the index for newer versions of what is declared, and upgrades the one that is picked.
---@param execute pyproject.Execute
function M.ask(execute)
  client.execute('checkUpgrades', {}, function(answer)
    local own = manifest.names()
    local behind = vim.tbl_filter(function(package)
      return vim.list_contains(own, manifest.normalize(package.name))
    end, answer.outdated)
    if #behind == 0 then
      notice.show('every declared dependency is at its newest version', vim.log.levels.INFO)
      return
    end
    vim.ui.select(behind, {
      prompt = 'Upgrade which dependency?',
      format_item = function(package)
        return ('%s  %s → %s'):format(package.name, package.version, package.latest)
      end,
    }, function(package)
      if package then
        execute('upgrade', { packages = { package.name } })
      end
    end)
  end)
end

return M
