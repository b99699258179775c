-- For `require('lspconfig').pyproject_lsp.setup {}`, the way before Neovim 0.11: the same
-- configuration in the older form, where `root_dir` answers with a path.
local path = vim.api.nvim_get_runtime_file('lsp/pyproject_lsp.lua', false)[1]
local config = dofile(assert(path, 'lsp/pyproject_lsp.lua is not on the runtime path'))

local default_config = vim.tbl_extend('force', config, {
  single_file_support = false,
  root_dir = function(_, bufnr)
    local found
    config.root_dir(bufnr or vim.api.nvim_get_current_buf(), function(root)
      found = root
    end)
    return found
  end,
})

return {
  default_config = default_config,
  docs = { description = 'Language server for pyproject.toml: safe, queued edits of dependencies and version.' },
}
