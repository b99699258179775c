"""Exclusion between processes: ranks, guards, holders."""
