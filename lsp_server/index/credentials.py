"""The credentials of an index, from where uv takes them: its URL, the environment, netrc, the keyring.

They are made for one request and kept nowhere: not in a cache, a log, a message or a status.
"""

import netrc
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsp_server.adapters.uv import on_path
from lsp_server.core.indexes import Index

Credentials = tuple[str, str]
_KEYRING_SECONDS = 5.0
_NOT_IN_A_VARIABLE = re.compile(r"[^A-Z0-9]")


def find(index: Index, environ: Mapping[str, str], *, keyring: bool = False) -> Credentials | None:
    """Return user and password for an index, None where there are none or none are to be sent.

    Args:
        index: the index.
        environ: the environment of uv.
        keyring: whether the program `keyring` may be asked (uv's `keyring-provider`).

    """
    if index.authenticate == "never":
        return None
    user, password = _of_url(index.secret)
    variables = _of_variables(index.name, environ)
    if variables is not None:
        return variables
    if user and password:
        return user, password
    found = _of_netrc(index.url, user, environ)
    if found is None and keyring and user:
        found = _of_keyring(index.url, user, environ)
    return found or ((user, "") if user else None)


def _of_url(secret: str) -> Credentials:
    user, _, password = secret.partition(":")
    return unquote(user), unquote(password)


def _of_variables(name: str | None, environ: Mapping[str, str]) -> Credentials | None:
    if name is None:
        return None
    prefix = f"UV_INDEX_{_NOT_IN_A_VARIABLE.sub('_', name.upper())}"
    user, password = environ.get(f"{prefix}_USERNAME"), environ.get(f"{prefix}_PASSWORD")
    return None if user is None and password is None else (user or "", password or "")


def _of_netrc(url: str, user: str, environ: Mapping[str, str]) -> Credentials | None:
    named = environ.get("NETRC")
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or "")
    for path in (Path(named),) if named else (home / ".netrc", home / "_netrc"):
        try:
            found = netrc.netrc(path).authenticators(urlsplit(url).hostname or "")
        except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
            continue
        if found is not None and (not user or user == found[0]):
            return found[0], found[2] or ""
    return None


def _of_keyring(url: str, user: str, environ: Mapping[str, str]) -> Credentials | None:
    """Ask the person's `keyring`, by the URL and then by the host, as uv does."""
    program = on_path("keyring", environ)
    for service in (url, urlsplit(url).netloc) if program is not None else ():
        try:
            done = subprocess.run(
                [str(program), "get", service, user],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=_KEYRING_SECONDS,
                env=dict(environ),
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        password = done.stdout.decode("utf-8", "replace").rstrip("\r\n")
        if done.returncode == 0 and password:
            return user, password
    return None
