"""Whether a message has the shape that tests/contract says; the language is described in its README."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "contract"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)")


def load(name: str) -> Any:
    """One file of the contract."""
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def mismatches(shape: Any, value: Any, path: str = "$") -> Iterator[str]:
    """Every place where a value is not as its shape says; none if it fits."""
    match shape:
        case str() if shape.startswith("@"):
            yield from mismatches(load(shape[1:])["shape"], value, path)
        case str():
            yield from _unless(_KINDS[shape](value), f"{path} is {value!r}, not a {shape}")
        case {"enum": allowed}:
            yield from _unless(value in allowed, f"{path} is {value!r}, not one of {allowed}")
        case {"oneOf": shapes}:
            found = [list(mismatches(one, value, path)) for one in shapes]
            yield from _unless(not all(found), f"{path} is {value!r}, and none of its shapes: {found}")
        case {"map": inner}:
            yield from _each(inner, value, path, dict)
        case [inner]:
            yield from _each(inner, value, path, list)
        case _:
            yield from _object(shape, value, path)


def _unless(fits: bool, words: str) -> Iterator[str]:  # noqa: FBT001  it is what was found
    if not fits:
        yield words


def _each(inner: Any, value: Any, path: str, kind: type[list[Any]] | type[dict[str, Any]]) -> Iterator[str]:
    if not isinstance(value, kind):
        yield f"{path} is {value!r}, not a {kind.__name__}"
        return
    items: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield from mismatches(inner, item, f"{path}[{key}]")


def _object(shape: dict[str, Any], value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is {value!r}, not an object"
        return
    names = {key.removesuffix("?"): inner for key, inner in shape.items()}
    needed = {key for key in shape if not key.endswith("?")}
    for key in sorted(needed - value.keys()):
        yield f"{path}.{key} is missing"
    for key, item in value.items():
        if key in names:
            yield from mismatches(names[key], item, f"{path}.{key}")
        else:
            yield f"{path}.{key} is not known"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value) and isinstance(value, int),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "timestamp": lambda value: isinstance(value, str) and _TIME.fullmatch(value) is not None,
    "uri": lambda value: isinstance(value, str) and value.startswith("file:///"),
    "any": lambda _value: True,
}
