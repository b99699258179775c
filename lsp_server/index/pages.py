"""A page of an index as a value: PEP 691 and 700 (JSON), PEP 503 (HTML), PEP 592 (yanked), PEP 792 (status), PEP 658.

A page is untrusted: what is not as the PEPs say is left out, and what is shown of it is one short line.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from lsp_server.core import releases
from lsp_server.core.metadata import line
from lsp_server.core.releases import Page, Release

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
STATUSES = frozenset({"active", "archived", "quarantined", "deprecated"})
_STATUS_IN_HTML = re.compile(r'<meta\s+name="pypi:project-status(?P<reason>-reason)?"\s+content="(?P<said>[^"]*)"', re.IGNORECASE)
_LATER_VERSION = re.compile(r'(<meta\s+name="pypi:repository-version"\s+content=")1\.\d{1,3}(?=")', re.IGNORECASE)


class WrongPageError(ValueError):
    """What came is no page of an index; the message says why."""


@dataclass(frozen=True, slots=True)
class _File:
    """One file of a page; `metadata` says whether its metadata can be had beside it (PEP 658)."""

    version: str
    url: str
    wheel: bool
    metadata: bool
    release: Release


@dataclass(frozen=True, slots=True)
class Parsed:
    """A page, and where the metadata of its wheels is, by version."""

    page: Page
    metadata_urls: Mapping[str, str]


def parse(name: str, index: str, url: str, content_type: str, body: bytes) -> Parsed:
    """Return what a page says.

    Args:
        name: the normalised name that was asked for.
        index: the index as it is shown.
        url: where the page is, against which its links are read.
        content_type: the header.
        body: the page.

    Raises:
        WrongPageError: it is no page of an index.

    """
    details = _of_json(body) if "json" in content_type else _of_html(body, name)
    files = [found for one in _dicts(details.get("files")) if (found := _file(one, name, url)) is not None]
    status, reason = _status(details)
    page = Page(name, index, status=status, reason=reason, releases=releases.newest_first(_merged(files)))
    return Parsed(page, {one.version: f"{one.url}.metadata" for one in reversed(files) if one.metadata})


def of_files(name: str, index: str, filenames: Iterable[str]) -> Page:
    """Return what the names of the files in a folder say of a package."""
    found = [_file({"filename": one, "url": one}, name, "") for one in filenames]
    return Page(name, index, releases=releases.newest_first(_merged([one for one in found if one is not None])))


def _of_json(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise WrongPageError("its answer is no JSON") from None
    if not isinstance(found, dict):
        raise WrongPageError("its answer is no JSON object")
    meta = found.get("meta")
    api = str(meta.get("api-version", "1.0")) if isinstance(meta, dict) else "1.0"
    if not api.startswith("1."):
        raise WrongPageError(f"it speaks version {line(api)} of the simple API, and only version 1 is known (PEP 691)")
    return found


def _of_html(body: bytes, name: str) -> Mapping[str, Any]:
    from mousebender import simple  # noqa: PLC0415  few indexes answer in HTML

    text = body.decode("utf-8", "replace")
    try:
        # The library warns, on stderr and of the whole process, of any later 1.x; its minor versions only add.
        found: Any = simple.from_project_details_html(_LATER_VERSION.sub(r"\g<1>1.1", text), name)
    except Exception as error:  # noqa: BLE001  a hostile page: the parser raises whatever it meets
        raise WrongPageError(f"its page cannot be read ({type(error).__name__})") from None
    said = {match["reason"] or "": match["said"] for match in _STATUS_IN_HTML.finditer(text)}
    return {**found, "project-status": {"status": said.get(""), "reason": said.get("-reason")}}


def _dicts(found: object) -> Iterator[Mapping[str, Any]]:
    return (one for one in found if isinstance(one, dict)) if isinstance(found, list) else iter(())


def _file(one: Mapping[str, Any], name: str, base: str) -> _File | None:
    filename, link = one.get("filename"), one.get("url")
    version = _version(filename, name) if isinstance(filename, str) else None
    if version is None or not isinstance(link, str):
        return None
    wheel = str(filename).endswith(".whl")
    size, yanked, wanted = one.get("size"), one.get("yanked"), one.get("requires-python")
    release = Release(
        version=version,
        uploaded=_day(one.get("upload-time")),
        yanked=line(yanked) if isinstance(yanked, str) else "" if yanked else None,
        requires_python=line(wanted) if isinstance(wanted, str) else "",
        size=size if isinstance(size, int) and size > 0 else 0,
    )
    beside = one.get("core-metadata", one.get("dist-info-metadata", one.get("data-dist-info-metadata", False)))
    return _File(version, urljoin(base, link.partition("#")[0]), wheel, wheel and bool(beside), release)


def _version(filename: str, name: str) -> str | None:
    try:
        found, version = parse_wheel_filename(filename)[:2] if filename.endswith(".whl") else parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return str(version) if found == name else None


def _day(text: object) -> str:
    return text[:10] if isinstance(text, str) and re.match(r"\d{4}-\d\d-\d\d", text) else ""


def _merged(files: list[_File]) -> Iterator[Release]:
    """Yield one release for each version: yanked if all its files are, of the size of a wheel where there is one."""
    by_version: dict[str, list[_File]] = {}
    for one in sorted(files, key=lambda one: not one.wheel):
        by_version.setdefault(one.version, []).append(one)
    for version, found in by_version.items():
        first = found[0].release
        kept = [one.release for one in found if one.release.yanked is None]
        uploaded = min((one.release.uploaded for one in found if one.release.uploaded), default="")
        wanted = next((one.release.requires_python for one in found if one.release.requires_python), "")
        yield Release(version, uploaded, None if kept else first.yanked, wanted, first.size)


def _status(details: Mapping[str, Any]) -> tuple[str, str]:
    """Return the status of a package; drafts of PEP 792 had it in `meta`."""
    said, meta = details.get("project-status"), details.get("meta")
    if isinstance(said, dict):
        status, reason = said.get("status"), said.get("reason")
    else:
        found = meta if isinstance(meta, dict) else {}
        status, reason = said or found.get("project-status"), found.get("project-status-reason")
    known = status if status in STATUSES else releases.ACTIVE
    return str(known), line(reason) if isinstance(reason, str) else ""
