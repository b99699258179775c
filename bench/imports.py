"""The figures of imports: right first suggestions, real projects, a large file while typing, a large project cold.

    python -m bench.imports              all but the real projects
    python -m bench.imports --projects   also the sources of five projects, fetched from the package index by pip

A 'missing' in a real project is false if its manifest names the distribution, or if what is missing is part of the
project, of the standard library or of nothing that is imported there. The names are looked for in the manifest's plain
text, not with the code that is measured; each told one is printed, for a person to judge.
"""

import json
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from bench import measure
from lsp_server.adapters import project as projects
from lsp_server.core.settings import Settings
from lsp_server.imports import import_data, surroundings
from lsp_server.imports.core import judge, scanner
from lsp_server.imports.core.judge import Finding
from lsp_server.imports.core.python_file import PythonFile
from lsp_server.imports.core.view import View
from lsp_server.imports.features.missing_imports import missing_imports
from tests.support.client import Client, Message

NAMES = Path(__file__).parent.parent / "tests" / "data" / "import_names.tsv"
PROJECTS = {
    "httpx": "flat, extras",
    "rich": "flat, Poetry",
    "flask": "src, groups",
    "uvicorn": "flat, groups and extras",
    "mcp": "workspace",
}
MANIFEST = '[project]\nname = "demo"\nversion = "0.1.0"\ndependencies = ["requests", "rich"]\n'
FILE_LINES, PROJECT_FILES = 3000, 2000


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = measure.parser(__doc__ or "", rounds=30)
    parser.add_argument("--projects", action="store_true", help="fetch and judge the real projects too")
    options = parser.parse_args(arguments)
    with measure.load() as noted, tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        first = suggestions()
        times = {**typing(root / "typing", options.rounds), **cold(root / "cold")}
        real = {name: judge_project(root / "sdists", name) for name in PROJECTS} if options.projects else {}
    text = "right first suggestion: {right} of {of}; wrong ones called verified: {wrong}\n".format(**first)
    text += measure.spreads(times)
    text += "".join(f"\n{name} ({PROJECTS[name]}): {json.dumps(found, indent=1)}" for name, found in real.items())
    figures = {"suggestions": first, "times": {name: asdict(one) for name, one in times.items()}, "projects": real}
    measure.say(text, noted, figures, as_json=options.json)
    return 0


def suggestions() -> dict[str, int]:
    """Return how often the first suggestion is right, and how often one that is called sure is wrong."""
    names = import_data.names()
    rows = [line.split("\t") for line in NAMES.read_text("utf-8").splitlines()]
    found = [(names.lookup(module), right.split()) for module, right in rows]
    first = sum(bool(known) and known[0].name in right for known, right in found)
    wrong = sum(one.sure and one.name not in right for known, right in found for one in known)
    return {"right": first, "of": len(rows), "wrong": wrong}


def typing(root: Path, rounds: int) -> dict[str, measure.Spread]:
    """Return the times of a change in a large file: the pure function, and through the server from change to diagnostics."""
    path = write(root, {"pyproject.toml": MANIFEST, "demo/__init__.py": large_file()}) / "demo" / "__init__.py"
    view = read(root)
    text = path.read_text("utf-8")

    def once(number: int) -> float:
        file = PythonFile(path.as_uri(), number, f"{text}\nimport x{number}\n", "utf-16", Settings(), view, "demo/__init__.py")
        started = time.monotonic_ns()
        missing_imports(file)
        return measure.since(started)

    what = f"{text.count(chr(10))} lines, change to diagnostics"
    return {
        f"{what} (function)": measure.spread([once(number) for number in range(rounds)]),
        f"{what} (server)": measure.spread(list(through_the_server(root, path, rounds))),
    }


def through_the_server(root: Path, path: Path, rounds: int) -> Iterator[float]:
    """Yield the milliseconds from sending a change to receiving its diagnostics."""
    with Client(cwd=root) as client:
        client.initialize(root=root, initialization_options={"network": "off"})
        client.open(path, "python")
        client.wait_for_method("textDocument/publishDiagnostics")
        for number in range(rounds):
            end = {"line": 0, "character": 0}
            mark, started = client.mark(), time.monotonic_ns()
            version = client.type(path, {"range": {"start": end, "end": end}, "newText": f"import y{number}\n"}).version
            client.wait_for(partial(_is_of, version), after=mark)
            yield measure.since(started)
        client.shutdown()


def _is_of(version: int, message: Message) -> bool:
    return message.method == "textDocument/publishDiagnostics" and message.params["version"] == version


def cold(root: Path) -> dict[str, measure.Spread]:
    """Return the time to read a large project for the first time, with all that its files import, and once more."""
    body = "\n".join(f"def f{number}(x):\n    return x + {number}" for number in range(60))
    files = {
        f"demo/p{n // 50}/m{n}.py": f"import os\nimport requests\nfrom demo import p{n % 7}\n{body}\n"
        for n in range(PROJECT_FILES)
    }
    write(root, {"pyproject.toml": MANIFEST, "demo/__init__.py": "", **files})
    what = f"{PROJECT_FILES} files of {body.count(chr(10)) + 5} lines"
    found = {}
    for when in ("cold", "again"):
        started = time.monotonic_ns()
        read(root)
        found[f"{what}, {when}"] = measure.spread([measure.since(started)])
    return found


def judge_project(folder: Path, name: str) -> dict[str, Any]:
    """Fetch a project's source distribution and return what would be told of it."""
    command = ["pip", "download", "--quiet", "--no-deps", "--no-binary", name, "--dest", str(folder / name), name]
    subprocess.run([sys.executable, "-m", *command], check=True)
    archive = next((folder / name).glob("*.tar.gz"))
    with tarfile.open(archive) as tar:
        tar.extractall(folder / name, filter="data")
    root = next(path for path in (folder / name).iterdir() if path.is_dir())
    started = time.monotonic_ns()
    view = read(root)
    told = [(path, finding) for path, ones in (view.usage or {}).items() for finding in judged(view, path, ones)]
    missing = [
        (f"{finding.targets[0]} in {path}", named(root, finding)) for path, finding in told if finding.problem == "missing"
    ]
    return {
        "archive": archive.name,
        "files": len(view.usage or ()),
        "milliseconds": measure.since(started),
        "told": count(told),
        "missing": [what for what, _ in missing],
        "false": [what for what, is_named in missing if is_named],
    }


def judged(view: View, path: str, ones: tuple[scanner.Import, ...]) -> list[Finding]:
    """Return what would be told of a file."""
    place = judge.place_of(view, path)
    return [one for one in judge.judge(view, place, ones) if one.told] if place is not None else []


def named(root: Path, finding: Finding) -> bool:
    """Tell whether a manifest of the project names what is said to be missing."""
    text = "\n".join(path.read_text("utf-8") for path in root.rglob("pyproject.toml")).lower().replace("_", "-")
    names = (*finding.distributions, finding.found.top)
    return any(re.search(rf"[\"'\s]{re.escape(name.lower().replace('_', '-'))}[\"'\s\[<>=~!;@]", text) for name in names)


def count(told: list[tuple[str, Finding]]) -> dict[str, int]:
    """Return how many there are of each problem."""
    return {problem: sum(one.problem == problem for _, one in told) for problem in sorted({one.problem for _, one in told})}


def read(root: Path) -> View:
    """Return all that is known of a project."""
    project = projects.find(root) or projects.find_script(root)
    return surroundings.with_usage(surroundings.read(project, {}), project)


def large_file() -> str:
    """Return a Python file of many kinds of lines."""
    head = "import os, sys\nimport requests\nfrom PIL import Image\n"
    head += "try:\n    import orjson\nexcept ImportError:\n    orjson = None\n"
    part = 'def function_{0}(one, two="x{0}"):\n    """Return {0}."""\n    # A comment.\n'
    part += '    import json\n    return [one, f"{{two}}", json]\n\n'
    return head + "".join(part.format(number) for number in range((FILE_LINES - 7) // 6))


def write(root: Path, files: dict[str, str]) -> Path:
    """Write files and return their folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


if __name__ == "__main__":
    sys.exit(main())
