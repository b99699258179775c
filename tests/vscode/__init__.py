"""The extension in a real VS Code (code-server) and a real Chromium."""
