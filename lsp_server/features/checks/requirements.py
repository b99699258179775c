"""What is wrong with the requirements themselves: not PEP 508, twice in a table, bounds that contradict each other."""

import re
from collections.abc import Iterator
from itertools import combinations

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from lsp_server.core import literals, releases, requirement
from lsp_server.core.pyproject import Dependency
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.toml import Span
from lsp_server.features.checks.finding import Finding, Fix

_COMMA = re.compile(r"[ \t]*,[ \t]*")
_CARET = re.compile(r"\^\s*(\d+(?:\.\d+)*)")
_POETRY_TILDE = re.compile(r"(?<![=~])~\s*(?=\d)")
_ONE_EQUALS = re.compile(r"(?<![=~<>!])=(?!=)")
_TURNED = re.compile(r"=([<>])")
_NO_OPERATOR = re.compile(r"^([A-Za-z0-9._-]+(?:\[[^\]]*\])?)\s+(\d[\w.*]*)$")
_NO_COMMA = re.compile(r"([\d*])\s+(?=[<>=!~])")


def requirements(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield what is wrong with single requirements, and with those of one package in one table."""
    by_place: dict[object, list[Dependency]] = {}
    for one in snapshot.manifest.dependencies:
        parsed = requirement.parse(one.text)
        if isinstance(parsed, requirement.Invalid):
            yield _invalid(snapshot, one, parsed.message)
            continue
        by_place.setdefault((one.table, one.name), []).append(one)
        if contradicts(parsed.specifier):
            message = f"no version of '{one.name}' can be both: {parsed.specifier}"
            yield Finding("contradicting-bounds", one.span, message)
    for listed in by_place.values():
        yield from _together(snapshot, listed)


def _invalid(snapshot: Snapshot, one: Dependency, message: str) -> Finding:
    repaired = likely(one.text)
    if repaired is None:
        return Finding("invalid-requirement", one.span, message)
    fix = Fix(f"Write '{repaired}'", edits=((one.span, _literal(snapshot.text[one.span.start], repaired)),))
    return Finding("invalid-requirement", one.span, f"{message}; did you mean '{repaired}'?", (fix,))


def _literal(quote: str, text: str) -> str:
    """Return a string in the quotes that it had, where that can be."""
    return f"'{text}'" if quote == "'" and "'" not in text else literals.literal(text)


def likely(text: str) -> str | None:
    """Return the requirement that somebody probably means who writes one as other tools do; None if none is likely."""
    written, semicolon, marker = text.partition(";")
    found = _TURNED.sub(r"\1=", written.strip())
    found = _CARET.sub(lambda match: _caret(match[1]), found)
    found = _NO_OPERATOR.sub(r"\1==\2", found)
    found = _NO_COMMA.sub(r"\1,", found)
    found = _POETRY_TILDE.sub("~=", _ONE_EQUALS.sub("==", found))
    whole = found + (f"; {marker.strip()}" if semicolon else "")
    return whole if whole != text and not isinstance(requirement.parse(whole), requirement.Invalid) else None


def _caret(version: str) -> str:
    """Return what Poetry means by `^`: the first number that is not zero stays."""
    numbers = [int(part) for part in version.split(".")]
    place = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
    upper = [*numbers[:place], numbers[place] + 1]
    return f">={version},<{'.'.join(map(str, upper))}"


def _together(snapshot: Snapshot, listed: list[Dependency]) -> Iterator[Finding]:
    """Yield what is wrong with several requirements of one package in one table."""
    for first, second in combinations(listed, 2):
        one, other = first.requirement, second.requirement
        if one is None or other is None or str(one.marker) != str(other.marker):
            continue
        both = one.specifier & other.specifier
        if contradicts(both):
            yield Finding("contradicting-bounds", second.span, f"no version of '{first.name}' can be both: {both}")
        elif one.extras == other.extras or not other.extras:
            fix = Fix(f"Remove this second '{first.name}'", edits=((_with_comma(snapshot.text, second.span), ""),))
            message = f"'{first.name}' stands twice in {first.table.label()}"
            yield Finding("duplicate-requirement", second.span, message, (fix,))


def _with_comma(text: str, span: Span) -> Span:
    """Return an element of a list with the comma behind it, and its line where it stands alone there."""
    comma = _COMMA.match(text, span.end)
    end = comma.end() if comma is not None else span.end
    line = text.rfind("\n", 0, span.start) + 1
    if not text[line : span.start].strip() and text[end : end + 1] in {"", "\n"}:
        return Span(line, min(end + 1, len(text)))
    return Span(span.start, end)


def contradicts(allowed: SpecifierSet) -> bool:
    """Tell whether no version at all is allowed, as far as the bounds alone show it."""
    lower: Version | None = None
    upper: Version | None = None
    pinned: list[Version] = []
    for one in allowed:
        version = releases.version(one.version)
        if version is None:
            continue
        match one.operator:
            case ">=" | ">" | "~=":
                lower = version if lower is None else max(lower, version)
            case "<=" | "<":
                upper = version if upper is None else min(upper, version)
            case "==" | "===":
                pinned.append(version)
    if lower is not None and upper is not None and lower > upper:
        return True
    if lower is not None and lower == upper and any(one.operator in {"<", ">"} for one in allowed):
        return not allowed.contains(lower, prereleases=True)
    return any(not allowed.contains(version, prereleases=True) for version in pinned)
