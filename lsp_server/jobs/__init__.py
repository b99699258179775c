"""The only code that changes a project."""
