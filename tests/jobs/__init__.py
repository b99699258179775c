"""Tests of the jobs, with the real uv."""
