"""What must hold of every text that we commit or show. A violation is a bug of ours: nothing is changed, and it is said.

* No text names a shadow: that folder is our own, and is gone tomorrow.
* The manifests and `uv.lock` are a pair: what `uv lock --check` compares is the same in both.
* uv did what it said, and did it in the shadow: the manifest there states what was asked for.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath

from lsp_server.core import facts, lockfile, pyproject, relocation
from lsp_server.core.intent import Intent
from lsp_server.core.operation import Failure
from lsp_server.core.text import decoded

_UPWARDS = re.compile(r"[\"'](?:file:)?((?:\.\./){3,})")
Texts = Mapping[Path, bytes | None]


def broken(base: Texts, changes: Texts, shadows: Iterable[PurePath]) -> Failure | None:
    """Return why a change must not be made, or None if it may be.

    Args:
        base: every file's text that it was made from.
        changes: the files to replace, with their new texts.
        shadows: the folders that hold shadows, by each way that leads there.

    """
    apart = (f"uv.lock would not be that of {path}" for path in unpaired(base, changes))
    found = [*_named(base, changes, tuple(shadows)), *apart]
    return _report(found) if found else None


def undone(intent: Intent, name: str, made: bytes | None) -> Failure | None:
    """Return why what uv left in the shadow is not what was asked for, though it said that all went well."""
    if intent.is_met_by(facts.of_file(name, made)):
        return None
    return _report([f"uv reported success, but {name} in the shadow does not state it ({intent.title()})"])


def _named(base: Texts, changes: Texts, shadows: tuple[PurePath, ...]) -> Iterator[str]:
    for path, content in changes.items():
        old, new = decoded(base.get(path)), decoded(content)
        if any(relocation.named(new, shadow) > relocation.named(old, shadow) for shadow in shadows):
            yield f"{path.name} would name the shadow, a folder of pyproject-lsp's own"
        elif _climbs(new, path) > _climbs(old, path):
            yield f"{path.name} would name a folder as it is seen from the shadow"


def _climbs(text: str, path: Path) -> int:
    """Count the relative paths that lead above the root of the file system: from the shadow, which is deeper, they do not."""
    deep = len(path.parent.parts) - 1
    return sum(len(way[1]) // 3 > deep for way in _UPWARDS.finditer(text))


def unpaired(base: Texts, changes: Texts) -> Iterator[Path]:
    """Yield the changed manifests that uv.lock would not be made from."""
    after = {**base, **changes}
    lock = next((path for path in after if path.name == "uv.lock"), None)
    if lock is None or after[lock] is None:
        return
    for path in changes:
        if path.name == "pyproject.toml" and lockfile.fits(pyproject.read(decoded(after[path])), decoded(after[lock])) is False:
            yield path


def _report(found: list[str]) -> Failure:
    what = "; ".join(found)
    advice = "nothing was changed; please report it with what 'pyproject-lsp doctor' prints"
    return Failure("uv-failed", f"this is a fault of pyproject-lsp: {what}; {advice}", "\n".join(found))
