"""Pure functions from a snapshot and parameters to an LSP value; one file a feature."""
