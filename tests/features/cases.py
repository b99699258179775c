"""Case files for the features of a manifest: a text with the cursor in it, and what is shown there.

A case is a file `cases/<name>.case`: the manifest, in which `‸` is the cursor (two of them are a selection), then
sections such as `-- actions --` or `-- completion --`, one line for each thing that is shown. A case has the sections
that it is about, of those in `FEATURES`; what else is known stands in `universe.py`. Whoever changes what is shown
runs `python -m tests.features.cases` and looks at the difference; a new section is added empty.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_server.core.lsp import Range
from lsp_server.core.snapshot import Snapshot
from lsp_server.features import names, outline
from lsp_server.features.code_actions import code_actions
from lsp_server.features.code_lens import code_lenses
from lsp_server.features.completion.answer import completion
from lsp_server.features.diagnostics import diagnostics
from lsp_server.features.hover import hover
from lsp_server.features.version_hints import version_hints
from tests.features import universe
from tests.support.client import Client

FOLDER = Path(__file__).parent / "cases"
CURSOR = "‸"
EVERYWHERE: Range = {"start": {"line": 0, "character": 0}, "end": {"line": 9999, "character": 0}}
_SECTION = re.compile(r"^-- (.+) --\n", re.MULTILINE)
_MOST = 12


@dataclass(frozen=True, slots=True)
class Case:
    """One case: the text without its cursor, the range that the cursor marks, and what has to be shown."""

    name: str
    marked: str
    text: str
    where: Range
    golden: Mapping[str, str]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature as a function of a snapshot, as a request to the server, and as lines of a case file."""

    pure: Callable[[Snapshot, Range], Any]
    ask: Callable[[Client, Path, Range], Any]
    lines: Callable[[Any], Iterator[str]]


def load() -> list[Case]:
    """All cases, by name."""
    return [_read(path) for path in sorted(FOLDER.glob("*.case"))]


def pure(case: Case) -> dict[str, str]:
    """What the features say, as functions."""
    snapshot = universe.snapshot(case.text)
    return {name: shown(name, FEATURES[name].pure(snapshot, case.where)) for name in case.golden}


def served(case: Case, client: Client, path: Path) -> dict[str, str]:
    """What the server says of its open document, which has the text of the case."""
    return {name: shown(name, FEATURES[name].ask(client, path, case.where)) for name in case.golden}


def shown(name: str, found: Any) -> str:
    return "".join(f"{line}\n" for line in FEATURES[name].lines(found))


def _read(path: Path) -> Case:
    content = path.read_text("utf-8")
    marks = list(_SECTION.finditer(content))
    ends = [mark.start() for mark in marks[1:]] + [len(content)]
    marked = content[: marks[0].start()]
    text, where = universe.place(marked, CURSOR)
    return Case(path.stem, marked, text, where, {m[1]: content[m.end() : end] for m, end in zip(marks, ends, strict=True)})


# How each thing is asked for


def _request(method: str, *keys: str) -> Callable[[Client, Path, Range], Any]:
    def ask(client: Client, path: Path, where: Range) -> Any:
        values = {"position": where["start"], "range": where, "everywhere": EVERYWHERE, "positions": [where["start"]]}
        values |= {"context": {"includeDeclaration": True}, "newName": "new-name"}
        named = {"range" if key == "everywhere" else key: values[key] for key in keys}
        return client.request(method, {"textDocument": {"uri": client.buffer(path).uri}, **named})

    return ask


def _published(client: Client, path: Path, _where: Range) -> Any:
    buffer = client.buffer(path)

    def of_this_text(message: Any) -> bool:
        return bool(message.method == "textDocument/publishDiagnostics" and message.params["version"] == buffer.version)

    return client.wait_for(of_this_text).params["diagnostics"]


# How each thing is written down


def _actions(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in found:
        done = _command(one["command"]) if "command" in one else _edits(one["edit"])
        yield f"{one['kind']} | {one['title']} | {done}"


def _edits(edit: Mapping[str, Any]) -> str:
    """The changes of the one document, without its name."""
    (changes,) = edit["changes"].values()
    return "; ".join(f"{_place(one['range'])} {json.dumps(one['newText'], ensure_ascii=False)}" for one in changes)


def _lenses(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from (f"{_place(one['range'])} | {one['command']['title']} | {_command(one['command'])}" for one in found)


def _diagnostics(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from (f"{_place(one['range'])} | {one['code']} | {one['message']}" for one in found)


def _completion(found: Mapping[str, Any]) -> Iterator[str]:
    if found["isIncomplete"]:
        yield "incomplete"
    for one in found["items"][:_MOST]:
        edit, tags = one["textEdit"], " | withdrawn" if one.get("tags") else ""
        yield f"{_place(edit['range'])} | {one['label']} | {edit['newText']} | {one.get('detail', '')}{tags}"
    if len(found["items"]) > _MOST:
        yield f"and {len(found['items']) - _MOST} more"


def _hover(found: Mapping[str, Any] | None) -> Iterator[str]:
    if found is None:
        yield "nothing"
        return
    yield _place(found["range"])
    yield from found["contents"]["value"].splitlines()


def _hints(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from (f"{one['position']['line']}:{one['position']['character']} | {one['label']}" for one in found)


def _symbols(found: Sequence[Mapping[str, Any]], depth: int = 0) -> Iterator[str]:
    for one in found:
        detail = f" | {one['detail']}" if "detail" in one else ""
        yield f"{'  ' * depth}{one['name']} | {one['kind']} | {_place(one['range'])} | {_place(one['selectionRange'])}{detail}"
        yield from _symbols(one.get("children", ()), depth + 1)


def _folding(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from (f"{one['startLine']}-{one['endLine']}" for one in found)


def _selection(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    (one,) = found
    while one:
        yield _place(one["range"])
        one = one.get("parent", {})


def _locations(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from (_place(one["range"]) for one in found)


def _renamed(found: Mapping[str, Any] | None) -> Iterator[str]:
    yield "nothing" if found is None else _edits(found)


def _links(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from (f"{_place(one['range'])} | {one['target']} | {one['tooltip']}" for one in found)


def _command(command: Mapping[str, Any]) -> str:
    (argument,) = command["arguments"]
    return f"{command['command']} {json.dumps({key: value for key, value in argument.items() if key != 'uri'})}"


def _place(where: Range) -> str:
    start, end = where["start"], where["end"]
    return f"{start['line']}:{start['character']}-{end['line']}:{end['character']}"


FEATURES: Mapping[str, Feature] = {
    "actions": Feature(code_actions, lambda client, path, where: client.code_actions(path, where), _actions),
    "lenses": Feature(lambda snapshot, _: code_lenses(snapshot), _request("textDocument/codeLens"), _lenses),
    "diagnostics": Feature(lambda snapshot, _: diagnostics(snapshot), _published, _diagnostics),
    "completion": Feature(
        lambda snapshot, where: completion(snapshot, where["start"]), _request("textDocument/completion", "position"), _completion
    ),
    "hover": Feature(lambda snapshot, where: hover(snapshot, where["start"]), _request("textDocument/hover", "position"), _hover),
    "symbols": Feature(lambda snapshot, _: outline.symbols(snapshot), _request("textDocument/documentSymbol"), _symbols),
    "folding": Feature(lambda snapshot, _: outline.folding(snapshot), _request("textDocument/foldingRange"), _folding),
    "selection": Feature(
        lambda snapshot, where: outline.selection(snapshot, [where["start"]]),
        _request("textDocument/selectionRange", "positions"),
        _selection,
    ),
    "definition": Feature(
        lambda snapshot, where: names.definition(snapshot, where["start"]),
        _request("textDocument/definition", "position"),
        _locations,
    ),
    "references": Feature(
        lambda snapshot, where: names.references(snapshot, where["start"], declaration=True),
        _request("textDocument/references", "position", "context"),
        _locations,
    ),
    "rename": Feature(
        lambda snapshot, where: names.renamed(snapshot, where["start"], "new-name"),
        _request("textDocument/rename", "position", "newName"),
        _renamed,
    ),
    "links": Feature(lambda snapshot, _: names.links(snapshot), _request("textDocument/documentLink"), _links),
    "hints": Feature(
        lambda snapshot, _: version_hints(snapshot, EVERYWHERE), _request("textDocument/inlayHint", "everywhere"), _hints
    ),
}


def _update() -> None:
    for case in load():
        sections = "".join(f"-- {name} --\n{text}" for name, text in pure(case).items())
        (FOLDER / f"{case.name}.case").write_text(case.marked + sections, encoding="utf-8", newline="")


if __name__ == "__main__":
    _update()
