-- For Neovim's plugin managers, which put the top folder of a repository on the runtime path: ours is `neovim/`.
local top = vim.fs.dirname(vim.fs.dirname(vim.fs.normalize(debug.getinfo(1, 'S').source:sub(2))))
local runtime = vim.fs.joinpath(top, 'neovim')
vim.opt.runtimepath:append(runtime)
vim.cmd.source(vim.fn.fnameescape(vim.fs.joinpath(runtime, 'plugin', 'pyproject_lsp.lua')))
