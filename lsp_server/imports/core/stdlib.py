"""The modules of the standard library, by the Pythons that a project allows (`requires-python`)."""

import sys
from functools import lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet

# Modules that came or went, from "What's New" of each version: the first minor version of Python 3 that has it, and
# the first one that has it no more. All others are in every Python 3.8 and later.
_SINCE = {"zoneinfo": 9, "graphlib": 9, "tomllib": 11, "annotationlib": 14, "compression": 14}
_UNTIL = {
    **dict.fromkeys(("_dummy_thread", "dummy_threading", "macpath"), 9),
    **dict.fromkeys(("formatter", "parser", "symbol"), 10),
    "binhex": 11,
    **dict.fromkeys(("asynchat", "asyncore", "distutils", "imp", "smtpd"), 12),
    **dict.fromkeys(("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis"), 13),
    **dict.fromkeys(("nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"), 13),
}
_FIRST, _LAST = 8, 20
# Names that exist for type checkers only, or that pytest and IPython put there.
_NOT_TO_BE_INSTALLED = frozenset(
    {"__main__", "_typeshed", "this", "antigravity", "nturl2path", "sre_compile", "sre_constants", "sre_parse"}
)


def contains(module: str, requires_python: str | None) -> bool:
    """Tell whether a top-level module is in the standard library of some Python that the project allows.

    Args:
        module: the first part of a dotted name.
        requires_python: as in `project.requires-python`; what does not parse allows all.

    """
    if module in _NOT_TO_BE_INSTALLED:
        return True
    if module in _SINCE or module in _UNTIL:
        first, last = _SINCE.get(module, _FIRST), _UNTIL.get(module, _LAST)
        return any(first <= minor < last for minor in minors(requires_python))
    return module in sys.stdlib_module_names


@lru_cache(maxsize=64)
def minors(requires_python: str | None) -> tuple[int, ...]:
    """Return the minor versions of Python 3 that a specifier allows, as far as they can matter here."""
    try:
        allowed = SpecifierSet(requires_python or "")
    except InvalidSpecifier:
        allowed = SpecifierSet()
    # A bound may lie between two patch releases, so the first and one far behind it are looked at.
    found = tuple(m for m in range(_FIRST, _LAST) if any(allowed.contains(f"3.{m}.{patch}") for patch in (0, 99)))
    return found or tuple(range(_FIRST, _LAST))
