"""The figures of imports: right first suggestions, real projects, a large file while typing, a large project cold.

    python -m bench.imports              all but the real projects
    python -m bench.imports --projects   also the sources of five projects, fetched from the package index by pip

A 'missing' in a real project is false if its manifest names the distribution, or if what is missing is part of the
project, of the standard library or of nothing that is imported there. The names are looked for in the manifest's plain
text, not with the code that is measured; each told one is printed, for a person to judge.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from lsp_server.adapters import import_data, surroundings
from lsp_server.adapters import project as projects
from lsp_server.core import imports, judge
from lsp_server.core.judge import Finding
from lsp_server.core.python_file import PythonFile
from lsp_server.core.settings import Settings
from lsp_server.core.view import View
from lsp_server.features.missing_imports import missing_imports
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
FILE_LINES, PROJECT_FILES, TIMES = 3000, 2000, 30


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", action="store_true", help="fetch and judge the real projects too")
    options = parser.parse_args()
    suggestions()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        typing(root / "typing")
        cold(root / "cold")
        if options.projects:
            for name, layout in PROJECTS.items():
                real(root / "sdists", name, layout)


def suggestions() -> None:
    """Print how often the first suggestion is right, and how often one that is called sure is wrong."""
    names = import_data.names()
    rows = [line.split("\t") for line in NAMES.read_text("utf-8").splitlines()]
    found = [(names.lookup(module), right.split()) for module, right in rows]
    first = sum(bool(known) and known[0].name in right for known, right in found)
    wrong = sum(one.sure and one.name not in right for known, right in found for one in known)
    print(f"right first suggestion: {first} of {len(rows)} ({first / len(rows):.1%}); wrong ones called verified: {wrong}")


def typing(root: Path) -> None:
    """Print the time of a change in a large file: the pure function, and through the server from change to diagnostics."""
    path = write(root, {"pyproject.toml": MANIFEST, "demo/__init__.py": large_file()}) / "demo" / "__init__.py"
    view = read(root)
    text = path.read_text("utf-8")

    def once(number: int) -> float:
        file = PythonFile(path.as_uri(), number, f"{text}\nimport x{number}\n", "utf-16", Settings(), view, "demo/__init__.py")
        return timed(lambda: missing_imports(file))

    shown(f"{text.count(chr(10))} lines, change to diagnostics (function)", [once(number) for number in range(TIMES)])
    shown(f"{text.count(chr(10))} lines, change to diagnostics (server)", list(through_the_server(root, path)))


def through_the_server(root: Path, path: Path) -> Iterator[float]:
    """Yield the milliseconds from sending a change to receiving its diagnostics."""
    with Client(cwd=root) as client:
        client.initialize(root=root, initialization_options={"network": "off"})
        client.open(path, "python")
        client.wait_for_method("textDocument/publishDiagnostics")
        for number in range(TIMES):
            end = {"line": 0, "character": 0}
            mark, start = client.mark(), time.perf_counter()
            version = client.type(path, {"range": {"start": end, "end": end}, "newText": f"import y{number}\n"}).version
            client.wait_for(partial(_is_of, version), after=mark)
            yield (time.perf_counter() - start) * 1000
        client.shutdown()


def _is_of(version: int, message: Message) -> bool:
    return message.method == "textDocument/publishDiagnostics" and message.params["version"] == version


def cold(root: Path) -> None:
    """Print the time to read a large project for the first time, with all that its files import."""
    body = "\n".join(f"def f{number}(x):\n    return x + {number}" for number in range(60))
    files = {
        f"demo/p{n // 50}/m{n}.py": f"import os\nimport requests\nfrom demo import p{n % 7}\n{body}\n"
        for n in range(PROJECT_FILES)
    }
    write(root, {"pyproject.toml": MANIFEST, "demo/__init__.py": "", **files})
    view = View()

    def everything() -> None:
        nonlocal view
        view = read(root)

    print(f"{PROJECT_FILES} files of {body.count(chr(10)) + 5} lines, cold: {timed(everything) / 1000:.2f} s")
    print(f"{len(view.usage or ())} files again: {timed(lambda: read(root)) / 1000:.2f} s")


def real(folder: Path, name: str, layout: str) -> None:
    """Fetch a project's source distribution and print what would be told of it."""
    command = ["pip", "download", "--quiet", "--no-deps", "--no-binary", name, "--dest", str(folder / name), name]
    subprocess.run([sys.executable, "-m", *command], check=True)
    archive = next((folder / name).glob("*.tar.gz"))
    with tarfile.open(archive) as tar:
        tar.extractall(folder / name, filter="data")
    root = next(path for path in (folder / name).iterdir() if path.is_dir())
    start = time.perf_counter()
    view = read(root)
    told = [(path, finding) for path, ones in (view.usage or {}).items() for finding in judged(view, path, ones)]
    missing = [(path, finding) for path, finding in told if finding.problem == "missing"]
    false = [(path, finding) for path, finding in missing if named(root, finding)]
    took = time.perf_counter() - start
    print(f"{archive.name} ({layout}): {len(view.usage or ())} files, {took:.2f} s")
    print(f"    told {json.dumps(count(told))}; false 'missing': {len(false)}")
    for path, finding in missing:
        print(f"    missing {finding.targets[0]} in {path}{'  FALSE' if (path, finding) in false else ''}")


def judged(view: View, path: str, ones: tuple[imports.Import, ...]) -> list[Finding]:
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


def timed(work: Callable[[], object]) -> float:
    """Return how long something takes, in milliseconds."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def shown(what: str, times: list[float]) -> None:
    """Print the median and the worst of some times."""
    print(f"{what}: median {statistics.median(times):.1f} ms, worst {max(times):.1f} ms of {len(times)}")


if __name__ == "__main__":
    main()
