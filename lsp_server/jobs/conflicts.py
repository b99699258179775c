"""Resolving what git could not merge: the manifests by statements, then uv.lock anew with one side's versions."""

from pathlib import Path

from lsp_server.adapters import git
from lsp_server.core import conflicts, toml
from lsp_server.core.operation import Failure
from lsp_server.core.text import decoded
from lsp_server.jobs.journal import Texts


def resolved(texts: Texts) -> Texts | Failure:
    """Return the texts without git's markers; uv has to lock after that, for the manifest that came out of it.

    What both sides stated in different ways is left to the person, and nothing is changed then. Without markers all
    is left to uv: a lock file that git could not merge is the one of our side then.
    """
    found = [path for path, content in texts.items() if conflicts.has_markers(decoded(content))]
    result = dict(texts)
    for path in found:
        text = _lock(decoded(texts[path])) if path.name.endswith(".lock") else _manifest(path, decoded(texts[path]))
        if isinstance(text, conflicts.Contested):
            both = f"both sides changed {', '.join(text.what)} in {path.name}"
            return Failure("merge-conflict", f"{both}: choose between the two there by hand, then run this again")
        result[path] = None if text is None else text.encode()
    return result


def _manifest(path: Path, text: str) -> str | conflicts.Contested:
    sides = conflicts.sides(text)
    base = sides.base if sides.base is not None else git.common_text(path)
    return conflicts.merged(sides.shared if base is None else base, sides.ours, sides.theirs)


def _lock(text: str) -> str | None:
    """Return the side that was checked out: uv keeps its versions where the manifest allows them. None if it is none."""
    ours = conflicts.sides(text).ours
    return None if toml.problem(ours) else ours
