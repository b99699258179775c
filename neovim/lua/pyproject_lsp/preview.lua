--- `:Pyproject preview ...`: what a change would do to the manifest and the lock file, as a diff in a window.
local M = {}

local client = require('pyproject_lsp.client')
local scratch = require('pyproject_lsp.scratch')

local name = 'preview'

---@class pyproject.Call
---@field command string without its prefix
---@field argument table
---@field lines string[] what is known of its outcome

---@class pyproject.Preview
---@field line string what was typed after `:Pyproject preview`
---@field calls pyproject.Call[]

--- The one that the window shows; answers to an older one come too late.
---@type pyproject.Preview?
local shown

---@param line string
---@return string
local function comment(line)
  return '# ' .. line
end

---@param bufnr integer
---@param preview pyproject.Preview
local function draw(bufnr, preview)
  local lines = { comment(':Pyproject ' .. preview.line), comment('<CR> do it   q close'), '' }
  for _, call in ipairs(preview.calls) do
    vim.list_extend(lines, call.lines)
  end
  scratch.set_lines(bufnr, lines)
end

--- The lines of a document, from its buffer if it is open.
---@param uri string
---@return string[]
local function lines_of(uri)
  local open = require('pyproject_lsp.edits').loaded(uri)
  if open then
    return vim.api.nvim_buf_get_lines(open, 0, -1, false)
  end
  local content = require('pyproject_lsp.text').of_file(vim.uri_to_fname(uri)) or ''
  local lines = vim.split(content, '\r?\n')
  return lines[#lines] == '' and vim.list_slice(lines, 1, #lines - 1) or lines
end

---@param lines string[]
---@param edits table[]
---@param encoding string
---@return string[]
local function applied(lines, edits, encoding)
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.lsp.util.apply_text_edits(edits, bufnr, encoding)
  local after = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
  vim.api.nvim_buf_delete(bufnr, { force = true })
  return after
end

---@param edit table a WorkspaceEdit
---@return { uri: string, edits: table[] }[]
local function documents(edit)
  local found = {}
  for uri, edits in vim.spairs(edit.changes or {}) do
    found[#found + 1] = { uri = uri, edits = edits }
  end
  for _, change in ipairs(edit.documentChanges or {}) do
    found[#found + 1] = { uri = change.textDocument.uri, edits = change.edits }
  end
  return found
end

--- The two lines above the hunks of a unified diff.
---@param file string
---@return string[]
local function heading(file)
  return { '--- ' .. file, '+++ ' .. file }
end

---@param document { uri: string, edits: table[] }
---@param encoding string
---@return string[]
local function diff(document, encoding)
  local before = lines_of(document.uri)
  local after = applied(before, document.edits, encoding)
  local hunks = vim.diff(table.concat(before, '\n') .. '\n', table.concat(after, '\n') .. '\n', { ctxlen = 3 })
  local lines = heading(vim.fn.fnamemodify(vim.uri_to_fname(document.uri), ':~:.'))
  return vim.list_extend(lines, vim.split(hunks --[[@as string]], '\n', { trimempty = true }))
end

--- The packages of the lock file that come, go or change their version, one a line, as a diff has them.
---@param changes table[]
---@return string[]
local function lock_lines(changes)
  if #changes == 0 then
    return { comment('uv.lock: no package changes') }
  end
  local given = require('pyproject_lsp.words').given
  local lines = heading('uv.lock')
  for _, change in ipairs(changes) do
    local from, to = given(change.from), given(change.to)
    lines[#lines + 1] = from and ('-%s %s'):format(change.name, from)
    lines[#lines + 1] = to and ('+%s %s'):format(change.name, to)
  end
  return lines
end

---@param answer table
---@param encoding string
---@return string[]
local function outcome(answer, encoding)
  local lines = {}
  for _, document in ipairs(documents(answer.edits)) do
    vim.list_extend(lines, diff(document, encoding))
  end
  if #lines == 0 then
    lines[1] = comment('no change in the manifest')
  end
  return vim.list_extend(lines, lock_lines(answer.lock))
end

---@param preview pyproject.Preview
local function open(preview)
  local status = require('pyproject_lsp.store').best()
  local bufnr = scratch.open(name, 'diff')
  vim.b[bufnr].pyproject_root = status and require('pyproject_lsp.store').root(status) or nil
  vim.keymap.set('n', '<CR>', function()
    vim.cmd.close()
    for _, call in ipairs(preview.calls) do
      client.execute(call.command, call.argument)
    end
  end, { buffer = bufnr, nowait = true, desc = 'Do what is shown' })
end

--- Begins a preview. What it returns takes the place of `client.execute`: it changes nothing, and adds to
--- the window what the command would do.
---@param line string
---@return fun(command: string, argument: table)
function M.begin(line)
  local here = client.here()
  local preview = { line = line, calls = {} }

  local function draw_if_newest()
    local bufnr = scratch.find(name)
    if bufnr and shown == preview then
      draw(bufnr, preview)
    end
  end

  return function(command, argument)
    if not here then
      return
    end
    argument.uri = here.uri
    local call = { command = command, argument = argument, lines = { comment('asking the server …') } }
    table.insert(preview.calls, call)
    if shown ~= preview then
      shown = preview
      -- Later: the other commands of this line are still to be made, from the buffer that the user is in.
      vim.schedule(function()
        open(preview)
        draw_if_newest()
      end)
    end
    local request = { uri = here.uri, command = 'pyproject.' .. command, arguments = { argument } }
    client.execute('preview', request, function(answer)
      call.lines = outcome(answer, here.encoding)
      draw_if_newest()
    end, function(message)
      call.lines = vim.tbl_map(comment, vim.split(message, '\n'))
      draw_if_newest()
    end)
  end
end

return M
