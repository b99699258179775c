"""Pure functions from a snapshot of a Python file to an LSP value; one file a feature."""
