"""Build the VS Code extension: `python scripts/vsix.py` makes vscode-extension/pyproject-lsp.vsix.

Needs Node 20 or newer with npm. Options go to the packing script: `--this-machine` brings only wheels for this machine.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

EXTENSION = Path(__file__).resolve().parents[1] / "vscode-extension"
OLDEST_NODE = 20


def node() -> str:
    """Return the path of Node; ends with a sentence where there is none, or an old one."""
    found = shutil.which("node")
    said = subprocess.run([found, "--version"], check=False, capture_output=True, text=True).stdout if found else ""
    version = re.match(r"v(\d+)", said)
    if found is None or version is None or int(version[1]) < OLDEST_NODE:
        seen = f"this is {said.strip()} ({found})" if said else "none was found on PATH"
        sys.exit(f"The extension needs Node {OLDEST_NODE} or newer; {seen}. Install it from your system's packages.")
    sys.stdout.write(f"Node {said.strip()} ({found})\n")
    return found


def main() -> None:
    """Install the build tools and pack the extension."""
    program, npm = node(), shutil.which("npm")
    if npm is None:
        sys.exit("npm is missing beside Node: install it from your system, then run this again.")
    subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], check=True, cwd=EXTENSION)
    environment = {**os.environ, "PYTHON": sys.executable}
    subprocess.run([program, "scripts/package.mjs", *sys.argv[1:]], check=True, cwd=EXTENSION, env=environment)
    sys.stdout.write(f"{EXTENSION / 'pyproject-lsp.vsix'}\n")


if __name__ == "__main__":
    main()
