"""What a release says of itself (core metadata 2.x, PEP 566 and later), read leniently: old packages have odd ones.

All of it is a stranger's: a text becomes one short line, a link leads to the web or nowhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lsp_server.core.requirement import normalize

_MOST_CHARACTERS = 300
_LINK = re.compile(r"https?://[^\s<>()\[\]/@\x00-\x20]{1,200}(?:/[^\s<>()\[\]\x00-\x20]{0,500})?", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is shown of a release; `urls` has labels as they are written, `extras` are normalised."""

    version: str
    summary: str = ""
    licence: str = ""
    urls: Mapping[str, str] = field(default_factory=dict)
    extras: tuple[str, ...] = ()


def parse(version: str, content: bytes) -> Metadata:
    """Return what a METADATA file says; what cannot be read says nothing."""
    from packaging.metadata import parse_email  # noqa: PLC0415  it takes its time, and not every session needs it

    raw, _ = parse_email(content)
    urls = dict(raw.get("project_urls", {}))
    if raw.get("home_page"):
        urls = {"Homepage": raw["home_page"], **urls}
    return Metadata(
        version=version,
        summary=line(raw.get("summary", "")),
        licence=line(raw.get("license_expression") or _classified(raw.get("classifiers", [])) or raw.get("license", "")),
        urls={line(label): link for label, link in urls.items() if is_link(link)},
        extras=tuple(sorted({normalize(extra) for extra in raw.get("provides_extra", [])})),
    )


def line(text: str) -> str:
    """Return a text of somebody else's as one short line."""
    shown = _CONTROLS.sub(" ", text).strip()
    return shown if len(shown) <= _MOST_CHARACTERS else f"{shown[:_MOST_CHARACTERS]}…"


def is_link(url: object) -> bool:
    """Tell whether a text of somebody else's may be shown as a link."""
    return isinstance(url, str) and _LINK.fullmatch(url) is not None


def _classified(classifiers: list[str]) -> str:
    found = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: ")]
    return ", ".join(one for one in found if one != "OSI Approved")
