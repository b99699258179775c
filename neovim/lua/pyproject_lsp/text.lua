--- The text of a buffer and of its file, byte for byte as `:write` would make it.
local M = {}

local endings = { unix = '\n', dos = '\r\n', mac = '\r' }

---@param bufnr integer
---@return string
function M.of_buffer(bufnr)
  local options = vim.bo[bufnr]
  local ending = endings[options.fileformat]
  local text = table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), ending)
  local last = options.endofline or (options.fixendofline and not options.binary)
  return (options.bomb and '\239\187\191' or '') .. text .. (last and ending or '')
end

--- The file's bytes; nil when it cannot be read.
---@param path string
---@return string?
function M.of_file(path)
  local file = io.open(path, 'rb')
  if not file then
    return nil
  end
  local text = file:read('*a')
  file:close()
  return text
end

return M
