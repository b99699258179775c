"""The demonstration (`pyproject-lsp demo`) and its building blocks, which the tests share."""
