"""Why an operation cannot be planned: what is looked at before uv is asked."""

from collections.abc import Sequence
from pathlib import Path

from lsp_server.adapters.project import MANIFEST
from lsp_server.core import conflicts, facts, pyproject, toml
from lsp_server.core.intent import Move, Resolve
from lsp_server.core.operation import Failure
from lsp_server.core.text import decoded
from lsp_server.jobs.journal import Texts
from lsp_server.jobs.selection import Asked


def of_all(base: Texts, asked: Sequence[Asked]) -> dict[str, Failure]:
    """Refuse what is about a manifest that cannot be read, with the place of the fault."""
    found: dict[str, Failure] = {}
    for one in asked:
        failure = of_text(one, base.get(one.manifest)) or _of_lock(one, base)
        if failure is not None:
            found[one.operation] = failure
    return found


def of_text(one: Asked, content: bytes | None) -> Failure | None:  # noqa: PLR0911  one for each thing that can be wrong
    """Say why a manifest cannot be edited as it is, or None if it can."""
    if content is None:
        return Failure("not-found", f"{one.manifest} does not exist; create it, for example with 'uv init --bare'")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Failure(
            "invalid-toml", f"{one.manifest} is not UTF-8 at byte {error.start}, which uv needs it to be; save it as UTF-8"
        )
    if one.manifest.name != MANIFEST:
        return None
    if isinstance(one.intent, Resolve):
        return None
    if conflicts.has_markers(text):
        return _conflict(one.manifest)
    problem = toml.problem(text)
    if problem is not None:
        where = f"{one.manifest}:{problem.line}:{problem.column}"
        return Failure("invalid-toml", f"{where}: {problem.message}; correct it, then retry")
    manifest = pyproject.read(text)
    obstacle = one.intent.obstacle(manifest)
    if obstacle is not None:
        return Failure(obstacle[0], f"{one.manifest}{obstacle[1]}")
    if not manifest.has_project and one.intent.needs_project():
        missing = "no [project] table; add one with 'name' and 'version' (PEP 621)"
        return Failure("invalid-toml", f"{one.manifest} has {missing}")
    return None


def _of_lock(one: Asked, base: Texts) -> Failure | None:
    lock = next((path for path in base if path.name.endswith(".lock")), None)
    if lock is None or isinstance(one.intent, Resolve) or not conflicts.has_markers(decoded(base[lock])):
        return None
    return _conflict(lock)


def _conflict(path: Path) -> Failure:
    what = f"{path} has conflict markers of git"
    return Failure("merge-conflict", f"{what}: resolve them, by hand or with 'pyproject-lsp resolve-conflict', then retry")


def of_move(wanted: Move, manifest: Path, stated: facts.Facts) -> Failure | None:
    """Say why a package cannot be moved: it is not there, or nothing means what it means here and there."""
    if facts.dependency_key(wanted.source, wanted.package) not in stated:
        return Failure("not-found", f"{wanted.package} is not in {wanted.source.label()} of {manifest}")
    if wanted.requirements(stated) is None:
        both = f"{wanted.package} stands in {wanted.target.label()} of {manifest} too, with other markers or another source"
        return Failure("conflict", f"{both}; remove one of the two requirements, then retry")
    return None
