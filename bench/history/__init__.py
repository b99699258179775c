"""Histories of many writers on one project, and their judgement: `python -m bench.history`."""
