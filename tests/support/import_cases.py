"""Case files of imports: a project with its environment in one text, and what is to be said of it.

A file is a list of sections, each `-- name --` on a line of its own and then its text:

* `-- path --`: a file of the project, written as it is;
* `-- environment --`: one installed distribution a line: `name version: module module; needs name name; plugin`;
* `-- diagnostics --`: what is published, one a line: `path:line module code message`;
* `-- actions path:line --`: the quick fixes at a line, one a line: `* title` if preferred, then the command's argument;
* `-- hover path:line --`: the hover on the line's first import.

`UPDATE_CASES=1` writes the last three anew.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

_SECTION = re.compile(r"^-- (.+) --$", re.MULTILINE)
EXPECTED = ("diagnostics", "actions ", "hover ")
CASES = Path(__file__).parent.parent / "data" / "imports"


@dataclass(frozen=True, slots=True)
class Case:
    path: Path
    preamble: str
    sections: tuple[tuple[str, str], ...]

    def files(self) -> Iterator[tuple[str, str]]:
        yield from ((n, t) for n, t in self.sections if n != "environment" and not n.startswith(EXPECTED))

    def expected(self) -> Iterator[tuple[str, str]]:
        yield from ((n, t) for n, t in self.sections if n.startswith(EXPECTED))

    def environment(self) -> str | None:
        return next((text for name, text in self.sections if name == "environment"), None)

    def with_expected(self, found: Mapping[str, str]) -> "Case":
        return replace(self, sections=tuple((name, found.get(name, text)) for name, text in self.sections))

    def text(self) -> str:
        return self.preamble + "".join(f"-- {name} --\n{text}" for name, text in self.sections)


def read(path: Path) -> Case:
    text = path.read_text("utf-8")
    marks = list(_SECTION.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    sections = tuple((mark[1], text[mark.end() + 1 : end]) for mark, end in zip(marks, ends, strict=True))
    return Case(path, text[: marks[0].start()], sections)


def write(case: Case, root: Path) -> None:
    """Write the project, and an environment that has nothing but the metadata of its distributions."""
    for name, text in case.files():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="")
    listed = case.environment()
    if listed is None:
        return
    packages = root / ".venv" / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    (root / ".venv" / "pyvenv.cfg").write_text("home = /nowhere\nversion_info = 3.12.4\n", "utf-8")
    for line in listed.splitlines():
        _install(packages, line)


def _install(packages: Path, line: str) -> None:
    head, *rest = (part.strip() for part in line.split(";"))
    who, _, modules = head.partition(":")
    name, version = who.split()
    needs = [word for part in rest if part.startswith("needs ") for word in part.split()[1:]]
    info = packages / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    requires = "".join(f"Requires-Dist: {need}\n" for need in needs)
    info.joinpath("METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{requires}\nText\n", "utf-8")
    paths = [f"{module.replace('.', '/')}/__init__.py" for module in modules.split()]
    info.joinpath("RECORD").write_text("".join(f"{path},sha256=x,1\n" for path in paths), "utf-8")
    if "plugin" in rest:
        info.joinpath("entry_points.txt").write_text("[pytest11]\nx = y\n", "utf-8")


def shown_diagnostics(root: Path, published: Mapping[Path, Sequence[Mapping[str, Any]]]) -> str:
    lines = []
    for path, found in sorted(published.items()):
        for one in found:
            where = f"{path.relative_to(root).as_posix()}:{one['range']['start']['line'] + 1}"
            lines.append(f"{where} {one['code']} {one['message']}\n")
    return "".join(lines)


def shown_actions(actions: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for action in actions:
        argument = {key: value for key, value in action["command"]["arguments"][0].items() if key != "uri"}
        mark = "*" if action.get("isPreferred") else "-"
        lines.append(f"{mark} {action['title']} | {action['command']['command']} {json.dumps(argument)}\n")
    return "".join(lines)


def place(section: str) -> tuple[str, int]:
    """The path and the line, from 0, of a section's name such as `actions src/x.py:3`."""
    path, _, line = section.partition(" ")[2].rpartition(":")
    return path, int(line) - 1
