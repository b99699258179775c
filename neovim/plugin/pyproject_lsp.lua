-- Defines `:Pyproject`. Nothing else is loaded before the command or the server is used.
if vim.g.loaded_pyproject_lsp then
  return
end
vim.g.loaded_pyproject_lsp = true

vim.api.nvim_create_user_command('Pyproject', function(call)
  require('pyproject_lsp.commands').run(call.args)
end, {
  nargs = '*',
  desc = 'Change the dependencies or the version of this Python project',
  complete = function(lead, line, column)
    return require('pyproject_lsp.complete').candidates(lead, line:sub(1, column))
  end,
})
