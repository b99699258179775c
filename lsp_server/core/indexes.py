"""Which index answers for a package, by uv's rules (https://docs.astral.sh/uv/concepts/indexes/).

**Invariant:** a name that a source ties to an index is asked of that index alone, and one that a source ties to a
folder, a repository or a member of none. Another name goes from one index to the next only if the first one said that
it has none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from lsp_server.core import masking, toml
from lsp_server.core.requirement import normalize

PYPI = "https://pypi.org/simple"
Origin = Literal["workspace", "person", "built-in"]
"""Who names an index: a file of the workspace, the person's own settings or environment, or nobody."""


@dataclass(frozen=True, slots=True)
class Index:
    """One index of packages (PEP 503).

    Attributes:
        url: Without user and password.
        secret: User and password of the URL as it is written, "" where it has none.
        explicit: Whether only packages whose source names it are taken from it.
        flat: Whether it is one page of files and not a page for each package.
        authenticate: "auto", "always" or "never".
        ignored: The HTTP codes that count as 'has none'.
    """

    url: str
    name: str | None = None
    secret: str = field(default="", repr=False)
    default: bool = False
    explicit: bool = False
    flat: bool = False
    authenticate: str = "auto"
    ignored: frozenset[int] = frozenset()
    origin: Origin = "built-in"

    @property
    def shown(self) -> str:
        """The index for people to read."""
        return self.name or masking.text(self.url)

    @property
    def is_remote(self) -> bool:
        """Whether it is asked over the network."""
        return urlsplit(self.url).scheme in {"http", "https"}

    @property
    def is_far(self) -> bool:
        """Whether the network is needed to ask it: what runs on this machine is there without."""
        return self.is_remote and urlsplit(self.url).hostname not in {"localhost", "127.0.0.1", "::1"}

    def says_none(self, status: int) -> bool:
        """Tell whether an HTTP code means that it has no such package."""
        return status in {404, 410} or status in self.ignored

    def page(self, name: str) -> str:
        """Return the URL of a package's page."""
        return f"{self.url}/{name}/"


@dataclass(frozen=True, slots=True)
class Source:
    """One source of a package in `tool.uv.sources`: the index that it names, or None for a place that is no index."""

    index: str | None


@dataclass(frozen=True, slots=True)
class Indexes:
    """The indexes of a project.

    Attributes:
        listed: In the order in which they are asked, those that are explicit left out; the default is the last.
        named: Every index that has a name.
        all_answer: Whether the answers of all count (`index-strategy`); else the first that has the package.
        keyring: Whether the person's `keyring` may be asked for passwords (`keyring-provider`).
        offline: Whether uv is not to use the network.
    """

    listed: tuple[Index, ...] = ()
    named: Mapping[str, Index] = field(default_factory=dict)
    all_answer: bool = False
    keyring: bool = False
    offline: bool = False

    def route(self, sources: Sequence[Source]) -> tuple[Index, ...]:
        """Return the indexes to ask for a package with these sources, the first one first."""
        if not sources:
            return self.listed
        named = (self.named.get(one.index) for one in sources if one.index is not None)
        return tuple(dict.fromkeys(one for one in named if one is not None))


def shown_url(url: str) -> str:
    """Return a URL of an index for people to read, without user and password."""
    return _of_url(url, "workspace").url


def read(layers: Iterable[tuple[Mapping[str, Any], Origin]], environ: Mapping[str, str]) -> Indexes:
    """Return the indexes of a project.

    Args:
        layers: settings of uv with who wrote them, those that go before the others first.
        environ: the environment of uv.

    """
    settings: list[tuple[Mapping[str, Any], Origin]] = [(_of_environment(environ), "person"), *layers]
    found = _vouched([one for each, origin in settings for one in _of_settings(each, origin)])
    single = {key: next((each[key] for each, _ in settings if each.get(key) is not None), None) for key in _SINGLE}
    default = next((one for one in found if one.default), Index(PYPI, default=True))
    ordered = (*(one for one in found if not one.default), default)
    return Indexes(
        listed=() if single["no-index"] is True else tuple({one.url: one for one in ordered if not one.explicit}.values()),
        named={one.name: one for one in reversed(found) if one.name},
        all_answer=single["index-strategy"] in {"unsafe-first-match", "unsafe-best-match"},
        keyring=single["keyring-provider"] == "subprocess",
        offline=single["offline"] is True,
    )


_SINGLE = ("no-index", "index-strategy", "keyring-provider", "offline")


def sources(document: toml.Document) -> Mapping[str, tuple[Source, ...]]:
    """Return all sources of a manifest, by normalised name: inline, as a list or as a table of their own."""
    found: dict[str, dict[object, str | None]] = {}
    for path, value in document.index.items():
        if path[:3] != ("tool", "uv", "sources") or len(path) < 4 or not isinstance(path[3], str):  # noqa: PLR2004
            continue
        places = found.setdefault(normalize(path[3]), {})
        number = next((step for step in path[4:] if isinstance(step, int)), 0)
        if path[-1] == "index" and value.kind == "string":
            places[number] = value.text
        elif value.kind != "array":
            places.setdefault(number, None)
    return {name: tuple(Source(index) for index in places.values()) for name, places in found.items()}


def _of_settings(settings: Mapping[str, Any], origin: Origin) -> Iterator[Index]:
    listed = settings.get("index")
    for one in listed if isinstance(listed, list) else ():
        found = _of_table(one, origin) if isinstance(one, dict) else None
        if found is not None:
            yield found
    extra = settings.get("extra-index-url")
    for url in extra if isinstance(extra, list) else ():
        if isinstance(url, str):
            yield _of_url(url, origin)
    if isinstance(settings.get("index-url"), str):
        yield replace(_of_url(settings["index-url"], origin), default=True)


def _of_table(table: Mapping[str, Any], origin: Origin) -> Index | None:
    url, name, codes = table.get("url"), table.get("name"), table.get("ignore-error-codes")
    if not isinstance(url, str):
        return None
    found = _of_url(url, origin)
    return replace(
        found,
        name=name if isinstance(name, str) else None,
        default=table.get("default") is True,
        explicit=table.get("explicit") is True,
        flat=table.get("format") == "flat",
        authenticate=str(table.get("authenticate", "auto")),
        ignored=found.ignored | {code for code in (codes if isinstance(codes, list) else ()) if isinstance(code, int)},
    )


def _of_url(url: str, origin: Origin) -> Index:
    try:
        parts = urlsplit(url)
    except ValueError:  # such as a half-typed IPv6 address
        return Index("", origin=origin)
    secret, _, host = parts.netloc.rpartition("@")
    # pytorch's indexes answer 403 for packages that they do not have; uv knows that too.
    ignored = frozenset({403}) if host == "download.pytorch.org" else frozenset()
    return Index(urlunsplit(parts._replace(netloc=host)).rstrip("/"), secret=secret, origin=origin, ignored=ignored)


def _of_environment(environ: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what the variables of uv say, as settings."""
    default = environ.get("UV_DEFAULT_INDEX")
    listed = [{**_named(default), "default": True}] if default else []
    listed += [_named(one) for one in environ.get("UV_INDEX", "").split()]
    found: dict[str, Any] = {"index": listed, "extra-index-url": environ.get("UV_EXTRA_INDEX_URL", "").split()}
    for variable, key in (("UV_INDEX_URL", "index-url"), ("UV_INDEX_STRATEGY", "index-strategy")):
        if environ.get(variable):
            found[key] = environ[variable]
    if environ.get("UV_KEYRING_PROVIDER"):
        found["keyring-provider"] = environ["UV_KEYRING_PROVIDER"]
    for variable, key in (("UV_NO_INDEX", "no-index"), ("UV_OFFLINE", "offline")):
        if environ.get(variable, "").lower() in {"1", "true", "t", "yes", "y", "on"}:
            found[key] = True
    return found


def _named(text: str) -> dict[str, Any]:
    """Return an index as `UV_INDEX` writes it: `name=url` or a URL alone."""
    name, equals, url = text.partition("=")
    return {"name": name, "url": url} if equals and "/" not in name and ":" not in name else {"url": text}


def _vouched(found: Sequence[Index]) -> list[Index]:
    """Return the indexes with who stands for them: what a workspace names and the person names too is the person's."""
    own: dict[str, Origin] = {PYPI: "built-in", **{one.url: one.origin for one in found if one.origin == "person"}}
    return [replace(one, origin=own.get(one.url, one.origin)) for one in found if one.url]
