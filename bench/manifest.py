"""How fast a manifest of 3,000 lines with 500 dependencies answers while its index hangs, beside tombi and ruff.

Each server is driven by the same client over stdio, one after the other, on the same text:

  open       from didOpen to the first diagnostics
  keystroke  from didChange to the diagnostics of that version
  hover, completion, action, hints   from the request to its answer (ours; of the others what they answer)

Goals: hover, completion, action p50 2 ms, p99 10 ms; keystroke p50 at most tombi's, p99 20 ms.
The index of ours is a server on loopback that takes requests and never answers.
"""

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import measure
from demo import parts
from lsp_server.adapters import offered
from tests.support.client import Client
from tests.support.index_server import Reply, index_server
from tests.support.wire import ResponseError

DEPENDENCIES, LINES = 500, 3000
GOALS = {"hover": (2.0, 10.0), "completion": (2.0, 10.0), "action": (2.0, 10.0), "keystroke": (None, 20.0)}
WARM_UP = 20


def text() -> str:
    """A manifest with many dependencies, groups and comments, and tables of tools for the rest of its lines."""
    names = offered.listed()[:DEPENDENCIES]
    listed = "".join(f"    \"{name}>=1.0,<9; python_version >= '3.10'\",  # why\n" for name in names)
    head = f'[project]\nname = "big"\nversion = "1.0.0"\nrequires-python = ">=3.10"\ndependencies = [\n{listed}]\n'
    groups = "".join(f'g{n} = ["pytest>=8", {{ include-group = "g{n - 1}" }}]\n' for n in range(1, 40))
    head += f'\n[dependency-groups]\ng0 = ["ruff"]\n{groups}\n'
    number = 0
    while head.count("\n") < LINES:
        head += f'[tool.thing{number}]\nname = "x"\nvalues = [1, 2, 3]\nwords = ["a", "b"]\n\n'
        number += 1
    return head


def measured(client: Client, manifest: Path, rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of each round, by what was asked."""
    found: dict[str, list[float]] = {}
    started = time.monotonic_ns()
    client.open(manifest)
    _published(client, manifest, 0)
    found["open"] = [measure.since(started)]
    for number in range(rounds + WARM_UP):
        taken = {"keystroke": _keystroke(client, manifest, number)} | _requests(client, manifest, number)
        for name, value in taken.items() if number >= WARM_UP else ():
            found.setdefault(name, []).append(value)
    return found


def _keystroke(client: Client, manifest: Path, number: int) -> float:
    """Type one more letter in the first dependency: each text is one that no server has seen before."""
    before = client.buffer(manifest).text
    at = before.index('dependencies = [\n    "') + len('dependencies = [\n    "')
    position = {"line": before[:at].count("\n"), "character": 5}
    edit = {"range": {"start": position, "end": position}, "newText": "abcdefghij"[number % 10]}
    mark, started = client.mark(), time.monotonic_ns()
    client.type(manifest, edit)
    _published(client, manifest, mark)
    return measure.since(started)


def _published(client: Client, manifest: Path, mark: int) -> None:
    version = client.buffer(manifest).version
    client.wait_for(
        lambda m: m.method == "textDocument/publishDiagnostics" and m.params.get("version") in {None, version}, 60, after=mark
    )


def _requests(client: Client, manifest: Path, number: int) -> dict[str, float]:
    line = 6 + number % (DEPENDENCIES - 10)
    uri = client.buffer(manifest).uri
    position = {"line": line, "character": 7}
    span = {"start": position, "end": position}
    asked: Sequence[tuple[str, str, dict[str, Any]]] = (
        ("hover", "textDocument/hover", {"position": position}),
        ("completion", "textDocument/completion", {"position": position}),
        ("action", "textDocument/codeAction", {"range": span, "context": {"diagnostics": []}}),
        (
            "hints",
            "textDocument/inlayHint",
            {"range": {"start": {"line": line, "character": 0}, "end": {"line": line + 50, "character": 0}}},
        ),
    )
    taken = {}
    for name, method, params in asked:
        started = time.monotonic_ns()
        try:
            client.request(method, {"textDocument": {"uri": uri}, **params}, 60)
        except ResponseError:  # a server without it
            continue
        taken[name] = measure.since(started)
    return taken


@contextmanager
def _project(base: Path) -> Any:  # noqa: ANN401  a generator
    gate = threading.Event()
    with index_server() as index:
        index.behave = lambda _asked: Reply() if gate.wait(600) else None
        manifest = base / "project" / "pyproject.toml"
        manifest.parent.mkdir()
        manifest.write_text(text(), "utf-8")
        yield manifest, parts.uv_environment(base) | {"UV_DEFAULT_INDEX": index.url}
        gate.set()


def run(command: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Measure one server."""
    base = Path(tempfile.mkdtemp(prefix="pl-")).resolve()
    try:
        with _project(base) as (manifest, environ), Client(command, env=environ, cwd=manifest.parent) as client:
            client.initialize(root=manifest.parent)
            found = measured(client, manifest, rounds)
            client.kill()
            return found
    finally:
        shutil.rmtree(base, ignore_errors=True)


def servers(others: bool) -> dict[str, list[str]]:  # noqa: FBT001  a switch of the command line
    """Return the command lines, ours first; those that are not installed are left out, and that is said."""
    beside = Path(sys.executable).parent
    wanted = {"tombi": ["lsp"], "ruff": ["server"]} if others else {}
    found = {"pyproject-lsp": [sys.executable, "-m", "lsp_server"]}
    for name, arguments in wanted.items():
        program = shutil.which(name, path=str(beside)) or shutil.which(name)
        if program is None:
            print(f"{name} is not installed, so it is not measured: pip install {name}")
        else:
            found[name] = [program, *arguments]
    return found


def report(name: str, taken: dict[str, list[float]], say: Callable[[str], None] = print) -> None:
    """Print one line for each thing that was asked."""
    for what, values in taken.items():
        one = measure.spread(values)
        goal = GOALS.get(what) if name == "pyproject-lsp" else None
        wanted = f"  goal p50 {goal[0]}, p99 {goal[1]}" if goal else ""
        say(f"{name:14} {what:11} p50 {one.p50:8.2f}  p99 {one.p99:8.2f}  most {one.most:8.2f} ms, {one.rounds} rounds{wanted}")


def main() -> None:
    """Print the figures of all servers."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=200)
    arguments.add_argument("--alone", action="store_true", help="measure only ours")
    given = arguments.parse_args()
    for name, command in servers(not given.alone).items():
        report(name, run(command, given.rounds))


if __name__ == "__main__":
    main()
