--- The last status of each project, by the path of its root. Filled by notifications, never by asking.
local M = {}

---@type table<string, { status: table, client_id: integer }>
local projects = {}
---@type table<integer, { name: string, root: string|false }>
local roots_of_buffers = {}
--- Since when a failure is news, in seconds since the epoch: the start of the editor, the last save.
---@type table<string, integer>
local answered = {}
local started = os.time()

---@param path string
---@return string
local function real(path)
  return vim.fs.normalize(vim.uv.fs_realpath(path) or path)
end

--- The longest root above the path: a project inside a project speaks for its own files.
---@param path string
---@return string|false
local function find_root(path)
  local best = false
  for root in pairs(projects) do
    local inside = path == root or vim.startswith(path, root .. '/')
    if inside and (not best or #root > #best) then
      best = root
    end
  end
  return best
end

---@param status table a `pyproject/status` object
---@param client_id integer
function M.put(status, client_id)
  local root = real(vim.uri_to_fname(status.project))
  if not projects[root] then
    roots_of_buffers = {}
  end
  projects[root] = { status = status, client_id = client_id }
end

--- Forgets what a server said that has gone: nobody vouches for it any more.
---@param client_id integer
function M.forget(client_id)
  for root, project in pairs(projects) do
    if project.client_id == client_id then
      projects[root] = nil
    end
  end
  roots_of_buffers = {}
end

--- What has failed in a project until now has been seen: somebody has saved its manifest, or says so.
---@param status table
function M.answer(status)
  answered[M.root(status)] = os.time() + 1
end

---@param status table
---@return integer seconds since the epoch
function M.news_since(status)
  return answered[M.root(status)] or started
end

---@param bufnr integer
---@return table?
function M.for_buffer(bufnr)
  bufnr = bufnr == 0 and vim.api.nvim_get_current_buf() or bufnr
  local shown = vim.b[bufnr].pyproject_root
  if shown then
    return projects[shown] and projects[shown].status
  end
  local name = vim.api.nvim_buf_get_name(bufnr)
  local known = roots_of_buffers[bufnr]
  if not known or known.name ~= name then
    known = { name = name, root = name ~= '' and find_root(real(name)) }
    roots_of_buffers[bufnr] = known
  end
  return known.root and projects[known.root] and projects[known.root].status or nil
end

--- The project to show when the buffer belongs to none: the only one, or the one of the folder.
---@return table?
function M.best()
  local status = M.for_buffer(vim.api.nvim_get_current_buf())
  if status then
    return status
  end
  local root = find_root(real(vim.uv.cwd() or '.')) or (vim.tbl_count(projects) == 1 and next(projects))
  return root and projects[root].status or nil
end

--- The root of a status, as `b:pyproject_root` names it.
---@param status table
---@return string
function M.root(status)
  return real(vim.uri_to_fname(status.project))
end

--- The client that last spoke for the project.
---@param status table
---@return integer?
function M.client_id(status)
  local project = projects[M.root(status)]
  return project and project.client_id
end

return M
