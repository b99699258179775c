"""Case files for the features of a manifest: a text with the cursor in it, and what is shown there.

A case is a file `cases/<name>.case`: the manifest, in which `‸` is the cursor (two of them are a selection), then
sections `-- actions --`, `-- lenses --` and `-- diagnostics --`, one line for each that is shown. Whoever changes what
is shown runs `python -m tests.features.cases` and looks at the difference.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_server.core.lsp import Range
from lsp_server.core.settings import Settings
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Span
from lsp_server.features.code_actions import code_actions
from lsp_server.features.code_lens import code_lenses
from lsp_server.features.diagnostics import diagnostics

FOLDER = Path(__file__).parent / "cases"
URI = "file:///project/pyproject.toml"
CURSOR = "‸"
Shown = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """One case: the text without its cursor, the range that the cursor marks, and what has to be shown."""

    name: str
    marked: str
    text: str
    where: Range
    golden: str

    def __str__(self) -> str:
        return self.name


def load() -> list[Case]:
    """All cases, by name."""
    return [_read(path) for path in sorted(FOLDER.glob("*.case"))]


def pure(case: Case) -> Shown:
    """What the features say, as functions."""
    snapshot = Snapshot(URI, 1, case.text, "utf-16", Settings())
    return {
        "actions": code_actions(snapshot, case.where),
        "lenses": code_lenses(snapshot),
        "diagnostics": diagnostics(snapshot),
    }


def rendered(shown: Shown) -> str:
    """What is shown, as the golden part of a case file."""
    actions = [f"{a['kind']} | {a['title']} | {_command(a['command'])}" for a in shown["actions"]]
    lenses = [f"{_place(one['range'])} | {one['command']['title']} | {_command(one['command'])}" for one in shown["lenses"]]
    found = [f"{_place(one['range'])} | {one['code']} | {one['message']}" for one in shown["diagnostics"]]
    sections = {"actions": actions, "lenses": lenses, "diagnostics": found}
    return "".join(f"-- {name} --\n" + "".join(f"{line}\n" for line in lines) for name, lines in sections.items())


def _read(path: Path) -> Case:
    marked, mark, golden = path.read_text("utf-8").partition("-- actions --\n")
    parts = marked.split(CURSOR)
    assert len(parts) in {2, 3}, f"{path.name}: one cursor or two"
    text = "".join(parts)
    start, end = len(parts[0]), len("".join(parts[:-1]))
    where = Snapshot(URI, 1, text, "utf-16", Settings()).range(Span(start, end))
    return Case(path.stem, marked, text, where, mark + golden)


def _command(command: Mapping[str, Any]) -> str:
    (argument,) = command["arguments"]
    return f"{command['command']} {json.dumps({key: value for key, value in argument.items() if key != 'uri'})}"


def _place(where: Range) -> str:
    start, end = where["start"], where["end"]
    return f"{start['line']}:{start['character']}-{end['line']}:{end['character']}"


def _update() -> None:
    for case in load():
        (FOLDER / f"{case.name}.case").write_text(case.marked + rendered(pure(case)), encoding="utf-8", newline="")


if __name__ == "__main__":
    _update()
