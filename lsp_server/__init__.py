"""A language server for pyproject.toml: edits that are queued, locked, verified and never lost."""

__version__ = "0.1.0"

import sys

# `python -m` puts the current folder first on the path, and calls itself "-m" until it has found us. That folder is most
# often a workspace, whose `logging.py` or `pygls/` nobody asked to run.
if sys.argv[:1] == ["-m"] and not sys.flags.safe_path:
    del sys.path[0]
