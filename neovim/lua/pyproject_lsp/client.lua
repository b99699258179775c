--- Sends commands to the server that looks after the current buffer.
local M = {}

M.name = 'pyproject_lsp'

local function tell(message)
  require('pyproject_lsp.notice').show(message, vim.log.levels.ERROR)
end
M.tell = tell

local no_server = 'no server here; open pyproject.toml or a Python file of the project (:checkhealth pyproject_lsp)'

--- The client and the file that name the project a command is about.
---@return vim.lsp.Client?
---@return string? uri
function M.target()
  local bufnr = vim.api.nvim_get_current_buf()
  local here = vim.lsp.get_clients({ name = M.name, bufnr = bufnr })[1]
  if here then
    return here, vim.uri_from_bufnr(bufnr)
  end
  local status = require('pyproject_lsp.store').best()
  local id = status and require('pyproject_lsp.store').client_id(status)
  local client = id and vim.lsp.get_client_by_id(id) or vim.lsp.get_clients({ name = M.name })[1]
  local folder = status and vim.uri_to_fname(status.project) or client and client.root_dir
  if not client or not folder then
    return nil, nil
  end
  local is_file = (vim.uv.fs_stat(folder) or {}).type == 'file'
  return client, vim.uri_from_fname(is_file and folder or vim.fs.joinpath(folder, 'pyproject.toml'))
end

--- The encoding in which the server of the current project counts, and the file that names the project;
--- nil, and a message to the user, where there is no server.
---@return { encoding: string, uri: string }?
function M.here()
  local client, uri = M.target()
  if client and uri then
    return { encoding = client.offset_encoding, uri = uri }
  end
  tell(no_server)
end

--- Runs `pyproject.{command}` on the current project. A refusal is shown; success is seen in the
--- status, since the answer only says that the operation is in the queue.
---@param command string without its prefix
---@param argument table the members besides `uri`
---@param done? fun(result: any)
---@param refused? fun(message: string) called after the message was shown
function M.execute(command, argument, done, refused)
  local client, uri = M.target()
  if not client then
    tell(no_server)
    return
  end
  argument.uri = argument.uri or uri
  client:request('workspace/executeCommand', {
    command = 'pyproject.' .. command,
    arguments = { argument },
  }, function(err, result)
    if err then
      tell(err.message)
      if refused then
        refused(err.message)
      end
    elseif done then
      done(result)
    end
  end)
end

return M
