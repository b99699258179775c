"""Registers in a text: how a history's manifest is made, read and changed by hand. Shares nothing with the product."""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from bench.history.model import Key, Value

LAST_LINE = "# the last line"
PACKAGES = tuple(f"many-{number:02}" for number in range(1, 9))
GROUP = tuple(f"dev/many-{number:02}" for number in range(9, 12))
NOTES = tuple(f"note {number}" for number in range(6))
KEYS = (*PACKAGES, *GROUP, "version", *NOTES)
PRESENT = (*PACKAGES[:4], GROUP[0])
"""What is there at the start; even notes are comments, odd ones lines of a table."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def manifest(wheels: Path) -> str:
    """Return the manifest of every history."""
    tables = {
        "[project]": ['name = "demo"', 'version = "0.0.0"', 'requires-python = ">=3.11"'],
        "[dependency-groups]": [],
        "[tool.uv]": ["no-index = true", f'find-links = ["{wheels.as_posix()}"]'],
        "[tool.history]": [],
    }
    tables["[project]"] += _array("dependencies", ["alpha", *(f"{key}>=0.0.0" for key in PRESENT if "/" not in key)])
    tables["[dependency-groups]"] += _array("dev", ["delta", *(f"{key[4:]}>=0.0.0" for key in PRESENT if "/" in key)])
    for key in NOTES:
        tables["[tool.history]"] += ["# nobody edits this line", note(key, "v0"), "# nor this", ""]
    return "\n\n".join("\n".join([head, *lines]) for head, lines in tables.items()) + f"\n{LAST_LINE}\n"


def _array(name: str, entries: Sequence[str]) -> list[str]:
    return [f"{name} = [", *(f'    "{entry}",' for entry in entries), "]"]


def note(key: Key, value: str) -> str:
    """Return the line of a note."""
    number = int(key.partition(" ")[2])
    return f"note_{number} = '{value}'" if number % 2 else f"# note {number}: '{value}'"


def registers(text: str) -> dict[Key, Value]:
    """Return what each register holds; an entry that stands twice shows both.

    Raises:
        ValueError: the text is no TOML, or not whole.

    """
    if not text.rstrip().endswith(LAST_LINE):
        raise ValueError("the manifest does not end as it did")
    data = tomllib.loads(text)
    found: dict[Key, Value] = dict.fromkeys(KEYS)
    found["version"] = data["project"]["version"]
    for prefix, entries in (
        ("", data["project"].get("dependencies", [])),
        ("dev/", data.get("dependency-groups", {}).get("dev", [])),
    ):
        for entry in entries:
            name = _NAME.match(entry)
            key = prefix + name[0].lower() if name else entry
            found[key] = _both(found.get(key), entry[len(name[0]) if name else 0 :])
    for line in text.splitlines():
        for key in NOTES:
            head = note(key, "\0").partition("\0")[0]
            if line.startswith(head):
                found[key] = _both(found[key], line[len(head) :].rstrip("'"))
    return found


def _both(one: Value, other: str) -> str:
    return other if one is None else f"{one} and {other}"


def is_whole(text: str) -> bool:
    """Whether nobody is just writing it."""
    try:
        registers(text)
    except (ValueError, KeyError):
        return False
    return True


def put(text: str, key: Key, value: Value) -> str:
    """Return the text with this value in a register, changed line by line as a person or a small tool does."""
    if key == "version":
        return re.sub(r'^version = ".*"$', f'version = "{value}"', text, count=1, flags=re.MULTILINE)
    if key in NOTES:
        head = note(key, "\0").partition("\0")[0]
        return "".join(
            f"{note(key, value or '')}\n" if line.startswith(head) else line for line in text.splitlines(keepends=True)
        )
    return _put_entry(text, key, value)


def _put_entry(text: str, key: Key, value: Value) -> str:
    name, array = key.rpartition("/")[2], "dev" if "/" in key else "dependencies"
    lines = text.splitlines(keepends=True)
    start = next((place for place, line in enumerate(lines) if line.startswith(f"{array} = [")), None)
    if start is None or "]" in lines[start]:
        return text  # uv writes an empty array on one line; who edits by hand leaves it alone
    end = next(place for place in range(start, len(lines)) if lines[place].startswith("]"))
    kept = [line for line in lines[start + 1 : end] if not re.match(rf'\s*"{re.escape(name)}[^A-Za-z0-9._-]', line)]
    new = [] if value is None else [f'    "{name}{value}",\n']
    return "".join([*lines[: start + 1], *kept, *new, *lines[end:]])


def value_for(key: Key, number: int) -> str:
    """Return the value that the step of this number writes; no other step writes it."""
    if key == "version":
        return f"0.{number}.0"
    return f"v{number}" if key in NOTES else f">=0.0.{number}"
