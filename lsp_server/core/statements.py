"""Three texts to one, by what they state: dependencies and the version by their keys, all else by lines.

Lines alone cannot tell that two lists hold one package under different bounds: merged by lines it would stand twice, and
uv refuses such a manifest. So the statements are decided first, each by its key; then all three texts are brought to
state the same, and only what still differs is merged by lines.
"""

import re
from collections.abc import Mapping, Sequence

from lsp_server.core import diff, facts, literals, pyproject, requirement, script, toml
from lsp_server.core.diff import Conflict, Merged
from lsp_server.core.facts import Facts, Key
from lsp_server.core.pyproject import Table
from lsp_server.core.text import split_lines

Wanted = Mapping[Key, str | None]
"""What each key is to state; None for nothing. Requirements of one package are joined by line feeds, as in `facts`."""

_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_TABLES = (("project", "dependencies"), ("project", "optional-dependencies"), ("project", "version"), ("dependency-groups",))
_UV_TABLES = ("sources", "index", "workspace", "dev-dependencies")
_INDENT = "    "
_ITEM = re.compile(r"(\s*(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|\{[^{}]*\}))\s*?(,?)(\s*(?:#.*)?)$")


def merge(name: str, base: str, ours: str, theirs: str) -> Merged | Conflict:
    """Return one text with the changes of both sides; where both changed one statement, as `theirs` has it.

    Args:
        name: the file's name, which tells a manifest from a script.
        base: the text that both sides started from.
        ours: one side.
        theirs: the other side, whose statements win.

    """
    if ours in {base, theirs}:
        return Merged(theirs)
    if theirs == base:
        return Merged(ours)
    wanted = decided(*(facts.of(name, text) for text in (base, ours, theirs)))
    aligned = [with_statements(name, text, wanted) for text in (base, ours, theirs)]
    for sides in (aligned, [base, ours, theirs]):
        merged = diff.merge(*sides)
        if isinstance(merged, Merged) and facts.of(name, merged.text) == _present(wanted):
            return merged
    plain = diff.merge(base, ours, theirs)
    return plain if isinstance(plain, Conflict) else Conflict(base, ours, theirs, reason="meaning")


def decided(base: Facts, ours: Facts, theirs: Facts) -> Wanted:
    """Return what each key states when both sides' changes count, and theirs where both changed it."""
    keys = base.keys() | ours.keys() | theirs.keys()
    return {key: (theirs if theirs.get(key) != base.get(key) else ours).get(key) for key in keys}


def rest(name: str, text: str) -> object:
    """Return all that a text says besides its statements, to be compared; two texts of one writer's edit have the same."""
    if not name.endswith(".toml"):
        block = script.find(text)
        if not isinstance(block, script.Block):
            return text
        return text[: block.start], _rest(block.toml, [("dependencies",)]), text[block.end :]
    return _rest(text, [*_TABLES, *(("tool", "uv", table) for table in _UV_TABLES)])


def _rest(text: str, places: Sequence[tuple[str, ...]]) -> object:
    parsed = toml.parse(text)
    if isinstance(parsed, toml.Problem):
        return text
    for place in places:
        _take_out(parsed, place)
    return _pruned(parsed), sorted(found.strip() for found in _COMMENT.findall(text))


def _take_out(found: object, place: tuple[str, ...]) -> None:
    for name in place[:-1]:
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, dict):
        found.pop(place[-1], None)


def _pruned(found: object) -> object:
    """Leave out tables that hold nothing: whoever states a first source makes the tables above it."""
    if not isinstance(found, dict):
        return found
    kept = {key: _pruned(value) for key, value in found.items()}
    return {key: value for key, value in kept.items() if value != {}}


def _present(wanted: Wanted) -> dict[Key, str]:
    return {key: value for key, value in wanted.items() if value is not None}


# Texts that state what is wanted


def with_statements(name: str, text: str, wanted: Wanted) -> str:
    """Return a text with other dependencies and another version, as far as the places for them are there."""
    if name.endswith(".toml"):
        return _manifest_with(text, wanted)
    block = script.find(text)
    if not isinstance(block, script.Block):
        return text
    made = _array_with(block.toml, toml.scan(block.toml).get("dependencies"), "runtime", "", wanted)
    return text if made == block.toml else script.with_toml(text, block, made)


def _manifest_with(text: str, wanted: Wanted) -> str:
    manifest = pyproject.read(text)
    version = wanted.get(("version",))
    if version is not None and manifest.version_span is not None and version != manifest.version:
        span = manifest.version_span
        text = diff.apply(text, [diff.Edit(span.start, span.end, literals.literal(version))])
    for table in manifest.tables():
        value = _place(text, table)
        text = _array_with(text, value, table.kind, table.name or "", wanted)
    return text


def _place(text: str, table: Table) -> toml.Value | None:
    return next((value for found, value in pyproject.lists(pyproject.read(text).document) if found == table), None)


def _array_with(text: str, value: toml.Value | None, kind: str, table: str, wanted: Wanted) -> str:
    """Return a text in one of whose arrays stands what is wanted; in the array's own order, as uv keeps it."""
    if value is None or value.kind != "array":
        return text
    items = [(_package(item), item) for item in value.items]
    asked = {key[-1]: said for key, said in wanted.items() if key[:3] == ("dependency", kind, table)}
    stated = {name: "\n".join(item.text for each, item in items if each == name) for name, _ in items if name}
    changes = {name: said for name, said in asked.items() if said != stated.get(name)}
    lines = _lines(text, value) if changes else None
    if lines is None:
        return text
    for name, said in sorted(changes.items()):
        lines = _placed(lines, name, (said or "").split("\n") if said else [])
    return text[: value.span.start] + _array(lines, text) + text[value.span.end :]


def _package(item: toml.Value) -> str:
    return requirement.leading_name(item.text) if item.kind == "string" else ""


Line = tuple[str, str | None]
"""A line of an array, without its line end, and the package that it names: "" for another item, None for no item."""


def _lines(text: str, value: toml.Value) -> list[Line] | None:
    """Return an array an item a line; None if it is written in a way that a comment could be lost."""
    written = [(line.strip(), line) for line in split_lines(text[value.span.start : value.span.end])]
    if len(written) > 1 and written[0][0] == "[" and written[-1][0] == "]":
        return _item_lines(text, value)
    if "#" in re.sub(r"\"[^\"]*\"|'[^']*'", "", text[value.span.start : value.span.end]):
        return None
    return [(f"{_INDENT}{text[item.span.start : item.span.end]},", _package(item)) for item in value.items]


def _item_lines(text: str, value: toml.Value) -> list[Line] | None:
    """Return the lines between the brackets; None if one holds more than one item."""
    lines: list[Line] = []
    start = value.span.start
    for line in split_lines(text[value.span.start : value.span.end]):
        names = [_package(item) for item in value.items if start <= item.span.start < start + len(line)]
        if len(names) > 1:
            return None
        lines.append((line.rstrip("\r\n"), names[0] if names else None))
        start += len(line)
    return lines[1:-1]


def _placed(lines: list[Line], name: str, requirements: Sequence[str]) -> list[Line]:
    """Return the lines with these requirements of a package in place of those that it has."""
    at = [index for index, (_, found) in enumerate(lines) if found == name]
    left = [line for line in lines if line[1] != name]
    if len(at) == len(requirements) == 1:
        changed = _with_literal(lines[at[0]][0], requirements[0])
        return [*lines[: at[0]], (changed, name), *lines[at[0] + 1 :]]
    where = at[0] if at else _sorted_place(left, name)
    new = [(f"{_indent(lines)}{literals.literal(each)},", name) for each in requirements]
    return [*left[:where], *new, *left[where:]]


def _with_literal(line: str, wanted: str) -> str:
    found = re.match(r"(\s*)(\"(?:[^\"\\]|\\.)*\"|'[^']*')(.*)", line, re.DOTALL)
    return f"{found[1]}{literals.literal(wanted)}{found[3]}" if found else line


def _indent(lines: Sequence[Line]) -> str:
    first = next((line for line, name in lines if name), _INDENT)
    return first[: len(first) - len(first.lstrip())] or _INDENT


def _sorted_place(lines: Sequence[Line], name: str) -> int:
    """Return where a package goes: in its order where the others are in order, else behind the last."""
    named = [(index, found) for index, (_, found) in enumerate(lines) if found]
    names = [found for _, found in named]
    if names == sorted(names):
        later = next((index for index, found in named if found > name), None)
        if later is not None:
            while later and lines[later - 1][1] is None:
                later -= 1  # a comment belongs to what stands below it
            return later
    return named[-1][0] + 1 if named else len(lines)


def _array(lines: Sequence[Line], text: str) -> str:
    if not lines:
        return "[]"
    ending = "\r\n" if "\r\n" in text else "\n"
    return ending.join(["[", *(_with_comma(line, name) for line, name in lines), "]"])


def _with_comma(line: str, name: str | None) -> str:
    """Return the line of an item with a comma, which TOML wants once another item follows."""
    found = None if name is None else _ITEM.match(line)
    return line if found is None or found[2] else f"{found[1]},{found[3]}"
