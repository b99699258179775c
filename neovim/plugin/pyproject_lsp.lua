-- Defines `:Pyproject`. Nothing else is loaded before the command or the server is used.
if vim.g.loaded_pyproject_lsp then
  return
end
vim.g.loaded_pyproject_lsp = true

-- `:help pyproject_lsp` works without a plugin manager, which would make the tags.
local doc = vim.fs.joinpath(vim.fs.dirname(vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2))), 'doc')
if not vim.uv.fs_stat(vim.fs.joinpath(doc, 'tags')) and vim.uv.fs_access(doc, 'W') then
  pcall(vim.cmd.helptags, vim.fn.fnameescape(doc))
end

-- A saved manifest is the answer to what failed before it: the statusline is quiet again.
vim.api.nvim_create_autocmd('BufWritePost', {
  group = vim.api.nvim_create_augroup('pyproject_lsp', {}),
  pattern = 'pyproject.toml',
  callback = function(event)
    local store = package.loaded['pyproject_lsp.store']
    local status = store and store.for_buffer(event.buf)
    if status then
      store.answer(status)
    end
  end,
})

vim.api.nvim_create_user_command('Pyproject', function(call)
  require('pyproject_lsp.commands').run(call.args)
end, {
  nargs = '*',
  desc = 'Change the dependencies or the version of this Python project',
  complete = function(lead, line, column)
    return require('pyproject_lsp.complete').candidates(lead, line:sub(1, column))
  end,
})
