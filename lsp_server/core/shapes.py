"""Parsed data of strangers as values of a known type. Right syntax says nothing of types: here they are looked at.

What has another type than it should have is taken for absent.
"""

from collections.abc import Mapping
from typing import Any

Table = Mapping[str, Any]
_NOTHING: Table = {}


def table(value: object, *path: str) -> Table:
    """Return a table, or the one at a path below it; {} for all else."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else _NOTHING


def tables(value: object) -> tuple[Table, ...]:
    """Return the tables in a list; () for all else."""
    return tuple(one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def text(value: object) -> str | None:
    """Return a text; None for all else."""
    return value if isinstance(value, str) else None


def texts(value: object) -> tuple[str, ...]:
    """Return the texts in a list; () for all else."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def number(value: object) -> int:
    """Return a whole number; 0 for all else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
