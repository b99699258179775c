"""What one index says of one package: from its server or its folder, with the metadata of the newest release."""

import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from lsp_server.adapters.project import path_of
from lsp_server.core.indexes import Index
from lsp_server.core.metadata import Metadata, parse
from lsp_server.core.releases import Page
from lsp_server.index import credentials, pages, wire
from lsp_server.index.credentials import Credentials
from lsp_server.index.store import Entry
from lsp_server.index.wire import NoAnswer

FRESH_SECONDS = 3600.0
"""So long a page is not asked for again, if its index does not ask for longer."""
_FRESHEST_SECONDS, _LONGEST_SECONDS = 600.0, 86400.0
_OK, _NOT_MODIFIED, _WANTS_PASSWORD, _FORBIDDEN = 200, 304, 401, 403
_MAX_AGE = re.compile(r"max-age=(\d{1,9})")
# PyPI keeps files on a host of its own; with any other index a file elsewhere is not looked at.
_FILES_OF = {"pypi.org": "files.pythonhosted.org", "test.pypi.org": "test-files.pythonhosted.org"}


@dataclass(frozen=True, slots=True)
class Access:
    """How indexes are asked: the environment of uv, and whether the person's keyring may be."""

    environ: Mapping[str, str]
    keyring: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked, and with which credentials."""

    index: Index
    name: str
    kept: Entry | None
    known: Credentials | None


def fetch(index: Index, name: str, kept: Entry | None, access: Access) -> Entry | NoAnswer:
    """Ask an index for a package; a page that says that there is none is an answer too.

    Args:
        index: the index.
        name: the normalised name.
        kept: what is kept of it: it is not sent again if it is still so.
        access: how to ask.

    """
    if not index.is_remote:
        return _of_folder(index, name)
    known = credentials.find(index, access.environ, keyring=access.keyring)
    if index.authenticate == "always" and known is None:
        return NoAnswer("it wants credentials, and none are known")
    headers = _headers(pages.ACCEPT)
    if kept is not None and kept.etag:
        headers["If-None-Match"] = kept.etag
    answer = wire.get(index.url if index.flat else index.page(name), headers, known)
    return answer if isinstance(answer, NoAnswer) else _entry(_Asked(index, name, kept, known), answer)


def _entry(asked: _Asked, answer: wire.Answer) -> Entry | NoAnswer:
    if answer.status == _NOT_MODIFIED and asked.kept is not None:
        page = replace(asked.kept.page, fetched=time.time())
        return replace(asked.kept, page=page, fresh=_fresh(answer))
    if asked.index.says_none(answer.status):
        return _none(asked.index, asked.name)
    return _of_page(asked, answer) if answer.status == _OK else NoAnswer(_refusal(answer.status))


def _of_page(asked: _Asked, answer: wire.Answer) -> Entry | NoAnswer:
    index, kind = asked.index, answer.headers.get("content-type", "")
    try:
        parsed = pages.parse(asked.name, index.shown, answer.url, kind, answer.body)
    except pages.WrongPageError as error:
        return NoAnswer(str(error))
    if index.flat and not parsed.page.releases:
        return _none(index, asked.name)
    newest = parsed.page.newest()
    metadata = None if asked.kept is None else asked.kept.page.metadata
    if newest is not None and (metadata is None or metadata.version != newest.version):
        metadata = _metadata(index, newest.version, parsed.metadata_urls.get(newest.version), asked.known)
    page = replace(parsed.page, metadata=metadata, fetched=time.time())
    return Entry(page, answer.headers.get("etag", ""), _fresh(answer))


def _metadata(index: Index, version: str, url: str | None, known: Credentials | None) -> Metadata | None:
    """Fetch the metadata of a release (PEP 658) where it lies with the index; what lies elsewhere is not looked at."""
    if url is None:
        return None
    own = wire.same_origin(index.url, url)
    if not own and _FILES_OF.get(urlsplit(index.url).hostname or "") != urlsplit(url).hostname:
        return None
    answer = wire.get(url, _headers("*/*"), known if own else None)
    if isinstance(answer, NoAnswer) or answer.status != _OK:
        return None
    return parse(version, answer.body)


def _of_folder(index: Index, name: str) -> Entry | NoAnswer:
    try:
        folder = path_of(index.url) if index.flat else path_of(index.url) / name
        page = pages.of_files(name, index.shown, os.listdir(folder) if folder.is_dir() else ())  # noqa: PTH208  names only
    except (OSError, ValueError) as error:
        return NoAnswer(f"its folder cannot be read ({type(error).__name__})")
    if not page.releases:
        return _none(index, name)
    return Entry(replace(page, fetched=time.time()), fresh=_FRESHEST_SECONDS)


def _none(index: Index, name: str) -> Entry:
    return Entry(Page(name, index.shown, exists=False, fetched=time.time()), fresh=_FRESHEST_SECONDS)


def _headers(accept: str) -> dict[str, str]:
    return {"Accept": accept, "Accept-Encoding": "gzip, deflate", "User-Agent": "pyproject-lsp"}


def _fresh(answer: wire.Answer) -> float:
    match = _MAX_AGE.search(answer.headers.get("cache-control", ""))
    return min(max(FRESH_SECONDS, float(match[1])), _LONGEST_SECONDS) if match else FRESH_SECONDS


def _refusal(status: int) -> str:
    if status in {_WANTS_PASSWORD, _FORBIDDEN}:
        return f"it refuses the credentials that are known, or wants some (HTTP {status})"
    return f"it answers with HTTP {status}"
