"""A language server for pyproject.toml: edits that are queued, locked, verified and never lost."""

__version__ = "0.1.0"
