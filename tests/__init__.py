"""Tests that use the real uv, real locks and real files."""
