"""Tests of `lsp_server.adapters`."""
