"""One HTTP request to an index: bounded in time and size, and never led to another host.

A redirect to another origin is not followed: it would carry the name of a private package, or a password, to somebody
whom nobody named. Everything that comes back is untrusted.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    import urllib3

    from lsp_server.index.credentials import Credentials

SECONDS = 15.0
"""How long one answer may take, redirects included."""
MOST_BYTES = 32 * 1024 * 1024
"""How long a page may be, unpacked; the longest of PyPI has about 20 MB."""
_QUIET_SECONDS = 5.0
_CHUNK = 65536
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. `url` is where it came from at last, without credentials."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why there is none, in words for a person, and whether the server is worth another try soon."""

    reason: str


def get(url: str, headers: Mapping[str, str], credentials: "Credentials | None" = None) -> Answer | NoAnswer:
    """Send one GET request and read the answer whole."""
    import urllib3  # noqa: PLC0415  most sessions ask no index, and it takes a tenth of a second

    deadline = time.monotonic() + SECONDS
    sent = dict(headers)
    if credentials is not None:
        sent |= urllib3.make_headers(basic_auth=":".join(credentials))
    try:
        for _ in range(_MOST_REDIRECTS):
            answer = _once(url, sent, deadline)
            if isinstance(answer, NoAnswer) or answer.status not in _REDIRECTS:
                return answer
            target = urljoin(url, answer.headers.get("location", ""))
            if not same_origin(url, target):
                return NoAnswer("it leads to another host, which is not asked")
            url = target
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        return NoAnswer(_short(error))
    return NoAnswer("it leads in circles")


def same_origin(one: str, other: str) -> bool:
    """Tell whether two URLs are of one server; one that goes over to TLS stays the same."""
    left, right = urlsplit(one), urlsplit(other)
    if left.hostname != right.hostname:
        return False
    upgraded = (left.scheme, right.scheme, left.port, right.port) == ("http", "https", None, None)
    return upgraded or (left.scheme, left.port) == (right.scheme, right.port)


def _once(url: str, headers: Mapping[str, str], deadline: float) -> Answer | NoAnswer:
    import urllib3  # noqa: PLC0415  as above

    patience = urllib3.Timeout(connect=_QUIET_SECONDS, read=_QUIET_SECONDS)
    response = _pool(urlsplit(url).scheme, urlsplit(url).hostname or "").request(
        "GET", url, headers=headers, redirect=False, retries=False, timeout=patience, preload_content=False
    )
    try:
        body = bytearray()
        while chunk := response.read1(_CHUNK):
            body += chunk
            if len(body) > MOST_BYTES:
                return NoAnswer(f"its page has more than {MOST_BYTES // 1024 // 1024} MB")
            if time.monotonic() > deadline:
                return NoAnswer(f"its page did not come within {SECONDS:.0f} s")
    finally:
        response.close()
    return Answer(response.status, url, {name.lower(): value for name, value in response.headers.items()}, bytes(body))


@lru_cache(maxsize=32)
def _pool(scheme: str, host: str) -> "urllib3.PoolManager":
    """Return the connections to a host, through the proxy that the environment names for it."""
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415  slow on macOS, which asks its settings

    import urllib3  # noqa: PLC0415  as above

    proxy = None if proxy_bypass(host) else getproxies().get(scheme)
    if proxy and urlsplit(proxy).scheme in {"http", "https"}:
        parts = urlsplit(proxy)
        headers = urllib3.make_headers(proxy_basic_auth=f"{parts.username}:{parts.password or ''}") if parts.username else None
        return urllib3.ProxyManager(proxy, proxy_headers=headers, maxsize=4)
    return urllib3.PoolManager(maxsize=4)


def _short(error: Exception) -> str:
    """Say what went wrong; the library's own words would show the URL with its query."""
    name = type(error).__name__
    words = {
        "ConnectTimeoutError": "it does not answer",
        "ReadTimeoutError": "it does not answer",
        "NewConnectionError": "it cannot be reached",
        "NameResolutionError": "its host is not known",
        "SSLError": "its certificate is not accepted",
        "DecodeError": "its answer cannot be unpacked",
        "ProtocolError": "it broke off",
        "IncompleteRead": "it broke off",
    }
    return words.get(name, f"the request failed ({name})")
