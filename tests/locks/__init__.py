"""Tests of `lsp_server.locks`."""
