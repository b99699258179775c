"""Clients that know nothing of us: standard LSP, with each optional capability missing in turn."""
