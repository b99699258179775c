"""Imports of Python files and scripts: what is missing, and which distribution to add for it."""
