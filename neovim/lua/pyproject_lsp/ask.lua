--- Questions to the user, by `vim.ui`, so that a picker plugin answers them too. An answer that is
--- not given ends the command: nothing is called.
local M = {}

local manifest = require('pyproject_lsp.manifest')

---@param prompt string
---@param answer fun(text: string)
function M.text(prompt, answer)
  vim.ui.input({ prompt = prompt }, function(text)
    if text and vim.trim(text) ~= '' then
      answer(vim.trim(text))
    end
  end)
end

---@generic T
---@param prompt string
---@param items T[]
---@param format fun(item: T): string
---@param answer fun(item: T)
function M.one(prompt, items, format, answer)
  if #items == 1 then
    answer(items[1])
    return
  end
  vim.ui.select(items, { prompt = prompt, format_item = format }, function(item)
    if item then
      answer(item)
    end
  end)
end

---@param prompt string
---@param places table[]
---@param answer fun(place: table)
function M.place(prompt, places, answer)
  M.one(prompt, places, manifest.describe, answer)
end

--- Asks for a declared package, wherever it is declared.
---@param prompt string
---@param answer fun(declared: pyproject.Declared)
function M.package(prompt, answer)
  local declared = manifest.of_buffer(0)
  if #declared == 0 then
    require('pyproject_lsp.client').tell('this project declares no dependency')
    return
  end
  vim.ui.select(declared, {
    prompt = prompt,
    format_item = function(item)
      return ('%s (%s)'):format(item.name, manifest.describe(item.place))
    end,
  }, function(item)
    if item then
      answer(item)
    end
  end)
end

return M
