"""Exclusion between processes: ranks, mutexes, holders."""
